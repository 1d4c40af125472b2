package queuetest

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"holdline/queue"
)

// ringAll makes support a ring group.
func (s *shift) ringAll() {
	s.t.Helper()
	s.support(func(q *queue.QueueSpec) { q.Strategy = "ring-all" })
}

// agentsOf gives whom the offer asks, in turn.
func agentsOf(o queue.Offer) string {
	var ids []string
	for _, r := range o.Rings {
		ids = append(ids, r.Agent)
	}
	return strings.Join(ids, " ")
}

// ringsAll is ring for a ring-all: the channel, and all whose phones ring.
func (s *shift) ringsAll(want string) queue.Offer {
	s.t.Helper()
	offers := s.manage()
	if len(offers) != 1 || offers[0].Channel+" "+agentsOf(offers[0]) != want {
		s.t.Fatalf("rings %+v, want %q", offers, want)
	}
	return offers[0]
}

// legGone is the end of the agent's leg of a ring-all.
func (s *shift) legGone(o queue.Offer, agent string, cause int) queue.LegEnd {
	s.t.Helper()
	e, err := s.pool.LegEnded(s.ctx, s.from, s.legOf(o, agent), cause)
	s.ok(err)
	return e
}

func (s *shift) legOf(o queue.Offer, agent string) string {
	s.t.Helper()
	i := slices.IndexFunc(o.Rings, func(r queue.Ring) bool { return r.Agent == agent })
	if i < 0 {
		s.t.Fatalf("%s is not asked: %+v", agent, o.Rings)
	}
	return o.Rings[i].Leg
}

