package doctor

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"holdline/ari"
	"holdline/ari/fake"
	"holdline/queue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const node = "ast-000000000001"

// center is a contact center whose parts do nothing by themselves: a pool with the
// queue support, agents 201 and 202 who serve it, and one node.
type center struct {
	t        *testing.T
	mini     *miniredis.Miniredis
	rdb      redis.UniversalClient
	pool     *queue.Pool
	registry *queue.Registry
	asterisk *fake.Node
	client   *ari.Client
	from     queue.Origin
	spec     queue.Projection
}

func open(t *testing.T) *center {
	t.Helper()
	c := &center{t: t, mini: miniredis.RunT(t)}
	c.rdb = queue.NewClient(queue.Options{Addrs: []string{c.mini.Addr()}})
	t.Cleanup(func() { _ = c.rdb.Close() })
	c.pool, c.registry = queue.Open(c.rdb, "demo"), queue.NewRegistry(c.rdb)
	c.spec = queue.Projection{
		Version: 7, Domain: "demo.holdline.test",
		Queues: []queue.QueueSpec{{Name: "support", ID: 1, Need: 1, Open: true, RingTimeout: 10 * time.Second}},
		Needs:  []queue.NeedSpec{{ID: 1, Queue: "support", Name: "any"}},
		Agents: []queue.AgentSpec{{ID: "201", Places: []queue.Place{{Need: 1}}}, {ID: "202", Places: []queue.Place{{Need: 1}}}},
	}
	c.ok(c.registry.AddPool(t.Context(), "demo"))
	_, err := c.pool.Project(t.Context(), c.spec)
	c.ok(err)
	c.asterisk, err = fake.New(fake.Options{Node: node, ReadOnlyUser: "operator", Password: "secret", User: "stasis"})
	c.ok(err)
	t.Cleanup(c.asterisk.Close)
	c.client = ari.New(c.asterisk.URL(), ari.Options{User: "stasis", Password: "secret", Application: "holdline"})
	t.Cleanup(c.client.Close)
	c.from, err = c.pool.NodeUp(t.Context(), node, "boot-1")
	c.ok(err)
	c.seen()
	return c
}

// seen renews the node's sighting, as its stasis does.
func (c *center) seen() {
	c.t.Helper()
	c.ok(c.registry.PutNode(c.t.Context(), queue.Node{ID: node, Boot: "boot-1", REST: c.asterisk.URL(), SIP: "sip:10.0.0.1:5060"}))
}

func (c *center) ok(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// looker asks the nodes as a user who may only look.
func looker(rest string) Asterisk {
	return ari.New(rest, ari.Options{User: "operator", Password: "secret", Timeout: time.Second})
}

// call is a caller inside the application.
func (c *center) call(number string) *fake.Caller {
	c.t.Helper()
	caller, err := c.asterisk.Call(fake.CallRequest{Args: "pool=demo:queue=support", Number: number, Timeout: time.Minute})
	c.ok(err)
	c.ok(c.client.Claim(c.t.Context(), caller.ID(), "holdline"))
	return caller
}

// enter gives a channel its record.
func (c *center) enter(channel string) queue.Contact {
	c.t.Helper()
	e, err := c.pool.Enqueue(c.t.Context(), c.from, queue.Arrival{Channel: channel, Queue: "support"})
	c.ok(err)
	return e.Contact
}

func (c *center) login(agents ...string) {
	c.t.Helper()
	for _, a := range agents {
		_, err := c.pool.SetMode(c.t.Context(), a, queue.ModeChange{Mode: queue.Ready})
		c.ok(err)
	}
}

// work carries out the match work and nothing else, and gives the offers.
func (c *center) work() []queue.Offer {
	c.t.Helper()
	var offers []queue.Offer
	for {
		entries, err := c.pool.Take(c.t.Context(), "test", 0, 10)
		c.ok(err)
		if len(entries) == 0 {
			return offers
		}
		for _, w := range entries {
			if w.Kind == queue.WorkMatch {
				made, err := c.pool.Match(c.t.Context(), w.ID, queue.Subject{Agent: w.Agent, Line: w.Line})
				c.ok(err)
				offers = append(offers, made...)
			}
			_, err := c.pool.Done(c.t.Context(), w.ID)
			c.ok(err)
		}
	}
}

// talk lets a caller be served: offered to the agent, answered, bridged.
func (c *center) talk(number, agent string) (queue.Offer, *fake.Caller) {
	c.t.Helper()
	c.login(agent)
	caller := c.call(number)
	c.enter(caller.ID())
	offers := c.work()
	if len(offers) != 1 || offers[0].Agent != agent {
		c.t.Fatalf("offers %+v", offers)
	}
	o := offers[0]
	c.originate(o.Legs[0], agent)
	_, err := c.pool.Answered(c.t.Context(), c.from, o.Legs[0])
	c.ok(err)
	_, err = c.client.CreateBridge(c.t.Context(), o.Bridge, ari.BridgeMixing, "")
	c.ok(err)
	c.ok(c.client.AddToBridge(c.t.Context(), o.Bridge, o.Channel, o.Legs[0]))
	c.ok(c.pool.Bridged(c.t.Context(), c.from, o.ID))
	c.work()
	return o, caller
}

// originate rings an agent's phone, which answers.
func (c *center) originate(leg, agent string) {
	c.t.Helper()
	c.asterisk.Phone(agent, fake.Answer(0))
	_, err := c.client.Originate(c.t.Context(), ari.OriginateRequest{
		ID: leg, Endpoint: "PJSIP/kamailio-1/sip:" + agent + "@demo.holdline.test", Timeout: time.Minute, Application: "holdline",
	})
	c.ok(err)
	c.ok(c.asterisk.Wait(c.t.Context(), func() bool {
		ch, err := c.client.Channel(c.t.Context(), leg)
		return err == nil && ch.State == ari.StateUp
	}))
}

// key is one of the pool's in Redis.
func (c *center) key(name string) string { return "{demo}:" + name }
