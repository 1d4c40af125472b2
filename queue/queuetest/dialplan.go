package queuetest

import (
	"strings"
	"time"

	"holdline/queue"
)

// dials rings support through the dialplan: one agent, one offer, on its way.
func (s *shift) dials(want string) queue.Offer {
	s.t.Helper()
	o := s.ring(want)
	equal(s, "connect", o.Connect, "dialplan")
	equal(s, "legs", len(o.Legs), 0)
	s.ok(s.pool.Dialling(s.ctx, o.ID))
	e, err := s.pool.CallerLeft(s.ctx, s.from, o.Channel)
	s.ok(err)
	equal(s, "live", e.Live, true)
	return o
}

func (s *shift) dialplan(edit func(*queue.QueueSpec)) {
	s.t.Helper()
	s.support(func(q *queue.QueueSpec) {
		q.Connect = "dialplan"
		if edit != nil {
			edit(q)
		}
	})
}

func (s *shift) returns(o queue.Offer, status string) queue.Contact {
	s.t.Helper()
	return s.returnsWith(o, queue.DialResult{Offer: o.ID, Status: status})
}

func (s *shift) returnsWith(o queue.Offer, d queue.DialResult) queue.Contact {
	s.t.Helper()
	c, err := s.pool.Returned(s.ctx, s.from, o.Channel, d)
	s.ok(err)
	return c
}

