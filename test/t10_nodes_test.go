//go:build stack

package test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"holdline/sim"
)

// Twelve callers, alternately on two nodes, and one agent: first come, first
// served, exactly.
func TestTwelveCallersOnTwoNodes(t *testing.T) {
	s := NewShift(t, Queue{"wrap_up": 0, "announce": 0})
	s.Staff("ann")
	callers := names("caller", 0, 12)
	s.Do(CallersArrive(callers...))
	at := make([]string, len(callers))
	for i, name := range callers {
		at[i] = s.channelOf(name).Node
	}
	alternate := true
	for i := range at[2:] {
		alternate = alternate && at[i] == at[i+2] && at[i] != at[i+1]
	}
	s.Check(alternate, "they wait alternately on two nodes")
	s.Do(Behaves("ann", "talks for a third of a second", sim.Answer(0).HangUpAfter(time.Second/3)))
	s.Do(LogsIn("ann"))
	s.Within(15*time.Second, Served(callers...))
	served := make([]string, 0, len(callers))
	for _, p := range s.offers("ann") {
		served = append(served, callerOf(p))
	}
	s.Check(slices.Equal(served, callers), "ann's phone rings with them in the order of their arrival: %v", served)
}

// Sixty callers through both Kamailios on three nodes, and eight agents.
func TestSixtyCallersOnThreeNodes(t *testing.T) {
	three(t)
	s := NewShift(t, Queue{"wrap_up": 0, "announce": 0})
	agents, callers := names("agent", 0, 8), names("caller", 0, 60)
	s.Crew(agents...)
	s.Do(CallersAlternate(callers...))
	nodes := map[string]int{}
	for _, name := range callers {
		nodes[s.channelOf(name).Node]++
	}
	s.Check(len(nodes) == 3 && slices.Min(slices.Collect(maps.Values(nodes))) >= 15, "they wait on three nodes: %v", nodes)
	s.inTurn(agents, callers[:24])
	// The rest all at once: offers decided in one instant leave through different
	// nodes and race on the wire, so the journal is judged.
	for _, a := range agents {
		s.Do(Behaves(a, "talks for half a second", sim.Answer(0).HangUpAfter(time.Second/2)))
	}
	for _, a := range agents {
		s.Do(HangsUp(a))
	}
	s.Within(20*time.Second, Served(callers...))
	decided := s.decided()
	s.Check(slices.Equal(decided, callers), "sixty callers were decided in the order of their arrival: %v", decided)

	// The eight are idle now. Each gets one call, and who had the earliest is free
	// longest: the next two rounds must be in the very same order.
	for _, a := range agents {
		s.Do(Behaves(a, "talks for a moment", sim.Answer(0).HangUpAfter(200*time.Millisecond)))
	}
	var rang []string
	for i, name := range names("later", 0, 3*len(agents)) {
		at, err := CallerArrivesAt(name, []string{kamailio1, kamailio2}[i%2]).do(s)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		_, err = s.who(name).call().WaitEnded(ctx)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range agents {
			if _, ok := firstAfter(s.offers(a), at); ok {
				rang = append(rang, a)
			}
		}
	}
	order := rang[:len(agents)]
	s.Check(slices.Equal(slices.Sorted(slices.Values(order)), agents), "each of eight idle agents gets one of eight calls: %v", order)
	s.Check(slices.Equal(rang, slices.Repeat(order, 3)), "sixteen more go to the one who is free longest, exactly: %v", rang[len(agents):])
}

// three runs three nodes until the test ends.
func three(t *testing.T) {
	t.Helper()
	t.Cleanup(func() { fewer(t, 2) })
	if err := theStack.scale("asterisk", 3); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := theStack.nodesKnown(ctx, 3); err != nil {
		t.Fatal(err)
	}
}

// Served: each of the callers was offered, and their call is over.
func Served(callers ...string) Expectation {
	return Expectation{fmt.Sprintf("%d callers are served", len(callers)), func(s *Shift, _ time.Time) (time.Time, bool) {
		var last time.Time
		for _, name := range callers {
			end := s.who(name).call().End()
			if end.At.IsZero() {
				return time.Time{}, false
			}
			last = maxTime(last, end.At)
		}
		return last, true
	}}
}
