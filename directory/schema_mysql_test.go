package directory

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"holdline/queue"
)

// words reads a column of text.
func words(t *testing.T, q querier, query string) []string {
	t.Helper()
	all, err := list(t.Context(), q, query, func(scan scanner) (s string, err error) { err = scan(&s); return s, err })
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return all
}

// tableNames of the directory, without the one of the migrations and the one that
// callmanager keeps: what it writes is no edit.
const tableNames = `SELECT table_name FROM information_schema.tables
	WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
		AND table_name NOT IN ('schema_migrations', 'agent_modes')`

func TestSchemaIsExplained(t *testing.T) {
	db, _ := migrated(t, false)
	for _, bare := range words(t, db, `SELECT table_name FROM information_schema.tables
		WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND CHAR_LENGTH(table_comment) < 20`) {
		t.Errorf("table %s has no COMMENT", bare)
	}
	for _, bare := range words(t, db, `SELECT CONCAT(c.table_name, '.', c.column_name)
		FROM information_schema.columns AS c JOIN information_schema.tables AS t
			ON t.table_schema = c.table_schema AND t.table_name = c.table_name
		WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE' AND CHAR_LENGTH(c.column_comment) < 10`) {
		t.Errorf("column %s has no COMMENT", bare)
	}
	for _, bare := range words(t, db, `SELECT routine_name FROM information_schema.routines
		WHERE routine_schema = DATABASE() AND routine_comment = ''`) {
		t.Errorf("routine %s has no COMMENT", bare)
	}
	// A number says its unit or range, a time that it is in seconds.
	for _, column := range words(t, db, `SELECT CONCAT(table_name, '.', column_name) FROM information_schema.columns
		WHERE table_schema = DATABASE() AND data_type = 'int' AND column_name <> 'id'
			AND table_name IN (SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE')
			AND NOT column_comment REGEXP '[0-9]'`) {
		t.Errorf("the COMMENT of %s names no range", column)
	}
}

func TestEveryEditIsHeardOf(t *testing.T) {
	db, _ := migrated(t, false)
	for _, table := range words(t, db, tableNames) {
		for _, event := range []string{"INSERT", "UPDATE", "DELETE"} {
			if table == "directory_version" {
				continue
			}
			if n := words(t, db, fmt.Sprintf(`SELECT trigger_name FROM information_schema.triggers
				WHERE trigger_schema = DATABASE() AND event_object_table = '%s' AND event_manipulation = '%s'
					AND action_timing = 'AFTER' AND action_statement LIKE '%%directory_changed()%%'`, table, event)); len(n) != 1 {
				t.Errorf("%s on %s does not raise the version", event, table)
			}
		}
	}
	for _, key := range words(t, db, `SELECT CONCAT(table_name, '.', constraint_name)
		FROM information_schema.referential_constraints
		WHERE constraint_schema = DATABASE() AND NOT (delete_rule = 'RESTRICT' AND update_rule = 'RESTRICT')`) {
		t.Errorf("foreign key %s is not RESTRICT: a cascade fires no trigger", key)
	}
	for _, column := range words(t, db, `SELECT CONCAT(table_name, '.', column_name) FROM information_schema.columns
		WHERE table_schema = DATABASE() AND table_name <> 'schema_migrations'
			AND table_name NOT IN ('kamailio_credentials', 'kamailio_domains', 'ring_groups')
			AND collation_name IS NOT NULL AND collation_name <> 'utf8mb4_bin'`) {
		t.Errorf("column %s does not tell 'a' from 'A', as Redis does", column)
	}
}

