//go:build stack

package test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdline/queue"
	"holdline/sim"
)

// An Asterisk is killed: the calls on it end, and no other. Within five seconds
// their contacts have ended as lost with their node, and its agents ring with the
// next who wait. Who redials is next where they were.
func TestAsteriskIsKilled(t *testing.T) {
	s := NewShift(t, crowdQueue)
	c := gather(s)
	on := map[string]string{} // caller -> node
	for _, k := range s.contacts() {
		on[k.CallerNumber] = k.Node
	}
	node := on[c.waiting[0]]
	container := containerOf(t, node)
	s.mend(container)
	dead := func(p pair) bool { return on[p.caller] == node }
	var gone, redial, stay []string
	var freed []string
	for _, p := range append(slices.Clone(c.talking), c.ringing...) {
		if dead(p) {
			gone, freed = append(gone, p.caller), append(freed, p.agent)
			s.Do(Behaves(p.agent, "lets it ring", sim.NeverAnswer()))
		}
	}
	for _, name := range c.waiting {
		if on[name] == node {
			redial = append(redial, name)
		} else {
			stay = append(stay, name)
		}
	}
	s.Check(len(freed) >= 3 && len(redial) >= 5 && len(stay) > len(freed), "on the node are %d pairs and %d who wait; %d wait elsewhere", len(freed), len(redial), len(stay))
	arrived := c.waiting
	c.talking, c.ringing = slices.DeleteFunc(c.talking, dead), slices.DeleteFunc(c.ringing, dead)
	c.waiting = stay

	s.Do(Kills(container))
	fell := s.Last()
	for _, name := range slices.Concat(gone, redial, freed) { // who hears nothing any more puts down
		s.Do(PutsDown(name))
	}
	ring := []Expectation{LostWithNode(len(gone) + len(redial))}
	for _, agent := range freed {
		ring = append(ring, Rings(agent))
	}
	s.From(fell).Within(5*time.Second, ring...)
	first := stay[:len(freed)]
	for _, agent := range freed {
		offers := s.offers(agent)
		c.ringing = append(c.ringing, pair{agent, callerOf(offers[len(offers)-1])})
	}
	c.waiting = stay[len(freed):]
	c.unharmed(fell)

	// They redial, the last one first, while the node is still dead.
	slices.Reverse(redial)
	s.Do(CallersAlternate(redial...))
	for _, name := range arrived[:] {
		if !slices.Contains(first, name) && !slices.Contains(c.waiting, name) {
			c.waiting = append(c.waiting, name)
		}
	}
	slices.Sort(c.waiting) // by arrival: so they are named
	c.order = slices.Concat(names3(crowdTalks+crowdRings), first, c.waiting)
	c.goHome()
}

// names3 are the first callers of a crowd.
func names3(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("caller%03d", i))
	}
	return all
}

// contacts are those of the test's queue.
func (s *Shift) contacts() []queue.Contact {
	s.t.Helper()
	all, err := s.desk.tenant.pool.Contacts(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(c queue.Contact) bool { return c.Queue != s.desk.queue })
}

// LostWithNode: so many contacts have ended so. The moment is that of the last.
func LostWithNode(n int) Expectation {
	return Expectation{fmt.Sprintf("%d contacts have ended as lost with their node", n), func(s *Shift, _ time.Time) (last time.Time, ok bool) {
		entries, err := s.entries(s.t.Context())
		count := 0
		for _, e := range entries {
			if e.Event == "ended" && e.Outcome == queue.OutcomeLostWithNode {
				count++
				last = e.At
			}
		}
		return last, err == nil && count == n
	}}
}

// containerOf is the container of a node, whose name ends with the container's id.
func containerOf(t *testing.T, node string) string {
	t.Helper()
	name, err := docker(t.Context(), "inspect", "--format", "{{.Name}}", strings.TrimPrefix(node, "ast-"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(name, "/")
}
