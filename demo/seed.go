package main

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	pool    = "demo"
	support = "support"
	sales   = "sales"

	wrapUp = time.Second
	// How long the queues let somebody wait.
	supportTimeout = 30 * time.Second
	salesTimeout   = 20 * time.Second
)

var timeouts = map[string]time.Duration{support: supportTimeout, sales: salesTimeout}

var names = []string{"Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gia", "Hugo", "Ines", "Jon", "Kira", "Leo"}

// agent is one row of the directory.
type agent struct{ id, name, skills string }

// staff gives n agents: a third for support, a third for sales, a third for both.
func staff(n int) []agent {
	all := make([]agent, n)
	for i := range all {
		all[i] = agent{id: fmt.Sprint(201 + i), name: fmt.Sprintf("Agent %d", 201+i)}
		if i < len(names) {
			all[i].name = names[i]
		}
		all[i].skills = [...]string{support, support + "," + sales, sales}[i%3]
	}
	return all
}

// seed writes the directory as an admin would, by SQL.
func seed(ctx context.Context, db *sql.DB, agents []agent) error {
	statements := []string{
		`INSERT INTO pools (name, sip_domain, title) VALUES ('demo', 'demo.holdline.test', 'Demonstration')`,
		`INSERT INTO skills (pool, name, title) VALUES ('demo', 'support', 'Technical support'), ('demo', 'sales', 'Sales')`,
		fmt.Sprintf(`INSERT INTO queues (pool, name, title, membership, timeout, announce, announce_first, ring_time, retry, wrap_up, max_misses)
			VALUES ('demo', 'support', 'Technical support', 'skills', %d, 20, 5, 3, 2, %d, 1),
			       ('demo', 'sales',   'Sales',             'skills', %d, 20, 5, 3, 2, %d, 1)`,
			int(supportTimeout.Seconds()), int(wrapUp.Seconds()), int(salesTimeout.Seconds()), int(wrapUp.Seconds())),
		`INSERT INTO need_skills (pool, queue, skill, min_level) VALUES ('demo', 'support', 'support', 3), ('demo', 'sales', 'sales', 3)`,
		// After eight seconds the beginners answer for support too.
		`INSERT INTO need_steps (pool, queue, need, step, starts_after) VALUES ('demo', 'support', 'default', 1, 8)`,
		`UPDATE need_skills SET min_level = 1 WHERE pool = 'demo' AND queue = 'support' AND step = 1`,
	}
	for part := range slices.Chunk(agents, rowsAtOnce) {
		var rows, skills []string
		for i, a := range part {
			rows = append(rows, fmt.Sprintf("('demo', '%s', '%s')", a.id, a.name))
			for skill := range strings.SplitSeq(a.skills, ",") {
				level := 5
				if skill == support && a.skills != support && i%2 == 0 {
					level = 2 // half of those who also sell are beginners in support
				}
				skills = append(skills, fmt.Sprintf("('demo', '%s', '%s', %d)", a.id, skill, level))
			}
		}
		statements = append(statements,
			"INSERT INTO agents (pool, id, name) VALUES "+strings.Join(rows, ", "),
			"INSERT INTO agent_skills (pool, agent, skill, level) VALUES "+strings.Join(skills, ", "))
	}
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("seed the directory: %.60q: %w", s, err)
		}
	}
	return nil
}

// rowsAtOnce: the embedded MySQL takes longer for each row, the more a statement has.
const rowsAtOnce = 50
