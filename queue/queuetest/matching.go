package queuetest

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"holdline/queue"
)

var matchingTests = []shiftTest{
	{"the longest available agent rings first, twelve calls on four agents", func(s *shift) {
		s.login("203", "201", "204", "202")
		for i := range 12 {
			s.calls("c" + strconv.Itoa(i))
		}
		offers := s.rings("c0 203", "c1 201", "c2 204", "c3 202")
		for round := range 2 {
			// They end in another order than they began: the order of the ends is the order of the rings.
			order := []int{2, 0, 3, 1}
			for _, i := range order {
				s.answers(offers[i])
				s.legEnds(offers[i], 16)
			}
			var want []string
			for n, i := range order {
				want = append(want, "c"+strconv.Itoa(4*(round+1)+n)+" "+offers[i].Agent)
			}
			offers = s.rings(want...)
		}
	}},
	{"who comes first is served first, whoever's work is done first", func(s *shift) {
		a := s.calls("a")
		s.calls("b")
		s.login("201")
		s.login("202")
		s.makes(queue.Subject{Agent: "202"}, "a 201", "b 202")
		equal(s, "state", s.contact(a.ID).State, queue.Offered)
		s.rings()
	}},
	{"the work of one need does not overtake another that the agent serves", func(s *shift) {
		s.addSales("201")
		s.enters(queue.Arrival{Channel: "a", Queue: "sales"})
		s.calls("b")
		s.login("201")
		s.makes(queue.Subject{Line: s.line("support", "any")}, "a 201")
	}},
	{"an agent's work gives the turn to one who was there before, with all they serve", func(s *shift) {
		s.addSales("201")
		s.enters(queue.Arrival{Channel: "z", Queue: "sales"})
		s.calls("a")
		s.login("201", "202")
		s.makes(queue.Subject{Agent: "202"}, "z 201", "a 202")
	}},
	{"across queues the longest waiting contact comes first", func(s *shift) {
		s.addSales("201")
		s.enters(queue.Arrival{Channel: "a", Queue: "sales"})
		s.calls("b")
		s.login("201")
		s.ring("a 201")
	}},
	{"an agent without a place is not asked", func(s *shift) {
		s.addSales("202")
		s.login("201", "202")
		s.enters(queue.Arrival{Channel: "a", Queue: "sales"})
		s.ring("a 202")
	}},
	{"a lower tier is asked before one that is available longer", func(s *shift) {
		s.change(func(d *queue.Projection) { d.Agents[0].Places[0].Tier = 1 })
		s.login("201", "202")
		s.calls("a")
		s.calls("b")
		s.rings("a 202", "b 201")
	}},
	{"a step admits more agents as time passes, and the caller keeps the place", func(s *shift) {
		s.change(func(d *queue.Projection) {
			d.Needs[0].Steps = []queue.StepSpec{{}, {After: 200 * time.Millisecond, MaxTier: 9}}
			d.Agents[1].Places[0].Step = 1
		})
		s.login("202")
		s.calls("a")
		s.rings()
		s.fires("step")
		s.ring("a 202")
		s.login("201")
		s.calls("b")
		s.ring("b 201")
	}},
	{"an arrival that has waited already enters at the step of its wait", func(s *shift) {
		s.change(func(d *queue.Projection) {
			d.Needs[0].Steps = []queue.StepSpec{{}, {After: 10 * time.Second}, {After: time.Hour}}
			d.Agents[1].Places[0].Step = 1
		})
		s.login("202", "201")
		c := s.calls("now")
		equal(s, "step", c.Step, 0)
		c = s.enters(queue.Arrival{Channel: "long ago", At: c.Arrived.Add(-time.Minute)})
		equal(s, "step", c.Step, 1)
		s.rings("long ago 202", "now 201")
	}},
	{"within a tier the score decides across the steps that admit", func(s *shift) {
		s.change(func(d *queue.Projection) {
			d.Needs[0].Steps = []queue.StepSpec{{}, {After: time.Second}}
			d.Agents[0].Places[0].Step = 1
		})
		s.login("201", "202") // 201 is available longer, and admitted at the second step
		c := s.calls("young")
		s.enters(queue.Arrival{Channel: "old", At: c.Arrived.Add(-time.Minute)})
		s.rings("old 201", "young 202")
	}},
	{"the same work done twice makes the same offers", func(s *shift) {
		s.login("201", "202")
		s.calls("a")
		work, err := s.pool.Take(s.ctx, "cm-1", 0, 10)
		s.ok(err)
		equal(s, "work", len(work), 1)
		subject := queue.Subject{Line: work[0].Line}
		first, err := s.pool.Match(s.ctx, work[0].ID, subject)
		s.ok(err)
		s.calls("b")
		again, err := s.pool.Match(s.ctx, work[0].ID, subject)
		s.ok(err)
		equal(s, "offers", len(again), 1)
		equal(s, "offer", again[0].ID, first[0].ID)
		s.answers(first[0])
		again, err = s.pool.Match(s.ctx, work[0].ID, subject)
		s.ok(err)
		equal(s, "offers once answered", len(again), 0)
		s.done(work[0].ID)
		again, err = s.pool.Match(s.ctx, work[0].ID, subject)
		s.ok(err)
		equal(s, "offers once done", len(again), 0)
		s.rings("b 202")
	}},
	{"more pairs than one script makes go on in a further entry", func(s *shift) {
		n := 2*queue.MatchesPerRun + 3
		s.change(func(d *queue.Projection) {
			for i := range n {
				d.Agents = append(d.Agents, queue.AgentSpec{ID: "x" + strconv.Itoa(i), Places: []queue.Place{{Need: 1}}})
			}
		})
		for i := range n {
			s.calls("c" + strconv.Itoa(i))
		}
		for i := range n {
			s.login("x" + strconv.Itoa(i))
		}
		// All but one of the login's entries are lost: one is enough.
		work, err := s.pool.Take(s.ctx, "cm-1", 0, 1000)
		s.ok(err)
		for _, w := range work[1:] {
			s.done(w.ID)
		}
		_, err = s.pool.Match(s.ctx, "", queue.Subject{Line: s.line("support", "any")})
		s.ok(err)
		s.manage()
		offers, err := s.pool.Offers(s.ctx)
		s.ok(err)
		equal(s, "offers", len(offers), n)
		for i, o := range offers {
			equal(s, "offer "+strconv.Itoa(i), o.Channel+" "+o.Agent, "c"+strconv.Itoa(i)+" x"+strconv.Itoa(i))
			if i > 0 && o.Fence <= offers[i-1].Fence {
				s.t.Fatalf("fence %d after %d", o.Fence, offers[i-1].Fence)
			}
		}
	}},
	{"a stale index gives a miss, never a wrong offer", func(s *shift) {
		s.login("201")
		key, line := "{"+s.pool.Name()+"}:", s.line("support", "any")
		s.ok(s.rdb.ZAdd(s.ctx, key+"available",
			member(line+"|00|00|00000000000000000001|202"),  // logged out
			member(line+"|00|00|00000000000000000001|201"),  // another score
			member(line+"|00|00|00000000000000000001|999"),  // nobody
			member(line+"|00|05|00000000000000000001|201")). // another tier
			Err())
		nobody := "000000000000000001|" + queue.NewContactID()
		s.ok(s.rdb.ZAdd(s.ctx, key+"waiting", member(line+"|00|"+nobody)).Err())
		s.ok(s.rdb.HSet(s.ctx, key+"heads", line+"|00", nobody).Err())
		s.calls("a")
		s.ring("a 201")
		s.ok(s.rdb.ZRem(s.ctx, key+"available", line+"|00|05|00000000000000000001|201").Err())
	}},
	{"what was true of the index and is no more makes no offer", func(s *shift) {
		key := "{" + s.pool.Name() + "}:"
		keep := func(index string) []redis.Z {
			was, err := s.rdb.ZRangeWithScores(s.ctx, key+index, 0, -1).Result()
			s.ok(err)
			return was
		}
		s.login("201")
		was := keep("available")
		s.mode("201", queue.Paused)
		s.ok(s.rdb.ZAdd(s.ctx, key+"available", was...).Err())
		s.calls("a")
		s.rings()
		was = keep("waiting")
		s.login("201", "202")
		o := s.ring("a 201")
		s.ok(s.rdb.ZAdd(s.ctx, key+"waiting", was...).Err())
		s.ok(s.rdb.HSet(s.ctx, key+"heads", was[0].Member.(string)[:12], was[0].Member.(string)[13:]).Err())
		s.makes(queue.Subject{Agent: "202"})
		s.answers(o)
	}},
	{"an agent of capacity two takes two, one offer at a time, most free first", func(s *shift) {
		s.change(func(d *queue.Projection) { d.Agents[0].Capacity = voice(2) })
		s.login("201", "202")
		s.calls("a")
		o := s.ring("a 201")
		s.calls("b")
		s.ring("b 202")
		s.calls("c")
		s.rings() // 201 has an open offer, 202 is full
		s.answers(o)
		o = s.ring("c 201")
		s.answers(o)
		s.calls("d")
		s.rings()
		s.legEnds(o, 16)
		s.ring("d 201")
	}},
	{"above a capacity of one each assignment starts availability anew", func(s *shift) {
		s.change(func(d *queue.Projection) { d.Agents[0].Capacity, d.Agents[1].Capacity = voice(3), voice(3) })
		s.login("201", "202")
		for i, want := range []string{"201", "202", "201", "202", "201", "202"} {
			channel := "c" + strconv.Itoa(i)
			s.calls(channel)
			s.answers(s.ring(channel + " " + want))
		}
		since := s.agent("202").Available
		if !since.After(s.agent("201").Available) {
			s.t.Fatalf("available since %s", since)
		}
	}},
	{"the journal names whose turn came next", func(s *shift) {
		s.login("201", "202", "203")
		s.calls("a")
		s.ring("a 201")
		for _, e := range s.journal() {
			if e.Event == "offered" {
				equal(s, "behind", strings.Join(e.Behind, " ")+".", "202 203.")
			}
		}
	}},
	{"an offer says all that is needed to ring", func(s *shift) {
		s.login("201")
		c := s.enters(queue.Arrival{Channel: "1732.1", CallerName: "Ann", CallerNumber: "+4930", Language: "de"})
		o := s.ring("1732.1 201")
		equal(s, "to", o.To, "sip:201@demo.holdline.test")
		equal(s, "whose offer", queue.ContactOfOffer(o.ID), c.ID)
		equal(s, "leg", o.Legs[0], queue.LegID(o.ID, 0))
		equal(s, "leg's length", len(o.Legs[0]), len(o.Bridge))
		equal(s, "ring timeout", o.RingTimeout, 10*time.Second)
		equal(s, "caller", o.CallerName+" "+o.CallerNumber+" "+o.Language+" "+o.Node, "Ann +4930 de ast-1")
		again, err := s.pool.Offer(s.ctx, o.ID)
		s.ok(err)
		equal(s, "fence", again.Fence, o.Fence)
		domain, err := s.pool.Domain(s.ctx)
		s.ok(err)
		equal(s, "domain", domain, "demo.holdline.test")
	}},
}

// makes says that a match for the subject makes exactly these offers.
func (s *shift) makes(subject queue.Subject, want ...string) {
	s.t.Helper()
	offers, err := s.pool.Match(s.ctx, "", subject)
	s.ok(err)
	var got []string
	for _, o := range offers {
		got = append(got, o.Channel+" "+o.Agent)
	}
	if !slices.Equal(got, want) {
		s.t.Fatalf("makes %q, want %q", got, want)
	}
}

// addSales adds the queue sales (need 2), served by these agents besides.
func (s *shift) addSales(agents ...string) {
	s.t.Helper()
	s.change(func(d *queue.Projection) {
		d.Queues = append(d.Queues, queue.QueueSpec{Name: "sales", ID: 2, Need: 2, Open: true})
		d.Needs = append(d.Needs, queue.NeedSpec{ID: 2, Queue: "sales", Name: "any"})
		for i, a := range d.Agents {
			if slices.Contains(agents, a.ID) {
				d.Agents[i].Places = append(d.Agents[i].Places, queue.Place{Need: 2})
			}
		}
	})
}
