package center

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"holdline/ari"
	"holdline/channelapi"
	"holdline/queue"
	"holdline/stasis"
)

// Names and passwords by which the parts of one center know each other. They hold on
// the loopback, within one process.
const (
	NodeUser     = "holdline" // of the nodes' REST interface
	NodePassword = "secret"
	apiToken     = "token"
)

// EventPassword is what a node's event connection authenticates with.
func EventPassword(node string) string { return "secret of " + node }

// Options say what the roles run on. Redis is required.
type Options struct {
	// Redis opens a connection; each role takes one of its own.
	Redis func() redis.UniversalClient
	Log   zerolog.Logger
	// Hear is asked for each event connection, so that a test may lose events. Nil:
	// the connection as it is.
	Hear func(*ari.Session) stasis.Events
	// Failed is told of a node that is refused. Nil: nobody is told.
	Failed func(error)
	// ARITime bounds one command to a node. Default 2 s.
	ARITime time.Duration

	// As in stasis.Options.
	SightingGap, CompareEvery time.Duration
}

// Center is a running contact center without its callmanagers; Manager adds them.
type Center struct {
	// EventURL is where nodes connect to, APIURL where commands for channels go.
	EventURL, APIURL string

	o         Options
	rdb       redis.UniversalClient
	transport *http.Transport
	stop      []func() // last started first
}

// Open starts stasis and channelapi. Close it.
func Open(o Options) (*Center, error) {
	c := &Center{o: o, rdb: o.Redis(), transport: http.DefaultTransport.(*http.Transport).Clone()}
	c.transport.Proxy = nil
	c.transport.MaxIdleConns, c.transport.MaxIdleConnsPerHost, c.transport.MaxConnsPerHost = 0, 32, 32
	c.stop = append(c.stop, func() { _ = c.rdb.Close() }, c.transport.CloseIdleConnections)
	if err := errors.Join(c.startStasis(), c.startAPI()); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Close ends the roles. Callmanagers are ended first, by who started them.
func (c *Center) Close() error {
	for len(c.stop) > 0 {
		last := len(c.stop) - 1
		c.stop[last]()
		c.stop = c.stop[:last]
	}
	return nil
}

// client gives the REST side of a node. The connections are shared, and kept.
func (c *Center) client(rest string) *ari.Client {
	return ari.New(rest, ari.Options{
		User: NodeUser, Password: NodePassword, Application: stasis.Application,
		Timeout: cmp.Or(c.o.ARITime, 2*time.Second), Transport: c.transport,
	})
}

func (c *Center) startStasis() error {
	service := stasis.New(stasis.Options{
		Directory: &pools{rdb: c.rdb, registry: queue.NewRegistry(c.rdb), open: map[string]*queue.Pool{}},
		Asterisk:  func(rest string) stasis.Asterisk { return c.client(rest) },
		Log:       c.o.Log, Metrics: stasis.NewMetrics(prometheus.NewRegistry()),
		SightingGap: c.o.SightingGap, CompareEvery: c.o.CompareEvery,
	})
	events := ari.NewEventServer(ari.EventServerOptions{
		Authenticate: func(user, password string) bool { return password == EventPassword(user) },
		Log:          c.o.Log,
		Serve: func(ctx context.Context, s *ari.Session) {
			hello, err := stasis.ParseHello(s.Query(), s.User())
			if err != nil {
				if c.o.Failed != nil {
					c.o.Failed(err)
				}
				s.Close("bad address")
				return
			}
			var heard stasis.Events = s
			if c.o.Hear != nil {
				heard = c.o.Hear(s)
			}
			_ = service.Serve(ctx, hello, heard) // its end is logged by the service
		},
	})
	url, stop, err := serve(events)
	if err != nil {
		return err
	}
	c.EventURL = "ws" + url[len("http"):] + "/events"
	c.stop = append(c.stop, stop, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := events.Close(ctx); err != nil && c.o.Failed != nil {
			c.o.Failed(fmt.Errorf("end stasis: %w", err))
		}
	})
	return nil
}

func (c *Center) startAPI() error {
	api := channelapi.New(channelapi.Options{
		Nodes: nodes{queue.NewRegistry(c.rdb)}, Application: stasis.Application,
		Routes: []string{"kamailio-1", "kamailio-2"}, Tokens: []string{apiToken}, Log: c.o.Log,
		Dial: func(n channelapi.Node) channelapi.Telephony { return c.client(n.URL) },
	})
	url, stop, err := serve(api)
	if err != nil {
		return err
	}
	c.APIURL = url
	c.stop = append(c.stop, api.Close, stop)
	return nil
}

// serve answers on a free port of the loopback.
func serve(handler http.Handler) (url string, stop func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	var running sync.WaitGroup
	running.Go(func() { _ = server.Serve(listener) }) // ends when it is closed
	return "http://" + listener.Addr().String(), func() { _ = server.Close(); running.Wait() }, nil
}

// nodes tells channelapi where the nodes are.
type nodes struct{ registry *queue.Registry }

func (n nodes) Node(ctx context.Context, name string) (channelapi.Node, error) {
	node, err := n.registry.Node(ctx, name)
	if err != nil {
		return channelapi.Node{}, channelapi.ErrNoNode
	}
	return channelapi.Node{Name: node.ID, URL: node.REST}, nil
}

func (n nodes) Nodes(context.Context) ([]channelapi.Node, error) { return nil, nil }

// pools opens the pools that the registry knows of, for stasis.
type pools struct {
	rdb      redis.UniversalClient
	registry *queue.Registry

	mu   sync.Mutex
	open map[string]*queue.Pool // guarded by mu
}

func (p *pools) Pools(ctx context.Context) ([]string, error) { return p.registry.Pools(ctx) }
func (p *pools) PutNode(ctx context.Context, n queue.Node) error {
	return p.registry.PutNode(ctx, n)
}

func (p *pools) Pool(ctx context.Context, name string) (stasis.Queue, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.open[name]; known != nil {
		return known, nil
	}
	names, err := p.registry.Pools(ctx)
	if err != nil {
		return nil, err
	}
	for _, known := range names {
		if known == name {
			p.open[name] = queue.Open(p.rdb, name)
			return p.open[name], nil
		}
	}
	return nil, stasis.ErrNoPool
}
