package ari

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/rs/zerolog"
)

const (
	// DefaultPingEvery is how long a peer is silent before it is asked, and between pings.
	DefaultPingEvery = 2 * time.Second
	// DefaultPingTimeout is how long a peer may be silent before it is given up.
	DefaultPingTimeout = 5 * time.Second
	// DefaultMaxBacklog is about 200 MB of events, or half a minute of 1,000 calls a second.
	DefaultMaxBacklog = 100_000

	maxBacklogBytes = 512 << 20
	maxFrame        = 16 << 20 // bytes; an event carries all members of its bridge
	subprotocol     = "ari"
)

// EventServerOptions configure an [EventServer].
type EventServerOptions struct {
	// Authenticate judges user and password of every connection, in constant time. Required.
	Authenticate func(user, password string) bool
	// Serve consumes one connection. Its context ends when the connection does; Next still
	// delivers what had arrived by then. The connection ends when Serve returns. Required.
	Serve       func(context.Context, *Session)
	PingEvery   time.Duration
	PingTimeout time.Duration
	MaxBacklog  int // events
	Log         zerolog.Logger
	Observe     EventObserver
}

// EventObserver is told what happens, for metrics. Every field may be nil; none may block.
type EventObserver struct {
	Refused   func(status int)                             // a connection was not accepted
	Connected func()                                       //
	Lost      func(cause error)                            // a connection ended
	Delivered func(eventType string, waited time.Duration) // Next returned an event ("other": of unknown type), so long after it arrived
	Dropped   func(events int)                             // a backlog was thrown away
	Malformed func()
}

// EventStats is the state of an EventServer.
type EventStats struct {
	Sessions  int // connections now
	Backlog   int // events that arrived and were not taken
	Received  uint64
	Dropped   uint64
	Malformed uint64
}

// EventServer accepts the event connections of Asterisk nodes.
type EventServer struct {
	options EventServerOptions

	received, dropped, malformed atomic.Uint64

	mu       sync.Mutex
	closed   bool                  // guarded by mu
	sessions map[*Session]struct{} // guarded by mu
	running  sync.WaitGroup        // Serve calls; Add under mu while not closed
}

// NewEventServer panics when a required option is missing: that is a mistake of the program.
func NewEventServer(o EventServerOptions) *EventServer {
	if o.Authenticate == nil || o.Serve == nil {
		panic("ari: EventServerOptions needs Authenticate and Serve")
	}
	o.PingEvery = cmp.Or(o.PingEvery, DefaultPingEvery)
	o.PingTimeout = cmp.Or(o.PingTimeout, DefaultPingTimeout)
	o.MaxBacklog = cmp.Or(o.MaxBacklog, DefaultMaxBacklog)
	return &EventServer{options: o, sessions: make(map[*Session]struct{})}
}

// ErrServerClosed is the cause of loss of sessions that Close ended.
var ErrServerClosed = errors.New("event server is closing")

// ServeHTTP accepts one connection and returns when it is over and Serve has returned.
func (s *EventServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, password, ok := r.BasicAuth()
	if !ok || !s.options.Authenticate(user, password) {
		w.Header().Set("WWW-Authenticate", `Basic realm="events", charset="UTF-8"`)
		s.refuse(w, r, http.StatusUnauthorized, "user or password is wrong")
		return
	}
	if !offers(r, subprotocol) {
		s.refuse(w, r, http.StatusBadRequest, "the subprotocol ari is required")
		return
	}
	session := newSession(s, user, r)
	if !s.enter(session) {
		s.refuse(w, r, http.StatusServiceUnavailable, "closing")
		return
	}
	defer s.leave(session)
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:    []string{subprotocol},
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil { // Accept has answered
		s.refused(r, http.StatusBadRequest, err.Error())
		return
	}
	conn.SetReadLimit(maxFrame)
	session.run(r.Context(), conn)
}

// Stats may be asked at any time.
func (s *EventServer) Stats() EventStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := EventStats{
		Sessions: len(s.sessions),
		Received: s.received.Load(), Dropped: s.dropped.Load(), Malformed: s.malformed.Load(),
	}
	for session := range s.sessions {
		stats.Backlog += session.Backlog()
	}
	return stats
}

// Close refuses new connections, closes those that are (Asterisk dials again, elsewhere),
// and waits until every Serve has taken what had arrived and returned, or ctx ends.
func (s *EventServer) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	for session := range s.sessions {
		session.end(ErrServerClosed)
	}
	s.mu.Unlock()

	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close event server: %w", ctx.Err())
	}
}

// Drain refuses new connections and closes those that are, each when the one before was
// served to its end: the nodes look for another server one after the other. When ctx ends
// it leaves the rest to Close.
func (s *EventServer) Drain(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	sessions := slices.Collect(maps.Keys(s.sessions))
	s.mu.Unlock()
	for _, session := range sessions {
		session.end(ErrServerClosed)
		select {
		case <-session.served:
		case <-ctx.Done():
			return fmt.Errorf("drain event server: %w", ctx.Err())
		}
	}
	return nil
}

// Disconnect closes the connections of a user, for example when its node is taken out.
func (s *EventServer) Disconnect(user string, cause error) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for session := range s.sessions {
		if session.user == user {
			session.end(cause)
			n++
		}
	}
	return n
}

// drop counts events that nobody will get.
func (s *EventServer) drop(events int) {
	if events == 0 {
		return
	}
	s.dropped.Add(uint64(events))
	if s.options.Observe.Dropped != nil {
		s.options.Observe.Dropped(events)
	}
}

func (s *EventServer) enter(session *Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.sessions[session] = struct{}{}
	s.running.Add(1)
	return true
}

func (s *EventServer) leave(session *Session) {
	s.mu.Lock()
	delete(s.sessions, session)
	s.mu.Unlock()
	close(session.served)
	s.running.Done()
}

func (s *EventServer) refuse(w http.ResponseWriter, r *http.Request, status int, why string) {
	http.Error(w, why, status)
	s.refused(r, status, why)
}

func (s *EventServer) refused(r *http.Request, status int, why string) {
	if s.options.Observe.Refused != nil {
		s.options.Observe.Refused(status)
	}
	s.options.Log.Warn().Str("remote", r.RemoteAddr).Int("status", status).
		Str("why", printable(why, 200)).Msg("event connection refused")
}

// offers reports whether the client offers the WebSocket subprotocol.
func offers(r *http.Request, protocol string) bool {
	for _, line := range r.Header.Values("Sec-WebSocket-Protocol") {
		if slices.ContainsFunc(strings.Split(line, ","), func(p string) bool {
			return strings.EqualFold(strings.TrimSpace(p), protocol)
		}) {
			return true
		}
	}
	return false
}
