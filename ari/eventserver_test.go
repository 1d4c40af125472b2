package ari

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/rs/zerolog"
)

const patience = 10 * time.Second

// desk is an event server under test. Its consumer hands sessions to the test, which
// reads from them; Serve returns when the test closes done.
type desk struct {
	server   *EventServer
	http     *httptest.Server
	sessions chan *Session
	ended    chan error // causes, as Serve's context tells them
	release  chan struct{}
	lost     chan error // causes, as the observer is told
	dropped  atomic.Int64
	bad      atomic.Int64
	refused  atomic.Int64
	labels   chan string
}

func newDesk(t *testing.T, change func(*EventServerOptions)) *desk {
	t.Helper()
	d := &desk{
		sessions: make(chan *Session, 100), ended: make(chan error, 100),
		release: make(chan struct{}), lost: make(chan error, 100), labels: make(chan string, 1000),
	}
	o := EventServerOptions{
		Authenticate: func(user, password string) bool { return user == "ast-1" && password == "secret" },
		Serve: func(ctx context.Context, s *Session) {
			d.sessions <- s
			<-ctx.Done()
			d.ended <- context.Cause(ctx)
			<-d.release
		},
		Log: zerolog.Nop(),
		Observe: EventObserver{
			Lost:      func(cause error) { d.lost <- cause },
			Dropped:   func(n int) { d.dropped.Add(int64(n)) },
			Malformed: func() { d.bad.Add(1) },
			Delivered: func(label string, _ time.Duration) { d.labels <- label },
			Refused:   func(int) { d.refused.Add(1) },
		},
	}
	if change != nil {
		change(&o)
	}
	d.server = NewEventServer(o)
	d.http = httptest.NewServer(d.server)
	t.Cleanup(func() {
		select {
		case <-d.release:
		default:
			close(d.release)
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := d.server.Close(ctx); err != nil {
			t.Error(err)
		}
		d.http.Close()
	})
	return d
}

// dial connects as Asterisk does.
func (d *desk) dial(t *testing.T, user, password string, protocols ...string) (*websocket.Conn, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	header := http.Header{}
	if user != "" {
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	}
	conn, resp, err := websocket.Dial(ctx, d.http.URL+"/events?node=ast-1&boot=b1&rest=http://10.0.0.1:8088/ari", &websocket.DialOptions{
		HTTPHeader: header, Subprotocols: protocols,
	})
	if resp != nil && resp.Body != nil && err != nil {
		_ = resp.Body.Close()
	}
	if err != nil {
		if resp == nil {
			t.Fatalf("dial: %v", err)
		}
		return nil, resp.StatusCode
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn, resp.StatusCode
}

func (d *desk) connect(t *testing.T) (*websocket.Conn, *Session) {
	t.Helper()
	conn, _ := d.dial(t, "ast-1", "secret", "ari")
	if conn == nil {
		t.Fatal("refused")
	}
	return conn, receive(t, d.sessions)
}

func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func send(t *testing.T, conn *websocket.Conn, frames ...string) {
	t.Helper()
	for _, f := range frames {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(f)); err != nil {
			t.Fatal(err)
		}
	}
}

func next(t *testing.T, s *Session) Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	e, err := s.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func eventually(t *testing.T, what string, ask func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !ask() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not in time", what)
		}
	}
}

func numbered(n int) string { return fmt.Sprintf(`{"type":"ChannelVarset","value":"%d"}`, n) }

