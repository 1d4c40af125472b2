package fake

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdline/ari"
)

// channel is one leg. Everything about it is guarded by its node's lock.
type channel struct {
	node      *Node
	id, name  string
	callID    string
	state     string
	caller    wireParty
	connected wireParty
	dialplan  wireDialplan
	created   time.Time
	language  string
	vars      map[string]string
	reported  map[string]bool

	shown      bool // its reported variables are in what is told of it: not before its first change
	left       bool // it hangs up: what waited for its turn is carried out, and comes to nothing
	subscribed int  // how often the application hears of it
	wanted     bool // it asked to hear of it
	inside     bool // in the application
	music      string
	musicOn    bool
	ringing    bool // hears ringing that was asked for
	bridge     *bridge
	playing    *playback
	waiting    []*playback // for their turn
	queue      []*command
	cause      int // given by whoever hung up

	sent  int64     // packets, as counted when last asked for
	asked time.Time // when that was

	leg    *leg    // of a channel that we made
	person *Caller // of one that somebody called in on
}

// command is something a channel does when its turn comes.
type command struct {
	run    func()
	done   chan struct{}
	failed bool // the channel left before; read after done
}

// newChannel is called with the lock held, with an id that is free.
func (n *Node) newChannel(id, tech string, created time.Time) *channel {
	n.number++
	if id == "" {
		id = fmt.Sprintf("%d.%d", created.Unix(), n.number)
	}
	ch := &channel{
		node: n, id: id, name: fmt.Sprintf("%s-%08x", tech, n.number), created: created, language: "en",
		callID: fmt.Sprintf("call-%s-%d", n.boot, n.number),
		state:  ari.StateDown, vars: map[string]string{}, reported: map[string]bool{},
	}
	n.channels[id] = ch
	low := strings.ToLower(id)
	at, _ := slices.BinarySearch(n.ids, low)
	n.ids = slices.Insert(n.ids, at, low)
	return ch
}

func (ch *channel) wire() *wireChannel {
	w := &wireChannel{
		ID: ch.id, Name: ch.name, State: ch.state, ProtocolID: ch.callID, Caller: ch.caller, Connected: ch.connected,
		Account: ch.vars["CHANNEL(accountcode)"], Dialplan: ch.dialplan, Created: stamp(ch.created.Add(ch.node.options.ClockOffset)), Language: ch.language,
	}
	for name := range ch.reported {
		if !ch.shown {
			break
		}
		if w.Vars == nil {
			w.Vars = map[string]string{}
		}
		w.Vars[name] = ch.vars[name]
	}
	return w
}

// tell sends an event about the channel, when the application hears of it.
func (ch *channel) tell(e wireEvent) {
	if ch.subscribed > 0 {
		e.Channel = ch.wire()
		ch.node.emit(e)
	}
}

func (ch *channel) setState(state string) {
	if ch.state != state {
		ch.state, ch.shown = state, true
		ch.tell(wireEvent{Type: ari.ChannelStateChange})
	}
}

// enter puts the channel into the application.
func (ch *channel) enter(args []string) {
	ch.inside = true
	ch.subscribed++
	ch.shown = true
	ch.tell(wireEvent{Type: ari.StasisStart, Args: &args})
}

// end takes a channel out that hangs up. What was still to be done is done, in vain.
func (ch *channel) end() {
	if !ch.inside {
		return
	}
	ch.left = true
	if p := ch.playing; p != nil {
		ch.playing = nil
		p.finish("failed")
	}
	for len(ch.queue) > 0 {
		c := ch.queue[0]
		ch.queue = ch.queue[1:]
		c.failed = true
		c.run()
		close(c.done)
	}
	ch.leave()
}

// leave takes it out of the application. What was still to be done fails.
func (ch *channel) leave() {
	if !ch.inside {
		return
	}
	queue := ch.queue
	ch.queue = nil
	for _, c := range queue {
		c.failed = true
		close(c.done)
	}
	waiting := ch.waiting
	ch.waiting = nil
	for _, p := range waiting {
		p.end() // it waited for its turn, and is not spoken of
	}
	if ch.bridge != nil {
		ch.bridge.remove(ch, false)
	}
	ch.inside, ch.ringing = false, false
	ch.tell(wireEvent{Type: ari.StasisEnd})
	ch.subscribed--
	delete(ch.node.broadcasts, ch.id)
}

