//go:build stack

package test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"holdline/sim"
)

// A ring group of three extensions: nobody logs in, all ring, one answers, the
// others stop and are told that the call was answered elsewhere.
func TestRingGroup(t *testing.T) {
	s, group := ringGroup(t)
	for round, answers := range group {
		caller := fmt.Sprintf("caller%02d", round)
		s.Do(CallerArrivesAt(caller, doorOf(round)))
		s.Within(time.Second, ring(round, group...)...)
		s.Do(Answers(answers))
		var others []Expectation
		for _, name := range group {
			if name != answers {
				others = append(others, AnsweredElsewhere(name, round))
			}
		}
		s.Within(500*time.Millisecond, others...)
		s.Within(4*time.Second, Hears(caller, answers), Hears(answers, caller))
		s.Do(HangsUp([]string{caller, answers}[round%2]))
		s.Within(500*time.Millisecond, Ends(caller), Ends(answers))
	}
}

// Two of the group answer in one instant, fifty times from a barrier: one talks,
// and the other hears nothing of the caller.
func TestTwoOfTheGroupAnswerInOneInstant(t *testing.T) {
	const rounds = 50
	s, group := ringGroup(t)
	var worst time.Duration
	wins := map[string]int{}
	for round := range rounds {
		caller := fmt.Sprintf("caller%02d", round)
		if _, err := CallerArrivesAt(caller, doorOf(round)).do(s); err != nil {
			t.Fatal(err)
		}
		s.quietly(time.Second, ring(round, group...)...)
		two := slices.Delete(slices.Clone(group), round%3, round%3+1)
		at := s.together(two)
		var winner string
		s.From(at).quietly(4*time.Second, Expectation{"one talks, the other two are over", func(s *Shift, _ time.Time) (time.Time, bool) {
			over := 0
			for _, name := range group {
				c := s.who(name).phone.Incoming()[round]
				if c.State() == sim.Ended {
					over++
				} else if hears(c, s.who(caller).phone.Hz()) && hears(s.who(caller).call(), s.who(name).phone.Hz()) {
					winner = name
				}
			}
			return time.Now(), over == 2 && winner != ""
		}})
		wins[winner]++
		for _, name := range group {
			c := s.who(name).phone.Incoming()[round]
			if name == winner {
				begins, _ := c.First(sim.EvHeardTone)
				worst = max(worst, begins.At.Sub(at))
				continue
			}
			if heard := c.Heard(s.who(caller).phone.Hz()); heard > 0 {
				s.Check(false, "round %d: %s heard %s for %v, who talks to %s", round, name, caller, heard, winner)
			}
			if end := c.End(); !slices.Contains(two, name) && !elsewhere(end) {
				s.Check(false, "round %d: %s is not told that the call was answered elsewhere: %q", round, name, end.Reason)
			}
		}
		if _, err := HangsUp(caller).do(s); err != nil {
			t.Fatal(err)
		}
		s.quietly(time.Second, Ends(caller), Ends(winner))
	}
	s.Check(true, "%d times exactly one was connected, and the other heard no half call: %v", rounds, wins)
	s.Measure("from the barrier to hearing each other, at worst", worst, time.Second)
}

// hears: a third of a second of the tone is enough to know who is connected.
func hears(c *sim.Call, hz int) bool { return c.Heard(hz) >= time.Second/3 }

// ringGroup is a queue whose three members are extensions that are always in.
func ringGroup(t *testing.T) (*Shift, []string) {
	s := NewShift(t, Queue{"ring_group": 1, "announce": 0, "wrap_up": 0, "ring_time": 30})
	group := []string{"desk", "kitchen", "office"}
	for i, name := range group {
		s.extension(name, []string{kamailio1, kamailio2, kamailio1}[i])
	}
	return s, group
}

// extension is a member of a ring group: an agent who never logs in.
func (s *Shift) extension(name, proxy string) {
	s.t.Helper()
	id := s.desk.exten + "-" + name
	s.desk.agents = append(s.desk.agents, id)
	s.desk.insert(s.t, "agents", map[string]any{"pool": poolName, "id": id, "always_in": 1, "sip_password": passwordOf(id)})
	s.desk.insert(s.t, "queue_members", map[string]any{"pool": poolName, "queue": s.desk.queue, "agent": id})
	s.enter(name, id, proxy)
	s.who(name).phone.OnCall(sim.NeverAnswer())
}

// together answers several phones from a barrier.
func (s *Shift) together(names []string) time.Time {
	s.t.Helper()
	start := make(chan struct{})
	var wait sync.WaitGroup
	for _, name := range names {
		c := s.who(name).running()
		wait.Go(func() {
			<-start
			_ = c.Answer(s.t.Context()) // the loser is told so by a CANCEL or a BYE
		})
	}
	at := time.Now()
	close(start)
	s.t.Cleanup(wait.Wait)
	return at
}
