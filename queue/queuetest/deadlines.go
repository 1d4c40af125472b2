package queuetest

import (
	"time"

	"holdline/queue"
)

func (s *shift) ttlKey(kind string, c queue.Contact) string {
	return "{" + s.pool.Name() + "}:" + kind + ":support::" + c.ID
}

var deadlineTests = []shiftTest{
	{"a timeout sends the caller on", func(s *shift) {
		c := s.enters(queue.Arrival{Channel: "a", Timeout: duration(300 * time.Millisecond)})
		s.fires("timeout")
		w := s.did(queue.WorkLeave)
		equal(s, "outcome", w.Outcome+" "+w.Vars["HOLDLINE_STATUS"], "timed_out TIMEOUT")
		equal(s, "language", w.Language, "en")
		if w.WaitMS < 299 {
			s.t.Fatalf("waited %d ms", w.WaitMS)
		}
		s.login("201")
		s.rings()
		equal(s, "outcome", s.gone("a").Contact.Outcome, queue.OutcomeTimedOut)
		equal(s, "journal", s.outcome(c.ID), queue.OutcomeTimedOut)
	}},
	{"a timeout while the phone rings waits for the result", func(s *shift) {
		s.login("201")
		for _, c := range []struct {
			channel string
			answer  bool
		}{{"a", true}, {"b", false}} {
			id := s.enters(queue.Arrival{Channel: c.channel, Timeout: duration(time.Second)}).ID
			o := s.ring(c.channel + " 201")
			s.fires("timeout")
			equal(s, "state", s.contact(id).State, queue.Offered)
			s.idle(queue.WorkLeave)
			if c.answer {
				s.answers(o)
				s.gone(c.channel)
				continue
			}
			s.legEnds(o, 21)
			equal(s, "outcome", s.did(queue.WorkLeave).Outcome, queue.OutcomeTimedOut)
			s.gone(c.channel)
		}
	}},
	{"an arrival whose time is over leaves at once", func(s *shift) {
		now := s.calls("now").Arrived
		s.enters(queue.Arrival{Channel: "late", At: now.Add(-time.Minute), Timeout: duration(time.Second)})
		s.settle()
		equal(s, "leaves", s.did(queue.WorkLeave).Channel, "late")
	}},
	{"an operator makes the time longer", func(s *shift) {
		c := s.enters(queue.Arrival{Channel: "a", Timeout: duration(time.Second)})
		s.ok(s.rdb.PExpire(s.ctx, s.ttlKey("timeout", c), 2*time.Second).Err())
		s.fires("timeout") // only re-armed
		s.idle(queue.WorkLeave)
		s.fires("timeout")
		w := s.did(queue.WorkLeave)
		if w.WaitMS < 1990 {
			s.t.Fatalf("waited %d ms", w.WaitMS)
		}
	}},
	{"an operator makes it shorter or deletes it: by a hint, or by the sweep", func(s *shift) {
		a := s.enters(queue.Arrival{Channel: "a", Timeout: duration(time.Hour)})
		b := s.enters(queue.Arrival{Channel: "b", Timeout: duration(time.Hour)})
		d := s.enters(queue.Arrival{Channel: "d", Timeout: duration(time.Hour)})
		s.enters(queue.Arrival{Channel: "stays", Timeout: duration(time.Hour)})

		s.ok(s.rdb.Del(s.ctx, s.ttlKey("timeout", a)).Err())
		s.ok(s.pool.Hint(s.ctx, s.ttlKey("timeout", a)))
		equal(s, "leaves", s.did(queue.WorkLeave).Channel, "a")
		s.ok(s.pool.Hint(s.ctx, s.ttlKey("timeout", a)))
		s.ok(s.pool.Hint(s.ctx, "{other}:timeout:support::"+a.ID))
		s.ok(s.pool.Hint(s.ctx, "{"+s.pool.Name()+"}:contacts"))

		s.ok(s.rdb.PExpire(s.ctx, s.ttlKey("timeout", b), 100*time.Millisecond).Err())
		s.ok(s.pool.Hint(s.ctx, s.ttlKey("timeout", b)))
		if s.contact(b.ID).State == queue.Waiting { // on a slow machine the hint came after the end
			s.fires("timeout")
		}
		equal(s, "leaves", s.did(queue.WorkLeave).Channel, "b")

		s.ok(s.rdb.Del(s.ctx, s.ttlKey("timeout", d)).Err())
		for at := queue.Cursor(0); ; {
			next, err := s.pool.Sweep(s.ctx, at, 2)
			s.ok(err)
			if at = next; at == 0 {
				break
			}
		}
		equal(s, "leaves", s.did(queue.WorkLeave).Channel, "d")
		s.idle(queue.WorkLeave)
	}},
	{"key and deadline end at the same millisecond", func(s *shift) {
		c := s.enters(queue.Arrival{Channel: "a", Timeout: duration(time.Hour)})
		at, err := s.rdb.ZScore(s.ctx, "{"+s.pool.Name()+"}:deadlines", "timeout|support|"+c.ID).Result()
		s.ok(err)
		ends, err := s.rdb.PExpireTime(s.ctx, s.ttlKey("timeout", c)).Result()
		s.ok(err)
		if s.turn == nil { // the embedded Redis keeps a remainder, not an end
			equal(s, "ends", ends.Milliseconds(), int64(at)/1000)
		}
		equal(s, "ends", int64(at)/1000, c.Arrived.UnixMilli()+3_600_000)
	}},
	{"announcements: soon after entry, then at the interval, marked before they are played", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.Announce, q.AnnounceFirst = 400*time.Millisecond, 100*time.Millisecond })
		s.enters(queue.Arrival{Channel: "head", Announce: duration(0)})
		s.calls("a")
		s.fires("announce")
		w := s.did(queue.WorkAnnounce)
		equal(s, "position", w.Position, 2)
		equal(s, "waiting", w.Waiting, 2)
		equal(s, "channel", w.Channel+" "+w.MusicClass+" "+w.Language, "a waltz en")
		s.settle()
		s.idle(queue.WorkAnnounce)
		s.fires("announce")
		s.did(queue.WorkAnnounce)
		s.gone("a")
		_, next, err := s.pool.Due(s.ctx, 10)
		s.ok(err)
		_ = next
	}},
	{"an improved position is told early, but not often, and only once", func(s *shift) {
		s.support(func(q *queue.QueueSpec) {
			q.Announce, q.AnnounceFirst, q.AnnounceMin = time.Hour, 50*time.Millisecond, 100*time.Millisecond
		})
		s.calls("a")
		s.fires("announce")
		s.did(queue.WorkAnnounce)
		s.calls("b")
		s.fires("announce")
		equal(s, "position", s.did(queue.WorkAnnounce).Position, 2)
		s.gone("a")
		s.fires("near")
		s.fires("near")
		equal(s, "position", s.did(queue.WorkAnnounce).Position, 1)
		s.settle()
		s.idle(queue.WorkAnnounce)
	}},
	{"nobody is announced to while a phone rings for them", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.Announce, q.AnnounceFirst = time.Hour, 50*time.Millisecond })
		s.login("201")
		s.calls("a")
		s.ring("a 201")
		s.fires("announce")
		s.idle(queue.WorkAnnounce)
	}},
	{"an offer that nobody sets up fails; one whose work was done is watched by the ring deadline", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.RingTimeout = time.Second })
		s.login("201", "202")
		s.calls("a")
		work, err := s.pool.Take(s.ctx, "cm-1", 0, 1)
		s.ok(err)
		_, err = s.pool.Match(s.ctx, work[0].ID, queue.Subject{Line: work[0].Line})
		s.ok(err)
		s.fires("setup")
		equal(s, "reason", s.did(queue.WorkHangup).Reason, queue.OfferSetupFailed)
		offers, err := s.pool.Offers(s.ctx) // did has managed the rest: 202 rings, and its work is done
		s.ok(err)
		equal(s, "agent", offers[0].Agent, "202")
		s.fires("ring")
		equal(s, "reason", s.did(queue.WorkHangup).Reason, queue.OfferNoAnswer)
	}},
	{"work done twice is done once: nothing is kept of it, the ring deadline stays where it was", func(s *shift) {
		s.login("201")
		s.calls("a")
		work, err := s.pool.Take(s.ctx, "cm-1", 0, 1)
		s.ok(err)
		offers, err := s.pool.Match(s.ctx, work[0].ID, queue.Subject{Line: work[0].Line})
		s.ok(err)
		deadline := "ring|" + offers[0].ID
		s.done(work[0].ID)
		at, err := s.rdb.ZScore(s.ctx, "{"+s.pool.Name()+"}:deadlines", deadline).Result()
		s.ok(err)
		claims, err := s.rdb.HLen(s.ctx, "{"+s.pool.Name()+"}:claims").Result()
		s.ok(err)
		equal(s, "claims", claims, 0)
		s.pass(5 * time.Millisecond)
		s.done(work[0].ID)
		again, err := s.rdb.ZScore(s.ctx, "{"+s.pool.Name()+"}:deadlines", deadline).Result()
		s.ok(err)
		equal(s, "ring deadline", again, at)
	}},
	{"a bridge that nobody makes is asked for, until it is made", func(s *shift) {
		s.login("201")
		s.calls("a")
		o := s.ring("a 201")
		_, err := s.pool.Answered(s.ctx, s.from, o.Legs[0])
		s.ok(err)
		for range 2 {
			s.fires("bridge")
			w := s.did(queue.WorkBridge)
			equal(s, "bridge", w.Offer+" "+w.Channel+" "+w.Legs[0], o.ID+" a "+o.Legs[0])
		}
		s.ok(s.pool.Bridged(s.ctx, s.from, o.ID))
		s.ok(s.pool.Bridged(s.ctx, s.from, o.ID))
		_, next, err := s.pool.Due(s.ctx, 10)
		s.ok(err)
		equal(s, "deadlines left", next.IsZero(), true)
	}},
	{"a bridge that nobody can make is given up, and the caller is at the head again", func(s *shift) {
		s.login("201")
		c := s.calls("a")
		o := s.ring("a 201")
		_, err := s.pool.Answered(s.ctx, s.from, o.Legs[0])
		s.ok(err)
		for range queue.BridgeTries {
			s.fires("bridge")
			s.did(queue.WorkBridge)
		}
		s.fires("bridge")
		s.idle(queue.WorkBridge)
		equal(s, "hang-up", s.did(queue.WorkHangup).Legs[0], o.Legs[0])
		equal(s, "state", s.contact(c.ID).State, queue.Waiting)
		s.did(queue.WorkMusic)
		s.fires("guard")
		s.ring("a 201")
	}},
	{"a deadline fired by two is fired once, and one not due not at all", func(s *shift) {
		c := s.enters(queue.Arrival{Channel: "a", Timeout: duration(time.Hour)})
		s.ok(s.pool.Fire(s.ctx, queue.Deadline{Member: "timeout|support|" + c.ID}))
		s.ok(s.pool.Fire(s.ctx, queue.Deadline{Member: "nonsense"}))
		s.ok(s.pool.Fire(s.ctx, queue.Deadline{Member: "wrapup|201"}))
		equal(s, "state", s.contact(c.ID).State, queue.Waiting)
		s.login("201")
		o := s.ring("a 201")
		s.ok(s.pool.Fire(s.ctx, queue.Deadline{Member: "ring|" + o.ID}))
		equal(s, "state", s.contact(c.ID).State, queue.Offered)
		c = s.enters(queue.Arrival{Channel: "b", Timeout: duration(100 * time.Millisecond)})
		s.fires("timeout")
		s.ok(s.pool.Fire(s.ctx, queue.Deadline{Member: "timeout|support|" + c.ID}))
		s.did(queue.WorkLeave)
		s.idle(queue.WorkLeave)
	}},
}
