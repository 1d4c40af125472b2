package directory

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdline/queue"
)

type edit struct {
	sql    string
	change func(*queue.Projection)
}

// edits are made one after the other on the seed, which has one queue more, web, and
// Cleo (203) as a member of sales. Each changes of the projection what its function
// changes, and nothing else.
var edits = []edit{
	{`UPDATE pools SET priority = 'strict'`, func(p *queue.Projection) { p.Pool.Priority = "strict" }},
	{`UPDATE pools SET contact_order = 'service-level'`, func(p *queue.Projection) { p.Pool.Order = "service-level" }},
	{`UPDATE pools SET pause_keeps = 1`, func(p *queue.Projection) { p.Pool.PauseKeeps = true }},

	{`UPDATE queues SET medium = 'chat' WHERE name = 'web'`, func(p *queue.Projection) {
		settings(p, "web").Medium = queue.Chat
		for i := range p.Agents { // now it matters
			p.Agents[i].Capacity[queue.Chat] = 3
		}
	}},
	{`UPDATE queues SET open = 0 WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").Open = false }},
	{`UPDATE queues SET strategy = 'linear' WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").Strategy = "linear" }},
	{`UPDATE queues SET ring_most = 5 WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").RingMost = 5 }},
	{`UPDATE queues SET target = 30 WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").Target = 30 * time.Second }},
	{`UPDATE queues SET timeout = 31 WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").Timeout = 31 * time.Second }},
	{`UPDATE queues SET announce = 32 WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").Announce = 32 * time.Second }},
	{`UPDATE queues SET announce_first = 33 WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").AnnounceFirst = 33 * time.Second }},
	{`UPDATE queues SET announce_min = 34 WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").AnnounceMin = 34 * time.Second }},
	{`UPDATE queues SET ring_time = 35 WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").RingTimeout = 35 * time.Second }},
	{`UPDATE queues SET retry = 36 WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").Retry = 36 * time.Second }},
	{`UPDATE queues SET wrap_up = 37 WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").WrapUp = 37 * time.Second }},
	{`UPDATE queues SET redial_s = 38 WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").Redial = 38 * time.Second }},
	{`UPDATE queues SET max_misses = 9 WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").MaxMisses = 9 }},
	{`UPDATE queues SET connect = 'dialplan' WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").Connect = "dialplan" }},
	{`UPDATE queues SET music = 'jazz' WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").Music = "jazz" }},
	{`UPDATE queues SET language = 'de' WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").Language = "de" }},
	{`UPDATE queues SET max_waiting = 100 WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").MaxWaiting = 100 }},
	{`UPDATE queues SET join_empty = 'paused,not_responding' WHERE name = 'sales'`, func(p *queue.Projection) {
		settings(p, "sales").JoinEmpty = []string{"paused", "not_responding"}
	}},
	{`UPDATE queues SET leave_empty = 'logged_out' WHERE name = 'sales'`, func(p *queue.Projection) {
		settings(p, "sales").LeaveEmpty = []string{"logged_out"}
	}},
	{`UPDATE queues SET overflow_to = 'support' WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").OverflowTo = "support" }},
	{`UPDATE queues SET overflow_after = 60 WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").OverflowAfter = time.Minute }},
	{`UPDATE queues SET exit_keys = '0*D' WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").ExitKeys = "0*D" }},
	{`UPDATE queues SET credit_returned = 41 WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").CreditReturned = 41 * time.Second }},
	{`UPDATE queues SET credit_moved = 42 WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").CreditMoved = 42 * time.Second }},
	{`UPDATE queues SET credit_redialled = 43 WHERE name = 'sales'`, func(p *queue.Projection) { settings(p, "sales").CreditRedialled = 43 * time.Second }},

	// Cleo and Dan serve sales (need 2) and support (needs 1 and 3).
	{`UPDATE queues SET weight = 10 WHERE name = 'sales'`, func(p *queue.Projection) {
		for _, id := range []string{"203", "204"} {
			place(p, id, 1).Priority, place(p, id, 3).Priority = 1, 1
		}
	}},
	{`UPDATE queue_members SET priority = 5 WHERE agent = '203'`, func(p *queue.Projection) {
		place(p, "203", 1).Priority, place(p, "203", 2).Priority, place(p, "203", 3).Priority = 0, 1, 0
	}},
	{`UPDATE queue_members SET penalty = 6 WHERE agent = '203'`, func(p *queue.Projection) { place(p, "203", 2).Tier = 6 }},
	{`UPDATE queue_members SET delay = 7 WHERE agent = '203'`, func(p *queue.Projection) { place(p, "203", 2).Delay = 7 * time.Second }},
	{`UPDATE queue_members SET weight = 8 WHERE agent = '203'`, func(p *queue.Projection) { place(p, "203", 2).Weight = 8 }},
	{`UPDATE queue_members SET position = 9 WHERE agent = '203'`, func(p *queue.Projection) { place(p, "203", 2).Position = 9 }},

	{`UPDATE agents SET name = 'Cleopatra' WHERE id = '203'`, func(p *queue.Projection) { person(p, "203").Name = "Cleopatra" }},
	{`UPDATE agents SET capacity = 2 WHERE id = '203'`, func(p *queue.Projection) { person(p, "203").Capacity[queue.Voice] = 2 }},
	{`UPDATE agents SET chat_capacity = 0 WHERE id = '203'`, func(p *queue.Projection) { person(p, "203").Capacity[queue.Chat] = 0 }},
	{`UPDATE agents SET beside = 'voice,chat' WHERE id = '203'`, func(p *queue.Projection) {
		person(p, "203").Beside = []queue.Medium{queue.Voice, queue.Chat}
	}},
	{`UPDATE agents SET wrap_up = 44 WHERE id = '203'`, func(p *queue.Projection) { own := 44 * time.Second; person(p, "203").WrapUp = &own }},
	{`UPDATE agents SET enabled = 0 WHERE id = '208'`, func(p *queue.Projection) { p.Agents = p.Agents[:7] }},

	{`UPDATE needs SET reserve_skill = 'billing', reserve_keep = 2, reserve_until = 45 WHERE queue = 'support' AND name = 'expert'`,
		func(p *queue.Projection) {
			p.Needs[2].Reserve = &queue.Reserve{Skill: "billing", Keep: 2, Until: 45 * time.Second}
		}},
	{`UPDATE queues SET membership = 'skills' WHERE name = 'web'`, func(p *queue.Projection) {
		for i := range p.Agents {
			p.Agents[i].Places = append(p.Agents[i].Places, queue.Place{Need: 4, Weight: 1})
		}
		// Cleo's own order puts sales last, Dan's weights put it first.
		place(p, "203", 4).Priority, place(p, "204", 4).Priority = 0, 1
		for _, id := range []string{"205", "206"} {
			place(p, id, 4).Priority = 1
		}
	}},
}

// unmoved are columns that no edit of a running pool changes, or that do nothing to it.
var unmoved = []string{
	"pools.name", "pools.sip_domain", "pools.title", "queues.id", "queues.pool", "queues.name", "queues.title", "queues.ring_group",
	"queue_members.pool", "queue_members.queue", "queue_members.agent", "agents.pool", "agents.id", "agents.always_in",
	"agents.sip_password", "agents.ha1", "needs.id", "needs.pool", "needs.queue", "needs.name", "needs.title",
}

func TestEveryEditReachesTheProjection(t *testing.T) {
	db, _ := migrated(t, true)
	run := exec(t, db)
	run(`INSERT INTO queues (pool, name) VALUES ('demo', 'web')`)
	run(`INSERT INTO queue_members (pool, queue, agent) VALUES ('demo', 'sales', '203')`)
	d := New(db, Options{OnProblems: func(pool string, p Problems) { t.Errorf("%s: %v", pool, p) }})
	load := func() queue.Projection {
		t.Helper()
		p, err := d.Load(t.Context(), "demo")
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	want := load()
	for _, e := range edits {
		run(e.sql)
		got := load()
		if got.Version <= want.Version {
			t.Errorf("%s: version %d, was %d", e.sql, got.Version, want.Version)
		}
		want.Version = got.Version
		e.change(&want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", e.sql, diff)
		}
		want = got
	}
	for _, column := range words(t, db, `SELECT CONCAT(table_name, '.', column_name) FROM information_schema.columns
		WHERE table_schema = DATABASE() AND table_name IN ('pools', 'queues', 'queue_members', 'agents', 'needs')`) {
		table, name, _ := strings.Cut(column, ".")
		_, edited := find(edits, func(e edit) bool {
			set, _, _ := strings.Cut(e.sql, " WHERE ")
			return strings.HasPrefix(set, "UPDATE "+table+" SET ") && strings.Contains(set, " "+name+" = ")
		})
		if edited == slices.Contains(unmoved, column) {
			t.Errorf("no edit of %s in this test", column)
		}
	}
}

func settings(p *queue.Projection, name string) *queue.QueueSpec {
	return &p.Queues[slices.IndexFunc(p.Queues, func(q queue.QueueSpec) bool { return q.Name == name })]
}

func person(p *queue.Projection, id string) *queue.AgentSpec {
	return &p.Agents[slices.IndexFunc(p.Agents, func(a queue.AgentSpec) bool { return a.ID == id })]
}

func place(p *queue.Projection, agent string, need int64) *queue.Place {
	all := person(p, agent).Places
	return &all[slices.IndexFunc(all, func(pl queue.Place) bool { return pl.Need == need })]
}
