//go:build stack

package test

import (
	"testing"
	"time"

	"holdline/sim"
)

// Twenty wait, ten talk, five phones ring, and each process in turn is killed. A
// killed part stays dead until the crowd has gone on without it.
func TestEachProcessIsKilled(t *testing.T) {
	s := NewShift(t, crowdQueue)
	c := gather(s)
	for _, part := range []struct {
		service string
		bound   time.Duration
	}{
		{"callmanager", time.Second},
		{"stasis", 3 * time.Second},
		{"channelapi", time.Second},
		{"haproxy", 2 * time.Second},
	} {
		for _, replica := range s.stack.replicas(t, part.service) {
			s.mend(replica)
			c.goesOn(Kills(replica), part.bound+usual)
			s.Do(Starts(replica))
		}
	}
	for name, proxy := range map[string]string{"kamailio-1": kamailio1, "kamailio-2": kamailio2} {
		replica := s.stack.replicas(t, name)[0]
		s.mend(replica)
		c.mixed()
		c.away = proxy
		c.goesOn(Kills(replica), 2*time.Second+usual)
		c.comesBack(Starts(replica))
	}
	c.goHome()
}

// comesBack: what went through the Kamailio that was away is made up for once it is
// back. A talk that one side ended is over for the other, too, and a phone that was
// picked up talks: SIP itself says both again, at the latest every four seconds
// (RFC 3261, T2).
func (c *crowd) comesBack(back Action) {
	c.t.Helper()
	const again = 4*time.Second + usual
	ends, answers := c.behind(c.talking), c.behind(c.ringing)
	if answers.agent != "" {
		c.Do(PicksUp(answers.agent))
	}
	if ends.agent != "" {
		c.Do(Behaves(ends.agent, "lets it ring", sim.NeverAnswer()), PutsDown(ends.agent))
	}
	c.Do(back)
	c.away = ""
	if answers.agent != "" {
		c.Within(again, BeginsToHear(answers.caller, answers.agent), BeginsToHear(answers.agent, answers.caller))
		c.talking, c.ringing = append(c.talking, answers), without(c.ringing, answers)
	}
	if ends.agent != "" {
		first := c.waiting[0]
		c.Within(again, Ends(ends.caller), RingsWith(ends.agent, first))
		c.waiting, c.talking = c.waiting[1:], without(c.talking, ends)
		c.ringing = append(c.ringing, pair{ends.agent, first})
	}
}

// behind is a pair whose agent is reached through the Kamailio that is away, if
// there is one.
func (c *crowd) behind(pairs []pair) pair {
	for _, p := range pairs {
		if c.routeOf(p) == c.away {
			return p
		}
	}
	return pair{}
}

// mixed lets people come and go until phones ring through both Kamailios.
func (c *crowd) mixed() {
	c.t.Helper()
	for range 10 {
		through := map[string]bool{}
		for _, p := range c.ringing {
			through[c.routeOf(p)] = true
		}
		if len(through) == 2 {
			return
		}
		c.turnOver(time.Now(), time.Second+usual)
	}
	c.t.Fatal("agents are rung through one Kamailio only")
}

// usual is what each step takes without a fault, on a busy machine: to be offered,
// bridged or answered.
const usual = 300 * time.Millisecond
