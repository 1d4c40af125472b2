package directory

import (
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

type slip struct{ name, statement, want string }

// nonsense is what an admin's slip looks like, and what the database answers.
// Every case runs on the seed and is rolled back. Answers with "…" in them are
// the server's own, in which MySQL and MariaDB differ there.
var nonsense = []slip{
	// Names.
	{"pool with a space", `INSERT INTO pools (name, sip_domain) VALUES ('my pool', 'a.test')`,
		"pools.name 'my pool': only a-z 0-9 -, beginning with a letter"},
	{"pool with a brace", `INSERT INTO pools (name, sip_domain) VALUES ('a}b', 'a.test')`,
		"pools.name 'a}b': only a-z 0-9 -, beginning with a letter"},
	{"pool without a name", `INSERT INTO pools (name, sip_domain) VALUES ('', 'a.test')`,
		"pools.name '': only a-z 0-9 -, beginning with a letter"},
	{"domain in capitals", `INSERT INTO pools (name, sip_domain) VALUES ('a', 'A.test')`,
		"pools.sip_domain 'A.test': give a domain in lower case, like demo.example.com"},
	{"domain with a port", `INSERT INTO pools (name, sip_domain) VALUES ('a', 'a.test:5060')`,
		"pools.sip_domain 'a.test:5060': give a domain in lower case, like demo.example.com"},
	{"domain of another pool", `INSERT INTO pools (name, sip_domain) VALUES ('a', 'demo.holdline.test')`,
		"Duplicate entry 'demo.holdline.test' for key …pools_sip_domain'"},
	{"queue with a colon", `INSERT INTO queues (pool, name) VALUES ('demo', 'a:b')`,
		"queues.name 'a:b': only A-Z a-z 0-9 . _ @ + -, beginning with a letter or digit"},
	{"queue with a bar", `INSERT INTO queues (pool, name) VALUES ('demo', 'a|b')`,
		"queues.name 'a|b': only A-Z a-z 0-9 . _ @ + -, beginning with a letter or digit"},
	{"queue with a newline", `INSERT INTO queues (pool, name) VALUES ('demo', 'ab\n')`,
		"queues.name 'ab\n': only A-Z a-z 0-9 . _ @ + -, beginning with a letter or digit"},
	{"agent with a space at the end", `INSERT INTO agents (pool, id) VALUES ('demo', '209 ')`,
		"agents.id '209 ': only A-Z a-z 0-9 . _ @ + -, beginning with a letter or digit"},
	{"skill with braces", `INSERT INTO skills (pool, name) VALUES ('demo', '{x}')`,
		"skills.name '{x}': only A-Z a-z 0-9 . _ @ + -, beginning with a letter or digit"},
	{"need with a space", `INSERT INTO needs (pool, queue, name) VALUES ('demo', 'sales', 'very hard')`,
		"needs.name 'very hard': only A-Z a-z 0-9 . _ @ + -, beginning with a letter or digit"},
	{"agent without an id", `INSERT INTO agents (pool) VALUES ('demo')`,
		"Field 'id' doesn't have a default value"},
	{"a name too long", `INSERT INTO agents (pool, id) VALUES ('demo', REPEAT('1', 33))`,
		"Data too long for column 'id' at row 1"},
	{"same agent twice", `INSERT INTO agents (pool, id) VALUES ('demo', '201')`,
		"Duplicate entry 'demo-201' for key …PRIMARY'"},

	// Numbers.
	{"negative ring time", `UPDATE queues SET ring_time = -5 WHERE name = 'sales'`,
		"queues.ring_time '-5': give 1..600 seconds"},
	{"ring time 0", `UPDATE queues SET ring_time = 0`,
		"queues.ring_time '0': give 1..600 seconds"},
	{"negative timeout", `UPDATE queues SET timeout = -1`,
		"queues.timeout '-1': give 0..86400 seconds, 0 = no limit"},
	{"announce of a day", `UPDATE queues SET announce = 86400`,
		"queues.announce '86400': give 0..3600 seconds, 0 = none"},
	{"first announcement never", `UPDATE queues SET announce_first = 0`,
		"queues.announce_first '0': give 1..3600 seconds"},
	{"announce_min 0", `UPDATE queues SET announce_min = 0`,
		"queues.announce_min '0': give 1..3600 seconds"},
	{"retry 0", `UPDATE queues SET retry = 0`,
		"queues.retry '0': give 1..600 seconds"},
	{"negative wrap-up", `INSERT INTO queues (pool, name, wrap_up) VALUES ('demo', 'x', -1)`,
		"queues.wrap_up '-1': give 0..3600 seconds"},
	{"negative redial", `UPDATE queues SET redial_s = -1`,
		"queues.redial_s '-1': give 0..86400 seconds, 0 = never"},
	{"redial of a week", `INSERT INTO queues (pool, name, redial_s) VALUES ('demo', 'x', 604800)`,
		"queues.redial_s '604800': give 0..86400 seconds, 0 = never"},
	{"negative misses", `UPDATE queues SET max_misses = -1`,
		"queues.max_misses '-1': give 0..100 misses, 0 = never"},
	{"half open", `UPDATE queues SET open = 2`,
		"queues.open '2': give 1 (yes) or 0 (no)"},
	{"negative weight", `UPDATE queues SET weight = -1`,
		"queues.weight '-1': give 0..1000"},
	{"capacity 0", `UPDATE agents SET capacity = 0 WHERE id = '201'`,
		"agents.capacity '0': give 1..16 calls at one time"},
	{"wrap-up override negative", `UPDATE agents SET wrap_up = -1 WHERE id = '201'`,
		"agents.wrap_up '-1': give 0..3600 seconds, or NULL for the queue's"},
	{"enabled yes", `UPDATE agents SET enabled = 7`,
		"agents.enabled '7': give 1 (yes) or 0 (no)"},
	{"a time that is no number", `UPDATE queues SET timeout = 'soon'`,
		"Incorrect integer value: 'soon' for column …timeout"},
	{"a time that is no time", `UPDATE queues SET timeout = NULL`,
		"Column 'timeout' cannot be null"},
	{"level 0", `UPDATE agent_skills SET level = 0 WHERE agent = '201'`,
		"agent_skills.level '0': give 1..10 (10 is best)"},
	{"level 11", `INSERT INTO agent_skills (pool, agent, skill, level) VALUES ('demo', '201', 'sales', 11)`,
		"agent_skills.level '11': give 1..10 (10 is best)"},
	{"needed level 11", `INSERT INTO need_skills (pool, queue, skill, min_level) VALUES ('demo', 'sales', 'billing', 11)`,
		"need_skills.min_level '11': give 1..10 (10 is best)"},
	{"penalty 100", `INSERT INTO queue_members (pool, queue, agent, penalty) VALUES ('demo', 'sales', '201', 100)`,
		"queue_members.penalty '100': give 0..99 (0 is called first)"},

	// Words.
	{"unknown strategy", `UPDATE queues SET strategy = 'rrmemory'`,
		"queues.strategy 'rrmemory': give round-robin, which it is called here"},
	{"strategy that is none", `UPDATE queues SET strategy = 'psychic'`,
		"queues.strategy 'psychic': unknown: SHOW FULL COLUMNS FROM queues LIKE 'strategy' tells all"},
	{"unknown membership", `UPDATE queues SET membership = 'all'`,
		"queues.membership 'all': give members or skills"},
	{"unknown connect mode", `UPDATE queues SET connect = 'dial'`,
		"queues.connect 'dial': give bridge or dialplan"},
	{"music that is a path", `UPDATE queues SET music = '/var/lib/x'`,
		"queues.music '/var/lib/x': give a class of musiconhold.conf: A-Z a-z 0-9 . _ -"},
	{"language that is a sentence", `UPDATE queues SET language = 'en, de'`,
		"queues.language 'en, de': give a language like en or de, or nothing"},

	// References.
	{"agent in no pool", `INSERT INTO agents (pool, id) VALUES ('demi', '209')`,
		"agents.pool 'demi': no such pool: INSERT it into pools first"},
	{"skill in no pool", `INSERT INTO skills (pool, name) VALUES ('demi', 'x')`,
		"skills.pool 'demi': no such pool: INSERT it into pools first"},
	{"queue in no pool", `INSERT INTO queues (pool, name) VALUES ('demi', 'x')`,
		"queues.pool 'demi': no such pool: INSERT it into pools first"},
	{"skill of an unknown agent", `INSERT INTO agent_skills (pool, agent, skill) VALUES ('demo', '299', 'sales')`,
		"agent_skills.agent '299': no such agent in pool 'demo': INSERT it into agents"},
	{"unknown skill of an agent", `INSERT INTO agent_skills (pool, agent, skill) VALUES ('demo', '201', 'slaes')`,
		"agent_skills.skill 'slaes': no such skill in pool 'demo': INSERT it into skills"},
	{"agent of another pool in a queue", `INSERT INTO queue_members (pool, queue, agent) VALUES ('demo', 'sales', 'x1')`,
		"queue_members.agent 'x1': no such agent in pool 'demo': INSERT it into agents"},
	{"agent moved to another pool", `UPDATE agents SET pool = 'other' WHERE id = '208'`,
		"agents.pool 'other': cannot change (was 'demo'): insert a new row, delete the old"},
	{"skill of another pool", `INSERT INTO agent_skills (pool, agent, skill) VALUES ('other', 'x1', 'sales')`,
		"agent_skills.skill 'sales': no such skill in pool 'other': INSERT it into skills"},
	{"member of an unknown queue", `INSERT INTO queue_members (pool, queue, agent) VALUES ('demo', 'slaes', '201')`,
		"queue_members.queue 'slaes': no such queue in pool 'demo': INSERT it into queues"},
	{"need for an unknown queue", `INSERT INTO needs (pool, queue, name) VALUES ('demo', 'slaes', 'x')`,
		"needs.queue 'slaes': no such queue in pool 'demo': INSERT it into queues"},
	{"step of an unknown need", `INSERT INTO need_steps (pool, queue, need, step, starts_after) VALUES ('demo', 'sales', 'x', 1, 5)`,
		"need_steps.need 'x': no such need of queue 'sales': INSERT it into needs"},
	{"skill of an unknown need", `INSERT INTO need_skills (pool, queue, need, skill) VALUES ('demo', 'sales', 'x', 'sales')`,
		"need_skills.need 'x': no such need of queue 'sales': INSERT it into needs"},
	{"skill of an unknown step", `INSERT INTO need_skills (pool, queue, step, skill) VALUES ('demo', 'sales', 1, 'sales')`,
		"need_skills.step '1': no such step of the need: INSERT it into need_steps"},
	{"unknown skill of a need", `INSERT INTO need_skills (pool, queue, skill) VALUES ('demo', 'sales', 'slaes')`,
		"need_skills.skill 'slaes': no such skill in pool 'demo': INSERT it into skills"},
	{"a person in a ring group", `INSERT INTO queue_members (pool, queue, agent) VALUES ('demo', 'front', '201')`,
		"queue_members.agent '201': not an extension (agents.always_in = 1), as ring groups need"},
	{"a ring group by skills", `UPDATE queues SET membership = 'skills' WHERE name = 'front'`,
		"queues.membership 'skills': a ring group (ring_group = 1) needs members"},
	{"a ring group made a queue", `UPDATE queues SET ring_group = 0 WHERE name = 'front'`,
		"queues.ring_group '0': the queue has members: DELETE them from queue_members first"},

	// Steps.
	{"step after a gap", `INSERT INTO need_steps (pool, queue, need, step, starts_after) VALUES ('demo', 'sales', 'default', 2, 5)`,
		"need_steps.step '2': there is no step 1: steps have no gaps"},
	{"step too many", `INSERT INTO need_steps (pool, queue, need, step, starts_after) VALUES ('demo', 'sales', 'default', 20, 5)`,
		"need_steps.step '20': give 0..19"},
	{"step before its predecessor", `INSERT INTO need_steps (pool, queue, need, step, starts_after) VALUES ('demo', 'support', 'default', 2, 30)`,
		"need_steps.starts_after '30': step 1 starts after 30: give more"},
	{"step moved beyond its successor", `UPDATE need_steps SET starts_after = 60 WHERE queue = 'support' AND need = 'long' AND step = 1`,
		"need_steps.starts_after '60': step 2 starts after 60: give less"},
	{"step 0 that starts later", `UPDATE need_steps SET starts_after = 5 WHERE step = 0`,
		"need_steps.starts_after '5': step 0 begins at arrival: give 0"},
	{"step that admits fewer", `UPDATE need_steps SET max_penalty = 5 WHERE queue = 'support' AND need = 'default' AND step = 1`,
		"need_steps.max_penalty '5': step 0 admits 99, and steps only widen: give as much"},
	{"step 0 that admits more", `UPDATE need_steps SET max_penalty = 9 WHERE queue = 'support' AND need = 'long' AND step = 0`,
		"need_steps.max_penalty '9': step 1 admits only 5: raise it there first"},
	{"skill from step 1 on", `INSERT INTO need_skills (pool, queue, need, step, skill) VALUES ('demo', 'support', 'default', 1, 'billing')`,
		"need_skills.skill 'billing': step 0 does not require it, and steps only relax"},
	{"higher level in step 1", `UPDATE need_skills SET min_level = 4 WHERE queue = 'support' AND need = 'default' AND step = 1`,
		"need_skills.min_level '4': step 0 requires only 3, and steps only relax"},
	{"step 0 below step 1", `UPDATE need_skills SET min_level = 1 WHERE queue = 'support' AND need = 'long' AND step = 0`,
		"need_skills.min_level '1': step 1 requires 2: lower it there first"},
	{"skill taken from step 0 only", `DELETE FROM need_skills WHERE queue = 'support' AND need = 'default' AND step = 0`,
		"need_skills.skill 'support': step 1 requires it: DELETE there first (ORDER BY step DESC)"},
	{"step out of the middle", `DELETE FROM need_steps WHERE queue = 'support' AND need = 'long' AND step = 1`,
		"need_steps.step '1': DELETE step 2 first (ORDER BY step DESC): steps have no gaps"},
	{"step 0 deleted", `DELETE FROM need_steps WHERE queue = 'sales'`,
		"need_steps.step '0': each need keeps step 0; DELETE the need itself in needs"},
	{"need default deleted", `DELETE FROM needs WHERE queue = 'sales'`,
		"needs.name 'default': each queue keeps this need; DELETE its other steps or skills"},

	// What others refer to.
	{"pool with queues", `DELETE FROM pools WHERE name = 'demo'`,
		"pools.name 'demo': the pool still has queues: DELETE them first"},
	{"pool with agents", `DELETE FROM pools WHERE name = 'other'`,
		"pools.name 'other': the pool still has agents: DELETE them first"},
	{"skill in need", `DELETE FROM skills WHERE name = 'sales'`,
		"skills.name 'sales': needs still require it: DELETE it from need_skills first"},
	{"skill in use", `DELETE FROM skills WHERE name = 'billing'`,
		"skills.name 'billing': agents still have it: DELETE it from agent_skills first"},
	{"agent with skills", `DELETE FROM agents WHERE id = '208'`,
		"agents.id '208': still has skills: DELETE them from agent_skills first"},
	{"agent in a queue", `DELETE FROM agents WHERE id = '2103'`,
		"agents.id '2103': still a member of queues: DELETE it from queue_members first"},
	{"queue with members", `DELETE FROM queues WHERE name = 'front'`,
		"queues.name 'front': still has members: DELETE them from queue_members first"},
	{"agent renamed", `UPDATE agents SET id = '299' WHERE id = '201'`,
		"agents.id '299': cannot change (was '201'): insert a new row, delete the old"},
	{"queue renamed", `UPDATE queues SET name = 'sails' WHERE name = 'sales'`,
		"queues.name 'sails': cannot change (was 'sales'): insert a new row, delete the old"},
	{"the version row deleted", `DELETE FROM directory_version`,
		"directory_version: this row stays; Holdline learns of edits through it"},

	// Passwords.
	{"short password", `UPDATE agents SET sip_password = 'secret' WHERE id = '201'`,
		"agents.sip_password '***': too short: give 8..128 characters"},
	{"digest that is none", `UPDATE agents SET ha1 = 'correct-horse' WHERE id = '201'`,
		"agents.ha1 'correct-horse': give 32 hex digits in lower case, or set sip_password"},
	{"domain changed under the passwords", `UPDATE pools SET sip_domain = 'new.test' WHERE name = 'demo'`,
		"pools.sip_domain 'new.test': agents have passwords for the old one: SET ha1 = NULL first"},
}

func TestNonsenseIsRefused(t *testing.T) {
	db, _ := migrated(t, true)
	run := exec(t, db)
	run(`INSERT INTO pools (name, sip_domain) VALUES ('other', 'other.holdline.test')`)
	run(`INSERT INTO agents (pool, id) VALUES ('other', 'x1')`)
	run(`INSERT INTO agents (pool, id, always_in) VALUES ('demo', '2103', 1)`)
	run(`INSERT INTO queues (pool, name, ring_group) VALUES ('demo', 'front', 1)`)
	run(`INSERT INTO queue_members (pool, queue, agent) VALUES ('demo', 'front', '2103')`)
	run(`INSERT INTO needs (pool, queue, name) VALUES ('demo', 'support', 'long')`)
	run(`INSERT INTO need_skills (pool, queue, need, skill, min_level) VALUES ('demo', 'support', 'long', 'support', 2)`)
	run(`UPDATE need_steps SET max_penalty = 5 WHERE queue = 'support' AND need = 'long'`)
	run(`INSERT INTO need_steps (pool, queue, need, step, starts_after, max_penalty) VALUES ('demo', 'support', 'long', 1, 30, 5)`)
	run(`INSERT INTO need_steps (pool, queue, need, step, starts_after, max_penalty) VALUES ('demo', 'support', 'long', 2, 60, 9)`)
	run(`INSERT INTO queues (pool, name, medium) VALUES ('demo', 'chats', 'chat')`)
	run(`INSERT INTO queues (pool, name, medium, overflow_to) VALUES ('demo', 'morechats', 'chat', 'chats')`)
	run(`INSERT INTO skills (pool, name) VALUES ('demo', 'gold')`)
	run(`UPDATE needs SET reserve_skill = 'gold', reserve_keep = 1, reserve_until = 60 WHERE queue = 'support' AND name = 'expert'`)
	run(`INSERT INTO agents (pool, id) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30) SELECT 'demo', CONCAT('d', i) FROM n`)
	run(`INSERT INTO queue_members (pool, queue, agent, delay) SELECT pool, 'sales', id, SUBSTRING(id, 2) FROM agents WHERE id LIKE 'd%'`)
	for _, c := range slices.Concat(nonsense, nonsenseOfMatching) {
		t.Run(c.name, func(t *testing.T) {
			got := refusal(t, db, c.statement)
			t.Logf("%s\n    -> %s", c.statement, got)
			if !answers(got, c.want) {
				t.Errorf("%s\n got %s\nwant %s", c.statement, got, c.want)
			}
		})
	}
}

// answers compares a refusal; "…" in want stands for anything.
func answers(got, want string) bool {
	begin, end, open := strings.Cut(want, "…")
	return got == want || open && strings.HasPrefix(got, begin) && strings.Contains(got[len(begin):], end)
}

// refusal is what the database says to the statement, which must not pass.
func refusal(t *testing.T, db *sql.DB, statement string) string {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(t.Context(), statement)
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		t.Fatalf("%s: not refused: %v", statement, err)
	}
	return e.Message
}

