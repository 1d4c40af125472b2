package queuetest

import (
	"time"

	"holdline/queue"
)

// turnedAway says that a caller gets no place, and why.
func (s *shift) turnedAway(channel string, want error) {
	s.t.Helper()
	_, err := s.pool.Enqueue(s.ctx, s.from, queue.Arrival{Channel: channel, Queue: "support"})
	s.refused(err, want)
	last := s.journal()
	e := last[len(last)-1]
	equal(s, "journal", e.Event+" "+e.Channel+" "+e.Outcome, "ended "+channel+" refused")
}

var limitTests = []shiftTest{
	{"full: as many as may wait, and no more; who is offered waits, too", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.MaxWaiting = 2 })
		s.login("201")
		s.calls("a")
		o := s.ring("a 201")
		s.calls("b")
		s.turnedAway("c", queue.ErrFull)
		s.answers(o)
		s.calls("d")
		s.turnedAway("e", queue.ErrFull)
		s.gone("b")
		s.calls("f")
	}},
	{"closed: who is inside is served", func(s *shift) {
		s.calls("a")
		s.support(func(q *queue.QueueSpec) { q.Open = false })
		s.turnedAway("b", queue.ErrClosed)
		s.login("201")
		s.ring("a 201")
	}},
	{"join-empty: which agents count", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.WrapUp, q.MaxMisses = time.Hour, 1 })
		rule := func(words ...string) { s.support(func(q *queue.QueueSpec) { q.JoinEmpty = words }) }
		enters := func(channel string) {
			s.t.Helper()
			s.calls(channel)
			s.gone(channel)
			s.manage()
		}
		rule("logged_out")
		s.turnedAway("nobody is logged in", queue.ErrEmpty)
		s.login("201")
		s.mode("201", queue.Paused)
		enters("a pause counts")
		rule("paused")
		s.turnedAway("a pause does not", queue.ErrEmpty)
		s.login("201")
		enters("ready")
		s.calls("talks")
		o := s.ring("talks 201")
		enters("in a call")
		rule("paused", "busy")
		s.turnedAway("in a call, which does not count", queue.ErrEmpty)
		s.answers(o)
		s.legEnds(o, 16)
		rule("paused")
		enters("wrap-up counts")
		rule("wrap_up")
		s.turnedAway("wrap-up does not", queue.ErrEmpty)
		s.login("201")
		s.calls("missed")
		o = s.ring("missed 201")
		s.ok(s.pool.Ringing(s.ctx, s.from, o.Legs[0]))
		s.legEnds(o, 19)
		equal(s, "mode", s.agent("201").Mode, queue.NotResponding)
		s.gone("missed")
		enters("not responding counts")
		rule("not_responding")
		s.turnedAway("not responding does not", queue.ErrEmpty)
		rule()
		enters("no rule")
	}},
	{"join-empty: who is admitted only later may count or not", func(s *shift) {
		s.steps([]time.Duration{0, time.Minute}, 1, 1, 1, 1)
		s.login("201")
		s.support(func(q *queue.QueueSpec) { q.JoinEmpty = []string{"logged_out", "busy"} })
		s.calls("a")
		s.support(func(q *queue.QueueSpec) { q.JoinEmpty = []string{"logged_out", "later"} })
		s.turnedAway("b", queue.ErrEmpty)
		s.support(func(q *queue.QueueSpec) { q.JoinEmpty = []string{"busy", "later"} })
		s.turnedAway("c", queue.ErrEmpty)
	}},
	{"leave-empty: when the last one goes, those who wait leave, in batches", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.LeaveEmpty = []string{"paused"} })
		s.login("201", "202")
		var waiting []queue.Contact
		talks := s.calls("talks")
		o := s.ring("talks 201")
		s.answers(o)
		s.mode("202", queue.Paused)
		for i := range 2*queue.LeavesPerRun + 1 {
			waiting = append(waiting, s.calls("c"+string(rune('a'+i))))
		}
		s.settleAll()
		equal(s, "state", s.contact(waiting[0].ID).State, queue.Waiting) // 201 is in a call, and counts
		s.mode("201", queue.LoggedOut)
		s.legEnds(o, 16)
		s.settleAll()
		for _, c := range waiting {
			c = s.contact(c.ID)
			equal(s, c.Channel, string(c.State)+" "+c.Outcome+" "+c.Reason, "leaving withdrawn empty")
		}
		w := s.did(queue.WorkLeave)
		for w.Contact == talks.ID {
			w = s.did(queue.WorkLeave)
		}
		equal(s, "variables", w.Vars["HOLDLINE_STATUS"]+" "+w.Vars["HOLDLINE_REASON"], "WITHDRAWN empty")
	}},
	{"leave-empty: who may enter an empty queue leaves it at once", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.LeaveEmpty = []string{"logged_out"} })
		c := s.calls("a")
		s.later(0)
		equal(s, "outcome", s.contact(c.ID).Outcome, queue.OutcomeWithdrawn)
		s.login("201")
		c = s.calls("b")
		s.later(0)
		s.ring("b 201")
		equal(s, "state", s.contact(c.ID).State, queue.Offered)
	}},
	{"leave-empty: when the last one who serves the queue gets a contact of another", func(s *shift) {
		s.addChat(1, nil, 1)
		s.change(func(d *queue.Projection) { d.Queues[1].LeaveEmpty = []string{"busy"} })
		s.login("201")
		chat := s.writes("chat")
		s.legEnds(s.ring("chat 201"), 21)
		s.settleAll()
		equal(s, "state", s.contact(chat.ID).State, queue.Waiting) // 201 is free, and will be asked again
		s.calls("call")
		s.ring("call 201")
		s.settleAll()
		equal(s, "outcome", s.contact(chat.ID).Outcome, queue.OutcomeWithdrawn)
	}},
	{"leave-empty: when the last one serves the queue no more", func(s *shift) {
		s.addChat(1, nil, 1)
		s.change(func(d *queue.Projection) { d.Queues[1].LeaveEmpty = []string{"logged_out"} })
		s.login("201")
		s.mode("201", queue.Paused)
		chat := s.writes("chat")
		s.settleAll()
		equal(s, "state", s.contact(chat.ID).State, queue.Waiting)
		s.change(func(d *queue.Projection) { d.Agents[0].Places = d.Agents[0].Places[:1] })
		s.settleAll()
		equal(s, "outcome", s.contact(chat.ID).Outcome, queue.OutcomeWithdrawn)
	}},
	{"leave-empty: when the queue gets the rule, and nobody is there", func(s *shift) {
		c := s.calls("a")
		s.settleAll()
		equal(s, "state", s.contact(c.ID).State, queue.Waiting)
		s.support(func(q *queue.QueueSpec) { q.LeaveEmpty = []string{"logged_out"} })
		s.settleAll()
		equal(s, "outcome", s.contact(c.ID).Outcome, queue.OutcomeWithdrawn)
	}},
	{"overflow to a queue that hands them back: they wait on where they are", func(s *shift) {
		s.virtual()
		s.addSales("201")
		s.change(func(d *queue.Projection) {
			d.Queues[0].OverflowTo, d.Queues[0].OverflowAfter = "sales", time.Second
			d.Queues[1].OverflowTo, d.Queues[1].Open = "support", false
		})
		c := s.calls("a")
		s.later(time.Second)
		c = s.contact(c.ID)
		equal(s, "queue", c.Queue+" "+c.CameTo, "support ")
		s.change(func(d *queue.Projection) { d.Queues[1].Open = true })
		s.later(queue.OverflowRetryMS * time.Millisecond)
		equal(s, "queue", s.contact(c.ID).Queue, "sales")
	}},
	{"overflow at the door: to the next queue that takes them", func(s *shift) {
		s.addSales("201")
		s.change(func(d *queue.Projection) {
			d.Queues[0].MaxWaiting, d.Queues[0].OverflowTo = 1, "sales"
			d.Queues[1].MaxWaiting = 1
		})
		s.calls("a")
		b := s.calls("b")
		equal(s, "queue", b.Queue+" from "+b.CameTo, "sales from support")
		s.turnedAway("c", queue.ErrFull)
		s.login("201")
		s.ring("a 201")
	}},
	{"overflow after a time: into the other queue, by their arrival", func(s *shift) {
		s.virtual()
		s.addSales("202")
		s.support(func(q *queue.QueueSpec) { q.OverflowTo, q.OverflowAfter = "sales", 30*time.Second })
		a := s.calls("a")
		s.pass(10 * time.Second)
		s.sells("x")
		s.later(20 * time.Second)
		moved := s.contact(a.ID)
		equal(s, "queue", moved.Queue, "sales")
		equal(s, "position", s.position(a), 1)
		s.login("202")
		s.ring("a 202")
		stats, err := s.pool.Stats(s.ctx)
		s.ok(err)
		equal(s, "moved", [2]int64{stats.Queues["support"].MovedOut, stats.Queues["sales"].MovedIn}, [2]int64{1, 1})
	}},
	{"overflow to nowhere: out, overflowed", func(s *shift) {
		s.virtual()
		s.support(func(q *queue.QueueSpec) { q.OverflowAfter = 30 * time.Second })
		s.calls("a")
		s.later(30 * time.Second)
		w := s.did(queue.WorkLeave)
		equal(s, "status", w.Vars["HOLDLINE_STATUS"], "OVERFLOW")
	}},
	{"overflow while a phone rings waits for the result", func(s *shift) {
		s.virtual()
		s.addSales("202")
		s.support(func(q *queue.QueueSpec) { q.OverflowTo, q.OverflowAfter = "sales", 5*time.Second })
		s.login("201")
		a := s.calls("a")
		o := s.ring("a 201")
		s.later(6 * time.Second)
		equal(s, "queue", s.contact(a.ID).Queue, "support")
		s.legEnds(o, 21)
		s.later(0)
		equal(s, "queue", s.contact(a.ID).Queue, "sales")
	}},
	{"overflow while a phone rings, and then given: out once the agent's time is over", func(s *shift) {
		s.virtual()
		s.support(func(q *queue.QueueSpec) { q.OverflowAfter = 5 * time.Second })
		s.login("201", "202")
		s.calls("b")
		s.answers(s.ring("b 201"))
		a := s.calls("a")
		s.ring("a 202")
		s.later(6 * time.Second)
		s.gives(a, "201")
		s.later(time.Minute)
		equal(s, "outcome", s.contact(a.ID).Outcome, queue.OutcomeOverflowed)
	}},
	{"a wait that was over while a phone rang is over in the queue that they are moved to", func(s *shift) {
		s.addSales("202")
		s.login("201")
		timeout := 20 * time.Millisecond
		a := s.enters(queue.Arrival{Channel: "a", Timeout: &timeout})
		s.ring("a 201")
		s.fires("timeout")
		_, err := s.pool.Move(s.ctx, a.ID, "sales", "", "", "eve")
		s.ok(err)
		s.settleAll()
		s.settleAll()
		equal(s, "outcome", s.contact(a.ID).Outcome, queue.OutcomeTimedOut)
	}},
	{"overflow into a closed queue is tried again, and they wait on where they are", func(s *shift) {
		s.virtual()
		s.addSales("202")
		s.change(func(d *queue.Projection) {
			d.Queues[0].OverflowTo, d.Queues[0].OverflowAfter, d.Queues[1].Open = "sales", 5*time.Second, false
		})
		a := s.calls("a")
		s.later(6 * time.Second)
		equal(s, "queue", s.contact(a.ID).Queue, "support")
		s.change(func(d *queue.Projection) { d.Queues[1].Open = true })
		s.later(queue.OverflowRetryMS * time.Millisecond)
		equal(s, "queue", s.contact(a.ID).Queue, "sales")
	}},
	{"two queues that overflow into each other come to rest", func(s *shift) {
		s.virtual()
		s.addSales("202")
		s.change(func(d *queue.Projection) {
			for i, to := range []string{"sales", "support"} {
				d.Queues[i].OverflowTo, d.Queues[i].OverflowAfter = to, 5*time.Second
			}
		})
		a := s.calls("a")
		s.later(time.Hour)
		moves := 0
		for _, e := range s.journal() {
			if e.Event == "moved" {
				moves++
			}
		}
		equal(s, "moves", moves, 3)
		equal(s, "queue", s.contact(a.ID).Queue, "sales")
	}},
	{"a key lets them leave, one that is no exit key does not", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.ExitKeys = "*9" })
		s.login("201")
		a := s.calls("a")
		o := s.ring("a 201")
		press := func(key string, want bool) {
			s.t.Helper()
			_, left, err := s.pool.Key(s.ctx, s.from, "a", key)
			s.ok(err)
			equal(s, "left by "+key, left, want)
		}
		press("1", false)
		press("", false)
		press("*9", false)
		press("9", true) // also while a phone rings
		equal(s, "hung up", s.did(queue.WorkHangup).Legs[0], o.Legs[0])
		w := s.did(queue.WorkLeave)
		equal(s, "variables", w.Vars["HOLDLINE_STATUS"]+" "+w.Vars["HOLDLINE_KEY"], "LEFT_BY_KEY 9")
		press("9", false)
		s.gone("a")
		equal(s, "outcome", s.outcome(a.ID), queue.OutcomeLeftByKey)
		_, _, err := s.pool.Key(s.ctx, s.from, "nobody", "9")
		s.refused(err, queue.ErrNoContact)
	}},
}
