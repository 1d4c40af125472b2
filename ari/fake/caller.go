package fake

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdline/ari"
)

// State is where a caller is.
type State string

// A caller is Offered (in StasisBroadcast), Inside the application, in the Dialplan, or Gone.
const (
	Offered  State = "offered"
	Inside   State = "inside"
	Dialplan State = "dialplan"
	Gone     State = "gone"
)

// CallRequest is a call that comes in.
type CallRequest struct {
	Args           string // of the application, ':'-separated: "pool=demo:queue=support"
	Stamped        bool   // the arguments end with the moment of entry, as by dialplan/extensions.conf
	Name, Number   string
	Context, Exten string        // default Options.Context, "600"
	Route          string        // endpoint by which it comes; default "kamailio"
	Timeout        time.Duration // of the broadcast; default 1 s
	Language       string        // default "en"
	Variables      map[string]string
	Patience       time.Duration // hangs up so long after the call unless somebody was in a bridge with them; 0: waits for ever
	Talk           time.Duration // hangs up so long after somebody was; 0: does not
}

// Caller is somebody who called.
type Caller struct {
	node    *Node
	ch      *channel
	number  string
	timeout time.Duration
	talk    time.Duration

	state    State       // guarded by node.mu, like everything below
	args     string      // of the first time
	dialling *dialling   // what the dialplan dials for them now, or nil
	gives    *time.Timer // hangs up; nil: it will not
	met      bool
	vanished bool
}

// broadcast is a call that the application may claim.
type broadcast struct {
	ch      *channel
	args    []string
	claimed bool
	timer   *time.Timer
}

// Call makes a call. It enters StasisBroadcast.
func (n *Node) Call(r CallRequest) (*Caller, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.server == nil {
		return nil, errDown
	}
	ch := n.newChannel("", "PJSIP/"+cmp.Or(r.Route, "kamailio"), time.Now())
	ch.state = ari.StateRing
	ch.caller = wireParty{Name: r.Name, Number: r.Number}
	ch.language = cmp.Or(r.Language, ch.language)
	ch.dialplan = wireDialplan{Context: cmp.Or(r.Context, n.options.Context), Exten: cmp.Or(r.Exten, "600"), Priority: 1}
	for name, value := range r.Variables {
		ch.vars[name] = value
	}
	c := &Caller{node: n, ch: ch, number: r.Number, timeout: cmp.Or(r.Timeout, time.Second), talk: r.Talk}
	ch.person = c
	c.hangUpAfter(r.Patience)
	c.args = r.Args
	if r.Stamped {
		c.args += ":at=" + strconv.FormatInt(n.now().UnixMilli(), 10)
	}
	c.offer(c.args)
	return c, nil
}

var (
	errDown        = errors.New("the node is down")
	errNotDialplan = errors.New("the caller is not in the dialplan")
)

// hangUpAfter replaces what the caller was going to do; 0: nothing. Called with the lock held.
func (c *Caller) hangUpAfter(d time.Duration) {
	c.stop()
	if d > 0 {
		c.gives = c.node.after(d, c.hangUp)
	}
}

func (c *Caller) stop() {
	if c.gives != nil {
		c.gives.Stop()
	}
}

// meets: somebody else is in the bridge.
func (c *Caller) meets() {
	if !c.met {
		c.met = true
		c.hangUpAfter(c.talk)
	}
}

// Enter lets a caller who is in the dialplan enter StasisBroadcast again.
func (c *Caller) Enter(args string) error {
	c.node.mu.Lock()
	defer c.node.mu.Unlock()
	if c.state != Dialplan {
		return errNotDialplan
	}
	c.offer(args)
	return nil
}

// offer broadcasts the call. Called with the lock held.
func (c *Caller) offer(args string) {
	n, ch := c.node, c.ch
	ch.dialplan.AppName = "StasisBroadcast"
	ch.dialplan.AppData = fmt.Sprintf("%d,^%s$,%s", c.timeout.Milliseconds(), n.options.Application, args)
	ch.vars["STASISSTATUS"] = ""
	c.state = Offered
	b := &broadcast{ch: ch}
	if args != "" {
		b.args = strings.Split(args, ":")
	}
	n.broadcasts[ch.id] = b
	b.timer = n.after(c.timeout, func() {
		if n.broadcasts[ch.id] == b && !b.claimed {
			delete(n.broadcasts, ch.id)
			c.back("TIMEOUT")
		}
	})
	n.emit(wireEvent{Type: ari.CallBroadcast, Channel: ch.wire(), Caller: c.number, Called: ch.dialplan.Exten})
}

