//go:build stack

package test

import (
	"fmt"
	"regexp"
	"time"

	"holdline/queue"
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

// RingsWith: the agent is offered this caller, and nobody else since the last
// action.
func RingsWith(agent, caller string) Expectation {
	return Expectation{fmt.Sprintf("%s's phone rings with %s", agent, caller), func(s *Shift, since time.Time) (time.Time, bool) {
		for _, p := range s.offers(agent) {
			if p.At.After(since) {
				return p.At, callerOf(p) == caller
			}
		}
		return time.Time{}, false
	}}
}

var fromUser = regexp.MustCompile(`(?mi)^(?:From|f)\s*:.*<sip:([^@>]+)@`)

// callerOf is the user part of an INVITE's From: the caller's number.
func callerOf(p sim.Packet) string {
	if m := fromUser.FindStringSubmatch(p.Raw()); m != nil {
		return m[1]
	}
	return ""
}

// OfferOver: the journal says that the agent's offer was closed without answer. A
// phone that is not registered sees nothing of it.
func OfferOver(agent string) Expectation {
	return Expectation{"the offer to " + agent + " is over", func(s *Shift, since time.Time) (time.Time, bool) {
		entries, err := s.entries(s.t.Context())
		if err != nil {
			return time.Time{}, false
		}
		for _, e := range entries {
			if e.Event == "closed" && e.Agent == s.who(agent).id && e.At.After(since) {
				return e.At, true
			}
		}
		return time.Time{}, false
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

// Hears: so much of the other's own tone in all, in the latest call of each. A
// lost packet costs 100 ms of it.
func Hears(name, other string) Expectation {
	return Expectation{fmt.Sprintf("%s hears %s for %v", name, other, Talk), func(s *Shift, since time.Time) (time.Time, bool) {
		c := s.who(name).running()
		hz := s.who(other).phone.Hz()
		if c == nil || c.Heard(hz) < Talk {
			return time.Time{}, false
		}
		return time.Now(), true
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
// Looking for it is dear: four times a second, and only in what is new.
func HearsPrompt(caller, prompt string) Expectation {
	var looked, from time.Time
	return Expectation{fmt.Sprintf("%s hears %q", caller, prompt), func(s *Shift, since time.Time) (time.Time, bool) {
		now := time.Now()
		if now.Sub(looked) < 250*time.Millisecond {
			return time.Time{}, false
		}
		found := s.who(caller).call().HeardRecording(s.prompt(prompt), maxTime(since, from))
		// What began in the last two seconds may not have been there in full.
		looked, from = now, now.Add(-2*time.Second)
		for _, at := range found {
			if !at.Before(since) {
				return at, true
			}
		}
		return time.Time{}, false
	}}
}

// busyTone are the two frequencies of Asterisk's (indications.conf, us).
var busyTone = []int{480, 620}

// HearsBusyTone: half a second of it, one burst.
func HearsBusyTone(caller string) Expectation {
	return Expectation{caller + " hears the busy tone", func(s *Shift, _ time.Time) (time.Time, bool) {
		c := s.who(caller).call()
		c.Watch(busyTone...)
		for _, h := range c.Stretches() {
			if h.Kind == sim.Tone && h.Hz == busyTone[0] && h.For() >= 300*time.Millisecond && c.Heard(busyTone[1]) >= 300*time.Millisecond {
				return h.From, true
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

// ModeIs: the agent's record says so.
func ModeIs(agent string, mode queue.Mode) Expectation {
	return Expectation{fmt.Sprintf("%s is %s", agent, mode), func(s *Shift, _ time.Time) (time.Time, bool) {
		a, err := s.desk.tenant.pool.Agent(s.t.Context(), s.who(agent).id)
		return a.Since, err == nil && a.Mode == mode
	}}
}

// silence is the longest one that a caller heard, from the queue's answer on.
func (s *Shift) silence(caller string) time.Duration {
	c := s.who(caller).call()
	e, _ := c.First(sim.EvAnswered)
	return c.LongestSilence(e.At)
}

// outcomes counts those of the test's queue in the journal.
func (s *Shift) outcomes() map[string]int {
	s.t.Helper()
	entries, err := s.entries(s.t.Context())
	if err != nil {
		s.t.Fatalf("read the journal: %v", err)
	}
	count, ours := map[string]int{}, map[string]bool{}
	for _, e := range entries {
		if e.Event == "entered" && e.Queue == s.desk.queue {
			ours[e.Contact] = true
		}
		if e.Event == "ended" && ours[e.Contact] {
			count[e.Outcome]++
		}
	}
	return count
}
