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

// Twelve callers at once on four agents: who came first is served first.
func TestTwelveCallersAreServedInOrder(t *testing.T) {
	s := NewShift(t, Queue{"wrap_up": 0, "announce": 0})
	agents := []string{"ann", "ben", "cleo", "dan"}
	s.Staff(agents...)
	callers := make([]string, 12)
	for i := range callers {
		callers[i] = fmt.Sprintf("caller%02d", i)
	}
	s.Do(CallersArrive(callers...))
	for _, a := range agents {
		s.Do(Behaves(a, "talks for half a second", sim.Answer(0).HangUpAfter(500*time.Millisecond)))
	}
	s.Do(LogsIn("ann"), LogsIn("ben"), LogsIn("cleo"), LogsIn("dan"))
	s.Within(15*time.Second, Expectation{"all twelve callers were offered", func(s *Shift, _ time.Time) (time.Time, bool) {
		offers := s.allOffers(agents)
		if len(offers) < len(callers) {
			return time.Time{}, false
		}
		return offers[len(callers)-1].At, true
	}})
	offers := s.allOffers(agents)
	served := make([]string, len(offers))
	worst := time.Duration(0)
	for i, p := range offers {
		served[i] = callerOf(p)
		for _, later := range offers[i+1:] {
			if callerOf(later) < callerOf(p) {
				worst = max(worst, later.At.Sub(p.At))
			}
		}
	}
	// Offers that are made in one instant leave through different nodes, and race; how
	// far depends on the machine. The order itself is judged below, exactly.
	s.Measure(fmt.Sprintf("how long a caller was offered before one who came earlier: %v", served), worst, 250*time.Millisecond)
	var decided []string
	entries, err := s.entries(t.Context())
	s.Check(err == nil, "the journal can be read: %v", err)
	arrival := map[string]int{}
	for _, e := range entries {
		switch {
		case e.Event == "entered" && e.Queue == s.desk.queue:
			arrival[e.Contact] = len(arrival)
		case e.Event == "offered" && e.Queue == s.desk.queue:
			decided = append(decided, callers[arrival[e.Contact]])
		}
	}
	s.Check(slices.Equal(decided, callers), "they were decided in the order of the arrivals: %v", decided)
}
