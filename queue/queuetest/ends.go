package queuetest

import (
	"time"

	"holdline/queue"
)

var endTests = []shiftTest{
	{"gone while waiting is abandoned, once", func(s *shift) {
		c := s.calls("a")
		e := s.gone("a")
		equal(s, "outcome", e.Contact.Outcome, queue.OutcomeAbandoned)
		_, err := s.pool.CallerGone(s.ctx, s.from, "a")
		s.refused(err, queue.ErrNoContact)
		_, err = s.pool.Contact(s.ctx, c.ID)
		s.refused(err, queue.ErrNoContact)
		equal(s, "journal", s.outcome(c.ID), queue.OutcomeAbandoned)
		s.calls("a") // the channel may come back
	}},
	{"gone while the phone rings: it stops, the agent is free", func(s *shift) {
		s.login("201")
		c := s.calls("a")
		o := s.ring("a 201")
		s.gone("a")
		w := s.did(queue.WorkHangup)
		equal(s, "leg", w.Legs[0], o.Legs[0])
		equal(s, "node", w.Node, "ast-1")
		equal(s, "reason", w.Reason, queue.OfferCallerGone)
		equal(s, "load", s.agent("201").Load(), 0)
		equal(s, "journal", s.outcome(c.ID), queue.OutcomeAbandoned)
		// The next INVITE would overtake the CANCEL.
		s.calls("b")
		s.rings()
		s.silent(o)
		s.ring("b 201")
	}},
	{"the caller hangs up the call: answered, the leg goes, the agent wraps up", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.WrapUp = 200 * time.Millisecond })
		s.login("201")
		c := s.calls("a")
		o := s.ring("a 201")
		s.answers(o)
		e := s.gone("a")
		equal(s, "outcome", e.Contact.Outcome, queue.OutcomeAnswered)
		equal(s, "agent", e.Contact.Agent, "201")
		equal(s, "hang-up", s.did(queue.WorkHangup).Legs[0], o.Legs[0])
		a := s.agent("201")
		equal(s, "mode", a.Mode, queue.WrapUp)
		if !a.Until.After(a.Since) {
			s.t.Fatalf("wrap-up from %s until %s", a.Since, a.Until)
		}
		s.calls("b")
		s.rings()
		s.fires("wrapup")
		s.ring("b 201")
		equal(s, "journal", s.outcome(c.ID), queue.OutcomeAnswered)
	}},
	{"the agent hangs up: the caller goes on in the dialplan, and is live until gone", func(s *shift) {
		s.login("201")
		c := s.calls("a")
		o := s.ring("a 201")
		s.answers(o)
		e := s.legEnds(o, 16)
		equal(s, "outcome", e.Outcome, queue.OutcomeAnswered)
		equal(s, "returned", e.Returned, false)
		w := s.did(queue.WorkLeave)
		equal(s, "status", w.Vars["HOLDLINE_STATUS"]+" "+w.Vars["HOLDLINE_AGENT"], "ANSWERED 201")
		equal(s, "channel", w.Channel+" "+w.Node, "a ast-1")
		equal(s, "state", s.contact(c.ID).State, queue.Leaving)
		equal(s, "outcome", s.gone("a").Contact.Outcome, queue.OutcomeAnswered)
		equal(s, "mode, without a wrap-up", s.agent("201").Mode, queue.Ready)
	}},
	{"the device is lost in mid-call: the caller is at the head again", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.Timeout, q.Announce = time.Hour, time.Hour })
		s.login("201")
		a := s.calls("a")
		o := s.ring("a 201")
		s.answers(o)
		s.calls("b")
		e := s.legEnds(o, 38)
		equal(s, "returned", e.Returned, true)
		equal(s, "music", s.did(queue.WorkMusic).MusicClass, "waltz")
		equal(s, "state", s.contact(a.ID).State, queue.Waiting)
		position, err := s.pool.Position(s.ctx, a.ID)
		s.ok(err)
		equal(s, "position", position, 1)
		s.settle() // its deadlines are armed anew
		n, err := s.rdb.Exists(s.ctx, "{"+s.pool.Name()+"}:timeout:support::"+a.ID).Result()
		s.ok(err)
		equal(s, "timeout key", n, 1)
		s.login("202")
		o = s.ring("a 202")
		s.answers(o)
		s.fires("guard")
		s.ring("b 201")
		s.gone("a")
		equal(s, "outcome", s.outcome(a.ID), queue.OutcomeAnswered)
	}},
	{"the wait that is told is that until the answer", func(s *shift) {
		s.login("201")
		c := s.calls("a")
		s.gone("a")
		c = s.enters(queue.Arrival{Channel: "b", At: c.Arrived.Add(-42 * time.Second)})
		o := s.ring("b 201")
		s.answers(o)
		s.pass(20 * time.Millisecond)
		e := s.gone("b")
		waited := e.Contact.AnsweredAt.Sub(c.Arrived).Truncate(time.Millisecond)
		equal(s, "wait", e.Wait, waited)
		if e.Wait < 42*time.Second {
			s.t.Fatalf("waited %s", e.Wait)
		}
	}},
}
