package embedded

import (
	"slices"
	"strings"
	"time"

	"holdline/ari/fake"
	"holdline/queue"
)

// within fails the test unless the condition comes true in time.
func (c *center) within(limit time.Duration, what string, condition func() bool) {
	c.t.Helper()
	over := time.After(limit)
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for !condition() {
		select {
		case <-over:
			c.t.Fatalf("not within %v: %s", limit, what)
		case <-look.C:
		}
	}
}

// calls lets somebody call the queue support on a node.
func (c *center) calls(node int, number string) *fake.Caller {
	c.t.Helper()
	return c.enters(node, number, "pool=demo:queue=support")
}

func (c *center) enters(node int, number, args string) *fake.Caller {
	c.t.Helper()
	caller, err := c.nodes[node].Call(fake.CallRequest{Args: args, Number: number, Stamped: true})
	c.ok(err)
	return caller
}

// dials lets an agent dial a feature code, and gives what the dialplan reads.
func (c *center) dials(agent, feature string) (status, mode string) {
	c.t.Helper()
	call := c.enters(0, agent, "pool=demo:feature="+feature+":agent="+agent)
	c.within(2*time.Second, agent+" is told of "+feature, func() bool { return call.State() == fake.Dialplan })
	call.HangUp()
	return call.Variable("HOLDLINE_STATUS"), call.Variable("HOLDLINE_MODE")
}

func (c *center) login(agents ...string) {
	c.t.Helper()
	for _, agent := range agents {
		if status, mode := c.dials(agent, "login"); status != "OK" || mode != "ready" {
			c.t.Fatalf("%s logs in: %s, %s", agent, status, mode)
		}
	}
}

// phone sets what an agent's phone does, on whichever node calls it.
func (c *center) phone(agent string, does fake.Behaviour) []*fake.Phone {
	phones := make([]*fake.Phone, len(c.nodes))
	for i, n := range c.nodes {
		phones[i] = n.Phone(agent, does)
	}
	return phones
}

// rang counts the calls that an agent's phones got.
func rang(phones []*fake.Phone) int {
	n := 0
	for _, p := range phones {
		n += len(p.Calls())
	}
	return n
}

func (c *center) mode(agent string) queue.Mode {
	c.t.Helper()
	a, err := c.pool.Agent(c.t.Context(), agent)
	c.ok(err)
	return a.Mode
}

// idle says whether an agent is ready and has nothing.
func (c *center) idle(agent string) bool {
	a, err := c.pool.Agent(c.t.Context(), agent)
	return err == nil && a.Mode == queue.Ready && a.Load() == 0
}

func (c *center) waiting() int {
	list, err := c.pool.Contacts(c.t.Context())
	if err != nil {
		return -1
	}
	return len(list)
}

func hears(caller *fake.Caller, what string) func() bool {
	return func() bool {
		return slices.ContainsFunc(caller.Hears(), func(s string) bool { return strings.HasPrefix(s, what) })
	}
}

// adds checks promise 1: entered = ended + live.
func (c *center) adds() {
	c.t.Helper()
	stats, err := c.pool.Stats(c.t.Context())
	c.ok(err)
	if stats.Entered != stats.Ended+int64(stats.Live) {
		c.t.Errorf("%d entered, but %d ended and %d live", stats.Entered, stats.Ended, stats.Live)
	}
}