// back puts the caller into the dialplan after the application.
func (c *Caller) back(status string) {
	c.state = Dialplan
	c.ch.vars["STASISSTATUS"] = status
	c.ch.dialplan.AppName, c.ch.dialplan.AppData = "Wait", "600"
	c.ch.dialplan.Priority++
	if status == "SUCCESS" {
		c.dial()
	}
	c.node.touch()
}

// claim is the application's answer to a broadcast.
func (n *Node) claim(id string) reply {
	b, ok := n.broadcasts[id]
	switch {
	case !ok:
		return refuse(404, "Channel not found or not in broadcast state")
	case b.claimed:
		return refuse(409, "Channel has already been claimed by another application")
	}
	b.claimed = true
	b.timer.Stop()
	b.ch.person.state = Inside
	b.ch.enter(append([]string{}, b.args...))
	return noContent
}

// ID is the caller's channel.
func (c *Caller) ID() string { return c.ch.id }

// Number is the caller's number.
func (c *Caller) Number() string { return c.number }

// HangUp ends the call from the caller's side.
func (c *Caller) HangUp() {
	c.node.mu.Lock()
	defer c.node.mu.Unlock()
	c.hangUp()
}

// Vanish takes the caller's phone away without a word: the call goes on, and the caller
// neither presses nor hangs up any more. A real Asterisk finds out in the end, when it
// refreshes the session; this one does not.
func (c *Caller) Vanish() {
	c.node.mu.Lock()
	defer c.node.mu.Unlock()
	c.vanished = true
}

func (c *Caller) hangUp() {
	if c.vanished {
		return
	}
	if b, ok := c.node.broadcasts[c.ch.id]; ok {
		b.timer.Stop()
	}
	sip := 0
	if c.ch.state == ari.StateRing {
		sip = 487 // it was cancelled
	}
	c.ch.hangUp(16, sip, false)
}

// Press presses digits, a tenth of a second each.
func (c *Caller) Press(digits string) {
	c.node.mu.Lock()
	defer c.node.mu.Unlock()
	for _, digit := range digits {
		if c.vanished {
			return
		}
		c.ch.tell(wireEvent{Type: ari.ChannelDtmfReceived, Digit: string(digit), DurationMS: 100})
	}
}

// State is where the caller is.
func (c *Caller) State() State {
	c.node.mu.Lock()
	defer c.node.mu.Unlock()
	return c.state
}

// Place is the caller's place in the dialplan.
func (c *Caller) Place() ari.Dialplan {
	c.node.mu.Lock()
	defer c.node.mu.Unlock()
	return ari.Dialplan(c.ch.dialplan)
}

// Variable reads a variable of the caller's channel.
func (c *Caller) Variable(name string) string {
	c.node.mu.Lock()
	defer c.node.mu.Unlock()
	value, _ := c.ch.get(name)
	return value
}

// Hears is what the caller hears now: "music:default", "playback:sound:hello",
// "bridge:<id>" (somebody else in it), "dialled:201" (whom the dialplan dialled), "ringing". Nothing is silence; more than one is noise.
func (c *Caller) Hears() []string {
	c.node.mu.Lock()
	defer c.node.mu.Unlock()
	return c.ch.hears()
}

func (ch *channel) hears() []string {
	if ch.node.channels[ch.id] != ch {
		return nil
	}
	var hears []string
	if ch.playing != nil {
		hears = append(hears, "playback:"+ch.playing.uri())
	} else if ch.musicOn {
		hears = append(hears, "music:"+ch.music)
	}
	if ch.ringing {
		hears = append(hears, "ringing")
	}
	if b := ch.bridge; b != nil {
		if b.musicOn {
			hears = append(hears, "music:"+b.music)
		}
		if len(b.members) > 1 {
			hears = append(hears, "bridge:"+b.id)
		}
	}
	if p := ch.person; p != nil && p.dialling != nil && p.dialling.won != nil {
		hears = append(hears, "dialled:"+extension(p.dialling.won.dial))
	}
	slices.Sort(hears)
	return hears
}
