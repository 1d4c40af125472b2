package queuetest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"holdline/queue"
)

// told says that a contact's explanation is this cause and sentence.
func (s *shift) told(c queue.Contact, cause, why string) queue.ContactExplanation {
	s.t.Helper()
	e := s.explained(c)
	equal(s, "cause", e.Cause, cause)
	equal(s, "why", s.named(e.Why), why)
	return e
}

// does says that an agent's explanation is this cause and sentence, and what is between
// them and those who wait: the channel and a word.
func (s *shift) does(agent, cause, why string, passed ...string) queue.AgentExplanation {
	s.t.Helper()
	e, err := s.pool.ExplainAgent(s.ctx, agent)
	s.ok(err)
	equal(s, "cause", e.Cause, cause)
	equal(s, "why", s.named(e.Why), why)
	var got []string
	for _, q := range e.Queues {
		for _, c := range q.Contacts {
			got = append(got, s.named(c.Waiting)+" "+c.Word)
		}
	}
	equal(s, "passed by", strings.Join(got, ", "), strings.Join(passed, ", "))
	return e
}

// door says what a caller of the queue would meet; one who comes meets it.
func (s *shift) door(name, why string) queue.QueueExplanation {
	s.t.Helper()
	e, err := s.pool.ExplainQueue(s.ctx, name)
	s.ok(err)
	equal(s, "why", e.Why, why)
	probe, err := s.pool.Enqueue(s.ctx, s.from, queue.Arrival{Channel: "probe", Queue: name})
	equal(s, "enters", probe.Contact.Queue, e.Enters)
	if want := map[string]error{"closed": queue.ErrClosed, "full": queue.ErrFull, "empty": queue.ErrEmpty}[e.Refuses]; e.Enters == "" {
		s.refused(err, want)
	} else {
		s.ok(err)
		s.gone("probe")
	}
	return e
}

