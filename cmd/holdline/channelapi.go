package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"holdline/channelapi"
	"holdline/internal/metrics"
	"holdline/internal/role"
	"holdline/internal/web"
	"holdline/queue"
)

type channelapiCmd struct {
	RedisFlags
	ARIFlags
	ChannelapiFlags
}

// ChannelapiFlags are channelapi's own settings.
type ChannelapiFlags struct {
	APIListen      string   `name:"api-listen" env:"HOLDLINE_API_LISTEN" default:"127.0.0.1:8081" help:"Where commands for channels arrive."`
	Routes         []string `env:"HOLDLINE_ROUTES" default:"kamailio-1,kamailio-2" help:"PJSIP endpoints of the nodes by which legs go out, one for each Kamailio."`
	APIMaxRequests int      `name:"api-max-requests" env:"HOLDLINE_API_MAX_REQUESTS" default:"1000" help:"Commands in progress from which on a replica is full, so that new ones go to another; 0 is no bound."`
}

func (c *channelapiCmd) Run(p *process) error {
	n, err := newNode(p)
	if err != nil {
		return err
	}
	if err := c.add(n, n.open(c.RedisFlags)); err != nil {
		return err
	}
	return n.serve("channelapi")
}

func (c *channelapiCmd) add(n *node, rdb redis.UniversalClient) error {
	if err := demand("HOLDLINE_API_TOKEN", n.secrets.APIToken); err != nil {
		return err
	}
	if err := demand("HOLDLINE_ARI_PASSWORD", n.secrets.ARIPassword); err != nil {
		return err
	}
	reg := metrics.For(n.registry, "channelapi")
	client := n.asterisk(c.ARIFlags, metrics.Seconds(reg, "channelapi_ari_seconds", "Commands to the nodes, by operation and result.", "operation", "result"))
	api := channelapi.New(channelapi.Options{
		Nodes:       &addresses{registry: queue.NewRegistry(rdb)},
		Dial:        func(node channelapi.Node) channelapi.Telephony { return client(node.URL) },
		Application: application, Routes: c.Routes, Tokens: []string{n.secrets.APIToken},
		Log: n.log, Registerer: reg,
	})
	mux := http.NewServeMux()
	bound := web.NewBound(c.APIMaxRequests)
	room := web.Check{Name: "commands", Func: bound.Check}
	n.checks = append(n.checks, room)
	mux.Handle("/", bound.Of(api))
	web.NewHealth(web.Check{Name: "role", Func: n.ready.Check}, room).Register(mux)
	server := web.NewServer(web.ServerOptions{Name: "channelapi", Listen: c.APIListen, Handler: mux, Log: n.log})
	n.parts = append(n.parts,
		role.Part{Name: "nodes", Stop: func(context.Context) error { api.Close(); return nil }},
		server.Part())
	return nil
}

// addresses finds the nodes in the registry. It keeps the last answer: a node does
// not move while Redis is away, and its callers are still to be served.
type addresses struct {
	registry *queue.Registry

	mu   sync.Mutex
	last map[string]channelapi.Node // guarded by mu
	read time.Time                  // guarded by mu
}

// addressesFresh is how long an answer of the registry is used without asking again.
const addressesFresh = time.Second

func (a *addresses) Node(ctx context.Context, name string) (channelapi.Node, error) {
	nodes, err := a.all(ctx, name)
	if err != nil {
		return channelapi.Node{}, err
	}
	node, ok := nodes[name]
	if !ok {
		return channelapi.Node{}, channelapi.ErrNoNode
	}
	return node, nil
}

func (a *addresses) Nodes(ctx context.Context) ([]channelapi.Node, error) {
	nodes, err := a.all(ctx, "")
	if err != nil {
		return nil, err
	}
	out := make([]channelapi.Node, 0, len(nodes))
	for _, n := range nodes {
		out = append(out, n)
	}
	return out, nil
}

// all gives the nodes, read again when the answer is old or lacks the wanted one.
func (a *addresses) all(ctx context.Context, wanted string) (map[string]channelapi.Node, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, known := a.last[wanted]
	if (known || wanted == "") && time.Since(a.read) < addressesFresh {
		return a.last, nil
	}
	list, err := a.registry.Nodes(ctx)
	if err != nil {
		if known || (wanted == "" && a.last != nil) {
			return a.last, nil
		}
		return nil, errors.Join(channelapi.ErrNodesUnknown, err)
	}
	a.last, a.read = map[string]channelapi.Node{}, time.Now()
	for _, n := range list {
		a.last[n.ID] = channelapi.Node{Name: n.ID, URL: n.REST}
	}
	return a.last, nil
}
