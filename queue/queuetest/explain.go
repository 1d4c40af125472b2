package queuetest

import (
	"fmt"
	"strings"
	"time"

	"holdline/queue"
)

// named replaces the ids of contacts in a text by their channels, which are the callers' names.
func (s *shift) named(text string) string {
	s.t.Helper()
	for _, e := range s.journal() {
		if e.Event == "entered" {
			text = strings.ReplaceAll(text, e.Contact, e.Channel)
		}
	}
	return text
}

func (s *shift) explained(c queue.Contact) queue.ContactExplanation {
	s.t.Helper()
	e, err := s.pool.ExplainContact(s.ctx, c.ID)
	s.ok(err)
	return e
}

// because says that a contact's explanation is this cause and sentence, and that these are
// its agents, in turn: the id, a word, and what else is asked about with a colon before it.
func (s *shift) because(c queue.Contact, cause, why string, agents ...string) queue.ContactExplanation {
	s.t.Helper()
	e := s.explained(c)
	equal(s, "cause", e.Cause, cause)
	equal(s, "why", s.named(e.Why), why)
	var got []string
	for i, a := range e.Agents {
		line := a.Agent + " " + a.Word
		if i < len(agents) && strings.Contains(agents[i], ": ") {
			line += ": " + s.named(a.Text)
		}
		got = append(got, line)
	}
	equal(s, "agents", strings.Join(got, "\n"), strings.Join(agents, "\n"))
	return e
}

// only leaves the first n agents in the directory.
func (s *shift) only(n int) {
	s.t.Helper()
	s.change(func(d *queue.Projection) { d.Agents = d.Agents[:n] })
}

