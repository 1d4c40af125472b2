package embedded

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"holdline/ari"
	"holdline/ari/fake"
	"holdline/callmanager"
	"holdline/channelapi"
	"holdline/queue"
	"holdline/stasis"
)

// center is a contact center: one pool with the queue support, agents 201 to 204
// who serve it and are logged out, and as many nodes as asked for.
type center struct {
	t        *testing.T
	mini     *miniredis.Miniredis
	rdb      redis.UniversalClient
	pool     *queue.Pool
	registry *queue.Registry
	nodes    []*fake.Node
	events   *httptest.Server
	door     atomic.Pointer[ari.EventServer] // the stasis that new event connections get
	api      string
	stop     []func() // last started first

	killManager func()                 // ends the first call manager
	loses       atomic.Pointer[string] // a type of event that gets lost on its way
	most        int                    // callers of a node that starts from now on; 0: no bound
}

// open starts a contact center; settings edits the queue before anybody calls.
func open(t *testing.T, nodes int, settings func(*queue.QueueSpec)) *center {
	t.Helper()
	c := &center{t: t, mini: miniredis.RunT(t)}
	t.Cleanup(func() {
		for _, f := range slices.Backward(c.stop) {
			f()
		}
	})
	c.rdb = queue.NewClient(queue.Options{Addrs: []string{c.mini.Addr()}, Timeout: 5 * time.Second})
	c.onStop(func() { _ = c.rdb.Close() })
	c.pool, c.registry = queue.Open(c.rdb, "demo"), queue.NewRegistry(c.rdb)
	c.project(settings)
	c.tickTTL()
	c.startStasis()
	c.startAPI()
	for i := range nodes {
		c.startNode(fmt.Sprintf("ast-%012d", i+1))
	}
	c.killManager = c.startManager("manager-1")
	return c
}

func (c *center) onStop(f func()) { c.stop = append(c.stop, f) }

func (c *center) ok(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *center) project(settings func(*queue.QueueSpec)) {
	c.t.Helper()
	spec := queue.QueueSpec{
		Name: "support", ID: 1, Need: 1, Open: true, Timeout: time.Minute,
		RingTimeout: 10 * time.Second, MaxMisses: 1, Language: "en",
	}
	if settings != nil {
		settings(&spec)
	}
	p := queue.Projection{
		Version: 1, Domain: "demo.holdline.test", Queues: []queue.QueueSpec{spec},
		Needs: []queue.NeedSpec{{ID: 1, Queue: "support", Name: "default"}},
	}
	for _, id := range []string{"201", "202", "203", "204"} {
		p.Agents = append(p.Agents, queue.AgentSpec{ID: id, Name: "Agent " + id, Places: []queue.Place{{Need: 1}}})
	}
	c.ok(c.registry.AddPool(c.t.Context(), "demo"))
	_, err := c.pool.Project(c.t.Context(), p)
	c.ok(err)
}

// tickTTL lets the embedded Redis' keys expire, which it does not do by itself.
func (c *center) tickTTL() {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		const step = 20 * time.Millisecond
		ticker := time.NewTicker(step)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				c.mini.FastForward(step)
			}
		}
	})
	c.onStop(func() { cancel(); done.Wait() })
}

// directory opens the one pool.
type directory struct{ c *center }

func (d directory) Pools(ctx context.Context) ([]string, error) { return d.c.registry.Pools(ctx) }
func (d directory) PutNode(ctx context.Context, n queue.Node) error {
	return d.c.registry.PutNode(ctx, n)
}
func (d directory) Pool(_ context.Context, name string) (stasis.Queue, error) {
	if name != "demo" {
		return nil, stasis.ErrNoPool
	}
	return d.c.pool, nil
}

func (c *center) client(rest string) *ari.Client {
	return ari.New(rest, ari.Options{User: "holdline", Password: "secret", Application: stasis.Application, Timeout: 2 * time.Second})
}

// lossy is an event connection on which one type of event gets lost.
type lossy struct {
	*ari.Session
	loses *atomic.Pointer[string]
}

func (l lossy) Next(ctx context.Context) (ari.Event, error) {
	for {
		ev, err := l.Session.Next(ctx)
		if lost := l.loses.Load(); err != nil || lost == nil || *lost != ev.Type {
			return ev, err
		}
	}
}

