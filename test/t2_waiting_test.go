//go:build stack

package test

import (
	"fmt"
	"testing"
	"time"
)

// Nobody is available: callers hear music at once, are told their place at the
// asked interval and when it improves, and are never left in silence. An agent
// logs in by feature code and is ringing within half a second.
func TestWaiting(t *testing.T) {
	const (
		first    = 2 * time.Second
		interval = 10 * time.Second
		slack    = 500 * time.Millisecond
		quiet    = 2 * time.Second
		// What was heard is timed by the packets' arrival and the tape's frames.
		hearing = 100 * time.Millisecond
	)
	s := NewShift(t, Queue{"announce": 10, "announce_first": 2, "announce_min": 2, "wrap_up": 1})
	s.Staff("ann")

	s.Do(CallerArrives("alice"))
	alice := s.Last()
	s.Within(time.Second, QueueAnswers("alice"))
	s.Within(1500*time.Millisecond, HearsMusic("alice"))
	s.Between(first-hearing, first+slack, HearsPrompt("alice", "queue-youarenext"))

	s.At(alice.Sub(s.start)+5*time.Second, CallerArrives("bob"))
	bob := s.Last()
	s.Within(1500*time.Millisecond, HearsMusic("bob"))
	said := first
	s.From(bob).Between(said-hearing, said+slack, HearsPrompt("bob", "queue-thereare"))
	said += s.length("queue-thereare")
	s.From(bob).Between(said-hearing, said+3*slack, HearsPrompt("bob", "digits/2"))
	said += s.length("digits/2")
	s.From(bob).Between(said-hearing, said+3*slack, HearsPrompt("bob", "queue-callswaiting"))
	said += s.length("queue-callswaiting")

	// Again after the interval, counted from the first announcement, and music
	// after every announcement.
	s.From(alice.Add(first+slack)).Between(interval-2*slack, interval+slack, HearsPrompt("alice", "queue-youarenext"))
	s.From(bob.Add(said+3*slack)).Within(quiet, HearsMusic("bob"))

	// The place improves: bob is told, though no interval is over.
	s.Do(HangsUp("alice"))
	s.Within(3*time.Second, HearsPrompt("bob", "queue-youarenext"))

	s.Do(LogsIn("ann"))
	s.Within(500*time.Millisecond, RingsWith("ann", "bob"))
	s.Within(5*time.Second, Hears("bob", "ann"), Hears("ann", "bob"))
	for _, name := range []string{"alice", "bob"} {
		s.Measure(fmt.Sprintf("longest silence that %s heard", name), s.silence(name), quiet)
	}
}