var ringAllTests = []shiftTest{
	{"all who are available ring at once, longest available first", func(s *shift) {
		s.ringAll()
		s.login("203", "201", "202")
		c := s.calls("a")
		o := s.ringsAll("a 203 201 202")
		for i, r := range o.Rings {
			equal(s, "leg", r.Leg, queue.LegID(o.ID, i))
			equal(s, "to", r.To, "sip:"+r.Agent+"@demo.holdline.test")
			equal(s, "of the agent", s.agent(r.Agent).Offer, o.ID)
		}
		equal(s, "legs", len(o.Legs), 3)
		equal(s, "agent, before one answers", o.Agent+o.To, "")
		equal(s, "attempts", s.contact(c.ID).Attempts, 1)
		s.calls("b")
		s.rings()
	}},
	{"the first to answer wins, the others stop and keep their turn", func(s *shift) {
		s.ringAll()
		s.login("201", "202", "203")
		before := s.agent("203").Available
		c := s.calls("a")
		o := s.ringsAll("a 201 202 203")
		won, err := s.pool.Answered(s.ctx, s.from, s.legOf(o, "202"))
		s.ok(err)
		late, err := s.pool.Answered(s.ctx, s.from, s.legOf(o, "203"))
		s.ok(err)
		equal(s, "won, and too late", won.Won && !late.Won, true)
		equal(s, "winner", won.Offer.Agent+" "+won.Offer.Winner+" "+won.Offer.To,
			"202 "+s.legOf(o, "202")+" sip:202@demo.holdline.test")
		equal(s, "agent", s.contact(c.ID).Agent, "202")
		w := s.did(queue.WorkHangup)
		equal(s, "hung up", strings.Join(w.Legs, " ")+" "+w.Reason,
			s.legOf(o, "201")+" "+s.legOf(o, "203")+" answered_elsewhere")
		_, err = s.pool.LegEnded(s.ctx, s.from, s.legOf(o, "203"), 26)
		s.refused(err, queue.ErrNoOffer)
		equal(s, "available since", s.agent("203").Available, before)
		again, err := s.pool.Answered(s.ctx, s.from, s.legOf(o, "202"))
		s.ok(err)
		equal(s, "won, asked again", again.Won, true)
		s.ok(s.pool.Bridged(s.ctx, s.from, o.ID))
		s.gone("a")
		equal(s, "ends of the rings", s.closes(o.ID), "201 lost_race, 203 lost_race, 202 answered")
	}},
	{"who lost the race is rung for the next caller as soon as their phone is silent", func(s *shift) {
		s.ringAll()
		s.login("201", "202", "203")
		for i := range 3 {
			s.calls("c" + strconv.Itoa(i))
		}
		left := []string{"201", "202", "203"}
		for i := range 3 {
			o := s.ringsAll("c" + strconv.Itoa(i) + " " + strings.Join(left, " "))
			_, err := s.pool.Answered(s.ctx, s.from, s.legOf(o, left[0]))
			s.ok(err)
			left = left[1:]
			s.rings()
			for _, a := range left { // the hangup has reached them
				_, err := s.pool.LegEnded(s.ctx, s.from, s.legOf(o, a), 26)
				s.refused(err, queue.ErrNoOffer)
			}
		}
		s.rings()
	}},
	{"a phone that lost the race, and of whose silence nobody tells, is rung after a second", func(s *shift) {
		s.ringAll()
		s.login("201", "202")
		s.calls("a")
		s.calls("b")
		o := s.ringsAll("a 201 202")
		_, err := s.pool.Answered(s.ctx, s.from, s.legOf(o, "201"))
		s.ok(err)
		s.rings()
		equal(s, "guarded", s.agent("202").Guard.IsZero(), false)
		s.fires("guard")
		s.ringsAll("b 202")
	}},
	{"when twice as many wait as are free, each phone rings for a caller of its own", func(s *shift) {
		s.ringAll()
		for _, c := range []string{"a", "b", "c", "d"} {
			s.calls(c)
		}
		s.login("201", "202")
		var got []string
		for _, o := range s.manage() {
			got = append(got, o.Channel+" "+agentsOf(o))
		}
		equal(s, "rings", strings.Join(got, ", "), "a 201, b 202")
	}},
	{"a leg that ends takes its agent off, the last one ends the offer", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.Strategy, q.MaxMisses, q.Retry = "ring-all", 1, time.Hour })
		s.login("201", "202", "203")
		c := s.calls("a")
		o := s.ringsAll("a 201 202 203")
		for _, a := range []string{"201", "203"} {
			s.ok(s.pool.Ringing(s.ctx, s.from, s.legOf(o, a)))
		}
		equal(s, "outcome", s.legGone(o, "203", 17).Outcome, queue.OfferBusy)
		equal(s, "outcome", s.legGone(o, "202", 19).Outcome, queue.OfferUnreachable) // it had not rung
		_, err := s.pool.LegEnded(s.ctx, s.from, s.legOf(o, "202"), 19)
		s.refused(err, queue.ErrNoOffer)
		equal(s, "state", s.contact(c.ID).State, queue.Offered)
		now, err := s.pool.Offer(s.ctx, o.ID)
		s.ok(err)
		equal(s, "asked still", agentsOf(now)+" "+strings.Join(now.Legs, ""), "201 "+s.legOf(o, "201"))
		equal(s, "the only one", now.Agent, "201")
		equal(s, "guarded", s.agent("203").Guard.IsZero(), false)
		equal(s, "outcome", s.legGone(o, "201", 19).Outcome, queue.OfferNoAnswer)
		equal(s, "mode", s.agent("201").Mode, queue.NotResponding)
		got := s.contact(c.ID)
		equal(s, "contact", string(got.State)+" "+strings.Join(got.Skip, " "), "waiting 203 202 201")
		_, err = s.pool.Answered(s.ctx, s.from, s.legOf(o, "203"))
		s.ok(err)
		s.rings()
		s.login("204") // who was not tried
		s.ringsAll("a 204")
	}},
	{"an agent who rejects while others ring serves the next queue", func(s *shift) {
		s.ringAll()
		s.addSales("202")
		s.login("201", "202")
		s.calls("a")
		o := s.ringsAll("a 201 202")
		s.enters(queue.Arrival{Channel: "b", Queue: "sales"})
		s.legGone(o, "202", 21)
		s.ring("b 202")
		s.gone("a")
	}},
	{"a leg that cannot be set up leaves the others ringing", func(s *shift) {
		s.ringAll()
		s.login("201", "202")
		s.calls("a")
		o := s.ringsAll("a 201 202")
		s.ok(s.pool.Ringing(s.ctx, s.from, s.legOf(o, "201")))
		s.refused(s.pool.SetupFailed(s.ctx, o.ID, s.legOf(o, "201"), "it rings"), queue.ErrRefused)
		s.ok(s.pool.SetupFailed(s.ctx, o.ID, s.legOf(o, "202"), "route"))
		s.refused(s.pool.SetupFailed(s.ctx, o.ID, s.legOf(o, "202"), "again"), queue.ErrNoOffer)
		equal(s, "hung up", s.did(queue.WorkHangup).Legs[0], s.legOf(o, "202"))
		equal(s, "load", s.agent("202").Load(), 0)
		a, err := s.pool.Answered(s.ctx, s.from, s.legOf(o, "201"))
		s.ok(err)
		equal(s, "won", a.Won, true)
	}},
	{"no answer frees all and keeps the place", func(s *shift) {
		s.support(func(q *queue.QueueSpec) {
			q.Strategy, q.RingTimeout, q.Retry = "ring-all", time.Second, 300*time.Millisecond
		})
		s.login("201", "202")
		c := s.calls("a")
		o := s.ringsAll("a 201 202")
		s.ok(s.pool.Ringing(s.ctx, s.from, s.legOf(o, "202")))
		s.fires("ring")
		w := s.did(queue.WorkHangup)
		equal(s, "hung up", len(w.Legs), 2)
		equal(s, "reason", w.Reason, queue.OfferNoAnswer)
		equal(s, "position", s.position(c), 1)
		equal(s, "ends of the rings", s.closes(o.ID), "201 no_answer, 202 no_answer")
		s.silent(o)
		s.fires("retry")
		s.ringsAll("a 201 202")
	}},
	{"the caller hangs up while all ring: all are free at once", func(s *shift) {
		s.ringAll()
		s.login("201", "202")
		s.calls("a")
		s.calls("b")
		o := s.ringsAll("a 201 202")
		s.gone("a")
		equal(s, "hung up", strings.Join(s.did(queue.WorkHangup).Legs, " "), strings.Join(o.Legs, " "))
		s.gone("b")
	}},
	{"the lowest tier that has anybody rings, of the steps that have come", func(s *shift) {
		s.ringAll()
		s.change(func(d *queue.Projection) {
			d.Needs[0].Steps = []queue.StepSpec{{}, {After: 200 * time.Millisecond}}
			d.Agents[2].Places[0].Tier = 1
			d.Agents[3].Places[0].Step = 1
		})
		s.login("203", "204")
		s.calls("a")
		o := s.ringsAll("a 203")
		s.login("201", "202")
		s.legGone(o, "203", 17)
		o = s.ringsAll("a 201 202")
		s.legGone(o, "201", 17)
		s.legGone(o, "202", 17)
		s.fires("step")
		s.ringsAll("a 204")
	}},
	{"an agent is asked for who waits longer in another queue before they ring with all", func(s *shift) {
		s.ringAll()
		s.addSales("202")
		s.enters(queue.Arrival{Channel: "z", Queue: "sales"})
		s.calls("a")
		s.login("201", "202")
		s.makes(queue.Subject{Agent: "201"}, "z 202", "a 201")
	}},
	{"fifty ring at most", func(s *shift) {
		s.ringAll()
		s.change(func(d *queue.Projection) {
			for i := range 60 {
				d.Agents = append(d.Agents, queue.AgentSpec{ID: "x" + strconv.Itoa(i), Places: []queue.Place{{Need: 1}}, AlwaysIn: true})
			}
		})
		s.calls("a")
		s.calls("b")
		offers := s.manage()
		equal(s, "offers", len(offers), 2)
		equal(s, "rings", len(offers[0].Rings)*100+len(offers[1].Rings), queue.LegsPerOffer*100+10)
		equal(s, "last leg", offers[0].Rings[49].Leg, queue.LegID(offers[0].ID, 49))
		s.gone("a")
		s.gone("b")
	}},
}

// closes tells how the offer ended for each of its agents, by the journal.
func (s *shift) closes(offer string) string {
	s.t.Helper()
	var ends []string
	for _, e := range s.journal() {
		if e.Event == "closed" && e.Offer == offer {
			ends = append(ends, e.Agent+" "+e.Outcome)
		}
	}
	return strings.Join(ends, ", ")
}
