package queuetest

import (
	"time"

	"holdline/queue"
)

var steeringTests = []shiftTest{
	{"withdrawn while waiting: out, with the reason", func(s *shift) {
		c := s.calls("a")
		s.calls("b")
		got, err := s.pool.Withdraw(s.ctx, c.ID, "we call back\n", "eve")
		s.ok(err)
		equal(s, "state", string(got.State)+" "+got.Outcome, "leaving withdrawn")
		w := s.did(queue.WorkLeave)
		equal(s, "variables", w.Vars["HOLDLINE_STATUS"]+" "+w.Vars["HOLDLINE_REASON"], "WITHDRAWN we call back\n")
		s.login("201")
		s.ring("b 201")
		_, err = s.pool.Withdraw(s.ctx, c.ID, "again", "eve")
		s.refused(err, queue.ErrRefused)
		s.gone("a")
		equal(s, "outcome", s.outcome(c.ID), queue.OutcomeWithdrawn)
		_, err = s.pool.Withdraw(s.ctx, c.ID, "again", "eve")
		s.refused(err, queue.ErrNoContact)
	}},
	{"withdrawn while a phone rings: it stops, and the agent gets the next", func(s *shift) {
		s.login("201")
		c := s.calls("a")
		o := s.ring("a 201")
		s.calls("b")
		_, err := s.pool.Withdraw(s.ctx, c.ID, "", "eve")
		s.ok(err)
		equal(s, "hung up", s.did(queue.WorkHangup).Legs[0], o.Legs[0])
		s.rings() // not while it rings still
		s.silent(o)
		s.ring("b 201")
	}},
	{"a call is not withdrawn, moved or given", func(s *shift) {
		s.addSales("202")
		s.login("201", "202")
		c := s.calls("a")
		s.answers(s.ring("a 201"))
		_, err := s.pool.Withdraw(s.ctx, c.ID, "", "eve")
		s.refused(err, queue.ErrRefused)
		_, err = s.pool.Move(s.ctx, c.ID, "sales", "", "", "eve")
		s.refused(err, queue.ErrRefused)
		_, err = s.pool.Give(s.ctx, c.ID, "202", time.Minute, "eve")
		s.refused(err, queue.ErrRefused)
		equal(s, "state", s.contact(c.ID).State, queue.Connected)
	}},
	{"moved: into the other queue by the arrival, with its timeout counted from then", func(s *shift) {
		s.addSales("202")
		s.sells("x")
		a := s.enters(queue.Arrival{Channel: "a", Timeout: duration(time.Hour)})
		s.sells("y")
		moved, err := s.pool.Move(s.ctx, a.ID, "sales", "", "asked for sales", "eve")
		s.ok(err)
		equal(s, "arrived", moved.Arrived, a.Arrived)
		equal(s, "position", s.position(moved), 2)
		s.settleAll()
		ttl, err := s.rdb.PTTL(s.ctx, "{"+s.pool.Name()+"}:timeout:sales::"+a.ID).Result()
		s.ok(err)
		if ttl < 59*time.Minute || ttl > time.Hour {
			s.t.Fatalf("the timeout ends in %s", ttl)
		}
		s.login("202")
		o := s.ring("x 202")
		s.answers(o)
		s.legEnds(o, 16)
		s.ring("a 202")
		equal(s, "came to", s.contact(a.ID).CameTo, "support")
	}},
	{"moved while a phone rings: it stops, and the other queue's agent rings", func(s *shift) {
		s.addSales("202")
		s.login("201", "202")
		a := s.calls("a")
		o := s.ring("a 201")
		_, err := s.pool.Move(s.ctx, a.ID, "sales", "any", "", "eve")
		s.ok(err)
		s.ring("a 202")
		equal(s, "hung up", s.did(queue.WorkHangup).Legs[0], o.Legs[0])
	}},
	{"moved to where it cannot go: it stays where it is", func(s *shift) {
		s.addSales("202")
		s.change(func(d *queue.Projection) { d.Queues[1].MaxWaiting = 1 })
		s.sells("x")
		a := s.calls("a")
		refuse := func(id, name, need string, want error) {
			s.t.Helper()
			_, err := s.pool.Move(s.ctx, id, name, need, "", "eve")
			s.refused(err, want)
		}
		refuse(a.ID, "sales", "", queue.ErrFull)
		s.change(func(d *queue.Projection) { d.Queues[1].Open = false })
		refuse(a.ID, "sales", "", queue.ErrClosed)
		refuse(a.ID, "nowhere", "", queue.ErrNoQueue)
		refuse(a.ID, "sales", "nothing", queue.ErrNoNeed)
		refuse(a.ID, "sa\nles", "", queue.ErrName)
		refuse("nobody", "sales", "", queue.ErrNoContact)
		equal(s, "queue", s.contact(a.ID).Queue, "support")
		s.login("201")
		s.ring("a 201")
	}},
	{"moved to another need of its own queue: the agents of that one", func(s *shift) {
		s.change(func(d *queue.Projection) {
			d.Needs = append(d.Needs, queue.NeedSpec{ID: 7, Queue: "support", Name: "expert"})
			d.Agents[1].Places = []queue.Place{{Need: 7}}
		})
		a := s.calls("a")
		s.calls("b")
		_, err := s.pool.Move(s.ctx, a.ID, "support", "expert", "too hard", "eve")
		s.ok(err)
		equal(s, "position", s.position(a), 1)
		s.login("201", "202")
		s.rings("b 201", "a 202")
	}},
	{"moved to another need of its own queue: it came from no other, and gains nothing by it", func(s *shift) {
		s.change(func(d *queue.Projection) {
			d.Queues[0].CreditMoved = time.Minute
			d.Needs = append(d.Needs, queue.NeedSpec{ID: 3, Queue: "support", Name: "gold"})
		})
		a := s.calls("a")
		moved, err := s.pool.Move(s.ctx, a.ID, "support", "gold", "", "eve")
		s.ok(err)
		equal(s, "came to", moved.CameTo, "")
		equal(s, "credit", moved.Credit, 0)
		stats, err := s.pool.Stats(s.ctx)
		s.ok(err)
		equal(s, "moved", stats.Queues["support"].MovedIn+stats.Queues["support"].MovedOut, 0)
	}},
	{"an agent's device in a call outside the queues: no offer, until it is over or nobody says so any more", func(s *shift) {
		s.virtual()
		s.login("201")
		news, err := s.pool.Device(s.ctx, "201", 30*time.Second)
		s.ok(err)
		equal(s, "news", news, true)
		s.calls("a")
		s.rings()
		s.later(20 * time.Second)
		news, err = s.pool.Device(s.ctx, "201", 30*time.Second)
		s.ok(err)
		equal(s, "news", news, false)
		s.later(20 * time.Second)
		s.rings()
		_, err = s.pool.Device(s.ctx, "201", 0)
		s.ok(err)
		o := s.ring("a 201")
		_, err = s.pool.Device(s.ctx, "201", 30*time.Second) // the phone that rings is not taken back
		s.ok(err)
		s.answers(o)
		s.legEnds(o, 16)
		s.calls("b")
		s.rings()
		s.later(30 * time.Second)
		s.ring("b 201")
		_, err = s.pool.Device(s.ctx, "nobody", time.Second)
		s.refused(err, queue.ErrNoAgent)
	}},
	{"wrap-up is extended, as far as it may be", func(s *shift) {
		s.virtual()
		s.support(func(q *queue.QueueSpec) { q.WrapUp = 10 * time.Second })
		s.login("201")
		_, err := s.pool.ExtendWrapUp(s.ctx, "201", time.Minute, "201")
		s.refused(err, queue.ErrRefused)
		s.calls("a")
		o := s.ring("a 201")
		s.answers(o)
		s.legEnds(o, 16)
		s.later(5 * time.Second)
		a, err := s.pool.ExtendWrapUp(s.ctx, "201", 20*time.Second, "201")
		s.ok(err)
		equal(s, "lasts", a.Until.Sub(a.Since), 30*time.Second)
		s.calls("b")
		s.later(24 * time.Second)
		s.rings()
		s.later(time.Second)
		o = s.ring("b 201")
		s.answers(o)
		s.legEnds(o, 16)
		a, err = s.pool.ExtendWrapUp(s.ctx, "201", 2*queue.WrapUpMost, "201")
		s.ok(err)
		equal(s, "lasts", a.Until.Sub(a.Since), queue.WrapUpMost)
		_, err = s.pool.ExtendWrapUp(s.ctx, "201", time.Second, "201")
		s.refused(err, queue.ErrRefused)
	}},
	{"a pause keeps availability, where the pool says so", func(s *shift) {
		s.virtual()
		s.change(func(d *queue.Projection) { d.Pool.PauseKeeps = true })
		s.login("201")
		s.pass(time.Minute)
		s.login("202")
		s.pass(time.Minute)
		s.mode("201", queue.Paused)
		s.pass(30 * time.Second)
		s.login("201") // two minutes of availability, 202 has one and a half
		s.calls("a")
		s.ring("a 201")
	}},
}
