//go:build stack

package test

import (
	"testing"
	"time"

	"holdline/queue"
	"holdline/sim"
)

const ringTime = 2 * time.Second

// miss is a way not to answer.
type miss struct {
	name string
	do   Action
	// over is when the other agent rings, after the first one did (or the caller
	// came, if the first one's phone is not there).
	earliest, latest time.Duration
	rings            bool
}

func misses(agent string) []miss {
	const soon = 500 * time.Millisecond
	return []miss{
		{"no answer", Behaves(agent, "does not answer", sim.NeverAnswer()), ringTime - 100*time.Millisecond, ringTime + soon, true},
		{"busy", Behaves(agent, "is busy", sim.Busy()), 0, soon, true},
		{"reject", Behaves(agent, "rejects", sim.Reject(603, 100*time.Millisecond)), 0, soon, true},
		{"unregistered", Unregisters(agent), 0, soon, false},
	}
}

// The agent who would be first does not take the call: the next one rings, and
// they talk.
func TestAnotherAgentRings(t *testing.T) {
	for _, m := range misses("ann") {
		t.Run(m.name, func(t *testing.T) {
			s := NewShift(t, Queue{"ring_time": 2, "max_misses": 3})
			s.Staff("ann", "ben")
			s.Do(AllLoggedIn("ann", "ben"))
			s.Do(m.do)
			s.Do(CallerArrives("alice"))
			if m.rings {
				s.Within(time.Second, Rings("ann"))
				s.From(s.offers("ann")[0].At)
			}
			s.Between(m.earliest, m.latest, RingsWith("ben", "alice"))
			s.Within(m.latest+4*time.Second, Hears("alice", "ben"), Hears("ben", "alice"))
			s.Measure("longest silence that alice heard", s.silence("alice"), 2*time.Second)
		})
	}
}

// The first agent misses the first caller while a second one waits behind: the
// next agent to come is offered the first caller, who kept the place.
func TestCallerKeepsThePlace(t *testing.T) {
	for _, m := range misses("ann") {
		t.Run(m.name, func(t *testing.T) {
			s := NewShift(t, Queue{"ring_time": 2, "max_misses": 1, "retry": 60, "announce": 0})
			s.Staff("ann", "ben")
			s.Do(CallersArrive("alice", "bob"))
			s.Do(m.do, LogsIn("ann"))
			s.Within(m.latest+time.Second, OfferOver("ann"))
			if m.rings {
				first := s.offers("ann")[0]
				s.Check(callerOf(first) == "alice", "ann is offered alice first, not %s", callerOf(first))
			}
			s.Do(LogsIn("ben"))
			s.Within(500*time.Millisecond, RingsWith("ben", "alice"))
			s.Within(4*time.Second, Hears("alice", "ben"), Hears("ben", "alice"))
		})
	}
}

// After as many misses as the queue says, the agent is not called any more, until
// they un-pause.
func TestNotRespondingAfterTheConfiguredMisses(t *testing.T) {
	s := NewShift(t, Queue{"ring_time": 1, "max_misses": 2, "retry": 1, "announce": 0})
	s.Staff("ann")
	s.Do(AllLoggedIn("ann"), Behaves("ann", "does not answer", sim.NeverAnswer()))
	s.Do(CallerArrives("alice"))
	s.Within(time.Second, Rings("ann"))
	s.Within(2*time.Second, StopsRinging("ann"))
	s.Within(5*time.Second, Expectation{"ann's phone rings a second time", func(s *Shift, _ time.Time) (time.Time, bool) {
		if o := s.offers("ann"); len(o) > 1 {
			return o[1].At, true
		}
		return time.Time{}, false
	}})
	s.From(s.offers("ann")[1].At).Within(2*time.Second, StopsRinging("ann"), ModeIs("ann", queue.NotResponding))
	s.From(time.Now()).Never(4*time.Second, Rings("ann"))
	s.Do(Behaves("ann", "answers", sim.Answer(0)), Unpauses("ann"))
	s.Within(500*time.Millisecond, RingsWith("ann", "alice"))
	s.Within(4*time.Second, Hears("alice", "ann"), Hears("ann", "alice"))
}
