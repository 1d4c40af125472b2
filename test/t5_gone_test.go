//go:build stack

package test

import (
	"testing"
	"time"

	"holdline/sim"
)

// The caller gives up while waiting: no agent is called for nobody, and the next
// caller is first.
func TestCallerLeavesWhileWaiting(t *testing.T) {
	s := NewShift(t, Queue{"announce": 0})
	s.Staff("ann")
	s.Do(CallersArrive("alice", "bob"))
	s.Do(HangsUp("alice"))
	s.Within(500*time.Millisecond, Ends("alice"))
	s.Do(LogsIn("ann"))
	s.Within(500*time.Millisecond, RingsWith("ann", "bob"))
	s.Within(4*time.Second, Hears("bob", "ann"), Hears("ann", "bob"))
	s.Check(len(s.offers("ann")) == 1, "ann's phone rang once: %d", len(s.offers("ann")))
}

// The caller gives up while a phone rings: it stops within 300 ms, and the agent,
// who did nothing, is still the one who has been available longest.
func TestCallerLeavesWhileThePhoneRings(t *testing.T) {
	s := NewShift(t, Queue{"announce": 0})
	s.Staff("ann", "ben")
	s.Do(AllLoggedIn("ann", "ben"))
	s.Do(Behaves("ann", "lets it ring", sim.NeverAnswer()))
	for range 3 {
		s.Do(CallerArrives("alice"))
		s.Within(time.Second, RingsWith("ann", "alice"))
		s.Do(HangsUp("alice"))
		s.Within(300*time.Millisecond, StopsRinging("ann"))
		s.Within(500*time.Millisecond, Ends("alice"))
	}
	s.Do(Behaves("ann", "answers", sim.Answer(0)))
	s.Do(CallerArrives("bob"))
	s.Within(time.Second, RingsWith("ann", "bob"))
	s.Within(4*time.Second, Hears("bob", "ann"), Hears("ann", "bob"))
	s.Check(len(s.offers("ben")) == 0, "ben's phone never rang: %d", len(s.offers("ben")))
}

// Ten callers give up at once while a phone rings for each, and ten more wait: each
// phone stops, and only then rings with one of the next (finish looks at every phone).
func TestCallersLeaveAtOnceWhilePhonesRing(t *testing.T) {
	s := NewShift(t, Queue{"announce": 0})
	agents, callers := names("agent", 0, 10), names("caller", 0, 10)
	s.Crew(agents...)
	s.Do(Musters(agents...))
	var rings, ends []Expectation
	var down []Action
	for i, agent := range agents {
		s.Do(Behaves(agent, "lets it ring", sim.NeverAnswer()))
		rings, ends, down = append(rings, Rings(agent)), append(ends, Ends(callers[i])), append(down, PutsDown(callers[i]))
	}
	at := time.Now()
	s.Do(CallersAlternate(callers...))
	s.From(at).Within(5*time.Second, rings...)
	s.Do(CallersAlternate(names("late", 0, 10)...))
	at = time.Now()
	s.Do(down...)
	s.From(at).Within(2*time.Second, append(rings, ends...)...)
}
