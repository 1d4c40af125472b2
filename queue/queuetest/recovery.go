package queuetest

import (
	"slices"
	"time"

	"holdline/queue"
)

// empties lets the pool lose its memory, and the node come back.
func (s *shift) empties() {
	s.t.Helper()
	s.pass(time.Millisecond)
	s.clean()
	from, err := s.pool.NodeUp(s.ctx, "ast-1", "boot-1")
	s.ok(err)
	s.from, s.seen = from, nil
}

// comesBack enters a caller again whose record was lost.
func (s *shift) comesBack(c queue.Contact) queue.Contact {
	s.t.Helper()
	return s.enters(queue.Arrival{Contact: c.ID, Channel: c.Channel, CallerNumber: c.CallerNumber, At: c.Arrived, Back: true})
}

// goesOn gives a call back its contact and offer.
func (s *shift) goesOn(c queue.Contact, o queue.Offer) (queue.Contact, error) {
	return s.pool.Readopt(s.ctx, s.from, queue.Adoption{
		Contact: c.ID, Offer: o.ID, Leg: o.Legs[0], Agent: o.Agent, Channel: c.Channel, Queue: c.Queue, At: c.Arrived,
		CallerNumber: c.CallerNumber,
	})
}

func (s *shift) restore(agent string, r queue.RestoredMode) {
	for i := range s.dir.Agents {
		if s.dir.Agents[i].ID == agent {
			s.dir.Agents[i].Restore = &r
		}
	}
}

