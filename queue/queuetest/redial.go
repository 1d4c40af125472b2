package queuetest

import (
	"time"

	"holdline/queue"
)

// redials lets a caller of that number enter the queue support, through a node
// that was never restarted.
func (s *shift) redials(from queue.Origin, channel, number, name string) queue.Contact {
	s.t.Helper()
	e, err := s.pool.Enqueue(s.ctx, from, queue.Arrival{Channel: channel, Queue: name, CallerNumber: number})
	s.ok(err)
	return e.Contact
}

// dies ends the boot of the node ast-1, as callmanager does for a dead node.
func (s *shift) dies() {
	s.t.Helper()
	_, err := s.pool.NodeUp(s.ctx, "ast-1", "dead-boot-1")
	s.ok(err)
}

func (s *shift) position(c queue.Contact) int {
	s.t.Helper()
	n, err := s.pool.Position(s.ctx, c.ID)
	s.ok(err)
	return n
}

// twoNodes is a queue that keeps places for a minute, and another node.
func (s *shift) twoNodes() (other queue.Origin) {
	s.t.Helper()
	s.support(func(q *queue.QueueSpec) { q.Redial = time.Minute })
	other, err := s.pool.NodeUp(s.ctx, "ast-2", "boot-7")
	s.ok(err)
	return other
}

