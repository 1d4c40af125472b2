package queuetest

import (
	"strings"
	"time"

	"holdline/queue"
)

// rank gives the first agents these priorities for support and for sales (addSales).
func (s *shift) rank(support, sales int, agents ...int) {
	s.t.Helper()
	s.change(func(d *queue.Projection) {
		for _, i := range agents {
			d.Agents[i].Places[0].Priority, d.Agents[i].Places[1].Priority = support, sales
		}
	})
}

func (s *shift) sells(channel string) queue.Contact {
	s.t.Helper()
	return s.enters(queue.Arrival{Channel: channel, Queue: "sales"})
}

var orderingTests = []shiftTest{
	{"priority is minutes of credit: who is important comes earlier, and nobody starves", func(s *shift) {
		s.virtual()
		first := s.calls("first")
		s.pass(2 * time.Minute)
		s.enters(queue.Arrival{Channel: "early", Priority: 1})
		vip := s.enters(queue.Arrival{Channel: "vip", Priority: 3})
		equal(s, "position of the vip", s.position(vip), 1)
		equal(s, "position of the first", s.position(first), 2)
		s.login("201", "202", "203")
		s.rings("vip 201", "first 202", "early 203")
	}},
	{"priority is strict: who has more comes first, however long others wait", func(s *shift) {
		s.virtual()
		s.change(func(d *queue.Projection) { d.Pool.Priority = "strict" })
		s.calls("patient")
		s.pass(time.Hour)
		s.enters(queue.Arrival{Channel: "gold", Priority: 2})
		s.enters(queue.Arrival{Channel: "lead", Priority: -1})
		s.enters(queue.Arrival{Channel: "silver", Priority: 1})
		s.login("201", "202", "203", "204")
		s.rings("gold 201", "silver 202", "patient 203", "lead 204")
	}},
	{"by service level: who has waited the greater part of what they were promised", func(s *shift) {
		s.virtual()
		s.addSales("201", "202")
		s.change(func(d *queue.Projection) {
			d.Pool.Order = "service-level"
			d.Queues[0].Target, d.Queues[1].Target = time.Minute, 20*time.Second
		})
		s.calls("support, 30 s of 60")
		s.pass(18 * time.Second)
		s.sells("sales, 12 s of 20")
		s.pass(12 * time.Second)
		s.login("201")
		s.ring("sales, 12 s of 20 201")
		s.login("202")
		s.ring("support, 30 s of 60 202")
	}},
	{"by service level: who waits less than nothing is behind, by as much", func(s *shift) {
		s.virtual()
		s.addSales("201", "202")
		s.change(func(d *queue.Projection) { d.Pool.Order = "service-level" })
		s.enters(queue.Arrival{Contact: strings.Repeat("0", 24), Channel: "later", Queue: "sales", Priority: -5})
		s.enters(queue.Arrival{Contact: strings.Repeat("f", 24), Channel: "sooner", Priority: -1})
		s.login("201")
		s.ring("sooner 201")
		s.login("202")
		s.ring("later 202")
	}},
	{"an agent's own order of queues: all of the one before any of the other", func(s *shift) {
		s.addSales("201", "202")
		s.rank(1, 0, 0)
		s.calls("a")
		s.calls("b")
		s.sells("x")
		s.sells("y")
		s.login("201")
		s.ring("x 201")
		s.login("202")
		s.ring("a 202")
	}},
	{"two agents who each prefer what the other is asked for: each has their way", func(s *shift) {
		s.addSales("201", "202")
		s.rank(0, 1, 0) // 201: support first
		s.rank(1, 0, 1) // 202: sales first
		s.sells("x")
		s.calls("a")
		s.login("201", "202")
		s.makes(queue.Subject{Agent: "201"}, "a 201")
		s.makes(queue.Subject{Agent: "202"}, "x 202")
	}},
	{"a circle: what each prefers is the other's turn, and both are served at once", func(s *shift) {
		s.addSales("201", "202")
		s.change(func(d *queue.Projection) { // of support 202's turn comes first, of sales 201's
			d.Agents[0].Places[0].Tier, d.Agents[1].Places[1].Tier = 1, 1
		})
		s.rank(0, 1, 0) // yet 201 prefers support
		s.rank(1, 0, 1) // and 202 sales
		s.calls("a")
		s.sells("x")
		s.login("201", "202")
		offers := s.manage()
		equal(s, "offers", len(offers), 2)
		s.rings()
	}},
	{"a circle in which an agent has just refused what they prefer", func(s *shift) {
		s.addSales("201", "202")
		s.change(func(d *queue.Projection) {
			d.Agents[0].Places[0].Tier, d.Agents[1].Places[1].Tier = 1, 1
		})
		s.rank(0, 1, 0)
		s.rank(1, 0, 1)
		s.login("201")
		s.calls("a")
		s.legEnds(s.ring("a 201"), 21)
		s.rings()
		s.login("202")
		s.sells("x")
		s.makes(queue.Subject{Line: s.line("support", "any")}, "x 201", "a 202")
	}},
	{"a circle of those who have all refused once: whoever is asked again is skipped no more", func(s *shift) {
		s.virtual()
		s.addSales("201", "202")
		s.change(func(d *queue.Projection) {
			d.Agents[0].Places[0].Tier, d.Agents[1].Places[1].Tier = 1, 1
		})
		s.rank(0, 1, 0)
		s.rank(1, 0, 1)
		s.login("201", "202")
		c := s.calls("a")
		s.legEnds(s.ring("a 202"), 21)
		s.legEnds(s.ring("a 201"), 21)
		s.mode("201", queue.Paused)
		s.mode("202", queue.Paused)
		s.sells("x")
		s.later(time.Minute)
		s.login("201", "202")
		s.makes(queue.Subject{Line: s.line("sales", "any")}, "a 201", "x 202")
		equal(s, "skipped", len(s.contact(c.ID).Skip), 0)
	}},
	{"no circle: what an agent prefers they have just refused, so each has the turn that is theirs", func(s *shift) {
		s.addSales("201", "202")
		s.change(func(d *queue.Projection) { d.Agents[1].Places[0].Tier = 1 }) // of support 201's turn comes first
		s.rank(1, 0, 0)                                                        // who prefers sales
		s.login("201")
		s.sells("x")
		s.legEnds(s.ring("x 201"), 21)
		s.rings()
		s.mode("201", queue.Paused)
		s.enters(queue.Arrival{Channel: "a", Priority: 1}) // before x
		s.login("201", "202")
		s.makes(queue.Subject{Line: s.line("support", "any")}, "a 201")
		s.makes(queue.Subject{Line: s.line("sales", "any")}, "x 202")
	}},
	{"a circle in which an agent has no room for what they prefer", func(s *shift) {
		s.addSales("201", "202")
		s.change(func(d *queue.Projection) {
			d.Queues[1].Medium = queue.Chat
			d.Agents[0].Places[0].Tier, d.Agents[1].Places[1].Tier = 1, 1
			for i := range 2 {
				d.Agents[i].Capacity, d.Agents[i].Beside = map[queue.Medium]int{queue.Voice: 1, queue.Chat: 1}, queue.Media
			}
		})
		s.rank(0, 1, 0) // 201 prefers calls
		s.rank(1, 0, 1)
		s.login("201")
		s.calls("talks")
		s.answers(s.ring("talks 201"))
		s.login("202")
		s.calls("a")
		s.sells("x")
		s.makes(queue.Subject{Line: s.line("support", "any")}, "x 201", "a 202")
	}},
	{"who came back from a lost call has the credit of the queue, and the wait is told as it was", func(s *shift) {
		s.virtual()
		s.support(func(q *queue.QueueSpec) { q.CreditReturned = 10 * time.Minute })
		s.login("201")
		s.calls("long ago") // waits longest of all
		s.gone("long ago")
		early := s.calls("early")
		s.pass(time.Minute)
		o := s.ring("early 201")
		s.answers(o)
		s.pass(5 * time.Minute)
		before := s.enters(queue.Arrival{Channel: "before", At: early.Arrived.Add(-2 * time.Minute)})
		s.legEnds(o, 27) // the phone is gone, not the caller
		c := s.contact(early.ID)
		equal(s, "credit", c.Credit, 10*time.Minute)
		equal(s, "arrived", c.Arrived, early.Arrived)
		equal(s, "position", s.position(early), 1)
		equal(s, "position of who came before", s.position(before), 2)
	}},
	{"who is moved has the credit of the queue they go to", func(s *shift) {
		s.virtual()
		s.addSales("202")
		s.change(func(d *queue.Projection) { d.Queues[1].CreditMoved = 5 * time.Minute })
		s.sells("x")
		a := s.calls("a")
		moved, err := s.pool.Move(s.ctx, a.ID, "sales", "", "wrong queue", "eve")
		s.ok(err)
		equal(s, "credit", moved.Credit, 5*time.Minute)
		equal(s, "position", s.position(moved), 1)
		equal(s, "came to", moved.CameTo, "support")
		s.login("202")
		s.ring("a 202")
	}},
	{"a credit of the call itself: a call transferred keeps what it waited elsewhere", func(s *shift) {
		s.virtual()
		s.calls("a")
		s.pass(time.Minute)
		c := s.enters(queue.Arrival{Channel: "transferred", Credit: 2 * time.Minute})
		equal(s, "position", s.position(c), 1)
		s.login("201")
		o := s.ring("transferred 201")
		s.pass(time.Second)
		s.answers(o)
		for _, e := range s.journal() {
			if e.Event == "answered" && (e.WaitMS < 1000 || e.WaitMS > 1001) {
				s.t.Fatalf("waited %d ms", e.WaitMS)
			}
		}
	}},
	{"reprioritised: the place changes at once, and the next offer with it", func(s *shift) {
		s.virtual()
		s.calls("a")
		s.pass(time.Minute)
		b := s.calls("b")
		s.login("202")
		s.mode("202", queue.Paused)
		c, position, err := s.pool.Reprioritise(s.ctx, b.ID, 5, "eve")
		s.ok(err)
		equal(s, "priority and position", [2]int{c.Priority, position}, [2]int{5, 1})
		s.login("201")
		s.ring("b 201")
		c, position, err = s.pool.Reprioritise(s.ctx, b.ID, -5, "eve") // also while a phone rings
		s.ok(err)
		equal(s, "state, priority and position", [3]any{c.State, c.Priority, position}, [3]any{queue.Offered, -5, 2})
		_, _, err = s.pool.Reprioritise(s.ctx, "nobody", 1, "eve")
		s.refused(err, queue.ErrNoContact)
	}},
}
