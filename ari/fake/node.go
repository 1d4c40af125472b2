package fake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options configure a [Node]. Everything has a default but EventURL.
type Options struct {
	Node, Boot string // in the query of the event connection; default "fake-1", "boot-1"
	// EventURL is where events go: the node adds node, boot and rest to its query, unless
	// they are there. Empty: events wait for ever.
	EventURL                     string
	EventUser, EventPassword     string        // default user: Node
	Reconnect                    time.Duration // between attempts; default 50 ms (Asterisk: 500 ms)
	Users                        map[string]string
	User, Password               string // one more user of the interface
	ReadOnlyUser                 string // a user, with Password, who may only GET
	Application                  string // default "holdline"
	Listen                       string // default "127.0.0.1:0"
	Context                      string // of the dialplan, for calls and legs; default "holdline-in"
	Sound                        time.Duration
	MissingSounds, MissingRoutes []string // media URIs and endpoints that do not exist
	// ExactIDs: an id that begins a live one is free, as with a storage of channels that
	// Debian's Asterisk does not have.
	ExactIDs     bool
	ClockOffset  time.Duration
	DefaultPhone Behaviour // of extensions without a Phone; default Unregistered
}

// Node is one Asterisk.
type Node struct {
	options Options
	base    string // of the REST interface
	entity  string // asterisk_id of events

	ctx  context.Context // ends with the node
	stop context.CancelFunc
	work sync.WaitGroup

	gate gate // closed while frozen

	mu sync.Mutex // guards everything below
	world
	phones   map[string]*Phone
	routes   map[string]string // state of endpoints that were set
	fault    func(Request) Fault
	faults   Faults
	errors   share
	losses   share
	requests []Request
	changed  chan struct{} // closed and replaced when anything changes
	server   *http.Server
	served   chan struct{}
	events   *connection
	closed   bool
}

// world is what one run of Asterisk knows, and loses when it ends.
type world struct {
	boot       string
	started    time.Time
	number     int // of the next channel
	channels   map[string]*channel
	bridges    map[string]*bridge
	playbacks  map[string]*playback
	ids        []string // of channels, in lower case, sorted
	globals    map[string]string
	broadcasts map[string]*broadcast
	allowed    []string
	disallowed []string
}

// New starts a node. Close it.
func New(o Options) (*Node, error) {
	o.Node = cmp.Or(o.Node, "fake-1")
	o.Boot = cmp.Or(o.Boot, "boot-1")
	o.EventUser = cmp.Or(o.EventUser, o.Node)
	o.Reconnect = cmp.Or(o.Reconnect, 50*time.Millisecond)
	o.Application = cmp.Or(o.Application, "holdline")
	o.Context = cmp.Or(o.Context, "holdline-in")
	o.Listen = cmp.Or(o.Listen, "127.0.0.1:0")
	o.Sound = cmp.Or(o.Sound, 20*time.Millisecond)
	if o.DefaultPhone == (Behaviour{}) {
		o.DefaultPhone = Unregistered()
	}
	n := &Node{
		options: o, entity: "02:00:" + fmt.Sprintf("%08x", hash(o.Node)),
		phones: map[string]*Phone{}, routes: map[string]string{}, changed: make(chan struct{}),
	}
	n.ctx, n.stop = context.WithCancel(context.Background())
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.start(o.Listen, o.Boot); err != nil {
		n.stop()
		return nil, err
	}
	return n, nil
}

// start begins a run of Asterisk. Called with the lock held.
func (n *Node) start(address, boot string) error {
	listener, err := (&net.ListenConfig{}).Listen(n.ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", address, err)
	}
	n.base = "http://" + listener.Addr().String() + "/ari"
	now := time.Now()
	n.world = world{
		boot: boot, started: now, channels: map[string]*channel{}, bridges: map[string]*bridge{},
		playbacks: map[string]*playback{}, globals: map[string]string{}, broadcasts: map[string]*broadcast{},
	}
	server := &http.Server{Handler: n.handler(), ReadHeaderTimeout: time.Minute, IdleTimeout: 15 * time.Second}
	served := make(chan struct{})
	n.server, n.served = server, served
	go func() {
		defer close(served)
		_ = server.Serve(listener) // ends when it is closed
	}()
	n.events = newConnection(n)
	n.work.Go(n.events.run)
	n.events.registered()
	n.touch()
	return nil
}

// URL is the base of the REST interface.
func (n *Node) URL() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.base
}

// Name is the node's name.
func (n *Node) Name() string { return n.options.Node }

// Crash ends Asterisk as kill -9 does: connections break, calls are gone, nobody is told.
func (n *Node) Crash() {
	n.mu.Lock()
	server, served, events := n.server, n.served, n.events
	for _, ch := range n.channels {
		ch.forget()
	}
	for _, p := range n.playbacks {
		p.stopTimer()
	}
	for _, b := range n.broadcasts {
		b.timer.Stop()
	}
	for _, p := range n.phones {
		p.forget()
	}
	n.ids = nil
	n.channels, n.bridges, n.playbacks = map[string]*channel{}, map[string]*bridge{}, map[string]*playback{}
	n.broadcasts = map[string]*broadcast{}
	n.server, n.served, n.events = nil, nil, nil
	n.touch()
	n.mu.Unlock()
	if server == nil {
		return
	}
	events.close()
	_ = server.Close() // its listener; what it says does not matter
	<-served
}

var errRunning = errors.New("the node is running")

// Restart begins a new run after a Crash, at the same address.
func (n *Node) Restart(boot string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.server != nil || n.closed {
		return errRunning
	}
	return n.start(n.base[len("http://"):len(n.base)-len("/ari")], boot)
}

// Close ends the node.
func (n *Node) Close() {
	n.gate.open()
	n.Crash()
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.stop()
	n.work.Wait()
}

// Freeze stops the node as SIGSTOP does: nothing is read, written or answered, while time
// and its callers go on. Thaw ends it.
func (n *Node) Freeze() { n.gate.shut() }

// Thaw ends a Freeze.
func (n *Node) Thaw() { n.gate.open() }

// Wait waits until the condition holds. It is asked again after everything that happens
// in the node, without its lock: it may use every method.
func (n *Node) Wait(ctx context.Context, condition func() bool) error {
	for {
		n.mu.Lock()
		changed := n.changed
		n.mu.Unlock()
		if condition() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for the node: %w", ctx.Err())
		}
	}
}

// touch wakes those who wait. Called with the lock held.
func (n *Node) touch() {
	close(n.changed)
	n.changed = make(chan struct{})
}

// after runs f later, with the lock held, unless the run of Asterisk is another by then.
func (n *Node) after(d time.Duration, f func()) *time.Timer {
	events := n.events
	return time.AfterFunc(d, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.events == events && events != nil {
			f()
			n.touch()
		}
	})
}

func (n *Node) now() time.Time { return time.Now().Add(n.options.ClockOffset) }

func hash(s string) uint32 { // FNV-1a
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}
