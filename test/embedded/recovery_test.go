package embedded

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"holdline/ari/fake"
	"holdline/callmanager"
	"holdline/queue"
)

// people is a directory in memory, and keeps the modes that it is told.
type people struct {
	projection queue.Projection

	mu    sync.Mutex
	modes map[string]queue.RestoredMode // guarded by mu
}

func (d *people) Pools(context.Context) ([]string, error) { return []string{"demo"}, nil }

func (d *people) Load(context.Context, string) (queue.Projection, error) { return d.projection, nil }

func (d *people) SaveModes(_ context.Context, _ string, modes map[string]queue.RestoredMode) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.Copy(d.modes, modes)
	return nil
}

func (d *people) mode(agent string) queue.Mode {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.modes[agent].Mode
}

// keepDirectory runs what callmanager does for the directory, with agents 201 to 203
// in support, and 204 and 205 in sales.
func (c *center) keepDirectory() *people {
	c.t.Helper()
	d := &people{modes: map[string]queue.RestoredMode{}, projection: queue.Projection{
		Version: 2, Domain: "demo.holdline.test",
		Queues: []queue.QueueSpec{
			{Name: "support", ID: 1, Need: 1, Open: true, RingTimeout: 10 * time.Second},
			{Name: "sales", ID: 2, Need: 2, Open: true, RingTimeout: 10 * time.Second},
		},
		Needs: []queue.NeedSpec{{ID: 1, Queue: "support", Name: "default"}, {ID: 2, Queue: "sales", Name: "default"}},
	}}
	for _, id := range []string{"201", "202", "203"} {
		d.projection.Agents = append(d.projection.Agents, queue.AgentSpec{ID: id, Places: []queue.Place{{Need: 1}}})
	}
	for _, id := range []string{"204", "205"} {
		d.projection.Agents = append(d.projection.Agents, queue.AgentSpec{ID: id, Places: []queue.Place{{Need: 2}}})
	}
	measures := callmanager.NewMetrics(prometheus.NewRegistry())
	modes := &callmanager.Modes{
		Registry: c.registry, Store: d, Log: zerolog.Nop(), Metrics: measures,
		Open: func(string) callmanager.ModeSource { return c.pool },
	}
	projector := &callmanager.Projector{
		Directory: d, Registry: c.registry, Modes: modes, Log: zerolog.Nop(), Metrics: measures,
		Open: func(pool string) callmanager.Queue { return queue.Open(c.rdb, pool) },
	}
	c.ok(projector.Project(c.t.Context(), 2))
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = projector.Keep(ctx) })
	running.Go(func() { _ = modes.Run(ctx) })
	c.onStop(func() { cancel(); running.Wait() })
	return d
}

// placed lists who has a place in support, in order.
func (c *center) placed() []string {
	all, err := c.pool.Contacts(c.t.Context())
	if err != nil {
		return nil
	}
	type place struct {
		position int
		who      string
	}
	var places []place
	for _, contact := range all {
		if n, err := c.pool.Position(c.t.Context(), contact.ID); err == nil && n > 0 {
			places = append(places, place{n, contact.CallerNumber})
		}
	}
	slices.SortFunc(places, func(a, b place) int { return a.position - b.position })
	var order []string
	for _, p := range places {
		order = append(order, p.who)
	}
	return order
}

// states counts the live contacts by their state.
func (c *center) states() map[queue.ContactState]int {
	all, err := c.pool.Contacts(c.t.Context())
	if err != nil {
		return nil
	}
	n := map[queue.ContactState]int{}
	for _, contact := range all {
		n[contact.State]++
	}
	return n
}