// TestChecksHoldWithoutTriggers drops every trigger: the CHECK constraints and
// foreign keys, which say it in fewer words, must refuse the same rows alone.
func TestChecksHoldWithoutTriggers(t *testing.T) {
	db, _ := migrated(t, true)
	run := exec(t, db)
	triggers, err := list(t.Context(), db,
		`SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()`,
		func(scan scanner) (s string, err error) { err = scan(&s); return s, err })
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range triggers {
		run("DROP TRIGGER " + name)
	}
	for statement, want := range map[string]string{
		`INSERT INTO queues (pool, name) VALUES ('demo', 'a:b')`:                                        "queues_name_characters",
		`UPDATE queues SET ring_time = -5`:                                                              "queues_ring_time_1_to_600",
		`UPDATE queues SET strategy = 'rrmemory'`:                                                       "queues_strategy_known",
		`UPDATE pools SET priority = 'loud'`:                                                            "pools_priority_known",
		`UPDATE pools SET contact_order = 'beauty'`:                                                     "pools_contact_order_known",
		`UPDATE pools SET pause_keeps = 2`:                                                              "pools_pause_keeps_0_or_1",
		`UPDATE queues SET medium = 'fax'`:                                                              "queues_medium_known",
		`INSERT INTO queues (pool, name, ring_group, medium) VALUES ('demo', 'q', 1, 'chat')`:           "queues_ring_group_rings_phones",
		`UPDATE queues SET ring_most = 0`:                                                               "queues_ring_most_1_to_50",
		`UPDATE queues SET target = 0`:                                                                  "queues_target_1_to_86400",
		`UPDATE queues SET max_waiting = -1`:                                                            "queues_max_waiting_0_to_1000000",
		`UPDATE queues SET join_empty = 'paused,'`:                                                      "queues_join_empty_words",
		`UPDATE queues SET leave_empty = 'paused '`:                                                     "queues_leave_empty_words",
		`UPDATE queues SET overflow_to = 'slaes'`:                                                       "queues_overflow_to",
		`UPDATE queues SET overflow_to = name`:                                                          "queues_overflow_to_is_another",
		`UPDATE queues SET overflow_after = -1`:                                                         "queues_overflow_after_0_to_86400",
		`UPDATE queues SET exit_keys = 'a'`:                                                             "queues_exit_keys_of_a_phone",
		`UPDATE queues SET credit_returned = -1`:                                                        "queues_credit_returned_0_to_86400",
		`UPDATE queues SET credit_moved = -1`:                                                           "queues_credit_moved_0_to_86400",
		`UPDATE queues SET credit_redialled = -1`:                                                       "queues_credit_redialled_0_to_86400",
		`UPDATE agents SET chat_capacity = 100`:                                                         "agents_chat_capacity_0_to_99",
		`UPDATE agents SET beside = 'fax'`:                                                              "agents_beside_words",
		`UPDATE needs SET reserve_keep = 1`:                                                             "needs_reserve_all_or_none",
		`UPDATE needs SET reserve_skill = 'x', reserve_keep = 1, reserve_until = 1`:                     "needs_reserve_skill",
		`UPDATE needs SET reserve_skill = 'sales', reserve_keep = 0, reserve_until = 1`:                 "needs_reserve_keep_1_to_99",
		`UPDATE needs SET reserve_skill = 'sales', reserve_keep = 1, reserve_until = -1`:                "needs_reserve_until_1_to_86400",
		`INSERT INTO queue_members (pool, queue, agent, priority) VALUES ('demo', 'sales', '201', 100)`: "queue_members_priority_0_to_99",
		`INSERT INTO queue_members (pool, queue, agent, delay) VALUES ('demo', 'sales', '201', -1)`:     "queue_members_delay_0_to_86400",
		`INSERT INTO queue_members (pool, queue, agent, weight) VALUES ('demo', 'sales', '201', 0)`:     "queue_members_weight_1_to_10",
		`INSERT INTO queue_members (pool, queue, agent, position) VALUES ('demo', 'sales', '201', -1)`:  "queue_members_position_0_to_9999",
		`UPDATE agent_skills SET level = 11`:                                                            "agent_skills_level_1_to_10",
		`UPDATE agents SET sip_password = 'correct-horse'`:                                              "agents_sip_password_is_never_stored",
		`INSERT INTO queue_members (pool, queue, agent) VALUES ('demo', 'sales', 'x1')`:                 "queue_members_agent",
		`INSERT INTO needs (pool, queue, name) VALUES ('demo', 'slaes', 'x')`:                           "needs_queue",
		`DELETE FROM pools`: "foreign key constraint fails",
		`INSERT INTO directory_version (id, version) VALUES (2, 1)`:                              "directory_version_has_one_row",
		`INSERT INTO need_steps VALUES ('demo', 'sales', 'default', 1, 0, 99)`:                   "need_steps_starts_after_0_to_86400",
		`INSERT INTO agents (pool, id, ha1) VALUES ('demo', '209', 'x')`:                         "agents_ha1_32_hex_digits",
		`INSERT INTO pools (name, sip_domain) VALUES ('a', '.x')`:                                "pools_sip_domain_is_a_domain",
		`INSERT INTO queues (pool, name, ring_group, membership) VALUES ('demo','q',1,'skills')`: "queues_ring_group_has_members",
	} {
		if got := refusal(t, db, statement); !strings.Contains(got, want) {
			t.Errorf("%s\n got %s\nwant %s", statement, got, want)
		}
	}
}