var explainingServiceTests = []shiftTest{
	{"why this agent: the turn, the penalty, the step, who came next, what came of it", func(s *shift) {
		s.virtual()
		s.steps([]time.Duration{0, 10 * time.Second}, 0, 1, 1, 1)
		s.change(func(d *queue.Projection) { d.Agents[3].Places[0].Tier = 2 })
		s.login("204", "203", "202", "201")
		a := s.calls("a")
		o := s.ring("a 201")
		s.told(a, "offered", "It rings at 201 for 0s: asked after a wait of 0s, of penalty 0 it was their turn by longest-available.")
		s.pass(2 * time.Second)
		s.legEnds(o, 21)
		s.later(8 * time.Second)
		o = s.ring("a 203")
		s.pass(3 * time.Second)
		e := s.told(a, "offered",
			"It rings at 203 for 3s: asked after a wait of 10s, of penalty 0 it was their turn by longest-available, admitted by step 1; then came 202, 204.")
		equal(s, "the first offer", e.Offers[0].Agent+" "+e.Offers[0].Outcome+" "+e.Offers[0].Reason, "201 reject cause 21")
		equal(s, "it rang", e.Offers[0].RangMS, 2000)
		equal(s, "place", e.Place.Position, 1)
		s.answers(o)
		s.pass(time.Minute)
		e = s.told(a, "connected",
			"It talks with 203 for 1m: asked after a wait of 10s, of penalty 0 it was their turn by longest-available, admitted by step 1; then came 202, 204.")
		equal(s, "wait", e.WaitMS, 13_001) // later lets a millisecond more go by
		s.legEnds(o, 16)
		s.told(a, "leaving", "Its outcome is answered: it is on its way out.")
		s.gone("a")
		e = s.told(a, queue.OutcomeAnswered, "It was answered by 203 after a wait of 13s, and is over.")
		equal(s, "state", e.State+" "+e.Queue, "ended support")
		equal(s, "talk", e.Offers[1].TalkMS, 60_000)
		var story []string
		for _, t := range e.Story {
			story = append(story, t.Text)
		}
		equal(s, "story", strings.Join(story, "\n"), strings.Join([]string{
			"entered support on ast-1", "offered to 201 after 0s: penalty 0, step 0", `offer to 201 over: reject ("cause 21")`, "back in its place",
			"step 1 opened", "offered to 203 after 10s: penalty 0, step 1", "answered by 203", "talks with 203",
			"offer to 203 over: answered", "leaves: answered", "ended: answered",
		}, "\n"))
	}},
	{"why this agent: it was given to them, or was for them", func(s *shift) {
		s.virtual()
		s.login("201", "202", "203")
		given := s.calls("given")
		s.gives(given, "203")
		s.ring("given 203")
		s.told(given, "offered", "It rings at 203 for 0s: asked after a wait of 0s, since it was given to them.")
		meant := s.enters(queue.Arrival{Channel: "meant", Prefer: "202", PreferFor: time.Minute})
		o := s.ring("meant 202")
		s.answers(o)
		s.told(meant, "connected", "It talks with 202 for 0s: asked after a wait of 0s, since it was for them before all others.")
	}},
	{"why these agents: all at once, or through the dialplan", func(s *shift) {
		s.virtual()
		s.ringAll()
		s.login("202", "201")
		a := s.calls("a")
		s.answers(s.ringsAll("a 202 201"))
		e := s.told(a, "connected", "It talks with 202 for 0s: asked after a wait of 0s, of penalty 0 it was their turn by ring-all; then came 201.")
		equal(s, "the other", e.Offers[1].Agent+" "+e.Offers[1].Outcome, "201 lost_race")
		s.login("203", "204")
		s.told(func() queue.Contact { c := s.calls("b"); s.ringsAll("b 203 204"); return c }(), "offered",
			"It rings at 203 and 204 for 0s: asked after a wait of 0s, all of penalty 0 whom it may ring.")
	}},
	{"in the dialplan", func(s *shift) {
		s.virtual()
		s.dialplan(nil)
		s.login("201")
		a := s.calls("a")
		s.dials("a 201")
		s.told(a, "in_dialplan", "The dialplan dials 201 for 0s: asked after a wait of 0s, of penalty 0 it was their turn by longest-available.")
	}},
	{"how it ended, and what somebody did with it", func(s *shift) {
		s.virtual()
		s.addSales("202")
		a := s.calls("a")
		_, _, err := s.pool.Reprioritise(s.ctx, a.ID, 5, "eve")
		s.ok(err)
		_, err = s.pool.Move(s.ctx, a.ID, "sales", "", "asked\nfor it", "eve")
		s.ok(err)
		s.pass(12 * time.Second)
		_, err = s.pool.Withdraw(s.ctx, a.ID, "we call back\x1b[31m", "eve")
		s.ok(err)
		s.told(a, "leaving", `Its outcome is withdrawn ("we call back\x1b[31m"): it is on its way out.`)
		s.gone("a")
		e := s.told(a, queue.OutcomeWithdrawn, `It ended after a wait of 12s: withdrawn ("we call back\x1b[31m"), by "eve".`)
		equal(s, "story", fmt.Sprint(e.Story[1].Text, "; ", e.Story[2].Text),
			`priority 5, by "eve"; moved from support to sales ("asked\nfor it"), by "eve"`)
		b := s.calls("b")
		s.pass(3 * time.Second)
		s.gone("b")
		s.told(b, queue.OutcomeAbandoned, "It ended after a wait of 3s: abandoned.")
	}},
	{"every refusal", func(s *shift) {
		refuse := func(q, need string, want error, why string) {
			s.t.Helper()
			c := queue.Contact{ID: queue.NewContactID()}
			_, err := s.pool.Enqueue(s.ctx, s.from, queue.Arrival{Contact: c.ID, Channel: "x", Queue: q, Need: need})
			s.refused(err, want)
			s.told(c, queue.OutcomeRefused, "It was refused by "+q+": "+why+".")
		}
		refuse("nowhere", "", queue.ErrNoQueue, "there is no such queue")
		refuse("support", "nothing", queue.ErrNoNeed, "it has no such need")
		s.support(func(q *queue.QueueSpec) { q.MaxWaiting = 1 })
		s.calls("a")
		refuse("support", "", queue.ErrFull, "as many wait as may")
		s.support(func(q *queue.QueueSpec) { q.MaxWaiting, q.JoinEmpty = 0, []string{"logged_out"} })
		refuse("support", "", queue.ErrEmpty, "nobody counts who could serve it")
		s.support(func(q *queue.QueueSpec) { q.Open = false })
		refuse("support", "", queue.ErrClosed, "it is closed")
	}},
	{"who is not there cannot be explained", func(s *shift) {
		for _, id := range []string{"", "nobody", "a|b{c}", queue.NewContactID(), strings.Repeat("x", 1000)} {
			_, err := s.pool.ExplainContact(s.ctx, id)
			s.refused(err, queue.ErrNoContact)
			_, err = s.pool.ExplainAgent(s.ctx, id)
			s.refused(err, queue.ErrNoAgent)
			_, err = s.pool.ExplainQueue(s.ctx, id)
			s.refused(err, queue.ErrNoQueue)
		}
		_, err := s.pool.ExplainContact(s.ctx, queue.NewContactID())
		if !errors.Is(err, queue.ErrNoContact) || !strings.Contains(err.Error(), "the journal, which reaches back to ") {
			s.t.Fatal(err)
		}
	}},
	{"why an agent is idle: nobody waits, or they serve nothing", func(s *shift) {
		s.virtual()
		s.addSales("201")
		s.login("201", "202")
		s.pass(2 * time.Minute)
		e := s.does("201", queue.CauseNobodyWaits, "201 is available for 2m: nobody waits in sales and support.")
		equal(s, "queues", fmt.Sprint(e.Queues), "[{sales voice [{any 0 0}] 0 []} {support voice [{any 0 0}] 0 []}]")
		s.change(func(d *queue.Projection) { d.Agents[1].Places = nil })
		s.does("202", queue.CauseNoQueue, "202 is available for 2m, and serves no queue: the directory gives them none.")
		s.mode("201", queue.Paused)
		s.pass(5 * time.Second)
		s.calls("a")
		s.does("201", queue.StandPaused, "201: paused for 5s.", "a paused")
	}},
	{"why an agent is idle: none of those who wait is for them", func(s *shift) {
		s.virtual()
		s.steps([]time.Duration{0, time.Minute}, 1, 0, 0, 1)
		s.change(func(d *queue.Projection) {
			d.Needs = append(d.Needs, queue.NeedSpec{ID: 7, Queue: "support", Name: "expert"})
		})
		s.login("203")
		s.calls("talks")
		s.answers(s.ring("talks 203"))
		s.login("201")
		s.calls("later")
		s.enters(queue.Arrival{Channel: "expert", Need: "expert"})
		s.gives(s.calls("given"), "203")
		s.rings()
		s.pass(10 * time.Second)
		s.does("201", queue.CauseNotForThem,
			"201 is available for 10s; of those who wait in support none is for them: 1 for another, 1 later step, 1 other need. That may change in 50s, for later.",
			"later later_step", "expert other_need", "given for_another")
		s.login("204")
		s.mode("201", queue.LoggedOut)
		s.gone("given")
		s.later(50 * time.Second)
		s.legEnds(s.ring("later 204"), 21)
		s.does("204", queue.CauseNotForThem,
			"204 is available for 0s; of those who wait in support none is for them: 1 other need, 1 skipped. That may change in 5s, for later.",
			"later skipped", "expert other_need")
	}},
	{"why an agent is idle: they are about to ring, also for whom they do not serve", func(s *shift) {
		s.virtual()
		s.addSales("202")
		s.login("201")
		s.gives(s.sells("x"), "201")
		e := s.does("201", queue.CauseDue, "201 is available for 0s, and about to be asked: a match is on its way.", "x due")
		equal(s, "queue", e.Queues[0].Queue+" "+e.Queues[1].Queue, "sales support")
		s.ring("x 201")
		s.does("201", queue.StandRinging, "201: ringing for x of sales for 0s.")
	}},
	{"what an agent does, by medium", func(s *shift) {
		s.virtual()
		s.addChat(2, nil, 1)
		s.login("201")
		s.writes("x")
		s.answers(s.ring("x 201"))
		s.calls("call")
		e := s.does("201", queue.CauseNotForThem, "201 is available for 0s; of those who wait in chat and support none is for them: 1 other medium.", "call other_medium")
		equal(s, "media", fmt.Sprintf("%s %s %d/%d, %s %s %d/%d", e.Doing[0].Medium, e.Doing[0].Word, e.Doing[0].Held, e.Doing[0].Capacity,
			e.Doing[1].Medium, e.Doing[1].Word, e.Doing[1].Held, e.Doing[1].Capacity), "voice other_medium 0/1, chat available 1/2")
	}},
	{"would a queue take a caller: open, full, empty, closed, and where they would go", func(s *shift) {
		s.virtual()
		s.addSales("202")
		s.login("201", "202")
		s.mode("202", queue.Paused)
		e := s.door("support", "A caller would wait here.")
		equal(s, "staff", fmt.Sprint(e.Agents, e.Modes, e.Available), "4 map[paused:1 ready:1] 1")
		s.mode("201", queue.LoggedOut)
		s.support(func(q *queue.QueueSpec) { q.MaxWaiting = 1 })
		s.calls("a")
		s.pass(30 * time.Second)
		e = s.door("support", "A caller would be refused: support is full (1 of 1).")
		equal(s, "waiting", fmt.Sprintln(e.Refuses, e.Waiting, e.LongestMS), "full 1 30000\n")
		s.support(func(q *queue.QueueSpec) { q.OverflowTo = "sales" })
		equal(s, "enters", s.door("support", "A caller would wait in sales: support is full (1 of 1).").Enters, "sales")
		s.change(func(d *queue.Projection) { d.Queues[1].JoinEmpty = []string{"paused"} })
		s.door("support", `A caller would be refused: support is full (1 of 1), sales is empty (by join_empty "paused" nobody counts).`)
		s.change(func(d *queue.Projection) { d.Queues[1].Open = false })
		s.door("sales", "A caller would be refused: sales is closed.")
		s.login("201")
		s.support(func(q *queue.QueueSpec) { q.MaxWaiting, q.JoinEmpty = 0, []string{"busy", "paused"} })
		s.manage()
		e = s.door("support", `A caller would be refused: support is empty (by join_empty "busy,paused" nobody counts), sales is closed.`)
		equal(s, "ringing", fmt.Sprint(e.Waiting, e.Available), "0 0")
	}},
	{"every queue and agent at a glance", func(s *shift) {
		s.virtual()
		s.addSales("202")
		s.login("201", "202")
		s.calls("talks")
		s.answers(s.ring("talks 201"))
		s.calls("rings")
		s.ring("rings 202")
		s.calls("waits")
		s.pass(20 * time.Second)
		s.gone("waits")
		s.calls("b")
		s.pass(10 * time.Second)
		b, err := s.pool.Board(s.ctx)
		s.ok(err)
		var got []string
		for _, q := range b.Queues {
			got = append(got, fmt.Sprintf("%s: %d wait, %s, %d ring, %d talk, %d/%d/%d, entered %d, ended %v", q.Queue, q.Waiting,
				time.Duration(q.LongestMS)*time.Millisecond, q.Ringing, q.Talking, q.Available, q.LoggedIn, q.Agents, q.Entered, q.Ended))
		}
		for _, a := range b.Agents[:2] {
			got = append(got, s.named(a.Agent+" "+strings.Join(a.Queues, "+")+" "+a.Text))
		}
		equal(s, "board", strings.Join(got, "\n"), strings.Join([]string{
			"sales: 0 wait, 0s, 0 ring, 0 talk, 0/1/1, entered 0, ended map[]",
			"support: 1 wait, 10s, 1 ring, 1 talk, 0/2/4, entered 4, ended map[abandoned:1]",
			"201 support talking with talks of support for 30s", "202 sales+support ringing for rings of support for 30s",
		}, "\n"))
		s.clean()
		_, err = s.pool.Board(s.ctx)
		s.refused(err, queue.ErrNotReady)
		s.dir.Version++
		s.project()
	}},
	{"would those who wait leave an empty queue", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.LeaveEmpty = []string{"logged_out"} })
		s.calls("a")
		e := s.door("support", "A caller would wait here. Who waits leaves, since nobody counts who could serve them.")
		equal(s, "leaving", e.Leaving, true)
	}},
}
