package queuetest

import (
	"strconv"
	"time"

	"holdline/queue"
)

var nodeTests = []shiftTest{
	{"an older epoch is refused in every command", func(s *shift) {
		s.login("201")
		s.calls("a")
		o := s.ring("a 201")
		old := s.from
		now, err := s.pool.NodeUp(s.ctx, "ast-1", "boot-1")
		s.ok(err)
		if now.Epoch <= old.Epoch {
			s.t.Fatalf("epoch %d after %d", now.Epoch, old.Epoch)
		}
		_, err = s.pool.Enqueue(s.ctx, old, queue.Arrival{Channel: "b", Queue: "support"})
		s.refused(err, queue.ErrStaleEpoch)
		_, err = s.pool.CallerGone(s.ctx, old, "a")
		s.refused(err, queue.ErrStaleEpoch)
		s.refused(s.pool.Ringing(s.ctx, old, o.Legs[0]), queue.ErrStaleEpoch)
		_, err = s.pool.Answered(s.ctx, old, o.Legs[0])
		s.refused(err, queue.ErrStaleEpoch)
		s.refused(s.pool.Bridged(s.ctx, old, o.ID), queue.ErrStaleEpoch)
		_, err = s.pool.LegEnded(s.ctx, old, o.Legs[0], 16)
		s.refused(err, queue.ErrStaleEpoch)
		_, err = s.pool.Enqueue(s.ctx, queue.Origin{Node: "ast-9", Epoch: 1}, queue.Arrival{Channel: "b", Queue: "support"})
		s.refused(err, queue.ErrStaleEpoch)
		s.from = now
		s.answers(o) // the same boot: its contacts go on
		s.gone("a")
	}},
	{"a new boot ends the contacts of the old one, and of no other node", func(s *shift) {
		other, err := s.pool.NodeUp(s.ctx, "ast-2", "boot-7")
		s.ok(err)
		_, err = s.pool.Enqueue(s.ctx, other, queue.Arrival{Channel: "elsewhere", Queue: "support", Timeout: duration(time.Hour)})
		s.ok(err)
		s.gone("none so far"[:0] + s.calls("quick").Channel)
		s.login("201", "202")
		s.rings("elsewhere 201")
		s.calls("talks")
		s.answers(s.ring("talks 202"))
		s.login("203")
		s.calls("rings")
		s.ring("rings 203")
		for i := range 45 { // more than two batches
			s.enters(queue.Arrival{Channel: "w" + strconv.Itoa(i), Timeout: duration(time.Hour)})
		}
		s.from, err = s.pool.NodeUp(s.ctx, "ast-1", "boot-2")
		s.ok(err)
		left, err := s.pool.Contacts(s.ctx)
		s.ok(err)
		equal(s, "contacts left", len(left), 1)
		equal(s, "who", left[0].Channel, "elsewhere")
		stats, err := s.pool.Stats(s.ctx)
		s.ok(err)
		equal(s, "lost", stats.Queues["support"].Ended[queue.OutcomeLostWithNode], 47)
		equal(s, "203", s.agent("203").Load(), 0)
		equal(s, "202", s.agent("202").Load(), 0)
		s.idle(queue.WorkHangup) // there is nobody to send it to
		s.calls("new")
		s.ring("new 203") // kept their start
	}},
	{"who waits on a lost node ends before its agents are free, so that none is offered one of them", func(s *shift) {
		s.login("201")
		s.calls("a talks")
		s.answers(s.ring("a talks 201"))
		for i := range 2 * queue.LostPerRun {
			s.calls("w" + strconv.Itoa(i))
		}
		_, err := s.pool.NodeUp(s.ctx, "ast-1", "boot-2")
		s.ok(err)
		var ended []string
		for _, e := range s.journal() {
			if e.Event == "ended" {
				ended = append(ended, e.Channel)
			}
		}
		equal(s, "ended", len(ended), 2*queue.LostPerRun+1)
		equal(s, "the last", ended[len(ended)-1], "a talks")
	}},
	{"after Redis was emptied an old epoch stays old", func(s *shift) {
		old := s.from
		s.ok(s.rdb.Del(s.ctx, "{"+s.pool.Name()+"}:nodes").Err())
		_, err := s.pool.Enqueue(s.ctx, old, queue.Arrival{Channel: "a", Queue: "support"})
		s.refused(err, queue.ErrStaleEpoch)
		now, err := s.pool.NodeUp(s.ctx, "ast-1", "boot-1")
		s.ok(err)
		if now.Epoch <= old.Epoch {
			s.t.Fatalf("epoch %d after %d", now.Epoch, old.Epoch)
		}
	}},
	{"every tick of the clock is its own, also when time goes back", func(s *shift) {
		last := s.from.Epoch
		for range 50 {
			o, err := s.pool.NodeUp(s.ctx, "ast-1", "boot-1")
			s.ok(err)
			if o.Epoch <= last {
				s.t.Fatalf("tick %d after %d", o.Epoch, last)
			}
			last = o.Epoch
		}
		s.ok(s.rdb.HSet(s.ctx, "{"+s.pool.Name()+"}:meta", "clock", last+3_600_000_000).Err())
		o, err := s.pool.NodeUp(s.ctx, "ast-1", "boot-1")
		s.ok(err)
		equal(s, "tick", o.Epoch, last+3_600_000_001)
	}},
	{"draining is an operator's word: what the node says of itself leaves it", func(s *shift) {
		r := queue.NewRegistry(s.rdb)
		id := "ast-" + s.pool.Name()
		draining := func() bool {
			n, err := r.Node(s.ctx, id)
			s.ok(err)
			return n.Draining
		}
		defer func() { s.ok(r.SetDraining(s.ctx, id, false)) }()
		s.refused(r.SetDraining(s.ctx, "", true), queue.ErrName)
		s.ok(r.SetDraining(s.ctx, id, true)) // before the node is known
		s.ok(r.PutNode(s.ctx, queue.Node{ID: id, Boot: "boot-1", Full: true}))
		equal(s, "drains before it was seen", draining(), true)
		s.ok(r.SetDraining(s.ctx, id, true))
		s.ok(r.PutNode(s.ctx, queue.Node{ID: id, Boot: "boot-2"}))
		equal(s, "drains after its restart", draining(), true)
		s.ok(r.RemoveNode(s.ctx, id))
		s.ok(r.PutNode(s.ctx, queue.Node{ID: id, Boot: "boot-3", Draining: true}))
		equal(s, "drains after it was forgotten", draining(), true)
		s.ok(r.SetDraining(s.ctx, id, false))
		s.ok(r.SetDraining(s.ctx, id, false))
		equal(s, "drains when it was taken back", draining(), false)
		s.ok(r.PutNode(s.ctx, queue.Node{ID: id, Boot: "boot-3", Draining: true}))
		equal(s, "drains because it says so", draining(), false)
		s.ok(r.RemoveNode(s.ctx, id))
	}},
}