var redialTests = []shiftTest{
	{"who redials takes the old place, on any node and once", func(s *shift) {
		other := s.twoNodes()
		lost := s.enters(queue.Arrival{Channel: "a", CallerNumber: "+49 30|1:2,{3}%"})
		waits := s.redials(other, "b", "555", "support")
		s.dies()
		again := s.redials(other, "a2", "+49 30|1:2,{3}%", "support")
		equal(s, "arrived", again.Arrived, lost.Arrived)
		equal(s, "reconnects", again.Reconnects, lost.ID)
		equal(s, "position", s.position(again), 1)
		equal(s, "position of who waited on", s.position(waits), 2)
		twice := s.redials(other, "a3", "+49 30|1:2,{3}%", "support")
		equal(s, "reconnects", twice.Reconnects, "")
		equal(s, "position", s.position(twice), 3)
		told, err := s.pool.Enqueue(s.ctx, other, queue.Arrival{Channel: "a2", Queue: "support", CallerNumber: "+49 30|1:2,{3}%"})
		s.ok(err) // a retry
		equal(s, "new", told.New, false)
		j := s.journal()
		equal(s, "journal", j[len(j)-2].Event+" "+j[len(j)-2].Reconnects, "entered "+lost.ID)
		s.login("201")
		s.ring("a2 201")
	}},
	{"another number or queue takes no place", func(s *shift) {
		other := s.twoNodes()
		s.addSales("204")
		s.enters(queue.Arrival{Channel: "a", CallerNumber: "123"})
		s.dies()
		equal(s, "another number", s.redials(other, "b", "12", "support").Reconnects, "")
		equal(s, "another queue", s.redials(other, "c", "123", "sales").Reconnects, "")
		if s.redials(other, "d", "123", "support").Reconnects == "" {
			s.t.Fatal("the place is gone")
		}
	}},
	{"a place is kept for its time", func(s *shift) {
		other := s.twoNodes()
		s.support(func(q *queue.QueueSpec) { q.Redial = 200 * time.Millisecond })
		s.enters(queue.Arrival{Channel: "a", CallerNumber: "123"})
		s.dies()
		s.fires("redial")
		equal(s, "reconnects", s.redials(other, "b", "123", "support").Reconnects, "")
		left, err := s.rdb.Exists(s.ctx, "{"+s.pool.Name()+"}:redial").Result()
		s.ok(err)
		equal(s, "places", left, 0)
	}},
	{"without the setting nothing is kept", func(s *shift) {
		other := s.twoNodes()
		s.support(func(q *queue.QueueSpec) { q.Redial = 0 })
		s.enters(queue.Arrival{Channel: "a", CallerNumber: "123"})
		s.dies()
		equal(s, "reconnects", s.redials(other, "b", "123", "support").Reconnects, "")
	}},
	{"a withheld number is nobody's", func(s *shift) {
		other := s.twoNodes()
		for _, number := range []string{"", "anonymous", "Anonymous", "unknown", "Restricted"} {
			s.enters(queue.Arrival{Channel: "a" + number, CallerNumber: number})
		}
		s.dies()
		for _, number := range []string{"", "anonymous", "Anonymous", "unknown", "Restricted"} {
			equal(s, "reconnects by "+number, s.redials(other, "b"+number, number, "support").Reconnects, "")
		}
	}},
	{"two callers of one number have two places", func(s *shift) {
		other := s.twoNodes()
		first := s.enters(queue.Arrival{Channel: "a", CallerNumber: "123"})
		second := s.enters(queue.Arrival{Channel: "b", CallerNumber: "123"})
		s.dies()
		equal(s, "the first to redial", s.redials(other, "c", "123", "support").Reconnects, first.ID)
		equal(s, "the second to redial", s.redials(other, "d", "123", "support").Reconnects, second.ID)
	}},
	{"who rang or talked has a place too, who was on the way out has none", func(s *shift) {
		other := s.twoNodes()
		s.login("201", "202", "203")
		for _, channel := range []string{"leaves", "talks", "rings"} {
			s.enters(queue.Arrival{Channel: channel, CallerNumber: channel})
		}
		o := s.rings("leaves 201", "talks 202", "rings 203")
		s.answers(o[0])
		s.answers(o[1])
		s.legEnds(o[0], 16) // the agent hung up
		s.dies()
		equal(s, "leaves", s.redials(other, "1", "leaves", "support").Reconnects, "")
		equal(s, "talks", s.redials(other, "2", "talks", "support").Reconnects, o[1].Contact)
		equal(s, "rings", s.redials(other, "3", "rings", "support").Reconnects, o[2].Contact)
	}},
	{"the wait that the timeout bounds begins with the redial", func(s *shift) {
		other := s.twoNodes()
		s.support(func(q *queue.QueueSpec) { q.Timeout, q.Redial = time.Minute, time.Hour })
		long := s.enters(queue.Arrival{Channel: "a", CallerNumber: "123", At: s.calls("clock").Arrived.Add(-50 * time.Second)})
		s.dies()
		again := s.redials(other, "b", "123", "support")
		equal(s, "arrived", again.Arrived, long.Arrived)
		due, next, err := s.pool.Due(s.ctx, 10)
		s.ok(err)
		if len(due) != 0 || time.Until(next) < 55*time.Second {
			s.t.Fatalf("due %v, next in %s", due, time.Until(next))
		}
		// Should Redis lose that too, the channel knows both.
		_, err = s.pool.CallerGone(s.ctx, other, "b")
		s.ok(err)
		s.from = other
		s.enters(queue.Arrival{Channel: "b", At: long.Arrived, Since: long.Arrived.Add(50 * time.Second)})
		due, next, err = s.pool.Due(s.ctx, 10)
		s.ok(err)
		if len(due) != 0 || time.Until(next) < 55*time.Second {
			s.t.Fatalf("due %v, next in %s", due, time.Until(next))
		}
	}},
	{"a node that was not dead brings its callers back, as others", func(s *shift) {
		other := s.twoNodes()
		lost := s.enters(queue.Arrival{Channel: "a", CallerNumber: "123"})
		s.dies()
		var err error
		s.from, err = s.pool.NodeUp(s.ctx, "ast-1", "boot-1")
		s.ok(err)
		back := s.enters(queue.Arrival{Contact: lost.ID, Channel: "a", CallerNumber: "123", At: lost.Arrived, Back: true})
		if back.ID == lost.ID {
			s.t.Fatal("a contact that has ended is live again")
		}
		equal(s, "arrived", back.Arrived, lost.Arrived)
		equal(s, "outcome of the one before", s.outcome(lost.ID), queue.OutcomeLostWithNode)
		_ = other
	}},
}
