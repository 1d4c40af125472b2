package ari

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// ErrSessionClosed is returned by Next when the connection is over and everything that
// had arrived was taken. The cause of the loss is wrapped with it.
var ErrSessionClosed = errors.New("event connection is over")

var (
	errNoPong      = errors.New("no answer to a ping")
	errServeReturn = errors.New("consumer returned")
)

// Session is one event connection of one node.
type Session struct {
	server *EventServer
	user   string
	remote string
	query  url.Values

	ended   chan struct{} // closed with the cause below
	served  chan struct{} // closed when Serve has returned and the socket is closed
	endOnce sync.Once
	cause   error // written once before ended is closed

	began   time.Time
	heard   atomic.Int64  // when the peer was last known to be alive: nanoseconds since began
	arrived chan struct{} // buffered 1: something is in the backlog
	mu      sync.Mutex
	backlog []frame // guarded by mu
	bytes   int     // guarded by mu: size of the backlog
	lost    int     // guarded by mu: events dropped since Next last said so
	lostAt  time.Time
}

type frame struct {
	data     []byte
	received time.Time
}

func newSession(server *EventServer, user string, r *http.Request) *Session {
	return &Session{
		server: server, user: user, remote: r.RemoteAddr, query: r.URL.Query(),
		ended: make(chan struct{}), served: make(chan struct{}), arrived: make(chan struct{}, 1), began: time.Now(),
	}
}

// Query is the query of the address that Asterisk dialled. Do not change it.
func (s *Session) Query() url.Values { return s.query }

// User is the name that the connection authenticated as.
func (s *Session) User() string { return s.user }

// RemoteAddr is where the connection comes from: the balancer, when there is one.
func (s *Session) RemoteAddr() string { return s.remote }

// Backlog is the number of events that arrived and were not taken.
func (s *Session) Backlog() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.backlog)
}

// Close ends the connection; Asterisk will dial again. It does not wait.
func (s *Session) Close(reason string) {
	s.end(fmt.Errorf("closed: %s", reason))
}

// Next returns the oldest event that was not taken, waiting for one. What had arrived
// is delivered even after ctx or the connection ended; only then does it return ErrSessionClosed
// or the error of ctx. One goroutine at a time may call it.
func (s *Session) Next(ctx context.Context) (Event, error) {
	for {
		if e, ok := s.take(); ok {
			return e, nil
		}
		select {
		case <-s.arrived:
			continue
		case <-s.ended:
			if e, ok := s.take(); ok { // the last frame may have come with the end
				return e, nil
			}
			return Event{}, fmt.Errorf("%w: %w", ErrSessionClosed, s.cause)
		case <-ctx.Done():
			// The context that Serve got ends with the session; say so rather than "canceled".
			select {
			case <-s.ended:
				continue
			default:
				return Event{}, fmt.Errorf("wait for event: %w", ctx.Err())
			}
		}
	}
}

// take removes the oldest event from the backlog, without waiting.
func (s *Session) take() (Event, bool) {
	observe := &s.server.options.Observe
	s.mu.Lock()
	if s.lost > 0 {
		e := Event{Type: EventsDropped, Dropped: s.lost, Received: s.lostAt, Timestamp: s.lostAt}
		s.lost = 0
		s.mu.Unlock()
		return e, true
	}
	if len(s.backlog) == 0 {
		s.mu.Unlock()
		return Event{}, false
	}
	f := s.backlog[0]
	s.backlog[0] = frame{} // let go of the bytes
	s.backlog = s.backlog[1:]
	s.bytes -= len(f.data)
	if len(s.backlog) == 0 {
		s.backlog = nil // and of the array, which may have been long
	}
	s.mu.Unlock()

	e, err := DecodeEvent(f.data)
	e.Received = f.received
	if err != nil {
		s.server.malformed.Add(1)
		if observe.Malformed != nil {
			observe.Malformed()
		}
	}
	if observe.Delivered != nil {
		label := e.Type
		if !types[label] { // the peer chooses it, and metrics remember every label
			label = "other"
		}
		observe.Delivered(label, time.Since(f.received))
	}
	return e, true
}

// put adds a frame to the backlog and never waits.
func (s *Session) put(data []byte) {
	s.server.received.Add(1)
	now := time.Now()
	s.alive(now)
	dropped := 0
	s.mu.Lock()
	if len(s.backlog) >= s.server.options.MaxBacklog || s.bytes+len(data) > maxBacklogBytes {
		dropped = len(s.backlog)
		s.lost += dropped
		s.lostAt = now
		s.backlog, s.bytes = nil, 0
	}
	s.backlog = append(s.backlog, frame{data: data, received: now})
	s.bytes += len(data)
	s.mu.Unlock()
	select {
	case s.arrived <- struct{}{}:
	default:
	}
	if dropped > 0 {
		s.server.drop(dropped)
		s.server.options.Log.Error().Str("node", printable(s.user, 100)).Int("events", dropped).
			Msg("event backlog dropped: its consumer is too slow")
	}
}

