//go:build stack

package test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"holdline/sim"
)

// Twelve calls on four idle agents: each goes to the one who has been available
// longest, which after each round is the order in which they logged in.
func TestTwelveCallsOnFourIdleAgents(t *testing.T) {
	s := NewShift(t, Queue{"wrap_up": 0})
	agents := []string{"ann", "ben", "cleo", "dan"}
	s.Staff(agents...)
	s.Do(AllLoggedIn(agents...))
	var order []string
	for i := range 12 {
		caller := fmt.Sprintf("caller%02d", i)
		s.Do(CallerArrives(caller))
		s.Within(time.Second, AnyRings(agents...))
		for _, a := range agents {
			if offers := s.offers(a); len(offers) > 0 && offers[len(offers)-1].At.After(s.Last()) {
				order = append(order, a)
			}
		}
		s.Within(4*time.Second, Hears(caller, agents[i%4]))
		s.Do(HangsUp(caller))
		s.Within(time.Second, Ends(agents[i%4]))
	}
	s.Check(slices.Equal(order, slices.Repeat(agents, 3)), "the order of the agents is that of their availability: %v", order)
}

// Twelve callers and four agents: who came first is served first, seen at the
// phones while the agents come free one by one, and by the journal while they come
// free all at once (offers decided in one instant race on the wire).
func TestTwelveCallersAreServedInOrder(t *testing.T) {
	s := NewShift(t, Queue{"wrap_up": 0, "announce": 0})
	agents := []string{"ann", "ben", "cleo", "dan"}
	s.Staff(agents...)
	callers, more := names("caller", 0, 12), names("late", 0, 12)
	s.Do(CallersArrive(callers...))
	s.inTurn(agents, callers)

	s.Do(CallersArrive(more...))
	for _, a := range agents {
		s.Do(Behaves(a, "talks for a third of a second", sim.Answer(0).HangUpAfter(time.Second/3)))
	}
	s.Do(HangsUp("ann"), HangsUp("ben"), HangsUp("cleo"), HangsUp("dan"))
	s.Within(15*time.Second, Served(more...))
	decided := s.decided()
	s.Check(slices.Equal(decided, append(callers, more...)), "all were decided in the order of the arrivals: %v", decided)
}
