package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/redis/go-redis/v9"

	"holdline/ari"
	"holdline/internal/metrics"
	"holdline/internal/role"
	"holdline/internal/web"
	"holdline/queue"
	"holdline/stasis"
)

type stasisCmd struct {
	RedisFlags
	ARIFlags
	StasisFlags
}

// StasisFlags are stasis' own settings.
type StasisFlags struct {
	EventsMaxNodes int    `name:"events-max-nodes" env:"HOLDLINE_EVENTS_MAX_NODES" default:"100" help:"Event connections from which on a replica is full, so that new ones go to another; 0 is no bound."`
	EventsListen   string `env:"HOLDLINE_EVENTS_LISTEN" default:"127.0.0.1:8080" help:"Where the nodes' event connections arrive, at /events."`
}

func (c *stasisCmd) Run(p *process) error {
	n, err := newNode(p)
	if err != nil {
		return err
	}
	if err := c.add(n, n.open(c.RedisFlags)); err != nil {
		return err
	}
	return n.serve("stasis")
}

func (c *stasisCmd) add(n *node, rdb redis.UniversalClient) error {
	if err := demand("HOLDLINE_NODE_SECRET", n.secrets.NodeSecret); err != nil {
		return err
	}
	if err := demand("HOLDLINE_ARI_PASSWORD", n.secrets.ARIPassword); err != nil {
		return err
	}
	reg := metrics.For(n.registry, "stasis")
	client := n.asterisk(c.ARIFlags, metrics.Seconds(reg, "stasis_ari_seconds", "Commands to the nodes, by operation and result.", "operation", "result"))
	service := stasis.New(stasis.Options{
		Directory: &pools{rdb: rdb, registry: queue.NewRegistry(rdb), open: map[string]*queue.Pool{}},
		Asterisk:  func(rest string) stasis.Asterisk { return client(rest) },
		Log:       n.log, Metrics: stasis.NewMetrics(reg),
	})
	events := ari.NewEventServer(ari.EventServerOptions{
		Authenticate: nodePassword(n.secrets.NodeSecret), Log: n.log,
		Serve: func(ctx context.Context, s *ari.Session) {
			hello, err := stasis.ParseHello(s.Query(), s.User())
			if err != nil {
				n.log.Warn().Err(err).Str("remote", s.RemoteAddr()).Msg("event connection refused")
				s.Close("bad address")
				return
			}
			// The end of the connection is logged by the service.
			_ = service.Serve(ctx, hello, s)
		},
	})
	mux := http.NewServeMux()
	mux.Handle("GET /events", events)
	// Redis is not asked here: a stasis without Redis keeps its callers on
	// music and their order in mind, which a cut connection would not.
	room := web.Check{Name: "event connections", Func: func(context.Context) error {
		return web.Full(events.Stats().Sessions, c.EventsMaxNodes, "event connections")
	}}
	n.checks = append(n.checks, room)
	web.NewHealth(web.Check{Name: "role", Func: n.ready.Check}, room).Register(mux)
	server := web.NewServer(web.ServerOptions{Name: "events", Listen: c.EventsListen, Handler: mux, Log: n.log})
	n.parts = append(n.parts, server.Part(), role.Part{
		Name: "event connections", Drain: events.Drain, Stop: events.Close,
		Progress: func() string {
			if left := events.Stats().Sessions; left > 0 {
				return fmt.Sprintf("%d nodes", left)
			}
			return ""
		},
	})
	return nil
}

// nodePassword checks that a node's password derives from its name and the secret,
// so that each node has its own and none needs to be listed.
func nodePassword(secret string) func(user, password string) bool {
	return func(user, password string) bool {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(user))
		given, err := hex.DecodeString(password)
		return err == nil && hmac.Equal(given, mac.Sum(nil))
	}
}

// errNoPools is no refusal: it goes by itself.
var errNoPools = errors.New("redis knows no pools")

// pools opens the pools that the directory knows of.
type pools struct {
	rdb      redis.UniversalClient
	registry *queue.Registry

	mu   sync.Mutex
	open map[string]*queue.Pool // guarded by mu
}

func (d *pools) Pools(ctx context.Context) ([]string, error) { return d.registry.Pools(ctx) }
func (d *pools) PutNode(ctx context.Context, node queue.Node) error {
	return d.registry.PutNode(ctx, node)
}

func (d *pools) Pool(ctx context.Context, name string) (stasis.Queue, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p, ok := d.open[name]; ok {
		return p, nil
	}
	names, err := d.registry.Pools(ctx)
	if err != nil {
		return nil, err
	}
	for _, known := range names {
		if known == name {
			d.open[name] = queue.Open(d.rdb, name)
			return d.open[name], nil
		}
	}
	if len(names) == 0 {
		// Emptied, or not projected yet. callmanager names them all at once.
		return nil, errNoPools
	}
	return nil, stasis.ErrNoPool
}
