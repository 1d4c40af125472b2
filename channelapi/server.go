package channelapi

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"holdline/internal/logging"
	"holdline/internal/metrics"
	"holdline/internal/web"
)

//go:embed openapi.yaml
var document []byte

// Document is the interface's description, OpenAPI 3.1.
func Document() []byte { return slices.Clone(document) }

// DefaultServerTimeout leaves room below DefaultTimeout of the client: for the
// question by id that may follow, and for the way.
const DefaultServerTimeout = 4 * time.Second

// Options of a Server.
type Options struct {
	Nodes Nodes
	// Dial makes the client of a node, once per address. One that has a method
	// Close() is closed when its node has moved or gone.
	Dial func(Node) Telephony
	// Application is the Stasis application whose channels are commanded.
	Application string
	// Routes are the PJSIP endpoints by which new legs go out.
	Routes []string
	// Tokens are the valid bearer tokens. Without any, nobody is let in.
	Tokens []string
	// Timeout bounds a command, all its steps together.
	Timeout    time.Duration
	Log        zerolog.Logger
	Registerer prometheus.Registerer // nil: no metrics
}

// Server carries commands out. It is an http.Handler.
type Server struct {
	options Options
	router  *web.Router
	nodes   *addresses
	watches *watches
	took    *prometheus.HistogramVec
}

// New makes a server.
func New(o Options) *Server {
	o.Timeout = cmp.Or(o.Timeout, DefaultServerTimeout)
	s := &Server{
		options: o,
		nodes:   newAddresses(o.Nodes, o.Dial, o.Routes),
		watches: newWatches(),
		router: web.NewRouter(web.RouterOptions{
			Log: o.Log, Registerer: o.Registerer, Problem: problemOf,
			LogValues: []string{logging.Node, logging.Channel},
		}),
	}
	if o.Registerer != nil {
		s.took = metrics.Seconds(o.Registerer, "channelapi_command_seconds",
			"Time to carry a command out, by its outcome: ok, or the code of its problem.", "operation", "outcome")
	}
	bearer := web.NewBearer(o.Tokens...)
	for _, rt := range routes {
		s.router.Handle(rt.method+" "+rt.path, bearer.Require(s.handler(rt)))
	}
	s.router.Handle("GET /openapi.yaml", func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(document) // a client that left is seen by the router
		return nil
	})
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.router.ServeHTTP(w, r) }

// Close lets go of the nodes' connections.
func (s *Server) Close() {
	s.watches.close()
	s.nodes.close()
}

func (s *Server) handler(rt route) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		began := time.Now()
		answer, err := s.perform(rt, w, r)
		if s.took != nil {
			s.took.WithLabelValues(rt.operation, outcome(err)).Observe(time.Since(began).Seconds())
		}
		switch {
		case err != nil:
			return err
		case answer == nil:
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		return web.JSON(w, http.StatusOK, answer)
	}
}

// perform checks all of the request, finds the node, and carries the command out.
func (s *Server) perform(rt route, w http.ResponseWriter, r *http.Request) (any, error) {
	if err := checkQuery(r, rt.query); err != nil {
		return nil, err
	}
	o := order{node: r.PathValue("node"), channel: r.PathValue("channel")}
	if strings.Contains(rt.path, "{node}") {
		if err := first(nodeRule.check("node", o.node), channelRule.check("channel", o.channel)); err != nil {
			return nil, err
		}
	}
	run, err := rt.takes.read(w, r)
	if err != nil {
		return nil, err
	}
	// A command that has begun is finished, whether or not its client waits: half
	// of a sequence is worse than none, and a repeated one is harmless.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), s.options.Timeout)
	defer cancel()
	if o.node != "" {
		if o.asterisk, o.routes, err = s.nodes.find(ctx, o.node); err != nil {
			return nil, err
		}
	}
	return run(ctx, s, o)
}

// outcome is the label of a command that ended with err.
func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	var p *web.Problem
	if errors.As(err, &p) {
		return p.Code
	}
	if p := problemOf(err); p != nil {
		return p.Code
	}
	return web.CodeInternal
}
