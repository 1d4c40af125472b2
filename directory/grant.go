package directory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/go-sql-driver/mysql"
)

// Users of the database other than the one who migrates. They are made, with
// their passwords, by whoever runs the database; Migrate gives them their rights.
const (
	UserCallManager = "callmanager"
	UserKamailio    = "kamailio"
)

// grants is all that each user may do. Nobody but Kamailio reads a digest, and
// Kamailio only through a view; nobody here writes what people edit.
var grants = []struct{ user, object, columns, write string }{
	{UserCallManager, "directory_version", "", ""},
	{UserCallManager, "pools", "", ""},
	{UserCallManager, "skills", "", ""},
	{UserCallManager, "agents", "pool, id, name, capacity, chat_capacity, beside, wrap_up, always_in, enabled", ""},
	{UserCallManager, "agent_skills", "", ""},
	{UserCallManager, "queues", "", ""},
	{UserCallManager, "needs", "", ""},
	{UserCallManager, "need_steps", "", ""},
	{UserCallManager, "need_skills", "", ""},
	{UserCallManager, "queue_members", "", ""},
	{UserCallManager, "ring_groups", "", ""},
	{UserCallManager, "agent_modes", "", "INSERT, UPDATE"},
	{UserKamailio, "directory_version", "", ""},
	{UserKamailio, "kamailio_credentials", "", ""},
	{UserKamailio, "kamailio_domains", "", ""},
}

// grant gives the users of the roles their rights on the schema. A user who
// does not exist is passed over: a database of one's own, with one user for
// everything, is fine. Rights given before and no longer listed here stay.
func grant(ctx context.Context, db *sql.DB) error {
	for _, g := range grants {
		columns := ""
		if g.columns != "" {
			columns = " (" + g.columns + ")"
		}
		// Names are constants of this file; GRANT takes no arguments.
		rights := "SELECT" + columns
		if g.write != "" {
			rights += ", " + g.write
		}
		statement := fmt.Sprintf("GRANT %s ON %s TO '%s'@'%%'", rights, g.object, g.user)
		_, err := db.ExecContext(ctx, statement)
		var e *mysql.MySQLError
		if errors.As(err, &e) && (e.Number == errNoSuchUser || e.Number == errNoUserMaria) {
			continue
		}
		if err != nil {
			return fmt.Errorf("grant %s on %s to %s: %w", rights, g.object, g.user, err)
		}
	}
	return nil
}