var explainingTests = []shiftTest{
	{"nobody has what it asks", func(s *shift) {
		s.change(func(d *queue.Projection) {
			for i := range d.Agents {
				d.Agents[i].Places = nil
			}
		})
		e := s.because(s.calls("a"), queue.CauseNobody, "No agent has what it asks, now or later.")
		equal(s, "asks", e.Queue+" "+e.Need+" "+e.Strategy, "support any longest-available")
	}},
	{"nobody is there: what each of them does", func(s *shift) {
		s.virtual()
		s.support(func(q *queue.QueueSpec) { q.WrapUp, q.MaxMisses = time.Minute, 1 })
		s.login("201", "202")
		s.calls("missed")
		o := s.ring("missed 201")
		s.ok(s.pool.Ringing(s.ctx, s.from, o.Legs[0]))
		s.legEnds(o, 19)
		o = s.ring("missed 202")
		s.answers(o)
		s.legEnds(o, 16)
		s.login("203")
		_, err := s.pool.SetMode(s.ctx, "203", queue.ModeChange{Mode: queue.Paused, Reason: "lunch\x1b[2J", Limit: 10 * time.Minute, By: "203"})
		s.ok(err)
		s.pass(20 * time.Second)
		s.because(s.calls("a"), queue.CauseUnavailable, "Of those whom its need admits by now: 1 logged out, 1 not responding, 1 paused, 1 wrap up.",
			"201 not_responding: not responding for 20s",
			"202 wrap_up: in wrap-up for 20s, for another 40s",
			`203 paused: paused "lunch\x1b[2J" for 20s, for another 9m40s`,
			"204 logged_out")
	}},
	{"all ring or talk: for whom, since when, and who of them came before", func(s *shift) {
		s.virtual()
		s.only(3)
		s.login("201", "202")
		s.calls("first")
		s.answers(s.ring("first 201"))
		s.pass(30 * time.Second)
		s.calls("second")
		s.ring("second 202")
		s.mode("202", queue.Paused)
		s.pass(65 * time.Second)
		e := s.because(s.calls("a"), queue.CauseUnavailable, "Of those whom its need admits by now: 1 logged out, 1 ringing, 1 talking.",
			"201 talking: talking with first of support for 1m35s",
			"202 ringing: ringing for second of support for 1m5s, then paused",
			"203 logged_out")
		equal(s, "for", e.Agents[0].ForMS, 95_000)
		equal(s, "before", e.Agents[0].Before && e.Agents[1].Before, true)
		s.login("203")
		s.because(s.calls("late"), queue.CauseEarlier, "203 is about to be asked for somebody who comes before.",
			"203 earlier: about to be asked for a of support, who comes before", "201 talking", "202 ringing")
		e = s.because(s.enters(queue.Arrival{Channel: "vip", Priority: 10}), queue.CauseDue,
			"203 is about to be asked: a match is on its way.", "203 due", "201 talking", "202 ringing")
		equal(s, "nobody came before the vip", e.Agents[1].Before || e.Agents[2].Before, false)
	}},
	{"a later step: when it opens and whom it admits", func(s *shift) {
		s.virtual()
		s.steps([]time.Duration{0, 20 * time.Second, time.Minute}, 0, 1, 2, 2)
		s.login("202", "203")
		a := s.calls("a")
		s.rings()
		s.pass(5 * time.Second)
		e := s.because(a, queue.CauseUnavailable,
			"Of those whom its need admits by now: 1 logged out. The next step opens in 15s, to 202.",
			"201 logged_out", "202 later_step: admitted by a later step, for another 15s", "203 later_step", "204 logged_out")
		equal(s, "steps", fmt.Sprint(e.Steps),
			"[{0 after 0s: tier<=99 0 true 0 [201]} {1 after 20s: tier<=99 20000 false 15000 [202]} {2 after 1m0s: tier<=99 60000 false 55000 [203 204]}]")
		s.only(0)
		s.because(a, queue.CauseNobody, "No agent has what it asks, now or later.")
	}},
	{"nobody is admitted yet, by a delay of each agent's own", func(s *shift) {
		s.virtual()
		s.change(func(d *queue.Projection) {
			d.Agents = d.Agents[:2]
			d.Agents[0].Places[0].Delay, d.Agents[1].Places[0].Delay = 30*time.Second, 90*time.Second
		})
		s.login("201", "202")
		a := s.calls("a")
		s.rings()
		e := s.because(a, queue.CauseNotAdmitted, "Its need admits nobody yet. The next step opens in 30s, to 201.",
			"201 later_step", "202 later_step")
		equal(s, "opens", e.Agents[1].OverMS, 90_000)
		s.later(30 * time.Second)
		s.ring("a 201")
	}},
	{"the last of a reserve are held back, until the wait is long enough or another is there", func(s *shift) {
		s.virtual()
		s.change(func(d *queue.Projection) {
			d.Agents = d.Agents[:2]
			d.Needs[0].Reserve = &queue.Reserve{Skill: "spanish", Keep: 1, Until: time.Minute}
			d.Agents[0].Skills, d.Agents[1].Skills = map[string]int{"spanish": 1}, map[string]int{"spanish": 1}
		})
		s.login("201")
		a := s.calls("a")
		s.rings()
		s.pass(10 * time.Second)
		s.because(a, queue.CauseHeldBack, "201 is held back for another 50s. The next step opens in 50s, to 202.",
			"201 held_back: held back: of those with the skill 1 are available, and 1 stay, for another 50s", "202 logged_out")
		s.login("202")
		s.because(a, queue.CauseDue, "201 and 202 are about to be asked: a match is on its way.", "201 due", "202 due")
	}},
	{"who did not take it is asked again only after a while", func(s *shift) {
		s.virtual()
		s.only(2)
		s.login("201")
		a := s.calls("a")
		o := s.ring("a 201")
		s.legEnds(o, 21)
		s.rings()
		s.pass(2 * time.Second)
		s.because(a, queue.CauseSkipped, "Of those whom its need admits by now: 1 logged out, 1 skipped.",
			"201 skipped: did not take it a moment ago, is asked again in 3s", "202 logged_out")
	}},
	{"a device that is busy, rings still, or is in a call outside the queues", func(s *shift) {
		s.virtual()
		s.only(3)
		s.login("201", "202")
		a := s.calls("a")
		s.legEnds(s.ring("a 201"), 17)
		o := s.ring("a 202")
		_, err := s.pool.Withdraw(s.ctx, a.ID, "", "eve")
		s.ok(err)
		_, err = s.pool.Device(s.ctx, "203", time.Minute)
		s.ok(err)
		s.login("203")
		s.pass(400 * time.Millisecond)
		b := s.calls("b")
		s.because(b, queue.CauseUnavailable, "Of those whom its need admits by now: 1 device in use, 1 guarded, 1 silencing.",
			"201 guarded: device was busy or out of reach, for another 5s",
			"202 silencing: the phone rings still for an offer that is over, for another 1s",
			"203 device_in_use: device in a call outside the queues for 0s")
		s.silent(o)
		s.because(b, queue.CauseDue, "202 is about to be asked: a match is on its way.", "202 due", "201 guarded", "203 device_in_use")
	}},
	{"another medium, none of it, as many as may be, another mode chosen", func(s *shift) {
		s.virtual()
		s.addChat(2, nil, 2)
		s.change(func(d *queue.Projection) {
			d.Agents[2].Places = append(d.Agents[2].Places, queue.Place{Need: 2})
			d.Agents[3].Places = append(d.Agents[3].Places, queue.Place{Need: 2})
			d.Agents[3].Capacity = map[queue.Medium]int{queue.Chat: 3}
		})
		s.login("201", "202", "203")
		s.calls("call")
		s.answers(s.ring("call 201"))
		for _, c := range []string{"x", "y"} {
			s.writes(c)
			s.answers(s.ring(c + " 202"))
		}
		s.login("204")
		s.writes("z")
		s.answers(s.ring("z 204"))
		s.mode("204", queue.LoggedOut)
		s.because(s.writes("w"), queue.CauseUnavailable, "Of those whom its need admits by now: 1 next mode, 1 no medium, 1 other medium, 1 talking.",
			"201 other_medium: holds another medium, beside which no chat contact comes with call of support for 0s",
			"202 talking: talking with x of chat and 1 more for 0s",
			"203 no_medium: takes no chat contacts",
			"204 next_mode: will be logged out when what they hold is over with z of chat for 0s")
	}},
	{"given to an agent who talks, or meant for one: it waits for them alone", func(s *shift) {
		s.virtual()
		s.only(2)
		s.login("201", "202")
		s.calls("talks")
		s.answers(s.ring("talks 201"))
		given := s.gives(s.calls("given"), "201")
		meant := s.enters(queue.Arrival{Channel: "meant", Prefer: "201", PreferFor: 30 * time.Second})
		s.rings()
		s.pass(10 * time.Second)
		s.because(given, queue.CauseGiven, "It was given to 201 alone, for another 50s: talking with talks of support for 10s.",
			"201 talking", "202 for_another: waits for 201 alone, for another 50s")
		s.because(meant, queue.CausePreferred, "It is for 201 alone, for another 20s: talking with talks of support for 10s.",
			"201 talking", "202 for_another")
	}},
	{"a match is on its way: who is asked first, by penalty and strategy", func(s *shift) {
		s.virtual()
		s.change(func(d *queue.Projection) { d.Agents[2].Places[0].Tier = 1 })
		s.login("203", "202", "201")
		a := s.calls("a")
		e := s.because(a, queue.CauseDue, "202, 201 and 203 are about to be asked: a match is on its way.",
			"202 due", "201 due", "203 due", "204 logged_out")
		equal(s, "turns", [4]int{e.Agents[0].Turn, e.Agents[1].Turn, e.Agents[2].Turn, e.Agents[3].Turn}, [4]int{1, 2, 3, 0})
		s.ring("a 202")
	}},
	{"an agent who is free has an order of queues of their own", func(s *shift) {
		s.virtual()
		s.only(1)
		s.addSales("201")
		s.rank(2, 1, 0)
		s.login("201")
		a := s.calls("a")
		s.sells("x")
		s.because(a, queue.CauseEarlier, "201 is about to be asked for somebody who comes before.",
			"201 earlier: about to be asked for x of sales, who comes before")
		s.ring("x 201")
	}},
	{"by service level another queue's caller may come before one who has waited longer", func(s *shift) {
		s.virtual()
		s.only(1)
		s.addSales("201")
		s.change(func(d *queue.Projection) {
			d.Pool.Order = "service-level"
			d.Queues[0].Target, d.Queues[1].Target = time.Minute, 20*time.Second
		})
		a := s.calls("a")
		s.pass(18 * time.Second)
		x := s.sells("x")
		s.pass(12 * time.Second)
		s.login("201")
		s.because(a, queue.CauseEarlier, "201 is about to be asked for somebody who comes before.",
			"201 earlier: about to be asked for x of sales, who comes before")
		s.because(x, queue.CauseDue, "201 is about to be asked: a match is on its way.", "201 due")
		s.ring("x 201")
	}},
	{"a pool that came back empty makes no offers yet", func(s *shift) {
		s.virtual()
		s.restore("201", queue.RestoredMode{Mode: queue.Ready})
		a := s.calls("a")
		s.empties()
		s.virtual()
		s.dir.Version++
		s.project()
		a = s.comesBack(a)
		s.rings()
		e := s.explained(a)
		equal(s, "cause", e.Cause, queue.CauseHold)
		if !strings.HasPrefix(e.Why, "The pool came back empty: it makes no offers for another ") {
			s.t.Fatal(e.Why)
		}
	}},
	{"what priority and credit make of its place", func(s *shift) {
		s.virtual()
		s.calls("first")
		s.pass(30 * time.Second)
		s.calls("second")
		s.pass(30 * time.Second)
		vip := s.enters(queue.Arrival{Channel: "vip", Priority: 2, Credit: time.Second})
		place := func(c queue.Contact) queue.Standpoint {
			s.t.Helper()
			return *s.explained(c).Place
		}
		equal(s, "credit", place(vip), queue.Standpoint{Position: 1, Without: 3, Priority: 2, CreditMS: 121_000, Order: "arrival"})
		s.change(func(d *queue.Projection) { d.Pool.Priority, d.Pool.Order = "strict", "service-level" })
		low := s.enters(queue.Arrival{Channel: "low", Priority: -1})
		last := s.calls("last")
		equal(s, "strict", place(low), queue.Standpoint{Position: 5, Without: 4, Priority: -1, Strict: true, Order: "service-level"})
		equal(s, "without any", place(last), queue.Standpoint{Position: 4, Without: 4, Strict: true, Order: "service-level"})
	}},
	{"explaining writes nothing", func(s *shift) {
		s.login("201")
		s.answers(func() queue.Offer { s.calls("a"); return s.ring("a 201") }())
		b := s.calls("b")
		seen := func() string {
			s.t.Helper()
			var all strings.Builder
			for _, key := range []string{"meta", "contacts", "agents", "offers", "dir", "heads", "counts"} {
				fields, err := s.rdb.HGetAll(s.ctx, "{"+s.pool.Name()+"}:"+key).Result()
				s.ok(err)
				fmt.Fprintln(&all, fields) // fmt sorts
			}
			for _, key := range []string{"waiting", "order", "available", "duty", "deadlines"} {
				members, err := s.rdb.ZRangeWithScores(s.ctx, "{"+s.pool.Name()+"}:"+key, 0, -1).Result()
				s.ok(err)
				fmt.Fprintln(&all, members)
			}
			for _, key := range []string{"work", "journal"} {
				entries, err := s.rdb.XRange(s.ctx, "{"+s.pool.Name()+"}:"+key, "-", "+").Result()
				s.ok(err)
				fmt.Fprintln(&all, entries)
			}
			return all.String()
		}
		before := seen()
		s.explained(b)
		_, err := s.pool.ExplainAgent(s.ctx, "201")
		s.ok(err)
		_, err = s.pool.ExplainQueue(s.ctx, "support")
		s.ok(err)
		equal(s, "the pool", seen(), before)
	}},
}
