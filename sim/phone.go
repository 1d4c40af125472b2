package sim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// PhoneOptions describe one phone.
type PhoneOptions struct {
	// User and Password authenticate; Domain is the SIP domain of the pool.
	User, Password, Domain string
	// Name is the display name. Default: none.
	Name string
	// Proxies are host:port; the first one serves until it fails to register
	// the phone, then the next.
	Proxies []string
	// LocalIP is the address of the sockets. Default: the one that this machine
	// uses towards the first proxy.
	LocalIP string
	// Port of the SIP socket. Default: any free one.
	Port int
	// Tone in Hz. Default: the next free one of the plan.
	Tone int
	// Expires is the registration's lifetime. Default 60 s.
	Expires time.Duration
	// OnCall is what the phone does with a call offered to it. Default: it rings
	// until a test decides.
	OnCall Behaviour
	// Tape keeps the received audio for Call.HeardRecording.
	Tape bool
	// Light phones are for load: they say five packets once a call is answered,
	// which is what a node waits for, and hear nothing. All calls of one share a
	// socket for audio that nobody reads.
	Light bool
	// Listen opens the sockets. Default: in this network namespace.
	Listen ListenFunc
}

// A Phone is one user agent with its own sockets. Its methods may be called from
// any goroutine.
type Phone struct {
	floor *Floor
	o     PhoneOptions
	hz    int
	ip    string
	port  int
	tap   *tap
	ua    *sipgo.UserAgent
	deaf  *net.UDPConn // the audio of a light phone's calls; nil: each call has its own

	ctx    context.Context // ends with the phone
	cancel context.CancelFunc
	wg     sync.WaitGroup
	served chan struct{} // closed when the SIP stack reads no more

	mu        sync.Mutex
	closed    bool
	unplugged bool
	proxy     int // index of the proxy in use
	onCall    Behaviour
	live      map[string]*Call // by our tag
	incoming  []*Call
	taken     int // incoming calls handed out by WaitCall
	changed   chan struct{}
	reg       registration
}

// Phone puts a phone on the floor. It is not registered yet.
func (f *Floor) Phone(o PhoneOptions) (*Phone, error) {
	p, err := f.newPhone(o)
	if err != nil {
		return nil, fmt.Errorf("open phone %s: %w", o.User, err)
	}
	return p, nil
}

func (f *Floor) newPhone(o PhoneOptions) (*Phone, error) {
	if o.User == "" || o.Domain == "" {
		return nil, errors.New("user and domain are needed")
	}
	if o.Expires <= 0 {
		o.Expires = time.Minute
	}
	if o.Listen == nil {
		o.Listen = listenHere
	}
	if o.OnCall == nil {
		o.OnCall = NeverAnswer()
	}
	if o.LocalIP == "" {
		ip, err := localTowards(o.Proxies)
		if err != nil {
			return nil, err
		}
		o.LocalIP = ip
	}
	hz := 0
	if !o.Light {
		var err error
		if hz, err = f.takeTone(o.Tone); err != nil {
			return nil, err
		}
	}
	conn, err := o.Listen("udp4", net.JoinHostPort(o.LocalIP, strconv.Itoa(o.Port)))
	if err != nil {
		f.giveTone(hz)
		return nil, fmt.Errorf("open sip socket: %w", err)
	}
	p := &Phone{
		floor: f, o: o, hz: hz, ip: o.LocalIP, port: conn.LocalAddr().(*net.UDPAddr).Port,
		tap:    &tap{UDPConn: conn, phone: o.User, wire: f.wire, reading: make(chan struct{})},
		onCall: o.OnCall, live: map[string]*Call{}, changed: make(chan struct{}), served: make(chan struct{}),
	}
	p.reg = newRegistration()
	if o.Light {
		if p.deaf, err = listenDeaf(o.Listen, o.LocalIP); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	if err := p.listen(); err != nil {
		p.cancel()
		f.giveTone(hz)
		return nil, errors.Join(err, conn.Close(), p.closeDeaf())
	}
	if err := f.enter(p); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// listen starts the SIP stack on the tap.
func (p *Phone) listen() error {
	ua, err := sipgo.NewUA(sipgo.WithUserAgent("holdline-sim"), sipgo.WithUserAgentHostname(p.o.Domain))
	if err != nil {
		return err
	}
	server, err := sipgo.NewServer(ua)
	if err != nil {
		return err
	}
	p.ua = ua
	p.handle(server)
	go func() {
		defer close(p.served)
		_ = server.ServeUDP(p.tap) // ends with the socket
	}()
	// A request sent before the stack knows the socket would open another one.
	select {
	case <-p.tap.reading:
		return nil
	case <-p.served:
		return errors.New("serve sip: the socket does not serve")
	}
}

// localTowards is the local address of the route to the first proxy.
func localTowards(proxies []string) (string, error) {
	if len(proxies) == 0 {
		return "", errors.New("a proxy or a local address is needed")
	}
	proxy, err := net.ResolveUDPAddr("udp4", proxies[0])
	if err != nil {
		return "", fmt.Errorf("find local address: %w", err)
	}
	conn, err := net.DialUDP("udp4", nil, proxy) // sends nothing
	if err != nil {
		return "", fmt.Errorf("find local address: %w", err)
	}
	defer func() { _ = conn.Close() }()
	return conn.LocalAddr().(*net.UDPAddr).IP.String(), nil
}

// User is the name that the phone registers with.
func (p *Phone) User() string { return p.o.User }

// Hz is the phone's own tone.
func (p *Phone) Hz() int { return p.hz }

// Address is the host:port of the SIP socket.
func (p *Phone) Address() string { return net.JoinHostPort(p.ip, fmt.Sprint(p.port)) }

// Proxy is the host:port that new requests go to, or "".
func (p *Phone) Proxy() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.o.Proxies) == 0 {
		return ""
	}
	return p.o.Proxies[p.proxy]
}