// TestEditsRaiseTheVersion makes one edit of each kind in each table.
func TestEditsRaiseTheVersion(t *testing.T) {
	db, _ := migrated(t, true)
	d := New(db, Options{})
	run := exec(t, db)
	before, err := d.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	touched := make(map[string]bool)
	for _, edit := range []string{
		`INSERT INTO pools (name, sip_domain) VALUES ('other', 'other.test')`,
		`UPDATE pools SET title = 'Other' WHERE name = 'other'`,
		`DELETE FROM pools WHERE name = 'other'`,
		`INSERT INTO skills (pool, name) VALUES ('demo', 'french')`,
		`UPDATE skills SET title = 'French' WHERE name = 'french'`,
		`DELETE FROM skills WHERE name = 'french'`,
		`INSERT INTO agents (pool, id) VALUES ('demo', '209')`,
		`UPDATE agents SET name = 'Ivy' WHERE id = '209'`,
		`UPDATE agents SET sip_password = 'correct-horse' WHERE id = '209'`,
		`DELETE FROM agents WHERE id = '209'`,
		`INSERT INTO agent_skills (pool, agent, skill) VALUES ('demo', '208', 'sales')`,
		`UPDATE agent_skills SET level = 2 WHERE agent = '208' AND skill = 'sales'`,
		`DELETE FROM agent_skills WHERE agent = '208' AND skill = 'sales'`,
		`INSERT INTO queues (pool, name) VALUES ('demo', 'new')`,
		`UPDATE queues SET ring_time = 20 WHERE name = 'new'`,
		`INSERT INTO needs (pool, queue, name) VALUES ('demo', 'new', 'vip')`,
		`UPDATE needs SET title = 'Very important' WHERE name = 'vip'`,
		`INSERT INTO need_skills (pool, queue, need, skill) VALUES ('demo', 'new', 'vip', 'sales')`,
		`UPDATE need_skills SET min_level = 4 WHERE need = 'vip'`,
		`INSERT INTO need_steps (pool, queue, need, step, starts_after) VALUES ('demo', 'new', 'vip', 1, 10)`,
		`UPDATE need_steps SET starts_after = 20 WHERE need = 'vip' AND step = 1`,
		`DELETE FROM need_skills WHERE need = 'vip' ORDER BY step DESC`,
		`DELETE FROM need_steps WHERE need = 'vip' AND step = 1`,
		`DELETE FROM needs WHERE name = 'vip'`,
		`INSERT INTO queue_members (pool, queue, agent) VALUES ('demo', 'new', '208')`,
		`UPDATE queue_members SET penalty = 3 WHERE queue = 'new'`,
		`DELETE FROM queue_members WHERE queue = 'new'`,
		`DELETE FROM queues WHERE name = 'new'`,
		`UPDATE directory_version SET version = 0`,
	} {
		run(edit)
		now, err := d.Version(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if now <= before {
			t.Errorf("%s: version %d, was %d", edit, now, before)
		}
		before = now
		words := strings.Fields(edit)
		verb, table := words[0], words[1]
		if verb != "UPDATE" {
			table = words[2]
		}
		touched[verb+" "+table] = true
	}
	for _, table := range words(t, db, tableNames) {
		for _, verb := range []string{"INSERT", "UPDATE", "DELETE"} {
			if table != "directory_version" && !touched[verb+" "+table] {
				t.Errorf("no %s on %s in this test", verb, table)
			}
		}
	}
}

// TestStrategiesAreThoseOfTheQueue: the database takes what the queue can do,
// and nothing that it cannot.
func TestStrategiesAreThoseOfTheQueue(t *testing.T) {
	db, _ := migrated(t, true)
	for _, s := range queue.Strategies() {
		exec(t, db)(`UPDATE queues SET strategy = ?`, s)
	}
	comment := words(t, db, `SELECT column_comment FROM information_schema.columns
		WHERE table_schema = DATABASE() AND table_name = 'queues' AND column_name = 'strategy'`)[0]
	var named []string
	for _, m := range regexp.MustCompile(`[:;] ([a-z-]+) = `).FindAllStringSubmatch(comment, -1) {
		named = append(named, m[1])
	}
	slices.Sort(named)
	if !slices.Equal(named, queue.Strategies()) {
		t.Errorf("the column explains %q, the queue has %q", named, queue.Strategies())
	}
}

// TestEmptyRulesAreThoseOfTheQueue: all its words fit into the columns.
func TestEmptyRulesAreThoseOfTheQueue(t *testing.T) {
	db, _ := migrated(t, true)
	all := strings.Join(queue.EmptyRules, ",")
	exec(t, db)(`UPDATE queues SET join_empty = ?, leave_empty = ?`, all, all)
	if said := refusal(t, db, `UPDATE queues SET join_empty = 'x'`); !strings.HasSuffix(said, "give some of "+all) {
		t.Errorf("the refusal does not offer %q: %s", all, said)
	}
}

func TestMigrateAgain(t *testing.T) {
	db, c := database(t)
	first, err := Migrate(t.Context(), db)
	if err != nil || len(first) != len(migrationTexts(t)) {
		t.Fatalf("first run: %v, %v", first, err)
	}
	if _, err := SeedDemo(t.Context(), db, Seed{}); err != nil {
		t.Fatal(err)
	}
	if again, err := Migrate(t.Context(), db); err != nil || len(again) != 0 {
		t.Errorf("second run: %v, %v", again, err)
	}
	// As after a crash between a migration and its note: all of them again,
	// over tables with rows in them, and two at the same time.
	exec(t, db)(`DELETE FROM schema_migrations WHERE version_id > 0`)
	var wg sync.WaitGroup
	ran := make(chan int, 2)
	for range 2 {
		wg.Go(func() {
			names, err := Migrate(t.Context(), open(t, c))
			if err != nil {
				t.Errorf("at the same time: %v", err)
			}
			ran <- len(names)
		})
	}
	wg.Wait()
	if n := <-ran + <-ran; n != len(first) {
		t.Errorf("%d migrations ran, want each of %d once", n, len(first))
	}
	if n := words(t, db, `SELECT id FROM agents`); len(n) != 8 {
		t.Errorf("agents after all of it: %v", n)
	}
}

func TestSeedDemoOnce(t *testing.T) {
	db, _ := migrated(t, false)
	for _, want := range []bool{true, false} {
		if got, err := SeedDemo(t.Context(), db, Seed{AgentPassword: "correct-horse"}); got != want || err != nil {
			t.Errorf("seeded %t, %v; want %t", got, err, want)
		}
	}
	exec(t, db)(`DELETE FROM queues`)
	if got, err := SeedDemo(t.Context(), db, Seed{}); got || err != nil {
		t.Errorf("a directory with a pool was seeded: %t, %v", got, err)
	}
}

// TestQueueGoesWithItsNeeds: what the database made, it takes back.
func TestQueueGoesWithItsNeeds(t *testing.T) {
	db, _ := migrated(t, true)
	exec(t, db)(`DELETE FROM queues WHERE name = 'support'`)
	for _, table := range []string{"needs", "need_steps", "need_skills"} {
		if left := words(t, db, `SELECT DISTINCT queue FROM `+table); !slices.Equal(left, []string{"sales"}) {
			t.Errorf("%s still has %v", table, left)
		}
	}
}

// TestNewStepStartsAsTheOneBefore: or for a moment it would admit everybody.
func TestNewStepStartsAsTheOneBefore(t *testing.T) {
	db, _ := migrated(t, true)
	exec(t, db)(`INSERT INTO need_steps (pool, queue, need, step, starts_after) VALUES ('demo', 'support', 'default', 2, 60)`)
	got := words(t, db, `SELECT CONCAT(skill, '>=', min_level) FROM need_skills WHERE queue = 'support' AND need = 'default' AND step = 2`)
	if !slices.Equal(got, []string{"support>=1"}) {
		t.Errorf("step 2 requires %v", got)
	}
}
