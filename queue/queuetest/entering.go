package queuetest

import (
	"time"

	"holdline/queue"
)

func duration(d time.Duration) *time.Duration { return &d }

var enteringTests = []shiftTest{
	{"a caller gets a place, a position and a journal entry", func(s *shift) {
		a := s.calls("a")
		b := s.calls("b")
		equal(s, "state", b.State, queue.Waiting)
		for want, id := range []string{a.ID, b.ID} {
			got, err := s.pool.Position(s.ctx, id)
			s.ok(err)
			equal(s, "position", got, want+1)
		}
		found, err := s.pool.ByChannel(s.ctx, "b", "ast-1")
		s.ok(err)
		equal(s, "contact of the channel", found.ID, b.ID)
		on, err := s.pool.ContactsOn(s.ctx, "ast-1")
		s.ok(err)
		equal(s, "contacts on the node", len(on), 2)
		j := s.journal()
		equal(s, "last entry", j[len(j)-1].Event+" "+j[len(j)-1].Contact, "entered "+b.ID)
	}},
	{"the same channel enters once", func(s *shift) {
		arrival := queue.Arrival{Contact: queue.NewContactID(), Channel: "a", Queue: "support", CallerName: "Ann \"A\" {x}", CallerNumber: "123"}
		first := s.enters(arrival)
		again, err := s.pool.Enqueue(s.ctx, s.from, arrival)
		s.ok(err)
		equal(s, "new", again.New, false)
		equal(s, "contact", again.Contact.ID, first.ID)
		equal(s, "name", again.Contact.CallerName, "Ann \"A\" {x}")
		arrival.Channel = "b" // the id is taken
		_, err = s.pool.Enqueue(s.ctx, s.from, arrival)
		s.refused(err, queue.ErrRefused)
	}},
	{"a late enqueue keeps the place of its arrival, and nobody comes from the future", func(s *shift) {
		now := s.calls("now")
		earlier := s.enters(queue.Arrival{Channel: "earlier", At: now.Arrived.Add(-10 * time.Second)})
		later := s.enters(queue.Arrival{Channel: "later", At: now.Arrived.Add(time.Hour)})
		for want, c := range []queue.Contact{earlier, now, later} {
			got, err := s.pool.Position(s.ctx, c.ID)
			s.ok(err)
			equal(s, "position of "+c.Channel, got, want+1)
		}
		if !later.Arrived.Before(now.Arrived.Add(time.Minute)) {
			s.t.Fatalf("arrived at %s", later.Arrived)
		}
	}},
	{"priority is minutes of credit", func(s *shift) {
		s.calls("plain")
		s.enters(queue.Arrival{Channel: "a minute", Priority: 1})
		s.login("201")
		s.rings("a minute 201")
	}},
	{"unknown queue, unknown need and closed queue refuse, and are counted", func(s *shift) {
		_, err := s.pool.Enqueue(s.ctx, s.from, queue.Arrival{Channel: "a", Queue: "nowhere"})
		s.refused(err, queue.ErrNoQueue)
		_, err = s.pool.Enqueue(s.ctx, s.from, queue.Arrival{Channel: "b", Queue: "support", Need: "latin"})
		s.refused(err, queue.ErrNoNeed)
		s.support(func(q *queue.QueueSpec) { q.Open = false })
		_, err = s.pool.Enqueue(s.ctx, s.from, queue.Arrival{Channel: "c", Queue: "support"})
		s.refused(err, queue.ErrClosed)
		stats, err := s.pool.Stats(s.ctx)
		s.ok(err)
		equal(s, "entered", stats.Entered, 3)
		equal(s, "refused at support", stats.Queues["support"].Ended[queue.OutcomeRefused], 2)
	}},
	{"odd names live beside each other", func(s *shift) {
		s.change(func(d *queue.Projection) {
			for i, name := range []string{"a|b", "a", "{x}:y", "100%", "600@internal", "очередь, 1"} {
				need := int64(10 + i)
				d.Queues = append(d.Queues, queue.QueueSpec{Name: name, Need: need, Open: true, Timeout: time.Hour})
				d.Needs = append(d.Needs, queue.NeedSpec{ID: need, Queue: name, Name: "n|" + name})
				d.Agents = append(d.Agents, queue.AgentSpec{ID: "agent " + name, Places: []queue.Place{{Need: need}}})
			}
		})
		for _, q := range s.dir.Queues[1:] {
			s.login("agent " + q.Name)
			s.enters(queue.Arrival{Channel: "SIP|" + q.Name, Queue: q.Name, Need: "n|" + q.Name})
			o := s.ring("SIP|" + q.Name + " agent " + q.Name)
			equal(s, "queue", o.Queue, q.Name)
			s.legEnds(o, 17)
			got, err := s.pool.Queue(s.ctx, q.Name)
			s.ok(err)
			equal(s, "spec", got.Name, q.Name)
			s.gone("SIP|" + q.Name)
		}
	}},
	{"bad names are refused before anything is written", func(s *shift) {
		for _, a := range []queue.Arrival{{Channel: "", Queue: "support"}, {Channel: "a", Queue: ""},
			{Channel: "a", Queue: "x\n"}, {Channel: "a", Queue: "support", Contact: "nonsense"}} {
			_, err := s.pool.Enqueue(s.ctx, s.from, a)
			s.refused(err, queue.ErrName)
		}
		_, err := queue.Open(s.rdb, "Bad Pool").Stats(s.ctx)
		s.refused(err, queue.ErrName)
	}},
	{"a pool of a newer schema is left alone", func(s *shift) {
		key := "{" + s.pool.Name() + "}:meta"
		s.ok(s.rdb.HSet(s.ctx, key, "schema", queue.Schema+1).Err())
		_, err := s.pool.Enqueue(s.ctx, s.from, queue.Arrival{Channel: "a", Queue: "support"})
		s.refused(err, queue.ErrSchema)
		_, _, err = s.pool.Due(s.ctx, 1)
		s.refused(err, queue.ErrSchema)
		s.ok(s.rdb.HSet(s.ctx, key, "schema", queue.Schema).Err())
	}},
}
