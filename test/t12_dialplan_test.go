//go:build stack

package test

import (
	"testing"
	"time"

	"holdline/queue"
	"holdline/sim"
)

// Connect mode dialplan, as in the talk: the caller goes on in the dialplan, which
// dials the agent, and comes back if the agent does not answer.
var dialplanQueue = Queue{"connect": "dialplan", "announce": 0, "wrap_up": 1, "ring_time": 2, "max_misses": 3}

// The agent answers in the dialplan; a hang-up from either side ends both, and the
// agent is called again after wrap-up.
func TestDialplanAnswered(t *testing.T) {
	s := NewShift(t, dialplanQueue)
	s.Staff("ann")
	s.Do(AllLoggedIn("ann"))
	const wrapUp = time.Second
	hungUp := time.Now().Add(-wrapUp)
	for _, side := range []string{"alice", "ann"} {
		s.Do(CallerArrives("alice"))
		s.From(maxTime(s.Last(), hungUp.Add(wrapUp))).Within(2*time.Second, RingsWith("ann", "alice"))
		s.Within(5*time.Second, Hears("alice", "ann"), Hears("ann", "alice"))
		s.Check(s.channelOf("alice").State == queue.Connected, "the contact is connected")
		s.Do(HangsUp(side))
		hungUp = s.Last()
		s.Within(500*time.Millisecond, Ends("alice"), Ends("ann"))
	}
	s.noneReserved("ann")
	s.Check(s.outcomes()["answered"] == 2, "the journal has two contacts answered: %v", s.outcomes())
}

// Busy, rejected, no answer, not registered: the caller keeps the place and the
// music, and another agent rings.
func TestDialplanMissed(t *testing.T) {
	for _, m := range misses("ann") {
		t.Run(m.name, func(t *testing.T) {
			s := NewShift(t, dialplanQueue)
			s.Staff("ann", "ben")
			s.Do(AllLoggedIn("ann", "ben"))
			s.Do(m.do)
			s.Do(CallerArrives("alice"))
			arrived := s.Last()
			if m.rings {
				s.Within(2*time.Second, Rings("ann"))
				s.From(s.offers("ann")[0].At)
			}
			s.Between(m.earliest, m.latest+time.Second, RingsWith("ben", "alice"))
			s.Within(m.latest+5*time.Second, Hears("alice", "ben"), Hears("ben", "alice"))
			s.From(arrived).Measure("longest silence that alice heard", s.silence("alice"), 2*time.Second)
			s.Do(HangsUp("alice"))
			s.Within(time.Second, Ends("alice"), Ends("ben"))
			s.noneReserved("ann", "ben")
		})
	}
}

// The caller gives up while the dialplan rings the agent: the phone stops, and the
// agent is free for the next caller.
func TestDialplanCallerGone(t *testing.T) {
	s := NewShift(t, dialplanQueue)
	s.Staff("ann")
	s.Do(AllLoggedIn("ann"), Behaves("ann", "lets it ring", sim.NeverAnswer()))
	s.Do(CallersArrive("alice"))
	s.Within(2*time.Second, RingsWith("ann", "alice"))
	s.Do(HangsUp("alice"))
	s.Within(500*time.Millisecond, Ends("alice"), StopsRinging("ann"))
	s.noneReserved("ann")
	s.Do(Behaves("ann", "answers", sim.Answer(0)))
	s.Do(CallerArrives("bob"))
	s.Within(2*time.Second, RingsWith("ann", "bob"))
	s.Within(6*time.Second, Hears("bob", "ann"), Hears("ann", "bob"))
}

// noneReserved: no agent is left with an offer or a call of somebody who has gone.
func (s *Shift) noneReserved(agents ...string) {
	s.t.Helper()
	s.From(time.Now())
	for _, name := range agents {
		s.Within(2*time.Second, Expectation{name + " is not reserved", func(s *Shift, _ time.Time) (time.Time, bool) {
			a, err := s.desk.tenant.pool.Agent(s.t.Context(), s.who(name).id)
			return time.Now(), err == nil && a.Offer == "" && len(a.Calls) == 0
		}})
	}
}
