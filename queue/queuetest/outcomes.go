package queuetest

import (
	"time"

	"github.com/redis/go-redis/v9"

	"holdline/queue"
)

func member(m string) redis.Z { return redis.Z{Member: m} }

var outcomeTests = []shiftTest{
	{"cause and ringing give the outcome", func(s *shift) {
		for _, row := range []struct {
			cause int
			rang  bool
			want  string
		}{
			{17, true, "busy"}, {17, false, "busy"}, {21, true, "reject"}, {1, false, "unreachable"}, {3, false, "unreachable"},
			{20, false, "unreachable"}, {27, false, "unreachable"}, {38, false, "unreachable"},
			{19, true, "no_answer"}, {19, false, "unreachable"}, {18, true, "no_answer"}, {18, false, "unreachable"},
			{102, false, "unreachable"}, {16, true, "no_answer"}, {16, false, "setup_failed"}, {0, false, "setup_failed"},
			{127, false, "setup_failed"}, {58, false, "setup_failed"}, {25, false, "withdrawn"}, {25, true, "no_answer"},
		} {
			s.login("201")
			s.calls("a")
			o := s.ring("a 201")
			if row.rang {
				s.ok(s.pool.Ringing(s.ctx, s.from, o.Legs[0]))
			}
			e := s.legEnds(o, row.cause)
			equal(s, "outcome", e.Outcome, row.want)
			equal(s, "whom the offer asked", e.Offer.To, o.To)
			s.gone("a")
			s.mode("201", queue.LoggedOut)
		}
	}},
	{"a way that died is nobody's fault: the same two are matched again", func(s *shift) {
		s.login("201", "202")
		s.calls("a")
		o := s.ring("a 201")
		s.legEnds(o, 25)
		s.ring("a 201")
	}},
	{"no answer and reject start availability anew", func(s *shift) {
		for _, cause := range []int{19, 21} {
			s.login("201", "202")
			s.calls("a")
			o := s.ring("a 201")
			s.ok(s.pool.Ringing(s.ctx, s.from, o.Legs[0]))
			s.legEnds(o, cause)
			o = s.ring("a 202")
			s.gone("a")
			s.silent(o)
			s.calls("b")
			s.ring("b 202") // whose offer ended with the caller, so kept its start
			s.gone("b")
			s.mode("201", queue.LoggedOut)
			s.mode("202", queue.LoggedOut)
		}
	}},
	{"caller gone and a failed set-up keep the agent's start", func(s *shift) {
		s.login("201", "202")
		s.calls("a")
		o := s.ring("a 201")
		s.gone("a")
		s.silent(o)
		s.calls("b")
		o = s.ring("b 201")
		s.ok(s.pool.SetupFailed(s.ctx, o.ID, o.Legs[0], "node unreachable"))
		s.did(queue.WorkHangup)
		s.refused(s.pool.SetupFailed(s.ctx, o.ID, o.Legs[0], "again"), queue.ErrNoOffer)
		equal(s, "available since", s.agent("201").Available.Before(s.agent("202").Available), true)
	}},
	{"a set-up that rings has not failed", func(s *shift) {
		s.login("201")
		s.calls("a")
		o := s.ring("a 201")
		s.ok(s.pool.Ringing(s.ctx, s.from, o.Legs[0]))
		s.refused(s.pool.SetupFailed(s.ctx, o.ID, o.Legs[0], "timeout"), queue.ErrRefused)
		s.answers(o)
	}},
	{"busy and unreachable: not ready until the guard is over, then where they were", func(s *shift) {
		s.login("201", "202")
		since := s.agent("201").Available
		s.calls("a")
		s.legEnds(s.ring("a 201"), 17)
		s.answers(s.ring("a 202"))
		s.calls("b")
		s.rings() // 201 is guarded
		s.fires("guard")
		s.ring("b 201")
		equal(s, "available since", s.agent("201").Available, since)
	}},
	{"the caller keeps the place, and skips who missed it until all were tried", func(s *shift) {
		s.virtual()
		s.support(func(q *queue.QueueSpec) { q.Retry = 300 * time.Millisecond })
		s.login("201", "202")
		c := s.calls("a")
		s.calls("b")
		offers := s.rings("a 201", "b 202")
		s.legEnds(offers[0], 21)
		position, err := s.pool.Position(s.ctx, c.ID)
		s.ok(err)
		equal(s, "position", position, 1)
		s.rings() // 201 was tried, 202 is busy with b: a waits for the retry, and nobody else does
		s.calls("c")
		s.ring("c 201")
	}},
	{"misses make an agent not responding; an answer, a mode and a login forgive them", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.MaxMisses, q.Retry, q.RingTimeout = 2, 500*time.Millisecond, time.Second })
		miss := func(o queue.Offer) {
			s.fires("ring")
			equal(s, "hang-up", s.did(queue.WorkHangup).Reason, "no_answer")
			s.silent(o)
		}
		s.login("201")
		s.calls("a")
		miss(s.ring("a 201"))
		equal(s, "misses", s.agent("201").Misses, 1)
		s.mode("201", queue.Paused)
		equal(s, "misses after a change by hand", s.agent("201").Misses, 0)
		s.mode("201", queue.Ready)
		s.fires("retry")
		miss(s.ring("a 201"))
		s.fires("retry")
		miss(s.ring("a 201"))
		a := s.agent("201")
		equal(s, "mode", a.Mode, queue.NotResponding)
		equal(s, "reason", a.Reason, queue.OfferNoAnswer)
		s.rings()
		s.login("201")
		equal(s, "misses after login", s.agent("201").Misses, 0)
		s.pass(510 * time.Millisecond) // beyond the retry
		s.settle()
		s.manage()
		s.gone("a")
	}},
	{"a reject is no miss", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.MaxMisses = 1 })
		s.login("201")
		s.calls("a")
		s.legEnds(s.ring("a 201"), 21)
		equal(s, "mode", s.agent("201").Mode, queue.Ready)
	}},
	{"the first leg wins, and wins again when asked again", func(s *shift) {
		s.login("201")
		c := s.calls("a")
		o := s.ring("a 201")
		s.answers(o)
		again, err := s.pool.Answered(s.ctx, s.from, o.Legs[0])
		s.ok(err)
		equal(s, "won", again.Won, true)
		other, err := s.pool.Answered(s.ctx, s.from, queue.LegID(o.ID, 1))
		s.ok(err)
		equal(s, "another leg won", other.Won, false)
		equal(s, "state", s.contact(c.ID).State, queue.Connected)
		equal(s, "agent", s.contact(c.ID).Agent, "201")
	}},
	{"a leg whose offer is closed does not win", func(s *shift) {
		s.login("201")
		s.calls("a")
		o := s.ring("a 201")
		s.gone("a")
		a, err := s.pool.Answered(s.ctx, s.from, o.Legs[0])
		s.ok(err)
		equal(s, "won", a.Won, false)
		_, err = s.pool.LegEnded(s.ctx, s.from, o.Legs[0], 16)
		s.refused(err, queue.ErrNoOffer)
		s.refused(s.pool.Ringing(s.ctx, s.from, o.Legs[0]), queue.ErrNoOffer)
		s.refused(s.pool.Bridged(s.ctx, s.from, o.ID), queue.ErrNoOffer)
		_, err = s.pool.Answered(s.ctx, s.from, "1732294838.12")
		s.refused(err, queue.ErrNoOffer)
	}},
	{"an offer that outlived its contact's word for it is not answered", func(s *shift) {
		offers := "{" + s.pool.Name() + "}:offers"
		s.login("201", "202")
		s.calls("a")
		o := s.ring("a 201")
		record, err := s.rdb.HGet(s.ctx, offers, o.ID).Result()
		s.ok(err)
		s.legEnds(o, 21)
		next := s.ring("a 202")
		s.ok(s.rdb.HSet(s.ctx, offers, o.ID, record).Err())
		a, err := s.pool.Answered(s.ctx, s.from, o.Legs[0])
		s.ok(err)
		equal(s, "won", a.Won, false)
		s.ok(s.rdb.HDel(s.ctx, offers, o.ID).Err())
		s.answers(next)
	}},
	{"a retry comes when all were tried and the time is over", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.Retry = 200 * time.Millisecond })
		s.login("201")
		s.calls("a")
		s.legEnds(s.ring("a 201"), 21)
		s.rings()
		s.fires("retry")
		s.ring("a 201")
	}},
	{"an edit of the retry is for those who are missed from then on", func(s *shift) {
		s.virtual()
		retry := func(after time.Duration) {
			s.support(func(q *queue.QueueSpec) { q.Retry = after })
		}
		retry(time.Second)
		s.login("201")
		s.calls("a")
		s.legEnds(s.ring("a 201"), 21)
		s.mode("201", queue.Paused)
		s.fires("retry")
		retry(time.Hour)
		s.mode("201", queue.Ready)
		s.legEnds(s.ring("a 201"), 21)
		retry(time.Second)
		s.later(time.Minute)
		s.mode("201", queue.Paused)
		s.mode("201", queue.Ready)
		s.rings()
		s.later(time.Hour)
		s.ring("a 201")
	}},
	{"who becomes ready is tried before the retry", func(s *shift) {
		s.login("201")
		s.calls("a")
		s.legEnds(s.ring("a 201"), 21)
		s.rings()
		s.login("202")
		s.ring("a 202")
	}},
}
