//go:build stack

package test

import (
	"context"
	"strings"
	"testing"
	"time"

	"holdline/sim"
)

// A stasis and a callmanager are frozen for thirty seconds, and wake. Others have
// long taken over what they did; what they believed then changes nothing now.
func TestFrozenProcessesWakeAndChangeNothing(t *testing.T) {
	const frozen = 30 * time.Second
	s := NewShift(t, crowdQueue)
	// All nodes are with the stasis that will freeze.
	stasis, callmanager := s.stack.replicas(t, "stasis"), s.stack.replicas(t, "callmanager")
	s.mend(stasis[1])
	s.Do(Kills(stasis[1]), Starts(stasis[1]))
	c := gather(s)

	fell := c.goesOn(Freezes(stasis[0], callmanager[0]), 3*time.Second+usual)
	// Whoever took over serves as ever, as long as it lasts.
	for _, after := range []time.Duration{10 * time.Second, 20 * time.Second} {
		c.At(fell.Add(after).Sub(c.start), Passes())
		now := c.Last()
		c.turnOver(now, time.Second+usual)
		c.unharmed(now)
	}
	c.At(fell.Add(frozen).Sub(c.start), Wakes(stasis[0], callmanager[0]))
	woke := c.Last()
	c.Never(5*time.Second, Expectation{"a call is offered, cancelled or ended", func(s *Shift, since time.Time) (time.Time, bool) {
		return firstAfter(s.floor.Wire().Find(func(p sim.Packet) bool {
			return p.Status == 0 && !p.Again && (p.Method == "BYE" || p.Method == "CANCEL" || p.Method == "INVITE" && p.ToTag == "")
		}), since)
	}})
	c.unharmed(woke)
	c.turnOver(time.Now(), time.Second+usual)
	c.goHome()
}

// Freezes is SIGSTOP to the processes of containers: they hold their connections
// and say nothing.
func Freezes(containers ...string) Action {
	return signals("freeze", "STOP", containers)
}

// Wakes undoes it.
func Wakes(containers ...string) Action {
	return signals("wake", "CONT", containers)
}

func signals(verb, signal string, containers []string) Action {
	return Action{strings.Join(containers, ", ") + " " + verb, func(s *Shift) (time.Time, error) {
		ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
		defer cancel()
		if signal == "STOP" { // a test that fails leaves nobody frozen
			s.t.Cleanup(func() {
				_, _ = docker(context.Background(), append([]string{"kill", "--signal", "CONT"}, containers...)...)
			})
		}
		_, err := docker(ctx, append([]string{"kill", "--signal", signal}, containers...)...)
		return time.Now(), err
	}}
}
