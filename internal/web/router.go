package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"holdline/internal/logging"
	"holdline/internal/metrics"
)

// Handler answers a request, or returns an error and leaves the answer to the
// router. A Problem is answered as it says; other errors go through
// RouterOptions.Problem first.
type Handler func(http.ResponseWriter, *http.Request) error

// RouterOptions of a Router.
type RouterOptions struct {
	Log        zerolog.Logger
	Registerer prometheus.Registerer // nil: no metrics
	// Problem declares the service's own errors; nil for one it does not know.
	Problem func(error) *Problem
	// LogValues are the path wildcards that are logged, under their own names.
	LogValues []string
}

// Router is the table of routes and the one funnel that every request takes.
// Routes are added before it serves.
type Router struct {
	options  RouterOptions
	mux      *http.ServeMux
	patterns []string
	took     *prometheus.HistogramVec
}

// NewRouter makes an empty table.
func NewRouter(o RouterOptions) *Router {
	rt := &Router{options: o, mux: http.NewServeMux()}
	if o.Registerer != nil {
		rt.took = metrics.Seconds(o.Registerer, "http_request_seconds",
			"Time to answer a request, by the pattern of its route.", "route", "code")
	}
	return rt
}

// Handle adds a route; pattern is "METHOD /path/{wildcard}".
func (rt *Router) Handle(pattern string, h Handler) {
	rt.patterns = append(rt.patterns, pattern)
	rt.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		// The funnel below put the slot there; the handler's error goes into it.
		*r.Context().Value(slot{}).(*error) = h(w, r)
	})
}

// Patterns are the routes, in the order in which they were added.
func (rt *Router) Patterns() []string { return slices.Clone(rt.patterns) }

// slot is where a handler's error is left for the funnel, which stands above
// the multiplexer because only the multiplexer fills in the path's wildcards.
type slot struct{}

type requestKey struct{}

// RequestID is the id of the request whose context this is, or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// ServeHTTP is the funnel.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	rec := &record{ResponseWriter: w}
	id := requestID(r)
	rec.Header().Set(HeaderRequestID, id)
	if key := r.Header.Get(HeaderIdempotencyKey); safeID.MatchString(key) {
		rec.Header().Set(HeaderIdempotencyKey, key)
	}

	var failed error
	ctx := context.WithValue(r.Context(), requestKey{}, id)
	r = r.WithContext(context.WithValue(ctx, slot{}, &failed))
	rt.dispatch(rec, r, &failed)

	status := rec.status
	switch {
	case failed == nil && status == 0:
		status = http.StatusOK // an empty answer: net/http sends it
	case failed == nil:
	case errors.Is(r.Context().Err(), context.Canceled):
		status = StatusClientGone
	case rec.status != 0:
		failed = fmt.Errorf("after the answer had begun: %w", failed)
	default:
		p := problem(failed, rt.options.Problem)
		p.RequestID = id
		status = p.Status
		p.write(rec)
	}
	rt.observe(r, id, status, time.Since(began), failed)
}

// dispatch runs the route's handler, and turns what is no handler's answer (no
// such route, wrong method, panic) into errors of the same kind.
func (rt *Router) dispatch(rec *record, r *http.Request, failed *error) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler: // asked for: net/http drops the connection
			panic(v)
		default:
			*failed = &Problem{
				Status: http.StatusInternalServerError, Code: CodeInternal,
				Message: "an error inside the service",
				Remedy:  "search the service's log for the request_id",
				Err:     fmt.Errorf("panic: %v\n%s", v, debug.Stack()),
			}
		}
	}()
	if _, pattern := rt.mux.Handler(r); pattern != "" {
		rt.mux.ServeHTTP(rec, r)
		return
	}
	// Ask the multiplexer which of the two it is; its own answers are text.
	probe := &probe{header: http.Header{}}
	rt.mux.ServeHTTP(probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		allow := probe.header.Get("Allow")
		rec.Header().Set("Allow", allow)
		*failed = &Problem{
			Status: http.StatusMethodNotAllowed, Code: CodeMethodNotAllowed,
			Message: r.Method + " is not possible here", Remedy: "use " + allow,
		}
		return
	}
	*failed = &Problem{
		Status: http.StatusNotFound, Code: CodeNoRoute,
		Message: "there is no such path", Field: "path", Value: r.URL.Path,
		Remedy: "see the paths in the service's documentation",
	}
}

// probe takes an answer that is not sent.
type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) WriteHeader(status int)      { p.status = status }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }

// observe writes the one log line and the one measurement of a request.
func (rt *Router) observe(r *http.Request, id string, status int, took time.Duration, failed error) {
	route := r.Pattern
	if route == "" {
		route = "none"
	}
	if rt.took != nil {
		rt.took.WithLabelValues(route, strconv.Itoa(status)).Observe(took.Seconds())
	}
	// What went well is many and dull; what the client did wrong, it was told.
	level := zerolog.DebugLevel
	switch {
	case status >= 500, status < 400 && failed != nil:
		level = zerolog.ErrorLevel
	case status >= 400:
		level = zerolog.InfoLevel
	}
	e := rt.options.Log.WithLevel(level).Str(logging.Request, id).Str("route", route).
		Int("status", status).Dur("took_ms", took)
	for _, name := range rt.options.LogValues {
		if v := r.PathValue(name); v != "" {
			e.Str(name, v)
		}
	}
	if key := r.Header.Get(HeaderIdempotencyKey); safeID.MatchString(key) {
		e.Str("idempotency_key", key)
	}
	if failed != nil {
		e.Err(failed)
	}
	e.Msg("request")
}
