//go:build stack

package test

import (
	"testing"
	"time"
)

// The time is over: the apology, then the dialplan goes on with
// HOLDLINE_STATUS=TIMEOUT, for which alone it has the busy tone and nothing
// spoken; every other status leads to another prompt or to none.
func TestTimeout(t *testing.T) {
	const timeout = 3 * time.Second
	s := NewShift(t, Queue{"timeout": 3, "announce": 0})
	s.Do(CallerArrives("alice"))
	arrived := s.Last()
	s.Within(1500*time.Millisecond, HearsMusic("alice"))
	at := timeout
	for _, prompt := range []string{"sorry", "tt-allbusy", "please-try-call-later"} {
		s.From(arrived).Between(at-100*time.Millisecond, at+1500*time.Millisecond, HearsPrompt("alice", prompt))
		at += s.length(prompt)
	}
	s.From(arrived).Within(at+2*time.Second, HearsBusyTone("alice"))
	s.From(arrived).Within(at+6*time.Second, Ends("alice"))
	s.Measure("longest silence that alice heard", s.silence("alice"), 2*time.Second)
	s.Check(s.outcomes()["timed_out"] == 1, "the journal has one contact that timed out: %v", s.outcomes())
}