var recoveryTests = []shiftTest{
	{"a node is seen until another speaks for it, or the pool is emptied", func(s *shift) {
		s.ok(s.pool.Seen(s.ctx, s.from))
		old := s.from
		now, err := s.pool.NodeUp(s.ctx, "ast-1", "boot-1")
		s.ok(err)
		s.refused(s.pool.Seen(s.ctx, old), queue.ErrStaleEpoch)
		s.ok(s.pool.Seen(s.ctx, now))
		s.clean()
		s.refused(s.pool.Seen(s.ctx, now), queue.ErrStaleEpoch)
	}},
	{"repairs are kept for people", func(s *shift) {
		for _, kind := range []string{"lost_caller", "closed_leg"} {
			s.ok(s.pool.Repaired(s.ctx, s.from, queue.Repair{Kind: kind, Contact: "c", Channel: "a"}))
		}
		all, err := s.pool.Repairs(s.ctx, 10)
		s.ok(err)
		equal(s, "repairs", len(all), 2)
		if all[0].At.IsZero() {
			s.t.Fatal("no time")
		}
		all[0].At = time.Time{}
		equal(s, "the last one", all[0], queue.Repair{Kind: "closed_leg", Contact: "c", Channel: "a", Node: "ast-1"})
		s.refused(s.pool.Repaired(s.ctx, queue.Origin{Node: "ast-1", Epoch: 1}, queue.Repair{Kind: "x"}), queue.ErrStaleEpoch)
	}},
	{"a refusal told again is one refusal", func(s *shift) {
		for _, a := range []queue.Arrival{{Channel: "a", Queue: "nowhere"}, {Channel: "b", Queue: "support", Need: "latin"}} {
			a.Contact = queue.NewContactID()
			_, first := s.pool.Enqueue(s.ctx, s.from, a)
			_, again := s.pool.Enqueue(s.ctx, s.from, a)
			if first == nil || again == nil || first.Error() != again.Error() {
				s.t.Fatalf("%v, then %v", first, again)
			}
		}
		stats, err := s.pool.Stats(s.ctx)
		s.ok(err)
		equal(s, "entered", stats.Entered, 2)
		equal(s, "ended", stats.Ended, 2)
		s.support(func(q *queue.QueueSpec) { q.Open = false })
		a := queue.Arrival{Contact: queue.NewContactID(), Channel: "c", Queue: "support"}
		_, err = s.pool.Enqueue(s.ctx, s.from, a)
		s.refused(err, queue.ErrClosed)
		s.support(func(q *queue.QueueSpec) { q.Open = true }) // opened before it was told again
		_, err = s.pool.Enqueue(s.ctx, s.from, a)
		s.refused(err, queue.ErrClosed)
		s.fires("refused")
		stats, err = s.pool.Stats(s.ctx)
		s.ok(err)
		equal(s, "entered", stats.Entered, 3)
	}},
	{"a pool without a directory refuses nobody", func(s *shift) {
		version, err := s.pool.Version(s.ctx)
		s.ok(err)
		equal(s, "version", version, s.dir.Version)
		s.empties()
		version, err = s.pool.Version(s.ctx)
		s.ok(err)
		equal(s, "version", version, 0)
		_, err = s.pool.Enqueue(s.ctx, s.from, queue.Arrival{Channel: "a", Queue: "support"})
		s.refused(err, queue.ErrNotReady)
		if queue.IsRefusal(err) {
			s.t.Fatal("it is told to give up")
		}
		_, err = s.pool.SetMode(s.ctx, "201", queue.ModeChange{Mode: queue.Ready})
		s.refused(err, queue.ErrNotReady)
		s.project()
		s.calls("a")
	}},
	{"an emptied pool serves nobody until all are back, then the first who came", func(s *shift) {
		first, second, third := s.calls("a"), s.calls("b"), s.calls("c")
		s.empties()
		s.restore("201", queue.RestoredMode{Mode: queue.Ready, Since: first.Arrived.Add(-time.Second)})
		s.restore("202", queue.RestoredMode{Mode: queue.Ready, Since: first.Arrived.Add(-time.Minute)})
		s.restore("203", queue.RestoredMode{Mode: queue.Paused, Reason: "lunch", Since: first.Arrived})
		s.project()
		s.comesBack(third)
		s.rings() // not the first to be back
		s.comesBack(first)
		s.calls("new")
		s.rings()
		s.comesBack(second)
		s.fires("hold")
		s.rings("a 202", "b 201")
		a := s.agent("203")
		equal(s, "203", string(a.Mode)+" "+a.Reason, "paused lunch")
		equal(s, "204", s.agent("204").Mode, queue.LoggedOut)
		s.login("204", "203")
		s.rings("c 204", "new 203")
	}},
	{"a new pool is not held", func(s *shift) {
		s.empties()
		s.project()
		s.login("201")
		s.calls("a")
		s.ring("a 201")
	}},
	{"a mode is restored with its bound, and for nobody who has a record", func(s *shift) {
		s.login("204")
		s.mode("204", queue.Paused)
		now := s.calls("clock").Arrived
		s.restore("204", queue.RestoredMode{Mode: queue.Ready, Since: now})
		s.change(func(*queue.Projection) {})
		equal(s, "204", s.agent("204").Mode, queue.Paused)
		s.empties()
		s.restore("201", queue.RestoredMode{Mode: queue.Paused, Since: now.Add(-time.Minute), Until: now.Add(-time.Second)})
		s.restore("202", queue.RestoredMode{Mode: queue.Paused, Since: now, Until: now.Add(time.Hour)})
		s.restore("203", queue.RestoredMode{Mode: queue.NotResponding, Reason: "no_answer", Since: now.Add(time.Hour)})
		s.restore("204", queue.RestoredMode{Mode: queue.LoggedOut, Since: now})
		s.project()
		a := s.agent("201")
		equal(s, "201, whose pause is over", string(a.Mode)+" "+a.Since.String(), "ready "+now.Add(-time.Second).String())
		equal(s, "202", s.agent("202").Until, now.Add(time.Hour))
		equal(s, "203", s.agent("203").Mode, queue.NotResponding)
		if s.agent("203").Since.After(now.Add(time.Minute)) {
			s.t.Fatal("a mode began in the future")
		}
		equal(s, "204", s.agent("204").Mode, queue.LoggedOut)
		for _, e := range s.journal() {
			if e.Event == "mode" && e.By != "restored" {
				s.t.Fatalf("as if somebody had asked: %+v", e)
			}
		}
		bad := s.dir
		bad.Version++
		bad.Agents = append([]queue.AgentSpec(nil), bad.Agents...)
		bad.Agents[0].Restore = &queue.RestoredMode{Mode: queue.WrapUp}
		_, err := s.pool.Project(s.ctx, bad)
		s.refused(err, queue.ErrSpec)
	}},
	{"who comes back is the same contact, and no offer has an old id", func(s *shift) {
		c := s.calls("a")
		s.login("201")
		old := s.ring("a 201")
		s.empties()
		s.project()
		s.login("201")
		equal(s, "contact", s.comesBack(c).ID, c.ID)
		if o := s.ring("a 201"); o.ID == old.ID {
			s.t.Fatal("the phone that rings on would count as rung")
		}
	}},
	{"a call that goes on is a call again", func(s *shift) {
		s.login("201")
		c := s.enters(queue.Arrival{Channel: "a", CallerNumber: "123"})
		o := s.ring("a 201")
		s.answers(o)
		s.empties()
		_, err := s.goesOn(c, o)
		s.refused(err, queue.ErrNotReady)
		s.restore("201", queue.RestoredMode{Mode: queue.Ready, Since: c.Arrived})
		s.project()
		for range 2 { // repeated it does nothing more
			got, err := s.goesOn(c, o)
			s.ok(err)
			equal(s, "contact", got.ID+string(got.State), c.ID+"connected")
			equal(s, "arrived", got.Arrived, c.Arrived)
		}
		equal(s, "201 has", s.agent("201").Load(), 1)
		s.calls("b")
		s.fires("hold")
		s.rings()
		won, err := s.pool.Answered(s.ctx, s.from, o.Legs[0]) // a late word
		s.ok(err)
		equal(s, "won", won.Won, true)
		equal(s, "outcome", s.legEnds(o, 16).Outcome, "answered")
		s.gone("a")
		equal(s, "outcome", s.outcome(c.ID), queue.OutcomeAnswered)
		s.ring("b 201")
	}},
	{"a call whose device is lost later goes back to its place", func(s *shift) {
		s.login("201")
		c := s.calls("a")
		o := s.ring("a 201")
		s.answers(o)
		s.empties()
		s.restore("201", queue.RestoredMode{Mode: queue.Ready, Since: c.Arrived})
		s.project()
		_, err := s.goesOn(c, o)
		s.ok(err)
		s.calls("b")
		s.legEnds(o, 38)
		s.login("202")
		s.fires("hold")
		if again := s.rings("a 201", "b 202")[0]; again.ID == o.ID {
			s.t.Fatal("an id of a bridge that was used")
		}
	}},
	{"who comes back twice within a second rings with other ids each time: word of an older leg is not of the new one", func(s *shift) {
		c := s.calls("a")
		var legs []string
		for range 3 {
			s.login("201", "202")
			for _, who := range []string{"a 201", "a 202"} {
				o := s.ring(who)
				if slices.Contains(legs, o.Legs[0]) {
					s.t.Fatalf("leg %s was one of %s", o.Legs[0], legs)
				}
				legs = append(legs, o.Legs[0])
				s.legEnds(o, 21)
			}
			s.empties()
			s.project()
			s.comesBack(c)
		}
		s.login("201")
		s.ring("a 201")
		a, err := s.pool.Answered(s.ctx, s.from, legs[0])
		s.ok(err)
		equal(s, "an older leg won", a.Won, false)
	}},
	{"records that are a moment old: who waits there may be talking", func(s *shift) {
		s.login("201")
		c := s.calls("a")
		o := queue.Offer{ID: c.ID + "00000000000001", Agent: "201", Legs: []string{queue.LegID(c.ID+"00000000000001", 0)}}
		_, err := s.goesOn(c, o)
		s.ok(err)
		s.rings()
		equal(s, "201 has", s.agent("201").Load(), 1)
		s.legEnds(o, 16)
		s.gone("a")
	}},
	{"an agent in a call that was lost is not rung on", func(s *shift) {
		s.login("201")
		c := s.calls("a")
		o := s.ring("a 201")
		s.answers(o)
		s.empties()
		s.project()
		s.login("201")
		b := s.calls("b")
		rings := s.ring("b 201")
		_, err := s.goesOn(c, o)
		s.ok(err)
		equal(s, "hung up", s.did(queue.WorkHangup).Legs[0], rings.Legs[0])
		equal(s, "b", s.contact(b.ID).State, queue.Waiting)
		equal(s, "201 has", s.agent("201").Load(), 1)
		s.login("202")
		s.ring("b 202")
	}},
	{"an agent in a call that was lost keeps the chat that rings, where they may have one beside", func(s *shift) {
		s.addChat(1, []queue.Medium{queue.Voice, queue.Chat}, 1)
		s.login("201")
		c := s.calls("a")
		o := s.ring("a 201")
		s.answers(o)
		s.empties()
		s.project()
		s.login("201")
		chat := s.writes("chat")
		rings := s.ring("chat 201")
		_, err := s.goesOn(c, o)
		s.ok(err)
		s.idle(queue.WorkHangup)
		s.answers(rings)
		equal(s, "chat", s.contact(chat.ID).State, queue.Connected)
	}},
	{"a call is not adopted against the records", func(s *shift) {
		s.login("201", "202")
		a, b := s.calls("a"), s.calls("b")
		o := s.rings("a 201", "b 202")
		_, err := s.goesOn(a, o[0]) // it rings: the answer is claimed, not adopted
		s.refused(err, queue.ErrRefused)
		s.answers(o[1])
		other := o[1]
		other.ID = b.ID + "00000000000007"
		_, err = s.goesOn(b, other)
		s.refused(err, queue.ErrRefused)
		stranger := queue.Contact{ID: queue.NewContactID(), Channel: "a", Queue: "support"}
		other.ID = stranger.ID + "00000000000001"
		_, err = s.goesOn(stranger, other) // the channel is somebody's
		s.refused(err, queue.ErrRefused)
		_, err = s.pool.Readopt(s.ctx, s.from, queue.Adoption{Contact: "x", Offer: "y"})
		s.refused(err, queue.ErrName)
		_, err = s.pool.Readopt(s.ctx, queue.Origin{Node: "ast-1", Epoch: 1}, queue.Adoption{Contact: a.ID, Offer: o[0].ID, Queue: "q", Agent: "201"})
		s.refused(err, queue.ErrStaleEpoch)
	}},
	{"a call of an agent and a queue that are no more still ends well", func(s *shift) {
		c := queue.Contact{ID: queue.NewContactID(), Channel: "a", Queue: "nowhere"}
		o := queue.Offer{ID: c.ID + "00000000000001", Agent: "999", Legs: []string{queue.LegID(c.ID+"00000000000001", 0)}}
		_, err := s.goesOn(c, o)
		s.ok(err)
		s.ok(checkAudit(s.ctx, s.pool))
		s.legEnds(o, 16)
		s.gone("a")
		equal(s, "outcome", s.outcome(c.ID), queue.OutcomeAnswered)
	}},
}
