package standin

import (
	"database/sql"
	"strings"
	"testing"

	"holdline/directory"
)

func openMySQL(t *testing.T) (*MySQL, *sql.DB) {
	t.Helper()
	m, err := OpenMySQL(t.Context(), "127.0.0.1:0", "secret", directory.Migrations())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	db, err := m.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return m, db
}

// What is left out says in words what the constraints refuse; nothing else may go.
func TestOnlyWordsAreLeftOut(t *testing.T) {
	statements, leftOut, err := Schema(directory.Migrations())
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range leftOut {
		kind, name, _ := strings.Cut(what, " ")
		words := kind == "procedure" && (strings.HasPrefix(name, "check_") || strings.HasPrefix(name, "must_be_") || name == "refuse") ||
			kind == "trigger" && strings.Contains(name, "_before_") || what == "function sip_ha1"
		if !words {
			t.Errorf("left out: %s", what)
		}
	}
	for _, s := range statements {
		if strings.Contains(s, "CALL ") {
			t.Errorf("calls what is not there: %s", s)
		}
	}
}

func TestTheDirectoryRunsUnchangedAndNonsenseIsRefused(t *testing.T) {
	_, db := openMySQL(t)
	runsUnchanged(t, db)
	refusesNonsense(t, db)
}

func runsUnchanged(t *testing.T, db *sql.DB) {
	t.Helper()
	d := directory.New(db, directory.Options{OnProblems: func(pool string, p directory.Problems) {
		if len(p) > 0 {
			t.Errorf("%s: %v", pool, p)
		}
	}})
	last, err := d.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		"INSERT INTO pools (name, sip_domain) VALUES ('p', 'p.example.com')",
		"INSERT INTO skills (pool, name) VALUES ('p', 'support')",
		"INSERT INTO agents (pool, id, name) VALUES ('p', '1', 'One'), ('p', '2', 'Two')",
		"INSERT INTO agent_skills (pool, agent, skill, level) VALUES ('p', '1', 'support', 5), ('p', '2', 'support', 1)",
		"INSERT INTO queues (pool, name, membership) VALUES ('p', 'q', 'skills')",
		"INSERT INTO need_skills (pool, queue, skill, min_level) VALUES ('p', 'q', 'support', 3)",
		"INSERT INTO need_steps (pool, queue, need, step, starts_after) VALUES ('p', 'q', 'default', 1, 8)",
		"UPDATE need_skills SET min_level = 1 WHERE step = 1",
		"UPDATE agents SET name = 'Uno' WHERE id = '1'",
		"DELETE FROM agent_skills WHERE agent = '2'",
	} {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		now, err := d.Version(t.Context())
		if err != nil || now <= last {
			t.Errorf("%s: the version was %d and is %d (%v)", s, last, now, err)
		}
		last = now
	}
	p, err := d.Load(t.Context(), "p")
	if err != nil {
		t.Fatal(err)
	}
	if p.Version != last || len(p.Agents) != 2 || p.Agents[0].Name != "Uno" || p.Agents[0].Skills["support"] != 5 || len(p.Agents[1].Skills) != 0 {
		t.Errorf("agents: %+v", p.Agents)
	}
	// Triggers that the queue's insert runs: the need, its step, and the step's skills.
	if len(p.Needs) != 1 || len(p.Needs[0].Steps) != 2 || p.Needs[0].Steps[1].Skills["support"] != 1 {
		t.Errorf("needs: %+v", p.Needs)
	}
}

func refusesNonsense(t *testing.T, db *sql.DB) {
	t.Helper()
	for _, s := range []string{
		"INSERT INTO agents (pool, id) VALUES ('p', '2 0 1')",
		"INSERT INTO agents (pool, id) VALUES ('p', '')",
		"INSERT INTO agents (pool, id) VALUES ('nowhere', '201')",
		"INSERT INTO agents (pool, id, capacity) VALUES ('p', '201', 17)",
		"INSERT INTO agents (pool, id, sip_password) VALUES ('p', '201', 'not stored')",
		"INSERT INTO pools (name, sip_domain) VALUES ('P', 'q.example.com')",
		"INSERT INTO queues (pool, name, strategy) VALUES ('p', 'q', 'whoever')",
		"UPDATE queues SET join_empty = 'paused, busy'",
		"UPDATE queues SET exit_keys = 'x'",
		"UPDATE queues SET overflow_to = 'nowhere'",
		"UPDATE queues SET overflow_to = name",
		"UPDATE agents SET beside = 'fax'",
		"UPDATE needs SET reserve_keep = 1",
		"INSERT INTO queue_members (pool, queue, agent, weight) VALUES ('p', 'q', '1', 11)",
		"DELETE FROM directory_version",
	} {
		if _, err := db.ExecContext(t.Context(), s); err == nil {
			t.Errorf("taken: %s", s)
		}
	}
}
