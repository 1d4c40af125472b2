package directory

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// mysqlEnv names a DSN of a user who may create databases and users, e.g.
// root:secret@tcp(127.0.0.1:3306)/
const mysqlEnv = "HOLDLINE_TEST_MYSQL"

// server is the DSN of the test server; without one the test is skipped.
func server(t *testing.T) *mysql.Config {
	t.Helper()
	dsn := os.Getenv(mysqlEnv)
	if dsn == "" {
		t.Skipf("needs a real MySQL: set %s to its DSN", mysqlEnv)
	}
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatalf("%s: %v", mysqlEnv, err)
	}
	return c
}

// database makes an empty database of the test's own, dropped at its end.
func database(t *testing.T) (*sql.DB, Config) {
	t.Helper()
	s := server(t)
	name := fmt.Sprintf("hltest_%d_%s", os.Getpid(), strings.ToLower(strings.NewReplacer("/", "_", "-", "_").Replace(t.Name())))
	name = name[:min(len(name), 60)]
	admin := exec(t, open(t, Config{Addr: s.Addr, Database: "mysql", User: s.User, Password: s.Passwd}))
	admin("CREATE DATABASE " + name)
	t.Cleanup(func() { admin("DROP DATABASE " + name) })
	c := Config{Addr: s.Addr, Database: name, User: s.User, Password: s.Passwd}
	return open(t, c), c
}

func open(t *testing.T, c Config) *sql.DB {
	t.Helper()
	db, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// migrated is a database with the schema, seeded when asked.
func migrated(t *testing.T, seed bool) (*sql.DB, Config) {
	t.Helper()
	db, c := database(t)
	if _, err := Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if seed {
		if _, err := SeedDemo(t.Context(), db, Seed{AgentPassword: "correct-horse"}); err != nil {
			t.Fatal(err)
		}
	}
	return db, c
}

// exec gives a function that runs one statement or ends the test.
func exec(t *testing.T, db *sql.DB) func(statement string, args ...any) {
	return func(statement string, args ...any) {
		t.Helper()
		// Not the test's context: cleanups run after it has ended.
		if _, err := db.ExecContext(context.Background(), statement, args...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}
