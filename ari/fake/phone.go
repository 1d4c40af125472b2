package fake

import (
	"errors"
	"strings"
	"time"

	"holdline/ari"
)

// Behaviour is what a phone does with a call.
type Behaviour struct {
	NoRing bool          // it does not say that it rings
	Silent bool          // it says nothing at all
	After  time.Duration // until it answers or refuses
	Answer bool
	Status int           // SIP status of its refusal; 0: it rings on
	Talk   time.Duration // until it hangs up; 0: it does not
	Vanish bool          // after it answered or began to ring, it can do nothing more
}

// Answer rings, and answers after a time.
func Answer(after time.Duration) Behaviour { return Behaviour{After: after, Answer: true} }

// AnswerAndHangUp answers at once, and hangs up after a time.
func AnswerAndHangUp(talk time.Duration) Behaviour {
	return Behaviour{NoRing: true, Answer: true, Talk: talk}
}

// Decline rings, and is declined after a time.
func Decline(after time.Duration) Behaviour { return Behaviour{After: after, Status: 603} }

// Busy rings, and says busy after a time.
func Busy(after time.Duration) Behaviour { return Behaviour{After: after, Status: 486} }

// Ring rings until it is cancelled.
func Ring() Behaviour { return Behaviour{} }

// Refuse does not ring and refuses with a SIP status.
func Refuse(status int) Behaviour { return Behaviour{NoRing: true, Status: status} }

// Unregistered is a phone that is not there.
func Unregistered() Behaviour { return Refuse(404) }

// AnswerAndVanish answers after a time, and is not there any more: it never hangs up, and
// hears of nothing. A real Asterisk finds out when it refreshes the session, or by the
// silence, when it is told to listen for that; this one does not.
func AnswerAndVanish(after time.Duration) Behaviour {
	return Behaviour{NoRing: true, After: after, Answer: true, Vanish: true}
}

// Dead is a phone that answers nothing.
func Dead() Behaviour { return Behaviour{Silent: true, NoRing: true} }

// Phone is where legs to one extension ring.
type Phone struct {
	node      *Node
	exten     string
	behaviour Behaviour // guarded by node.mu, like everything below
	legs      []*leg    // the last keptCalls, and all that live
	live      int
	most      int
}

// Call is what a phone knows of one call that it got.
type Call struct {
	Leg      string            // channel id
	CallerID string            // as it shows
	Headers  map[string]string // SIP headers that the leg was given
	At       time.Time
	Answered time.Time // zero: it was not
	Ended    time.Time // zero: it lasts
	Cause    int       // Q.850, of its end
}

// leg is the far end of a channel that we made.
type leg struct {
	node     *Node
	ch       *channel
	phone    *Phone // nil: nobody set one up
	does     Behaviour
	dial     string // after the technology
	app      string
	args     []string
	by       *dialling // of the dialplan's; nil: the application's own
	vanished bool
	made     bool // by create: it is in the application before it is dialled
	dialled  bool
	at       time.Time
	answered time.Time
	ended    time.Time
	cause    int
	timers   []*time.Timer
}

// Phone sets what the phones of an extension do, from now on.
func (n *Node) Phone(exten string, does Behaviour) *Phone {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.phones[exten]
	if p == nil {
		p = &Phone{node: n, exten: exten}
		n.phones[exten] = p
	}
	p.behaviour = does
	return p
}

const keptCalls = 1000

func (p *Phone) got(l *leg) {
	if len(p.legs) >= keptCalls && !p.legs[0].ended.IsZero() {
		p.legs[0] = nil
		p.legs = p.legs[1:]
	}
	p.legs = append(p.legs, l)
	p.live++
	p.most = max(p.most, p.live)
}

// Vanish takes the phone away: its calls do not end, nothing can be done with them, and
// calls to it are lost without a word, until Node.Phone sets it up again.
func (p *Phone) Vanish() {
	p.node.mu.Lock()
	defer p.node.mu.Unlock()
	p.behaviour = Dead()
	for _, l := range p.legs {
		l.vanish()
	}
}

// Extension is the extension of the phone.
func (p *Phone) Extension() string { return p.exten }

// Calls are the calls that the phone got, oldest first: the last thousand.
func (p *Phone) Calls() []Call {
	p.node.mu.Lock()
	defer p.node.mu.Unlock()
	calls := make([]Call, 0, len(p.legs))
	for _, l := range p.legs {
		c := Call{
			Leg: l.ch.id, CallerID: l.ch.caller.Name + " <" + l.ch.caller.Number + ">", Headers: map[string]string{},
			At: l.at, Answered: l.answered, Ended: l.ended, Cause: l.cause,
		}
		for name, value := range l.ch.vars {
			if header, ok := strings.CutPrefix(name, "PJSIP_HEADER(add,"); ok {
				c.Headers[strings.TrimSuffix(header, ")")] = value
			}
		}
		calls = append(calls, c)
	}
	return calls
}

// Most is the greatest number of calls that the phone had at one time.
func (p *Phone) Most() int {
	p.node.mu.Lock()
	defer p.node.mu.Unlock()
	return p.most
}

var errNoCall = errors.New("the phone has no such call")

// Answer picks up: the oldest call that rings.
func (p *Phone) Answer() error {
	return p.withLeg(func(l *leg) bool { return l.answered.IsZero() }, (*leg).answer)
}

// Decline refuses the oldest call that rings.
func (p *Phone) Decline() error {
	return p.withLeg(func(l *leg) bool { return l.answered.IsZero() }, func(l *leg) { l.refuse(603) })
}

