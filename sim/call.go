package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"
)

// State is where a call stands.
type State int

// A call moves forward only.
const (
	Calling State = iota // INVITE sent or received
	Ringing
	Established
	Ended
)

// Call is one dialog of a phone.
type Call struct {
	phone  *Phone
	in     bool
	id     string                      // Call-ID
	tag    string                      // ours
	other  string                      // the user called or calling
	invite atomic.Pointer[sip.Request] // the last one sent, or the one received

	ctx    context.Context // ends with the call
	cancel context.CancelFunc

	// For an incoming call.
	server    sip.ServerTransaction
	final     chan struct{} // closed when the final response to the INVITE is out
	finalOnce sync.Once
	ackOnce   sync.Once
	canceled  atomic.Bool
	acked     chan struct{} // closed at the ACK of our 2xx

	// For an outgoing one.
	giveUp   chan struct{} // closed when the caller wants to cancel
	giveOnce sync.Once

	mu      sync.Mutex
	state   State
	events  []Event
	changed chan struct{}
	dialog  dialog
	local   localSDP
	media   *media
	reading bool
	said    bool          // a light phone's few packets are on their way
	tones   map[int]bool  // whose first hearing is in the events
	closing bool          // our BYE is out
	busy    bool          // a re-INVITE of ours is under way
	held    bool          // we asked for hold
	offered bool          // our 2xx carried the offer, the answer comes with the ACK
	reAcked chan struct{} // closed at the ACK of our 2xx to a re-INVITE
	ended   End
}

func (p *Phone) newCall(in bool, id, tag, other string) *Call {
	c := &Call{
		phone: p, in: in, id: id, tag: tag, other: other,
		final: make(chan struct{}), acked: make(chan struct{}), giveUp: make(chan struct{}),
		changed: make(chan struct{}), tones: map[int]bool{},
	}
	c.ctx, c.cancel = context.WithCancel(p.ctx)
	return c
}

// ID is the Call-ID.
func (c *Call) ID() string { return c.id }

// Phone is the phone whose call it is.
func (c *Call) Phone() *Phone { return c.phone }

// Incoming tells whether the call was offered to the phone.
func (c *Call) Incoming() bool { return c.in }

// Header is the value of a header of the INVITE that began the call.
func (c *Call) Header(name string) string {
	if h := c.invite.Load().GetHeader(name); h != nil {
		return h.Value()
	}
	return ""
}

// From is the user part of the INVITE's From.
func (c *Call) From() string { return c.invite.Load().From().Address.User }

// FromName is the display name of the INVITE's From.
func (c *Call) FromName() string { return strings.Trim(c.invite.Load().From().DisplayName, `"`) }

// State is where the call stands.
func (c *Call) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Done is closed when the call has ended.
func (c *Call) Done() <-chan struct{} { return c.ctx.Done() }

// End says how the call ended; its zero value that it has not.
func (c *Call) End() End {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// Events are what happened so far.
func (c *Call) Events() []Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.events)
}

// First is the first event of a kind, if there was one.
func (c *Call) First(kind EventKind) (Event, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.first(kind)
}

func (c *Call) first(kind EventKind) (Event, bool) {
	for _, e := range c.events {
		if e.Kind == kind {
			return e, true
		}
	}
	return Event{}, false
}

// WaitEvent waits for the first event of a kind. It fails when the call ends
// without one.
func (c *Call) WaitEvent(ctx context.Context, kind EventKind) (Event, error) {
	var e Event
	err := c.wait(ctx, string(kind), func() (ok bool) {
		e, ok = c.first(kind)
		return ok
	})
	return e, err
}

// WaitAnswered waits until the call is established.
func (c *Call) WaitAnswered(ctx context.Context) error {
	_, err := c.WaitEvent(ctx, EvAck)
	return err
}

// WaitEnded waits for the end.
func (c *Call) WaitEnded(ctx context.Context) (End, error) {
	select {
	case <-c.ctx.Done():
		return c.End(), nil
	case <-ctx.Done():
		return End{}, fmt.Errorf("wait for the end: %w\n%s", ctx.Err(), c.Timeline())
	}
}

// errEnded tells that what was waited for cannot come any more.
var errEnded = errors.New("the call ended")

// wait blocks until ok, which is called with mu held.
func (c *Call) wait(ctx context.Context, what string, ok func() bool) error {
	for {
		c.mu.Lock()
		ch, hit, ended := c.changed, ok(), c.state == Ended
		c.mu.Unlock()
		switch {
		case hit:
			return nil
		case ended:
			return fmt.Errorf("wait for %s: %w\n%s", what, errEnded, c.Timeline())
		}
		select {
		case <-ch:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w\n%s", what, ctx.Err(), c.Timeline())
		}
	}
}

// poke wakes those who wait.
func (c *Call) poke() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.changed)
	c.changed = make(chan struct{})
}

// note adds an event.
func (c *Call) note(e Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.noteLocked(e)
}

func (c *Call) noteLocked(e Event) {
	if e.At.IsZero() {
		e.At = time.Now()
	}
	c.events = append(c.events, e)
	close(c.changed)
	c.changed = make(chan struct{})
}

// noteWire adds an event at the time that its message crossed the socket.
func (c *Call) noteWire(kind EventKind, out bool, method sip.RequestMethod, status int, text string) {
	messageOut := out
	c.note(Event{
		At:   c.phone.floor.wire.timeOf(c.phone.o.User, c.id, string(method), status, messageOut),
		Kind: kind, Out: out, Status: status, Text: text,
	})
}

// setState moves forward; it tells whether it moved.
func (c *Call) setState(s State) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s <= c.state {
		return false
	}
	c.state = s
	return true
}

// end ends the call once and frees what it holds.
func (c *Call) end(how End) {
	c.mu.Lock()
	if c.state == Ended {
		c.mu.Unlock()
		return
	}
	c.state = Ended
	if how.At.IsZero() {
		how.At = time.Now()
	}
	c.ended = how
	m, reading := c.media, c.reading
	c.noteLocked(Event{At: how.At, Kind: EvEnded, Status: how.Status, Text: strings.TrimSpace("by " + string(how.By) + " " + how.Reason)})
	c.mu.Unlock()
	c.finish()
	if m != nil {
		c.phone.floor.pacer.remove(m)
		m.close(reading)
	}
	c.phone.drop(c)
	c.cancel()
}

// finish lets the INVITE's handler return.
func (c *Call) finish() { c.finalOnce.Do(func() { close(c.final) }) }