func TestRedisIsEmptiedUnderAFullCenter(t *testing.T) {
	c := open(t, 2, nil)
	directory := c.keepDirectory()
	phones := map[string][]*fake.Phone{}
	for _, agent := range []string{"201", "202", "203", "204", "205"} {
		phones[agent] = c.phone(agent, fake.Answer(10*time.Millisecond))
	}
	c.login("201", "202", "204", "205", "203")
	if status, _ := c.dials("203", "pause"); status != "OK" {
		t.Fatalf("203 pauses: %s", status)
	}
	var talkers []*fake.Caller
	for i := range 2 {
		talker := c.calls(i, fmt.Sprintf("talker %d", i))
		c.within(2*time.Second, "they talk", hears(talker, "bridge:"))
		talkers = append(talkers, talker)
	}
	var callers []*fake.Caller
	var order []string
	for i := range 10 {
		callers = append(callers, c.calls(i%2, fmt.Sprintf("caller %d", i)))
		order = append(order, fmt.Sprintf("caller %d", i))
		c.within(2*time.Second, "they wait", func() bool { return slices.Equal(c.placed(), order) })
	}
	before, err := c.pool.Contacts(t.Context())
	c.ok(err)
	c.within(2*time.Second, "the modes are kept", func() bool {
		return directory.mode("203") == queue.Paused && directory.mode("205") == queue.Ready
	})

	emptied := time.Now()
	c.mini.FlushAll()
	c.within(30*time.Second, "all are back", func() bool {
		n := c.states()
		return n[queue.Waiting] == 10 && n[queue.Connected] == 2
	})
	t.Logf("all back after %v", time.Since(emptied))
	if got := c.placed(); !slices.Equal(got, order) {
		t.Errorf("the order is %v, was %v", got, order)
	}
	after, err := c.pool.Contacts(t.Context())
	c.ok(err)
	for i, contact := range after {
		if contact.ID != before[i].ID || !contact.Arrived.Equal(before[i].Arrived) {
			t.Errorf("%s is back as %s of %v, was %s of %v", contact.CallerNumber, contact.ID, contact.Arrived, before[i].ID, before[i].Arrived)
		}
	}
	c.within(15*time.Second, "the hold is over", func() bool { return !c.mini.Exists("{demo}:meta") || c.mini.HGet("{demo}:meta", "hold") == "" })
	c.within(5*time.Second, "all callers hear music", func() bool {
		return !slices.ContainsFunc(callers, func(caller *fake.Caller) bool { return !hears(caller, "music:")() })
	})
	for agent, want := range map[string]int{"201": 1, "202": 1, "203": 0, "204": 0, "205": 0} {
		if n := rang(phones[agent]); n != want {
			t.Errorf("%s was rung %d times, want %d", agent, n, want)
		}
	}
	for i, talker := range talkers {
		if h := talker.Hears(); len(h) != 1 || !hears(talker, "bridge:")() {
			t.Errorf("talker %d hears %v", i, h)
		}
	}
	if m := c.mode("203"); m != queue.Paused {
		t.Errorf("203 is %s", m)
	}

	// The longest available agent of sales is who it was, and the callers of
	// support are served in the order in which they came.
	sales := c.enters(0, "555", "pool=demo:queue=sales")
	c.within(2*time.Second, "sales talks", hears(sales, "bridge:"))
	if rang(phones["204"]) != 1 || rang(phones["205"]) != 0 {
		t.Errorf("204 was rung %d times, 205 %d times", rang(phones["204"]), rang(phones["205"]))
	}
	if status, _ := c.dials("203", "unpause"); status != "OK" {
		t.Fatalf("203 is back: %s", status)
	}
	for i, caller := range callers {
		c.within(3*time.Second, fmt.Sprintf("caller %d talks", i), hears(caller, "bridge:"))
		caller.HangUp()
	}
	for _, talker := range talkers {
		talker.HangUp()
	}
	sales.HangUp()
	c.within(2*time.Second, "all have ended", func() bool { return c.waiting() == 0 })
	c.within(2*time.Second, "201 is ready", func() bool { return c.idle("201") })
	c.adds()
}

func TestACallerOfADeadNodeRedialsAndIsNextWhereTheyWere(t *testing.T) {
	c := open(t, 2, func(q *queue.QueueSpec) { q.Redial = time.Minute })
	for i, number := range []string{"1", "2", "3"} {
		c.calls(i%2, number) // the second is on the other node
		c.within(2*time.Second, number+" waits", func() bool { return len(c.placed()) == i+1 })
	}
	c.nodes[1].Crash()
	c.within(6*time.Second, "the dead node's contact has ended", func() bool { return slices.Equal(c.placed(), []string{"1", "3"}) })
	c.calls(0, "4")
	c.within(2*time.Second, "4 waits", func() bool { return len(c.placed()) == 3 })
	again := c.calls(0, "2")
	c.within(2*time.Second, "2 is where they were", func() bool { return slices.Equal(c.placed(), []string{"1", "2", "3", "4"}) })
	got, err := c.pool.ByChannel(t.Context(), again.ID(), "ast-000000000001")
	c.ok(err)
	if got.Reconnects == "" {
		t.Errorf("the contact says nothing of the one before: %+v", got)
	}
	c.adds()
}