// send queues a command; it may run at once.
func (ch *channel) send(run func()) *command {
	c := &command{run: run, done: make(chan struct{})}
	ch.queue = append(ch.queue, c)
	ch.drain()
	return c
}

// drain does what is queued, up to the next playback.
func (ch *channel) drain() {
	for ch.playing == nil && len(ch.queue) > 0 {
		c := ch.queue[0]
		ch.queue = ch.queue[1:]
		c.run()
		close(c.done)
	}
	ch.node.touch()
}

// hangUp ends the channel. soft: asked for by a command rather than by its far end.
func (ch *channel) hangUp(cause, sip int, soft bool) {
	if ch.node.channels[ch.id] != ch {
		return
	}
	ch.cause = cause
	request := wireEvent{Type: ari.ChannelHangupRequest, Cause: cause, TechCause: sip, Soft: soft}
	if soft {
		request.Cause = 32 // Asterisk's flag "asked for", which is no Q.850
	}
	ch.tell(request)
	ch.shown = true
	ch.end()
	switch {
	case ch.person != nil: // the dialplan hangs up whom it dialled, and then the caller
		if d := ch.person.dialling; d != nil {
			d.abandon()
		}
		ch.tell(wireEvent{Type: ari.ChannelHangupRequest, Cause: cause, TechCause: sip, Soft: true})
	case ch.leg != nil && !ch.leg.dialled:
		sip = 603
		ch.dialplan.AppName, ch.dialplan.AppData = ch.leg.application()
		ch.tell(wireEvent{Type: ari.ChannelHangupRequest, Cause: cause, TechCause: sip})
	}
	ch.destroy(sip)
}

// destroy removes a channel that has left the application.
func (ch *channel) destroy(sip int) {
	ch.shown = true
	ch.dialplan.AppName, ch.dialplan.AppData = "", ""
	if ch.leg != nil && !ch.leg.made {
		ch.dialplan.AppName, ch.dialplan.AppData = outgoing, outgoingData
	}
	ch.tell(wireEvent{Type: ari.ChannelDestroyed, Cause: ch.cause, CauseText: causes[ch.cause], TechCause: sip})
	delete(ch.node.channels, ch.id)
	if at, found := slices.BinarySearch(ch.node.ids, strings.ToLower(ch.id)); found {
		ch.node.ids = slices.Delete(ch.node.ids, at, at+1)
	}
	delete(ch.node.broadcasts, ch.id)
	if ch.leg != nil {
		ch.leg.over(ch.cause)
		if ch.leg.by != nil {
			ch.leg.by.over(ch.leg)
		}
	}
	if ch.person != nil {
		ch.person.state = Gone
		ch.person.stop()
	}
	ch.node.touch()
}

// forget drops the channel when its Asterisk is gone.
func (ch *channel) forget() {
	if ch.leg != nil {
		ch.leg.over(0)
	}
	if ch.person != nil {
		ch.person.state = Gone
		ch.person.stop()
	}
	for _, c := range ch.queue {
		c.failed = true
		close(c.done)
	}
	ch.queue = nil
}

// taken reports whether a new channel may not have this id.
func (n *Node) taken(id string) bool {
	if _, ok := n.channels[id]; ok {
		return true
	}
	if !n.options.ExactIDs {
		low := strings.ToLower(id)
		at, _ := slices.BinarySearch(n.ids, low)
		return at < len(n.ids) && strings.HasPrefix(n.ids[at], low)
	}
	return false
}

// set sets a variable or one of the functions that are known here.
func (ch *channel) set(name, value string, report bool) {
	switch strings.ToUpper(name) {
	case "CALLERID(NAME)":
		ch.caller.Name = value
	case "CALLERID(NUM)":
		ch.caller.Number = value
	case "CHANNEL(LANGUAGE)":
		ch.language = value
	default:
		ch.vars[name] = value
		if report {
			ch.reported[name] = true
		}
	}
	ch.tell(wireEvent{Type: ari.ChannelVarset, Variable: name, Value: &value})
}

func (ch *channel) get(name string) (string, bool) {
	switch strings.ToUpper(name) {
	case "CALLERID(NAME)":
		return ch.caller.Name, true
	case "CALLERID(NUM)":
		return ch.caller.Number, true
	case "CHANNEL(LANGUAGE)":
		return ch.language, true
	case "CHANNEL(STATE)":
		return ch.state, true
	}
	value, ok := ch.vars[name]
	return value, ok
}