// startStasis starts the first replica, and the address at which the nodes find
// whichever replica stands at the door.
func (c *center) startStasis() {
	c.door.Store(c.replica())
	c.events = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.door.Load().ServeHTTP(w, r)
	}))
	c.onStop(c.events.Close)
}

// replica is one more stasis.
func (c *center) replica() *ari.EventServer {
	service := stasis.New(stasis.Options{
		Directory: directory{c}, Log: zerolog.Nop(), Metrics: stasis.NewMetrics(prometheus.NewRegistry()),
		Asterisk:    func(rest string) stasis.Asterisk { return c.client(rest) },
		SightingGap: 100 * time.Millisecond, CompareEvery: 300 * time.Millisecond,
	})
	server := ari.NewEventServer(ari.EventServerOptions{
		Authenticate: func(user, password string) bool { return password == "secret of "+user },
		Serve: func(ctx context.Context, s *ari.Session) {
			hello, err := stasis.ParseHello(s.Query(), s.User())
			if err != nil {
				c.t.Errorf("a node was refused: %v", err)
				return
			}
			_ = service.Serve(ctx, hello, lossy{s, &c.loses})
		},
	})
	c.onStop(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := server.Close(ctx); err != nil {
			c.t.Errorf("stasis did not end: %v", err)
		}
	})
	return server
}

// nodesOf tells channelapi where the nodes are.
type nodesOf struct{ r *queue.Registry }

func (n nodesOf) Node(ctx context.Context, name string) (channelapi.Node, error) {
	node, err := n.r.Node(ctx, name)
	if err != nil {
		return channelapi.Node{}, channelapi.ErrNoNode
	}
	return channelapi.Node{Name: node.ID, URL: node.REST}, nil
}

func (n nodesOf) Nodes(context.Context) ([]channelapi.Node, error) { return nil, nil }

func (c *center) startAPI() {
	api := channelapi.New(channelapi.Options{
		Nodes: nodesOf{c.registry}, Application: stasis.Application, Routes: []string{"kamailio-1", "kamailio-2"},
		Dial:   func(n channelapi.Node) channelapi.Telephony { return c.client(n.URL) },
		Tokens: []string{"token"}, Log: zerolog.Nop(),
	})
	c.onStop(api.Close)
	server := httptest.NewServer(http.Handler(api))
	c.onStop(server.Close)
	c.api = server.URL
}

func (c *center) startNode(name string) {
	c.t.Helper()
	n, err := fake.New(fake.Options{
		Node: name, Boot: "boot-1", User: "holdline", Password: "secret",
		EventURL:      "ws" + c.events.URL[len("http"):] + "/events?sip=sip:10.0.0.1:5060&max=" + strconv.Itoa(c.most),
		EventPassword: "secret of " + name, Sound: 300 * time.Millisecond,
	})
	c.ok(err)
	c.nodes = append(c.nodes, n)
	c.onStop(n.Close)
	c.within(5*time.Second, name+" is registered", func() bool {
		_, err := c.registry.Node(c.t.Context(), name)
		return err == nil
	})
}

// startManager runs a call manager; what it gives ends it.
func (c *center) startManager(name string) (kill func()) {
	api := channelapi.NewClient(c.api, "token", 3*time.Second)
	m := callmanager.New(callmanager.Options{
		Name: name, Registry: c.registry, Log: zerolog.Nop(), Telephony: api,
		Open:       func(pool string) callmanager.Queue { return queue.Open(c.rdb, pool) },
		Metrics:    callmanager.NewMetrics(prometheus.NewRegistry()),
		PoolsEvery: 50 * time.Millisecond,
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	watch := &callmanager.NodeWatch{
		Registry: c.registry, Telephony: api, Log: zerolog.Nop(),
		Open:    func(pool string) callmanager.Queue { return queue.Open(c.rdb, pool) },
		Metrics: callmanager.NewMetrics(prometheus.NewRegistry()),
	}
	running.Go(func() { _ = m.Run(ctx) })
	running.Go(func() { _ = watch.Run(ctx) })
	kill = sync.OnceFunc(func() { cancel(); running.Wait(); api.Close() })
	c.onStop(kill)
	return kill
}