func TestRefusals(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	for _, c := range []struct {
		name, user, password string
		protocols            []string
		want                 int
	}{
		{"nobody", "", "", []string{"ari"}, http.StatusUnauthorized},
		{"wrong password", "ast-1", "guess", []string{"ari"}, http.StatusUnauthorized},
		{"wrong user", "ast-2", "secret", []string{"ari"}, http.StatusUnauthorized},
		{"no protocol", "ast-1", "secret", nil, http.StatusBadRequest},
		{"another protocol", "ast-1", "secret", []string{"sip"}, http.StatusBadRequest},
	} {
		if conn, status := d.dial(t, c.user, c.password, c.protocols...); conn != nil || status != c.want {
			t.Errorf("%s: status %d, want %d", c.name, status, c.want)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.http.URL+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("ast-1", "secret")
	req.Header.Set("Sec-WebSocket-Protocol", "other, ari")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("no WebSocket: status %d, want %d", resp.StatusCode, http.StatusUpgradeRequired)
	}
	if n := d.refused.Load(); n != 6 {
		t.Errorf("%d refusals were observed, want 6", n)
	}
	if n := d.server.Stats().Sessions; n != 0 || len(d.sessions) != 0 {
		t.Errorf("%d sessions, %d served", n, len(d.sessions))
	}
}

func TestSession(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	conn, s := d.connect(t)
	if s.User() != "ast-1" || s.Query().Get("boot") != "b1" || s.Query().Get("rest") != "http://10.0.0.1:8088/ari" || s.RemoteAddr() == "" {
		t.Errorf("session of %q at %s with %v", s.User(), s.RemoteAddr(), s.Query())
	}
	if conn.Subprotocol() != "ari" {
		t.Errorf("subprotocol %q", conn.Subprotocol())
	}
	before := time.Now()
	send(t, conn, numbered(1), `{"type":"NeverHeardOf","x":1}`, `not JSON`, `{"type":"EventsDropped"}`, numbered(2))
	for _, want := range []string{ChannelVarset, "NeverHeardOf", EventMalformed, EventMalformed, ChannelVarset} {
		if e := next(t, s); e.Type != want || e.Received.Before(before) || len(e.Raw) == 0 {
			t.Errorf("%+v, want %s", e, want)
		}
		if label := <-d.labels; label != want && (label != "other" || types[want]) {
			t.Errorf("%s was observed as %s", want, label)
		}
	}
	if d.bad.Load() != 2 || d.server.Stats().Malformed != 2 || d.server.Stats().Received != 5 {
		t.Errorf("%d malformed observed, %+v", d.bad.Load(), d.server.Stats())
	}
	if err := conn.Write(t.Context(), websocket.MessageBinary, []byte(numbered(3))); err != nil {
		t.Fatal(err)
	}
	if e := next(t, s); e.Value != "3" {
		t.Errorf("%+v, want the event of the binary frame", e)
	}
}

// TestNextWaits: a consumer may stop waiting and come back.
func TestNextWaits(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	conn, s := d.connect(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrSessionClosed) {
		t.Errorf("%v, want the context's error", err)
	}
	send(t, conn, numbered(1))
	eventually(t, "arrived", func() bool { return s.Backlog() == 1 })
	if e, err := s.Next(ctx); err != nil || e.Value != "1" {
		t.Errorf("what had arrived is not delivered: %+v, %v", e, err)
	}
}

// TestLoss: the end of a connection is visible, and what had arrived is still delivered.
func TestLoss(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		end  func(*testing.T, *desk, *websocket.Conn, *Session)
		want error
	}{
		{"peer closes", func(_ *testing.T, _ *desk, conn *websocket.Conn, _ *Session) {
			_ = conn.Close(websocket.StatusNormalClosure, "")
		}, nil},
		{"peer breaks", func(_ *testing.T, _ *desk, conn *websocket.Conn, _ *Session) { _ = conn.CloseNow() }, nil},
		{"closed by us", func(_ *testing.T, _ *desk, _ *websocket.Conn, s *Session) { s.Close("node is taken out") }, nil},
		{"disconnected", func(t *testing.T, d *desk, _ *websocket.Conn, _ *Session) {
			if n := d.server.Disconnect("nobody", errWanted); n != 0 {
				t.Errorf("disconnected %d of nobody", n)
			}
			if n := d.server.Disconnect("ast-1", errWanted); n != 1 {
				t.Errorf("disconnected %d", n)
			}
		}, errWanted},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, nil)
			conn, s := d.connect(t)
			send(t, conn, numbered(1), numbered(2))
			eventually(t, "arrived", func() bool { return s.Backlog() == 2 })
			c.end(t, d, conn, s)
			if cause := receive(t, d.ended); cause == nil || c.want != nil && !errors.Is(cause, c.want) {
				t.Errorf("the context ended by %v, want %v", cause, c.want)
			}
			over, cancel := context.WithCancel(t.Context())
			cancel() // as the context that Serve got is
			for _, want := range []string{"1", "2"} {
				if e, err := s.Next(over); err != nil || e.Value != want {
					t.Errorf("%+v, %v, want event %s", e, err, want)
				}
			}
			for range 2 {
				if _, err := s.Next(over); !errors.Is(err, ErrSessionClosed) || c.want != nil && !errors.Is(err, c.want) {
					t.Errorf("%v, want %v by %v", err, ErrSessionClosed, c.want)
				}
			}
			close(d.release)
			_ = receive(t, d.lost)
		})
	}
}

var errWanted = errors.New("wanted")