// end records why the session is over; the first cause stays.
func (s *Session) end(cause error) {
	s.endOnce.Do(func() {
		s.cause = cause
		close(s.ended)
	})
}

// run owns the connection until it is over and Serve has returned.
func (s *Session) run(parent context.Context, conn *websocket.Conn) {
	o := &s.server.options
	// Shutdown of the HTTP server must not cut a consumer short: only our end does.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(parent))
	var helpers sync.WaitGroup
	// Ending the context of a read cuts the socket under it.
	socket, cut := context.WithCancel(context.Background())
	helpers.Go(func() { s.read(socket, conn) })
	helpers.Go(func() { s.ping(socket, conn) })
	helpers.Go(func() { // the only one who closes the socket
		<-s.ended
		cancel(s.cause)
		s.hangUp(conn, cut)
		cut()
	})
	log := o.Log.With().Str("node", printable(s.user, 100)).Str("remote", s.remote).Logger()
	log.Info().Msg("event connection accepted")
	if o.Observe.Connected != nil {
		o.Observe.Connected()
	}
	// Deferred, so that a panic of Serve leaves neither socket nor goroutines behind.
	defer func() {
		s.end(errServeReturn)
		helpers.Wait()
		untaken := s.Backlog()
		s.server.drop(untaken)
		if o.Observe.Lost != nil {
			o.Observe.Lost(s.cause)
		}
		log.Warn().Str("why", printable(s.cause.Error(), 200)).Int("untaken", untaken).Msg("event connection over")
	}()
	o.Serve(ctx, s)
}

// read takes frames off the socket as fast as they come.
func (s *Session) read(ctx context.Context, conn *websocket.Conn) {
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			s.end(fmt.Errorf("read events: %w", err))
			return
		}
		s.put(data)
	}
}

// ping closes the session when the peer has been silent for PingTimeout: neither answered
// nor sent an event. (The answer to a ping stands behind whatever the peer has queued.)
//
// One that speaks is sent nothing. Whoever has just sent something, says TCP, will soon do
// so again and may then say what has arrived (RFC 1122, 4.2.3.2): up to 40 ms later on
// Linux. Until then Asterisk's kernel holds the next event back (Nagle, RFC 896: res_websocket_client
// does not turn it off). At 40 calls a second a caller came to an agent in 37 ms (p95), without pings in 12.
func (s *Session) ping(ctx context.Context, conn *websocket.Conn) {
	o := &s.server.options
	s.alive(time.Now())
	next := time.NewTimer(o.PingEvery)
	defer next.Stop()
	for {
		select {
		case <-next.C:
		case <-s.ended:
			return
		}
		if quiet := time.Since(s.heardAt()); quiet < o.PingEvery {
			next.Reset(o.PingEvery - quiet)
			continue
		}
		attempt, cancel := context.WithDeadline(ctx, s.silentAt())
		err := conn.Ping(attempt)
		cancel()
		switch {
		case err == nil:
			s.alive(time.Now())
		case attempt.Err() == nil || ctx.Err() != nil:
			s.end(fmt.Errorf("ping: %w", err)) // the connection is over, for another reason
			return
		case time.Now().Before(s.silentAt()):
			// It sent something while we waited.
		default:
			s.end(fmt.Errorf("%w: %w", errNoPong, err))
			return
		}
		next.Reset(o.PingEvery)
	}
}

// alive notes that the peer was heard of. It counts from began, so that a step of the
// machine's clock neither ends a connection nor keeps a dead one.
func (s *Session) alive(now time.Time) { s.heard.Store(int64(now.Sub(s.began))) }

func (s *Session) heardAt() time.Time { return s.began.Add(time.Duration(s.heard.Load())) }

// silentAt is when the peer is given up, unless it is heard of before.
func (s *Session) silentAt() time.Time { return s.heardAt().Add(s.server.options.PingTimeout) }

// hangUp closes the socket, with a close frame unless the peer is thought dead. The
// handshake of a close may take 10 s with a peer that does not answer: it gets one.
func (s *Session) hangUp(conn *websocket.Conn, cut context.CancelFunc) {
	if errors.Is(s.cause, errNoPong) {
		_ = conn.CloseNow()
		return
	}
	status := websocket.StatusNormalClosure
	if errors.Is(s.cause, ErrServerClosed) {
		status = websocket.StatusGoingAway
	}
	patience := time.AfterFunc(time.Second, cut)
	defer patience.Stop()
	_ = conn.Close(status, "") // an error says that the peer was faster
}
