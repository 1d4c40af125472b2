//go:build stack

package test

import (
	"fmt"
	"time"

	"holdline/sim"
)

// offers are the INVITEs that offered the agent a contact, in order.
func (s *Shift) offers(agent string) []sim.Packet {
	user := s.who(agent).phone.User()
	return s.floor.Wire().Find(func(p sim.Packet) bool {
		return p.Phone == user && !p.Out && p.Method == "INVITE" && p.Status == 0 && p.ToTag == "" && !p.Again
	})
}

func firstAfter(packets []sim.Packet, since time.Time) (time.Time, bool) {
	for _, p := range packets {
		if p.At.After(since) {
			return p.At, true
		}
	}
	return time.Time{}, false
}

// Rings: an INVITE is at the agent's phone.
func Rings(agent string) Expectation {
	return Expectation{agent + "'s phone rings", func(s *Shift, since time.Time) (time.Time, bool) {
		return firstAfter(s.offers(agent), since)
	}}
}

// AnyRings: an INVITE is at one of the agents' phones.
func AnyRings(agents ...string) Expectation {
	return Expectation{fmt.Sprintf("one of %v rings", agents), func(s *Shift, since time.Time) (time.Time, bool) {
		for _, a := range agents {
			if at, ok := firstAfter(s.offers(a), since); ok {
				return at, true
			}
		}
		return time.Time{}, false
	}}
}

// StopsRinging: a CANCEL is at the agent's phone.
func StopsRinging(agent string) Expectation {
	return Expectation{agent + "'s phone stops ringing", func(s *Shift, since time.Time) (time.Time, bool) {
		user := s.who(agent).phone.User()
		return firstAfter(s.floor.Wire().Find(func(p sim.Packet) bool {
			return p.Phone == user && !p.Out && p.Method == "CANCEL" && p.Status == 0
		}), since)
	}}
}

// QueueAnswers: the caller's INVITE is answered.
func QueueAnswers(caller string) Expectation {
	return Expectation{"the queue answers " + caller, func(s *Shift, _ time.Time) (time.Time, bool) {
		e, ok := s.who(caller).call().First(sim.EvAnswered)
		return e.At, ok
	}}
}

// Talk is how long each must hear the other.
const Talk = time.Second

// Hears: so much of the other's own tone, in the latest call of each.
func Hears(name, other string) Expectation {
	return Expectation{fmt.Sprintf("%s hears %s for %v", name, other, Talk), func(s *Shift, since time.Time) (time.Time, bool) {
		c := s.who(name).running()
		hz := s.who(other).phone.Hz()
		if c == nil {
			return time.Time{}, false
		}
		for _, h := range c.Stretches() {
			if h.Kind == sim.Tone && h.Hz == hz && h.For() >= Talk {
				return maxTime(h.From.Add(Talk), since), true
			}
		}
		return time.Time{}, false
	}}
}

// HearsMusic: half a second of sound that is nobody's tone.
func HearsMusic(caller string) Expectation {
	return Expectation{caller + " hears music", func(s *Shift, since time.Time) (time.Time, bool) {
		for _, h := range s.who(caller).call().Stretches() {
			if from := maxTime(h.From, since); h.Kind == sim.Sound && h.To.Sub(from) >= 500*time.Millisecond {
				return from, true
			}
		}
		return time.Time{}, false
	}}
}

// HearsPrompt: the recording is heard from its beginning, after the last action.
// Looking for it is dear, so it is done four times a second.
func HearsPrompt(caller, prompt string) Expectation {
	var looked time.Time
	return Expectation{fmt.Sprintf("%s hears %q", caller, prompt), func(s *Shift, since time.Time) (time.Time, bool) {
		if time.Since(looked) < 250*time.Millisecond {
			return time.Time{}, false
		}
		defer func() { looked = time.Now() }()
		for _, at := range s.who(caller).call().HeardRecording(s.prompt(prompt)) {
			if at.After(since) {
				return at, true
			}
		}
		return time.Time{}, false
	}}
}

// Ends: the person's latest call is over, told by BYE, CANCEL or a rejection.
func Ends(name string) Expectation {
	return Expectation{"the call of " + name + " ends", func(s *Shift, since time.Time) (time.Time, bool) {
		p := s.who(name)
		calls := append(p.phone.Incoming(), p.calls...)
		var last time.Time
		for _, c := range calls {
			end := c.End()
			if end.By == "" {
				return time.Time{}, false
			}
			last = maxTime(last, end.At)
		}
		return last, last.After(since)
	}}
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
