package directory

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"holdline/queue"
)

const testPassword = "hltest-Correct-9"

// roles makes the users of compose.yaml's mysql, with the rights that its
// init script gives them, and migrates as `migrate`. They are the server's,
// not the database's: a server that has them already is not a test server.
func roles(t *testing.T) (asRole func(user string) *sql.DB) {
	t.Helper()
	root, c := database(t)
	run := exec(t, root)
	for _, user := range []string{"migrate", UserCallManager, UserKamailio} {
		run(`CREATE USER '` + user + `'@'%' IDENTIFIED BY '` + testPassword + `'`)
		t.Cleanup(func() { run(`DROP USER '` + user + `'@'%'`) })
	}
	run("GRANT ALL ON `" + c.Database + "`.* TO 'migrate'@'%' WITH GRANT OPTION")
	asRole = func(user string) *sql.DB {
		c := c
		c.User, c.Password = user, testPassword
		return open(t, c)
	}
	db := asRole("migrate")
	if _, err := Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if _, err := SeedDemo(t.Context(), db, Seed{AgentPassword: "correct-horse"}); err != nil {
		t.Fatal(err)
	}
	return asRole
}

func TestRights(t *testing.T) {
	asRole := roles(t)
	manager, kamailio := asRole(UserCallManager), asRole(UserKamailio)

	d := New(manager, Options{OnProblems: func(pool string, p Problems) { t.Errorf("%s: %v", pool, p) }})
	if p, err := d.Load(t.Context(), "demo"); err != nil || len(p.Agents) != 8 {
		t.Errorf("callmanager loads %d agents, %v", len(p.Agents), err)
	}
	if pools, err := d.Pools(t.Context()); err != nil || !slices.Equal(pools, []string{"demo"}) {
		t.Errorf("callmanager lists %v, %v", pools, err)
	}
	kept := map[string]queue.RestoredMode{"201": {Mode: queue.Ready, Since: time.Now()}}
	if err := d.SaveModes(t.Context(), "demo", kept); err != nil {
		t.Errorf("callmanager keeps modes: %v", err)
	}
	for _, statement := range []string{
		`DELETE FROM agent_modes`,
		`SELECT ha1 FROM agents`,
		`SELECT * FROM agents`,
		`SELECT ha1 FROM kamailio_credentials`,
		`UPDATE agents SET name = 'x'`,
		`INSERT INTO skills (pool, name) VALUES ('demo', 'x')`,
		`DELETE FROM queues`,
		`UPDATE directory_version SET version = 0`,
		`CALL directory_changed()`,
		`DROP TABLE queues`,
		`CREATE TABLE x (y INT)`,
	} {
		denied(t, manager, statement)
	}

	if v, err := New(kamailio, Options{}).Version(t.Context()); err != nil || v == 0 {
		t.Errorf("kamailio reads version %d, %v", v, err)
	}
	if got := words(t, kamailio, `SELECT CONCAT_WS(' ', agent, domain, ha1, pool) FROM kamailio_credentials ORDER BY agent`); len(got) != 8 ||
		got[0] != "201 demo.holdline.test "+ha1("201", "demo.holdline.test", "correct-horse")+" demo" {
		t.Errorf("kamailio reads %v", got)
	}
	if got := words(t, kamailio, `SELECT CONCAT_WS(' ', domain, pool) FROM kamailio_domains`); !slices.Equal(got, []string{"demo.holdline.test demo"}) {
		t.Errorf("kamailio reads %v", got)
	}
	for _, statement := range []string{
		`SELECT id FROM agents`, `SELECT name FROM queues`, `SELECT name FROM pools`,
		`SELECT mode FROM agent_modes`, `UPDATE directory_version SET version = 0`, `UPDATE kamailio_domains SET pool = 'x'`,
		`UPDATE kamailio_credentials SET ha1 = NULL`, `DELETE FROM kamailio_credentials`,
	} {
		denied(t, kamailio, statement)
	}
}

func denied(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "denied") {
		t.Errorf("%s: %v, want it denied", statement, err)
	}
}

func TestDisabledAgentHasNoCredentials(t *testing.T) {
	db, _ := migrated(t, true)
	exec(t, db)(`UPDATE agents SET enabled = 0 WHERE id = '201'`)
	if got := words(t, db, `SELECT agent FROM kamailio_credentials`); slices.Contains(got, "201") || len(got) != 7 {
		t.Errorf("credentials of %v", got)
	}
	p, err := New(db, Options{}).Load(t.Context(), "demo")
	if err != nil || len(p.Agents) != 7 {
		t.Errorf("%d agents are projected, %v", len(p.Agents), err)
	}
}
