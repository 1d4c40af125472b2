package directory

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/go-sql-driver/mysql"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the files that Migrate runs, by their numbers, for who must read
// the schema without running it.
func Migrations() fs.FS {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the path is valid, as fs.Sub asks
	}
	return files
}

const (
	migrationTable = "schema_migrations"
	migrationLock  = "holdline_migrate"
	// lockTries of lockWait seconds each is how long a second `holdline
	// migrate` waits for the first; the whole schema takes seconds. One try
	// stays below the connection's read timeout.
	lockTries, lockWait = 15, 4
)

// Migrate brings the schema up to what this binary knows, gives the roles'
// users their rights ([UserCallManager], [UserKamailio]), and returns the names
// of the migrations it ran. Its own user needs all rights on the schema, with
// GRANT OPTION. Two at the same time are one after the other. MySQL's DDL knows
// no rollback: each migration can run again after it broke off half-way.
func Migrate(ctx context.Context, db *sql.DB) ([]string, error) {
	provider, err := goose.NewProvider(goose.DialectMySQL, db, Migrations(),
		goose.WithTableName(migrationTable),
		goose.WithSessionLocker(sessionLock{}),
		goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return nil, fmt.Errorf("migrate directory: %w", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate directory: %w", remedy(err))
	}
	if err := grant(ctx, db); err != nil {
		return nil, fmt.Errorf("migrate directory: %w", err)
	}
	names := make([]string, len(results))
	for i, r := range results {
		names[i] = r.Source.Path
	}
	return names, nil
}

func remedy(err error) error {
	var e *mysql.MySQLError
	if errors.As(err, &e) && e.Number == errLogBinTrust {
		return fmt.Errorf("%w: start mysqld with log_bin_trust_function_creators=1, or migrate as a user with SUPER", err)
	}
	return err
}

// sessionLock is MySQL's named lock: it dies with its connection, so that a
// killed migration locks nobody out.
type sessionLock struct{}

func (sessionLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	for range lockTries {
		var got sql.NullInt64
		err := conn.QueryRowContext(ctx, `SELECT GET_LOCK(?, ?)`, migrationLock, lockWait).Scan(&got)
		if err != nil {
			return fmt.Errorf("take lock %s: %w", migrationLock, err)
		}
		if got.Int64 == 1 {
			return nil
		}
	}
	return fmt.Errorf("take lock %s: another migration has held it for %d s", migrationLock, lockTries*lockWait)
}

func (sessionLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, `DO RELEASE_LOCK(?)`, migrationLock); err != nil {
		return fmt.Errorf("release lock %s: %w", migrationLock, err)
	}
	return nil
}