// TestReconnect: each connection is its own session.
func TestReconnect(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	first, s1 := d.connect(t)
	send(t, first, numbered(1))
	_ = first.CloseNow()
	_ = receive(t, d.ended)
	second, s2 := d.connect(t) // while the first is still being worked off
	send(t, second, numbered(2))
	if e := next(t, s2); e.Value != "2" {
		t.Errorf("the second session got %+v", e)
	}
	if e := next(t, s1); e.Value != "1" {
		t.Errorf("the first session got %+v", e)
	}
	if n := d.server.Stats().Sessions; n != 2 {
		t.Errorf("%d sessions, want 2", n)
	}
}

// TestBacklog: a consumer that stands still costs neither the peer anything nor us more
// than the bound, and is told that it missed something.
func TestBacklog(t *testing.T) {
	t.Parallel()
	const limit = 50
	d := newDesk(t, func(o *EventServerOptions) { o.MaxBacklog = limit })
	conn, s := d.connect(t)
	for i := range 3*limit + 10 {
		send(t, conn, numbered(i))
		if b := s.Backlog(); b > limit {
			t.Fatalf("a backlog of %d", b)
		}
	}
	eventually(t, "arrived", func() bool { return d.server.Stats().Received == 3*limit+10 })
	e := next(t, s)
	if e.Type != EventsDropped || e.Dropped != 3*limit {
		t.Errorf("%s of %d, want %s of %d", e.Type, e.Dropped, EventsDropped, 3*limit)
	}
	for i := range 10 {
		if e := next(t, s); e.Value != fmt.Sprint(3*limit+i) {
			t.Errorf("then %+v, want event %d", e, 3*limit+i)
		}
	}
	if d.dropped.Load() != 3*limit || d.server.Stats().Dropped != 3*limit || d.server.Stats().Backlog != 0 {
		t.Errorf("%d dropped observed, %+v", d.dropped.Load(), d.server.Stats())
	}
	send(t, conn, numbered(1)) // and it goes on
	if e := next(t, s); e.Value != "1" {
		t.Errorf("%+v", e)
	}
}

// TestLargeEvent: an event carries every member of its bridge.
func TestLargeEvent(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	conn, s := d.connect(t)
	send(t, conn, `{"type":"ChannelEnteredBridge","bridge":{"id":"b","channels":["`+strings.Repeat(`1795369254.1","`, 100_000)+`x"]}}`)
	if e := next(t, s); len(e.Bridge.Channels) != 100_001 {
		t.Errorf("%d members", len(e.Bridge.Channels))
	}
	// One that is larger than anything that Asterisk sends ends the connection, visibly.
	_ = conn.Write(t.Context(), websocket.MessageText, make([]byte, maxFrame+1)) // it may be cut off in between
	_ = receive(t, d.ended)
}

// TestSilentPeer: a peer that answers no ping and says nothing is given up.
func TestSilentPeer(t *testing.T) {
	t.Parallel()
	const timeout = 200 * time.Millisecond
	d := newDesk(t, func(o *EventServerOptions) { o.PingEvery, o.PingTimeout = 20*time.Millisecond, timeout })
	conn := rawPeer(t, d)
	start := time.Now()
	s := receive(t, d.sessions)
	if cause := receive(t, d.ended); !errors.Is(cause, errNoPong) {
		t.Errorf("ended by %v, want %v", cause, errNoPong)
	}
	if took := time.Since(start); took < timeout/2 || took > timeout+2*time.Second {
		t.Errorf("took %s, want %s", took, timeout)
	}
	if _, err := s.Next(t.Context()); !errors.Is(err, ErrSessionClosed) {
		t.Errorf("%v, want %v", err, ErrSessionClosed)
	}
	_ = conn.Close()
}

// TestBusyPeer: a peer that sends is alive, and is sent nothing, so that its kernel does not
// hold events back.
func TestBusyPeer(t *testing.T) {
	t.Parallel()
	const timeout = 700 * time.Millisecond
	d := newDesk(t, func(o *EventServerOptions) { o.PingEvery, o.PingTimeout = timeout/2, timeout })
	conn := rawPeer(t, d)
	receive(t, d.sessions)
	text := numbered(1)
	frame := append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...) // masked with zeros
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for start := time.Now(); time.Since(start) < 2*timeout; <-tick.C {
		if _, err := conn.Write(frame); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case cause := <-d.ended:
		t.Errorf("ended by %v", cause)
	default:
	}
	if err := conn.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 100)); n != 0 {
		t.Errorf("%d bytes were sent to a peer that speaks (%v)", n, err)
	}
	_ = receive(t, d.ended) // and now that it is silent
}

