package fake

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"holdline/ari"

	"github.com/coder/websocket"
)

// connection is the outbound event connection of one run of Asterisk, with its queue.
type connection struct {
	node   *Node
	query  url.Values
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}

	mu       sync.Mutex
	queue    []queued
	arrived  chan struct{} // buffered 1
	connects int
	current  *websocket.Conn
	away     time.Time // until then it does not connect
}

// queued is an event and when it happened.
type queued struct {
	at   time.Time
	text []byte
}

// newConnection is called with the node's lock held.
func newConnection(n *Node) *connection {
	c := &connection{node: n, done: make(chan struct{}), arrived: make(chan struct{}, 1)}
	c.ctx, c.cancel = context.WithCancel(n.ctx)
	c.query = url.Values{"node": {n.options.Node}, "boot": {n.boot}, "rest": {n.base}}
	return c
}

func (c *connection) close() {
	c.cancel()
	<-c.done
}

// emit queues an event, unless it is filtered. Called with the node's lock held.
func (n *Node) emit(e wireEvent) {
	if slices.Contains(n.disallowed, e.Type) || len(n.allowed) > 0 && !slices.Contains(n.allowed, e.Type) {
		return
	}
	if n.events != nil {
		n.events.put(e)
	}
	n.touch()
}

func (c *connection) put(e wireEvent) {
	e.Timestamp, e.AsteriskID, e.Application = stamp(c.node.now()), c.node.entity, c.node.options.Application
	encoded, err := json.Marshal(e)
	if err != nil {
		panic(err) // only strings, numbers and lists of them
	}
	c.mu.Lock()
	c.queue = append(c.queue, queued{time.Now(), encoded})
	c.mu.Unlock()
	c.wake()
}

// wake lets serve look again at what is to be sent, and when.
func (c *connection) wake() {
	select {
	case c.arrived <- struct{}{}:
	default:
	}
}

func (c *connection) disconnect(stayAway time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = time.Now().Add(stayAway)
	if c.current != nil {
		_ = c.current.CloseNow() // its reader says so to serve
	}
}

// connected makes a connection the current one, unless there is to be none.
func (c *connection) connected(conn *websocket.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Now().Before(c.away) {
		return false
	}
	c.current = conn
	c.connects++
	return true
}

// wait is how long to wait before the next attempt to connect.
func (c *connection) wait() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(c.node.options.Reconnect, time.Until(c.away))
}

// registered says that the application is there: after what waited for a connection.
func (c *connection) registered() { c.put(wireEvent{Type: ari.ApplicationRegistered}) }

func (c *connection) run() {
	defer close(c.done)
	if c.node.options.EventURL == "" {
		<-c.ctx.Done()
		return
	}
	wait := time.NewTimer(0)
	defer wait.Stop()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-wait.C:
		}
		if conn := c.dial(); conn != nil {
			c.serve(conn)
		}
		wait.Reset(c.wait())
	}
}

func (c *connection) dial() *websocket.Conn {
	o := &c.node.options
	target, err := url.Parse(o.EventURL)
	if err != nil {
		return nil
	}
	query := target.Query()
	for name, values := range c.query {
		if !query.Has(name) {
			query[name] = values
		}
	}
	target.RawQuery = query.Encode()
	dialer := &net.Dialer{}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &gatedConn{Conn: conn, gate: &c.node.gate, dead: make(chan struct{})}, nil
	}}
	ctx, cancel := context.WithTimeout(c.ctx, time.Second)
	defer cancel()
	credentials := base64.StdEncoding.EncodeToString([]byte(o.EventUser + ":" + o.EventPassword))
	conn, resp, err := websocket.Dial(ctx, target.String(), &websocket.DialOptions{
		HTTPClient:   &http.Client{Transport: transport},
		HTTPHeader:   http.Header{"Authorization": {"Basic " + credentials}},
		Subprotocols: []string{"ari"},
	})
	if err != nil {
		if resp != nil && resp.Body != nil {
			_ = resp.Body.Close() // a refusal; it says nothing that is needed
		}
		transport.CloseIdleConnections()
		return nil
	}
	return conn
}

// serve sends what is queued until the connection is lost. What was written to a peer
// that does not read is lost with it, as it is in Asterisk.
func (c *connection) serve(conn *websocket.Conn) {
	defer func() { _ = conn.CloseNow() }()
	lost := conn.CloseRead(c.ctx) // answers pings
	defer func() {
		_ = conn.CloseNow()
		<-lost.Done()
	}()
	if !c.connected(conn) {
		return
	}
	if c.connections() > 1 { // the first time it stands in the queue already
		c.registered()
	}
	c.node.mu.Lock()
	c.node.touch()
	c.node.mu.Unlock()
	due := time.NewTimer(time.Hour)
	defer due.Stop()
	for {
		select {
		case <-lost.Done():
			return
		default:
		}
		next, wait, ok := c.take()
		if !ok {
			due.Reset(wait)
			select {
			case <-c.arrived:
				continue
			case <-due.C:
				continue
			case <-lost.Done():
				return
			}
		}
		if err := conn.Write(lost, websocket.MessageText, next.text); err != nil {
			c.putBack(next)
			return
		}
	}
}

// take returns the next event, or how long there will be none.
func (c *connection) take() (next queued, wait time.Duration, ok bool) {
	latency := c.node.eventLatency()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return queued{}, time.Hour, false // it is woken
	}
	if wait := time.Until(c.queue[0].at.Add(latency)); latency > 0 && wait > 0 {
		return queued{}, wait, false
	}
	next = c.queue[0]
	c.queue[0] = queued{}
	c.queue = c.queue[1:]
	return next, 0, true
}

func (n *Node) eventLatency() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.faults.EventLatency
}

// putBack: Asterisk loses the one event of which it knows that it could not be written.
// Here it is kept, so that tests of what happens around a loss are not a matter of luck.
func (c *connection) putBack(event queued) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append([]queued{event}, c.queue...)
}

func (c *connection) connections() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.connects
}

// Connects is how often the event connection was made in this run.
func (n *Node) Connects() int {
	n.mu.Lock()
	events := n.events
	n.mu.Unlock()
	if events == nil {
		return 0
	}
	return events.connections()
}

// gate holds back whoever passes while it is shut. The zero gate is open.
type gate struct {
	mu     sync.Mutex
	closed chan struct{} // nil while open
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed == nil {
		g.closed = make(chan struct{})
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed != nil {
		close(g.closed)
		g.closed = nil
	}
}

// pass waits until the gate is open or the one who waits is dead.
func (g *gate) pass(dead <-chan struct{}) {
	g.mu.Lock()
	closed := g.closed
	g.mu.Unlock()
	if closed == nil {
		return
	}
	select {
	case <-closed:
	case <-dead:
	}
}

// gatedConn neither reads nor writes while its gate is shut.
type gatedConn struct {
	net.Conn
	gate *gate
	once sync.Once
	dead chan struct{}
}

func (c *gatedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.gate.pass(c.dead) // bytes that came while frozen are seen after it
	return n, err
}

func (c *gatedConn) Write(b []byte) (int, error) {
	c.gate.pass(c.dead)
	return c.Conn.Write(b)
}

func (c *gatedConn) Close() error {
	c.once.Do(func() { close(c.dead) })
	return c.Conn.Close()
}
