//go:build stack

package test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"holdline/queue"
)

// Queue is the columns of a row of queues; the rest keeps its default.
type Queue map[string]any

// tenant is a pool of the directory, with its SIP domain.
type tenant struct {
	name, domain string
	pool         *queue.Pool
}

// desk is what a test has in the directory: one queue of its own, reached by an
// extension of its own, and agents who serve it by membership.
type desk struct {
	stack  *stack
	tenant tenant
	exten  string
	queue  string
	agents []string
}

// projected is how long an edit may take to be effective (design 5).
const projected = 2 * time.Second

func newDesk(t *testing.T, s *stack, in tenant, exten string, q Queue) *desk {
	t.Helper()
	if exten == "" {
		var random [3]byte
		if _, err := rand.Read(random[:]); err != nil {
			t.Fatal(err)
		}
		exten = "test-" + hex.EncodeToString(random[:])
	}
	d := &desk{stack: s, tenant: in, exten: exten}
	d.queue = d.exten + "@holdline-in"
	columns := Queue{"pool": in.name, "name": d.queue, "membership": "members", "wrap_up": 1}
	maps.Copy(columns, q)
	t.Cleanup(func() {
		if err := d.remove(); err != nil {
			t.Errorf("remove the test's rows: %v", err)
		}
	})
	d.insert(t, "queues", columns)
	d.wait(t, "the queue is projected", func(ctx context.Context) bool {
		_, err := in.pool.Queue(ctx, d.queue)
		return err == nil
	})
	return d
}

// insert writes one row, as a person would.
func (d *desk) insert(t *testing.T, table string, columns map[string]any) {
	t.Helper()
	if err := d.tryInsert(t.Context(), table, columns); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) tryInsert(ctx context.Context, table string, columns map[string]any) error {
	names := slices.Sorted(maps.Keys(columns))
	values := make([]any, len(names))
	for i, n := range names {
		values[i] = columns[n]
	}
	statement := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, //nolint:gosec // names of the test's own
		strings.Join(names, ", "), strings.TrimSuffix(strings.Repeat("?, ", len(names)), ", "))
	if _, err := d.stack.db.ExecContext(ctx, statement, values...); err != nil {
		return fmt.Errorf("insert into %s: %w", table, err)
	}
	return nil
}

// hire makes an agent who serves the test's queue.
func (d *desk) hire(t *testing.T, id string, member bool) {
	t.Helper()
	d.insertAgent(t, id, member)
	d.wait(t, "agent "+id+" is projected", func(ctx context.Context) bool {
		_, err := d.tenant.pool.Agent(ctx, id)
		return err == nil
	})
}

// insertAgent writes the agent's rows.
func (d *desk) insertAgent(t *testing.T, id string, member bool) {
	t.Helper()
	d.agents = append(d.agents, id)
	d.insert(t, "agents", map[string]any{"pool": d.tenant.name, "id": id, "name": id, "sip_password": passwordOf(id)})
	if member {
		d.insert(t, "queue_members", map[string]any{"pool": d.tenant.name, "queue": d.queue, "agent": id})
	}
}

func passwordOf(id string) string { return "password of " + id }

func (d *desk) wait(t *testing.T, what string, ok func(context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*projected)
	defer cancel()
	if err := until(ctx, func() bool { return ok(ctx) }); err != nil {
		t.Fatalf("wait until %s: %v", what, err)
	}
}

// remove deletes the rows in the order that the keys ask for.
func (d *desk) remove() error {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	var errs []error
	run := func(statement string, args ...any) {
		if _, err := d.stack.db.ExecContext(ctx, statement, args...); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", statement, err))
		}
	}
	run("DELETE FROM queue_members WHERE pool = ? AND queue = ?", d.tenant.name, d.queue)
	run("DELETE FROM need_skills WHERE pool = ? AND queue = ? ORDER BY step DESC", d.tenant.name, d.queue)
	run("DELETE FROM need_steps WHERE pool = ? AND queue = ? AND step > 0 ORDER BY step DESC", d.tenant.name, d.queue)
	run("DELETE FROM needs WHERE pool = ? AND queue = ? AND name <> 'default'", d.tenant.name, d.queue)
	run("DELETE FROM queues WHERE pool = ? AND name = ?", d.tenant.name, d.queue)
	for _, id := range d.agents {
		run("DELETE FROM agent_skills WHERE pool = ? AND agent = ?", d.tenant.name, id)
		run("DELETE FROM agents WHERE pool = ? AND id = ?", d.tenant.name, id)
	}
	run("DELETE FROM skills WHERE pool = ? AND name = ?", d.tenant.name, d.skill())
	return errors.Join(errs...)
}

// skill is the name of a skill of the test's own.
func (d *desk) skill() string { return "skill-" + d.exten }
