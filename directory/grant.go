package directory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// Users of the database other than the one who migrates. They are made, with
// their passwords, by whoever runs the database; Grant gives them their rights.
const (
	UserCallManager = "callmanager"
	UserKamailio    = "kamailio"
)

// grants is all that each user may do. Nobody but Kamailio reads a digest, and
// Kamailio only through a view; nobody here writes.
var grants = []struct{ user, object, columns string }{
	{UserCallManager, "directory_version", ""},
	{UserCallManager, "pools", ""},
	{UserCallManager, "skills", ""},
	{UserCallManager, "agents", "pool, id, name, capacity, wrap_up, always_in, enabled"},
	{UserCallManager, "agent_skills", ""},
	{UserCallManager, "queues", ""},
	{UserCallManager, "needs", ""},
	{UserCallManager, "need_steps", ""},
	{UserCallManager, "need_skills", ""},
	{UserCallManager, "queue_members", ""},
	{UserCallManager, "ring_groups", ""},
	{UserKamailio, "directory_version", ""},
	{UserKamailio, "kamailio_credentials", ""},
	{UserKamailio, "kamailio_domains", ""},
}

// Grant gives the users of the roles their rights on the schema, and is called
// after every Migrate, by a user with GRANT OPTION. Rights once given and no
// longer listed here are not taken back.
func Grant(ctx context.Context, db *sql.DB) error {
	for _, g := range grants {
		columns := ""
		if g.columns != "" {
			columns = " (" + g.columns + ")"
		}
		// Names are constants of this file; GRANT takes no arguments.
		statement := fmt.Sprintf("GRANT SELECT%s ON %s TO '%s'@'%%'", columns, g.object, g.user)
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("grant SELECT on %s to %s: %w", g.object, g.user, grantRemedy(err, g.user))
		}
	}
	return nil
}

func grantRemedy(err error, user string) error {
	var e *mysql.MySQLError
	if errors.As(err, &e) && (e.Number == errNoUserToGive || strings.Contains(e.Message, "create a user")) {
		return fmt.Errorf("%w: CREATE USER '%s'@'%%' IDENTIFIED BY '...' first", err, user)
	}
	return err
}