// HangUp ends the oldest call that was answered.
func (p *Phone) HangUp() error {
	return p.withLeg(func(l *leg) bool { return !l.answered.IsZero() }, func(l *leg) { l.ch.hangUp(16, 0, false) })
}

func (p *Phone) withLeg(which func(*leg) bool, do func(*leg)) error {
	p.node.mu.Lock()
	defer p.node.mu.Unlock()
	for _, l := range p.legs {
		if l.ended.IsZero() && !l.vanished && which(l) {
			do(l)
			return nil
		}
	}
	return errNoCall
}

// forget: the Asterisk that called is gone.
func (p *Phone) forget() {
	for _, l := range p.legs {
		l.over(0)
	}
}

// extension is the user in a dial string: "kamailio-1/sip:201@demo" and "201@kamailio-1" are 201.
func extension(dial string) string {
	_, last, ok := strings.Cut(dial, "/")
	if !ok {
		last = dial
	}
	last = strings.TrimPrefix(strings.TrimPrefix(last, "sip:"), "sips:")
	user, _, _ := strings.Cut(last, "@")
	return user
}

// ring sends the call to its phone.
func (l *leg) ring(timeout time.Duration) {
	n := l.node
	l.dialled = true
	l.tellDial("")
	l.does = n.options.DefaultPhone
	if l.phone = n.phones[extension(l.dial)]; l.phone != nil {
		l.does = l.phone.behaviour
		l.at = time.Now()
		l.phone.got(l)
	}
	l.timers = append(l.timers, n.after(timeout, l.timedOut))
	l.timers = append(l.timers, n.after(0, func() {
		if l.does.Silent || !l.waits() {
			return
		}
		if !l.does.NoRing {
			l.ch.setState(ari.StateRinging)
			l.tellDial("RINGING")
		}
		if l.does.Answer || l.does.Status != 0 {
			l.timers = append(l.timers, n.after(l.does.After, l.decide))
		}
	}))
}

// waits reports whether the leg is neither answered nor over.
func (l *leg) waits() bool { return l.answered.IsZero() && l.ended.IsZero() }

func (l *leg) decide() {
	switch {
	case !l.waits() || l.vanished:
	case l.does.Answer:
		l.answer()
	default:
		l.refuse(l.does.Status)
	}
}

func (l *leg) answer() {
	l.answered = time.Now()
	l.ch.setState(ari.StateUp)
	if l.by != nil {
		l.by.answer(l)
	} else {
		l.tellDial("ANSWER")
	}
	if !l.made && l.by == nil {
		if l.app != l.node.options.Application {
			l.ch.hangUp(16, 0, false) // nobody serves it
			return
		}
		l.ch.dialplan.AppName, l.ch.dialplan.AppData = l.application()
		l.ch.enter(append([]string{}, l.args...))
	}
	switch {
	case l.does.Vanish:
		l.vanish()
	case l.does.Talk > 0:
		l.timers = append(l.timers, l.node.after(l.does.Talk, func() {
			if !l.vanished {
				l.ch.hangUp(16, 0, false)
			}
		}))
	}
}

// vanish: nobody is at the other end any more. Its timer of ringing runs on: it is Asterisk's.
func (l *leg) vanish() { l.vanished = true }

func (l *leg) refuse(status int) {
	verdict, ok := sipCauses[status]
	if !ok {
		verdict.cause, verdict.dial = 127, "NOANSWER"
	}
	l.ch.cause = verdict.cause
	l.ch.tell(wireEvent{Type: ari.ChannelHangupRequest, Cause: verdict.cause, TechCause: status})
	l.ch.shown = true
	if !l.made { // Asterisk does not say how the dial of a created channel ended
		l.tellDial(verdict.dial)
	}
	l.ch.end()
	l.ch.destroy(status)
}

func (l *leg) timedOut() {
	if !l.waits() {
		return
	}
	l.ch.cause = 19
	if l.by != nil {
		l.tellDial("NOANSWER")
	}
	if l.made {
		l.ch.tell(wireEvent{Type: ari.ChannelHangupRequest, Cause: 32, Soft: true})
	}
	l.ch.end()
	l.ch.destroy(480)
}

// cancel ends a leg that is not answered, at somebody's command.
func (l *leg) cancel(cause int) {
	l.ch.cause = cause
	l.ch.tell(wireEvent{Type: ari.ChannelHangupRequest, Cause: 32, Soft: true})
	l.ch.shown = true
	switch {
	case l.by != nil:
		l.tellDial("CANCEL")
	case !l.made:
		l.tellDial("NOANSWER")
	}
	l.ch.end()
	l.ch.destroy(0)
}

func (l *leg) over(cause int) {
	for _, t := range l.timers {
		t.Stop()
	}
	l.timers = nil
	if l.ended.IsZero() {
		l.ended, l.cause = time.Now(), cause
		if l.phone != nil {
			l.phone.live--
		}
	}
}

// tellDial: of a created channel Asterisk knows the dial string only once.
func (l *leg) tellDial(status string) {
	if l.by != nil {
		l.by.tell(l, status)
		return
	}
	if l.ch.subscribed > 0 {
		dialled, nowhere := l.dial, ""
		if l.made && status != "" {
			dialled = ""
		}
		l.node.emit(wireEvent{Type: ari.Dial, DialStatus: &status, DialString: &dialled, Forward: &nowhere, Peer: l.ch.wire()})
	}
}

// application is what the dialplan says while the application has the leg.
func (l *leg) application() (name, data string) {
	return "Stasis", strings.Join(append([]string{l.app}, l.args...), ",")
}

// What the dialplan says of a leg that was originated, while no application has it.
const outgoing, outgoingData = "AppDial2", "(Outgoing Line)"