// TestAnsweringPeer: one that answers pings may say nothing for as long as it likes.
func TestAnsweringPeer(t *testing.T) {
	t.Parallel()
	const timeout = time.Second
	d := newDesk(t, func(o *EventServerOptions) { o.PingEvery, o.PingTimeout = 10*time.Millisecond, timeout })
	var pings atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	header := http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("ast-1:secret"))}}
	conn, _, err := websocket.Dial(ctx, d.http.URL, &websocket.DialOptions{
		HTTPHeader: header, Subprotocols: []string{"ari"},
		OnPingReceived: func(context.Context, []byte) bool { pings.Add(1); return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	over := conn.CloseRead(ctx)
	start := time.Now()
	eventually(t, "pings for longer than its time", func() bool { return pings.Load() > 10 && time.Since(start) > timeout*5/4 })
	if d.server.Stats().Sessions != 1 || over.Err() != nil {
		t.Error("the connection was lost")
	}
	_ = conn.CloseNow()
	<-over.Done()
}

// rawPeer shakes hands and then neither reads nor answers.
func rawPeer(t *testing.T, d *desk) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", d.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "GET /events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ari\r\n"+
		"Authorization: Basic %s\r\n\r\n", base64.StdEncoding.EncodeToString([]byte("ast-1:secret")))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: %v", err)
	}
	_ = resp.Body.Close()
	return conn
}

// TestClose: what had arrived is taken before Close returns, and nobody comes in any more.
func TestClose(t *testing.T) {
	t.Parallel()
	var taken atomic.Int64
	d := newDesk(t, func(o *EventServerOptions) {
		serve := o.Serve
		o.Serve = func(ctx context.Context, s *Session) {
			serve(ctx, s)
			for {
				if _, err := s.Next(context.WithoutCancel(ctx)); err != nil {
					return
				}
				taken.Add(1)
			}
		}
	})
	conn, s := d.connect(t)
	send(t, conn, numbered(1), numbered(2), numbered(3))
	eventually(t, "arrived", func() bool { return s.Backlog() == 3 })

	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := d.server.Close(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, although the consumer stands still", err)
	}
	if cause := receive(t, d.ended); !errors.Is(cause, ErrServerClosed) {
		t.Errorf("ended by %v, want %v", cause, ErrServerClosed)
	}
	if late, status := d.dial(t, "ast-1", "secret", "ari"); late != nil || status != http.StatusServiceUnavailable {
		t.Errorf("a late one got %d", status)
	}
	_, _, err := conn.Read(t.Context())
	if websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("the peer was told %v, want %v", err, websocket.StatusGoingAway)
	}
	close(d.release)
	if err := d.server.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if n := taken.Load(); n != 3 {
		t.Errorf("%d events were taken, want 3", n)
	}
}

// TestServeReturns: a consumer that gives up ends the connection.
func TestServeReturns(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(context.Context, *Session){
		"returns": func(context.Context, *Session) {},
		"panics":  func(context.Context, *Session) { panic(http.ErrAbortHandler) }, // the kind that is not logged
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, func(o *EventServerOptions) { o.Serve = serve })
			conn, _ := d.dial(t, "ast-1", "secret", "ari")
			if _, _, err := conn.Read(t.Context()); err == nil {
				t.Error("the connection goes on")
			}
			if cause := receive(t, d.lost); !errors.Is(cause, errServeReturn) {
				t.Errorf("lost by %v, want %v", cause, errServeReturn)
			}
			eventually(t, "no session", func() bool { return d.server.Stats().Sessions == 0 })
			if d.server.Stats().Dropped != 0 {
				t.Errorf("%d events were left, of none", d.server.Stats().Dropped)
			}
		})
	}
}

// TestLeftEvents: what a consumer does not take is counted.
func TestLeftEvents(t *testing.T) {
	t.Parallel()
	leave := make(chan struct{})
	d := newDesk(t, func(o *EventServerOptions) { o.Serve = func(context.Context, *Session) { <-leave } })
	conn, _ := d.dial(t, "ast-1", "secret", "ari")
	send(t, conn, numbered(1), numbered(2), "not JSON")
	eventually(t, "arrived", func() bool { return d.server.Stats().Backlog == 3 })
	close(leave)
	_, _, err := conn.Read(t.Context())
	if err == nil {
		t.Error("the connection goes on")
	}
	_ = receive(t, d.lost)
	if s := d.server.Stats(); s.Dropped != 3 || d.dropped.Load() != 3 {
		t.Errorf("%+v, and %d were observed; want 3 dropped", s, d.dropped.Load())
	}
}

func TestOptionsRequired(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a server without Authenticate and Serve was made")
		}
	}()
	NewEventServer(EventServerOptions{})
}