var dialplanTests = []shiftTest{
	{"a set-up that failed before the caller left has no legs to hang up", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.Connect = "dialplan" })
		s.login("201")
		s.calls("a")
		o := s.ring("a 201")
		s.ok(s.pool.SetupFailed(s.ctx, o.ID, "", "a test"))
		s.idle(queue.WorkHangup)
	}},
	{"an answer before anybody was dialled is none: the caller's time goes on", func(s *shift) {
		s.dialplan(nil)
		s.login("201")
		c := s.enters(queue.Arrival{Channel: "a", Timeout: duration(time.Hour)})
		s.ring("a 201")
		got, err := s.pool.Dialled(s.ctx, s.from, "a", "")
		s.ok(err)
		equal(s, "state", got.State, queue.Offered)
		equal(s, "keys", s.rdb.Exists(s.ctx, s.ttlKey("timeout", c)).Val(), int64(1))
	}},
	{"answered in the dialplan: connected, then leaves answered", func(s *shift) {
		s.dialplan(func(q *queue.QueueSpec) { q.WrapUp = time.Hour })
		s.login("201")
		c := s.calls("a")
		o := s.dials("a 201")
		equal(s, "state", s.contact(c.ID).State, queue.InDialplan)
		equal(s, "position", s.position(c), 1)
		for range 2 { // told twice, it happens once
			got, err := s.pool.Dialled(s.ctx, s.from, "a", "")
			s.ok(err)
			equal(s, "state", got.State, queue.Connected)
		}
		equal(s, "position", s.position(c), 0)
		e, err := s.pool.CallerLeft(s.ctx, s.from, "a") // the event of the way out, late
		s.ok(err)
		equal(s, "live", e.Live, true)
		equal(s, "calls", strings.Join(s.agent("201").Calls, ""), o.ID)
		equal(s, "state", s.returns(o, "ANSWER").State, queue.Leaving)
		equal(s, "status", s.did(queue.WorkLeave).Vars["HOLDLINE_STATUS"], "ANSWERED")
		equal(s, "mode", s.agent("201").Mode, queue.WrapUp)
		equal(s, "repeated", s.returns(o, "ANSWER").State, queue.Leaving)
		e, err = s.pool.CallerLeft(s.ctx, s.from, "a")
		s.ok(err)
		equal(s, "end", e.Contact.Outcome, queue.OutcomeAnswered)
		s.idle(queue.WorkHangup) // there is no leg of ours
	}},
	{"not answered: each status has its outcome, the place is kept, music again", func(s *shift) {
		s.dialplan(nil)
		for status, want := range map[string]string{
			"BUSY": queue.OfferBusy, "NOANSWER": queue.OfferNoAnswer, "CANCEL": queue.OfferNoAnswer,
			"CHANUNAVAIL": queue.OfferUnreachable, "CONGESTION": queue.OfferUnreachable, "DONTCALL": queue.OfferReject,
			"INVALIDARGS": queue.OfferSetupFailed, "": queue.OfferSetupFailed,
		} {
			s.login("201")
			c := s.calls("a")
			o := s.dials("a 201")
			s.calls("b")
			got := s.returns(o, status)
			equal(s, "state after "+status, got.State, queue.Waiting)
			equal(s, "skips", strings.Join(got.Skip, ""), "201")
			equal(s, "position", s.position(c), 1)
			equal(s, "end of "+status, s.closes(o.ID), "201 "+want)
			equal(s, "music", s.did(queue.WorkMusic).MusicClass, "waltz")
			equal(s, "repeated", s.returns(o, status).State, queue.Waiting)
			s.idle(queue.WorkMusic)
			s.gone("a")
			s.gone("b")
			s.mode("201", queue.LoggedOut)
		}
	}},
	{"the caller hangs up in the dialplan: while it rings, and while they talk", func(s *shift) {
		s.dialplan(nil)
		s.login("201")
		s.calls("a")
		s.dials("a 201")
		equal(s, "while it rings", s.gone("a").Contact.Outcome, queue.OutcomeAbandoned)
		equal(s, "load", s.agent("201").Load(), 0)
		s.calls("b")
		s.dials("b 201")
		_, err := s.pool.Dialled(s.ctx, s.from, "b", "201")
		s.ok(err)
		equal(s, "while they talk", s.gone("b").Contact.Outcome, queue.OutcomeAnswered)
		equal(s, "load", s.agent("201").Load(), 0)
		_, err = s.pool.Returned(s.ctx, s.from, "b", queue.DialResult{Offer: "0123", Status: "ANSWER"})
		s.refused(err, queue.ErrNoContact)
	}},
	{"an answer that nobody heard is told by the return", func(s *shift) {
		s.dialplan(nil)
		s.login("201")
		c := s.calls("a")
		o := s.dials("a 201")
		equal(s, "state", s.returns(o, "ANSWER").State, queue.Leaving)
		equal(s, "agent", s.did(queue.WorkLeave).Agent, "201")
		s.gone("a")
		equal(s, "end", s.outcome(c.ID)+", "+s.closes(o.ID), "answered, 201 answered")
	}},
	{"the cause tells a reject from nobody there, and the offer's id one dial from another", func(s *shift) {
		s.dialplan(nil)
		for _, row := range []struct {
			with queue.DialResult
			want string
		}{
			{queue.DialResult{Status: "CHANUNAVAIL", Cause: 21}, queue.OfferReject},
			{queue.DialResult{Status: "CHANUNAVAIL", Cause: 1}, queue.OfferUnreachable},
			{queue.DialResult{Status: "NOANSWER", Cause: 21}, queue.OfferNoAnswer},
			{queue.DialResult{Status: "ANSWER", Offer: "another"}, queue.OfferSetupFailed},
		} {
			s.login("201")
			s.calls("a")
			o := s.dials("a 201")
			if row.with.Offer == "" {
				row.with.Offer = o.ID
			}
			equal(s, "state", s.returnsWith(o, row.with).State, queue.Waiting)
			equal(s, "end", s.closes(o.ID), "201 "+row.want)
			s.gone("a")
			s.mode("201", queue.LoggedOut)
		}
	}},
	{"who does not come back in time frees the agent, and comes back all the same", func(s *shift) {
		s.dialplan(func(q *queue.QueueSpec) { q.RingTimeout, q.Retry = time.Second, time.Hour })
		s.login("201")
		c := s.calls("a")
		o := s.dials("a 201")
		s.fires("dialplan")
		equal(s, "load", s.agent("201").Load(), 0)
		equal(s, "state", s.contact(c.ID).State, queue.InDialplan)
		s.calls("b")
		s.dials("b 201")
		_, err := s.pool.Dialled(s.ctx, s.from, "a", "")
		s.refused(err, queue.ErrNoOffer)
		equal(s, "state", s.returns(o, "NOANSWER").State, queue.Waiting)
		equal(s, "music", s.did(queue.WorkMusic).Channel, "a")
		s.gone("b")
		s.rings() // 201 has missed it
		s.login("202")
		s.ring("a 202")
	}},
	{"a set-up that fails before the caller is sent on; music was stopped", func(s *shift) {
		s.dialplan(nil)
		s.login("201")
		c := s.calls("a")
		o := s.ring("a 201")
		s.ok(s.pool.SetupFailed(s.ctx, o.ID, "", "invalid"))
		equal(s, "state", s.contact(c.ID).State, queue.Waiting)
		s.did(queue.WorkMusic)
		s.refused(s.pool.Dialling(s.ctx, o.ID), queue.ErrNoOffer)
		s.login("202")
		o = s.dials("a 202")
		s.ok(s.pool.Dialling(s.ctx, o.ID))
		s.refused(s.pool.SetupFailed(s.ctx, o.ID, "", "late"), queue.ErrRefused)
		s.returns(o, "BUSY")
	}},
	{"a bridge's offer is not dialled, and its caller who left has left", func(s *shift) {
		s.login("201")
		s.calls("a")
		o := s.ring("a 201")
		s.refused(s.pool.Dialling(s.ctx, o.ID), queue.ErrRefused)
		e, err := s.pool.CallerLeft(s.ctx, s.from, "a")
		s.ok(err)
		equal(s, "end", e.Contact.Outcome, queue.OutcomeAbandoned)
	}},
	{"a timeout while the dialplan dials waits for the result", func(s *shift) {
		s.dialplan(func(q *queue.QueueSpec) { q.RingTimeout = 30 * time.Second })
		s.login("201")
		c := s.enters(queue.Arrival{Channel: "a", Timeout: duration(500 * time.Millisecond)})
		o := s.dials("a 201")
		s.fires("timeout")
		equal(s, "state", s.contact(c.ID).State, queue.InDialplan)
		equal(s, "state", s.returns(o, "NOANSWER").State, queue.Leaving)
		equal(s, "outcome", s.did(queue.WorkLeave).Outcome, queue.OutcomeTimedOut)
		s.gone("a")
	}},
	{"all are dialled, and one answers", func(s *shift) {
		s.dialplan(func(q *queue.QueueSpec) { q.Strategy = "ring-all" })
		s.login("201", "202", "203")
		c := s.calls("a")
		o := s.ringsAll("a 201 202 203")
		s.ok(s.pool.Dialling(s.ctx, o.ID))
		_, err := s.pool.Dialled(s.ctx, s.from, "a", "204")
		s.refused(err, queue.ErrNoOffer)
		_, err = s.pool.Dialled(s.ctx, s.from, "a", "202")
		s.ok(err)
		equal(s, "agent", s.contact(c.ID).Agent, "202")
		s.returns(o, "ANSWER")
		s.gone("a")
		equal(s, "ends of the rings", s.closes(o.ID), "201 lost_race, 203 lost_race, 202 answered")
	}},
	{"the node dies while the dialplan dials", func(s *shift) {
		s.dialplan(nil)
		s.login("201")
		c := s.calls("a")
		s.dials("a 201")
		from, err := s.pool.NodeUp(s.ctx, "ast-1", "boot-2")
		s.ok(err)
		s.from = from
		equal(s, "outcome", s.outcome(c.ID), queue.OutcomeLostWithNode)
		equal(s, "load", s.agent("201").Load(), 0)
	}},
}