// UseProxy makes the phone send new requests to another proxy from now on.
func (p *Phone) UseProxy(hostPort string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.proxy = slices.Index(p.o.Proxies, hostPort); p.proxy < 0 {
		p.o.Proxies = append(slices.Clone(p.o.Proxies), hostPort)
		p.proxy = len(p.o.Proxies) - 1
	}
}

// OnCall changes what the phone does with calls offered from now on.
func (p *Phone) OnCall(b Behaviour) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onCall = b
}

// Incoming are all calls offered to the phone so far, in order.
func (p *Phone) Incoming() []*Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.incoming)
}

// WaitCall gives the next call offered to the phone; each is given once.
func (p *Phone) WaitCall(ctx context.Context) (*Call, error) {
	for {
		p.mu.Lock()
		ch := p.changed
		if p.taken < len(p.incoming) {
			c := p.incoming[p.taken]
			p.taken++
			p.mu.Unlock()
			return c, nil
		}
		closed := p.closed
		p.mu.Unlock()
		if closed {
			return nil, ErrClosed
		}
		select {
		case <-ch:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for a call at phone %s: %w", p.o.User, ctx.Err())
		}
	}
}

// Fault drops the SIP messages that it says true of, in both directions. Nil
// ends it.
func (p *Phone) Fault(drop func(Packet) bool) {
	if drop == nil {
		p.tap.fault.Store(nil)
		return
	}
	p.tap.fault.Store(&drop)
}

// Unplug cuts the phone off, as a pulled cable does: nothing leaves, nothing
// arrives, nobody is told. PlugIn ends it.
func (p *Phone) Unplug() {
	p.Fault(func(Packet) bool { return true })
	p.setUnplugged(true)
}

// PlugIn undoes Unplug.
func (p *Phone) PlugIn() {
	p.Fault(nil)
	p.setUnplugged(false)
}

func (p *Phone) setUnplugged(v bool) {
	p.mu.Lock()
	p.unplugged = v
	calls := make([]*Call, 0, len(p.live))
	for _, c := range p.live {
		calls = append(calls, c)
	}
	p.mu.Unlock()
	for _, c := range calls {
		c.setDead(v)
	}
}

// Close takes the phone off the floor without a word to anybody. It returns when
// all its goroutines have ended.
func (p *Phone) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	close(p.changed)
	p.changed = make(chan struct{})
	calls := make([]*Call, 0, len(p.live))
	for _, c := range p.live {
		calls = append(calls, c)
	}
	p.mu.Unlock()
	p.cancel()
	for _, c := range calls {
		c.end(End{By: ByFloor})
	}
	// First the gate, so that no message starts anything; then what runs; then
	// the sockets. The SIP library opens a socket of its own for a request that
	// it cannot match to one, so it is closed last.
	p.Fault(func(Packet) bool { return true })
	p.tap.inflight.drain()
	p.wg.Wait()
	p.ua.TransactionLayer().Close()
	err := p.tap.Close()
	<-p.served
	err = errors.Join(err, p.ua.Close(), p.closeDeaf())
	p.floor.giveTone(p.hz)
	p.floor.leave(p)
	return err
}

// run starts a goroutine that Close waits for; after Close it starts none.
func (p *Phone) run(f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.wg.Go(f)
	return true
}

// adopt makes the call known, so that messages of its dialog find it.
func (p *Phone) adopt(c *Call) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.live[c.tag] = c
	if c.in {
		p.incoming = append(p.incoming, c)
		close(p.changed)
		p.changed = make(chan struct{})
	}
	return nil
}

func (p *Phone) drop(c *Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.live, c.tag)
}

// byTag finds the call whose side of the dialog is ours.
func (p *Phone) byTag(to *sip.ToHeader) *Call {
	if to == nil {
		return nil
	}
	tag, _ := to.Params.Get("tag")
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live[tag]
}
