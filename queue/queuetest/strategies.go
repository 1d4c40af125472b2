package queuetest

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"holdline/queue"
)

// strategy gives support this one.
func (s *shift) strategy(name string) {
	s.t.Helper()
	s.support(func(q *queue.QueueSpec) { q.Strategy = name })
}

// place edits the place that an agent (by number) has in support.
func (s *shift) place(edit func(places []*queue.Place)) {
	s.t.Helper()
	s.change(func(d *queue.Projection) {
		var places []*queue.Place
		for i := range d.Agents {
			places = append(places, &d.Agents[i].Places[0])
		}
		edit(places)
	})
}

// talks lets a caller come, be served by the agent whom the strategy chooses, and talk
// for that long. It gives the agent.
func (s *shift) talks(channel string, lasts time.Duration) string {
	s.t.Helper()
	s.calls(channel)
	offers := s.manage()
	equal(s, "offers for "+channel, len(offers), 1)
	s.answers(offers[0])
	s.pass(lasts)
	s.legEnds(offers[0], 16)
	return offers[0].Agent
}

var strategyTests = []shiftTest{
	{"fair: who worked least of late is asked, whoever is available longer", func(s *shift) {
		s.virtual()
		s.strategy("fair")
		s.login("201", "202")
		equal(s, "at first", s.talks("a", 10*time.Minute), "201")
		equal(s, "who did nothing", s.talks("b", time.Minute), "202")
		equal(s, "who did less", s.talks("c", 5*time.Minute), "202")
		equal(s, "still less", s.talks("d", 30*time.Minute), "202")
		equal(s, "more by now", s.talks("e", time.Minute), "201")
		worked := s.agent("202").Worked
		if worked < 30*time.Minute || worked > 36*time.Minute {
			s.t.Fatalf("202 worked %s of late", worked)
		}
	}},
	{"fair: work is forgotten by halves, a pause makes nobody needier", func(s *shift) {
		s.virtual()
		s.strategy("fair")
		s.login("201", "202", "203")
		equal(s, "first", s.talks("a", time.Hour), "201")
		equal(s, "second", s.talks("b", time.Hour), "202")
		s.mode("202", queue.Paused)
		s.mode("203", queue.Paused)
		s.pass(4 * time.Hour) // 201 is there all the time: what they did is forgotten
		equal(s, "alone", s.talks("c", time.Minute), "201")
		s.login("202")
		equal(s, "forgotten", s.talks("d", time.Minute), "201")
		equal(s, "not forgotten", s.talks("e", time.Minute), "201")
	}},
	{"fair: who logs in late is not given everything", func(s *shift) {
		s.virtual()
		s.strategy("fair")
		s.login("201", "202")
		for i := range 20 {
			s.talks("a"+strconv.Itoa(i), 5*time.Minute)
		}
		s.login("203")
		first := 0
		for i := range 6 {
			if s.talks("b"+strconv.Itoa(i), 5*time.Minute) == "203" {
				first++
			}
		}
		if first == 0 || first > 4 {
			s.t.Fatalf("of six calls %d went to who came late", first)
		}
	}},
	{"specialist-first: who can do least besides is asked first", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.Strategy = "specialist-first" })
		s.change(func(d *queue.Projection) {
			d.Agents[0].Skills = map[string]int{"de": 1, "en": 1, "sales": 1}
			d.Agents[1].Skills = map[string]int{"de": 1}
			d.Agents[2].Skills = map[string]int{"de": 1}
		})
		s.login("201", "203", "202")
		s.calls("a")
		s.calls("b")
		s.calls("c")
		s.rings("a 203", "b 202", "c 201")
	}},
	{"fewest-calls: counted since the login", func(s *shift) {
		s.strategy("fewest-calls")
		s.login("201", "202")
		equal(s, "none yet", s.talks("a", 0), "201")
		equal(s, "none yet", s.talks("b", 0), "202")
		s.mode("202", queue.Paused)
		equal(s, "alone", s.talks("c", 0), "201")
		s.login("202")
		equal(s, "one of two", s.talks("d", 0), "202")
		equal(s, "two each, the longest available", s.talks("e", 0), "201")
		equal(s, "served", s.agent("201").Served, 3)
		s.mode("201", queue.LoggedOut)
		s.login("201")
		equal(s, "begins anew", s.talks("f", 0), "201")
	}},
	{"round-robin: a call that was not answered was a turn, too", func(s *shift) {
		s.strategy("round-robin")
		s.login("203", "201", "202")
		s.calls("a")
		o := s.ring("a 201")
		s.legEnds(o, 21)
		o = s.ring("a 202")
		s.answers(o)
		s.legEnds(o, 16)
		s.calls("b")
		o = s.ring("b 203")
		s.answers(o)
		s.legEnds(o, 16)
		s.calls("c")
		s.ring("c 201")
	}},
	{"linear: always from the head of the list", func(s *shift) {
		s.strategy("linear")
		s.place(func(p []*queue.Place) { p[0].Position, p[1].Position, p[2].Position = 3, 1, 2 })
		s.login("201", "202", "203")
		equal(s, "first", s.talks("a", 0), "202")
		equal(s, "again", s.talks("b", 0), "202")
		s.mode("202", queue.Paused)
		equal(s, "next", s.talks("c", 0), "203")
	}},
	{"random: anybody", func(s *shift) {
		s.strategy("random")
		s.login("201", "202", "203", "204")
		asked := map[string]int{}
		for i := range 80 {
			asked[s.talks("a"+strconv.Itoa(i), 0)]++
		}
		for _, id := range []string{"201", "202", "203", "204"} {
			if asked[id] < 5 { // by chance once in ten million runs
				s.t.Fatalf("80 calls: %v", asked)
			}
		}
	}},
	{"weighted-random: the greater the weight the oftener", func(s *shift) {
		s.strategy("weighted-random")
		s.place(func(p []*queue.Place) { p[0].Weight, p[1].Weight = 10, 1 })
		s.login("201", "202")
		asked := map[string]int{}
		for i := range 110 {
			asked[s.talks("a"+strconv.Itoa(i), 0)]++
		}
		if asked["202"] > 40 || asked["201"] < 70 { // 10 and 100 are meant
			s.t.Fatalf("110 calls: %v", asked)
		}
	}},
	{"least-loaded: who holds fewest; of those who hold as many, the contact chooses", func(s *shift) {
		s.chats("201", "202", "203")
		s.support(func(q *queue.QueueSpec) { q.Strategy = "least-loaded" })
		s.login("201", "202", "203")
		held := map[string]int{}
		for round := 1; round <= 3; round++ {
			for i := range 3 {
				s.calls("c" + strconv.Itoa(round) + strconv.Itoa(i))
				offers := s.manage()
				equal(s, "offers", len(offers), 1)
				s.answers(offers[0])
				held[offers[0].Agent]++
			}
			equal(s, "held by 201", held["201"], round)
			equal(s, "held by 202", held["202"], round)
		}
		s.calls("one too many")
		s.rings()
	}},
	{"a lower penalty goes before each strategy", func(s *shift) {
		s.place(func(p []*queue.Place) {
			p[0].Tier, p[1].Tier, p[2].Tier = 2, 1, 2
			for i := range p {
				p[i].Weight, p[i].Position = 10-i, 9-i
			}
		})
		for _, name := range queue.Strategies() {
			s.strategy(name)
			s.login("201", "202", "203")
			s.calls("a of " + name)
			s.calls("b of " + name)
			offers := s.manage()
			if name == "ring-all" {
				equal(s, name, agentsOf(offers[0])+", "+strings.Join(slices.Sorted(slices.Values(strings.Fields(agentsOf(offers[1])))), " "), "202, 201 203")
			} else {
				equal(s, name, offers[0].Channel+" "+offers[0].Agent, "a of "+name+" 202")
			}
			for _, o := range offers {
				s.gone(o.Channel)
				s.silent(o)
			}
			for _, id := range []string{"201", "202", "203"} {
				s.mode(id, queue.LoggedOut)
			}
		}
	}},
	{"a strategy edited live applies to those who wait and to those who are there", func(s *shift) {
		s.place(func(p []*queue.Place) { p[0].Position, p[1].Position = 2, 1 })
		s.login("201", "202")
		s.strategy("linear")
		s.calls("a")
		a := s.ring("a 202")
		s.calls("b")
		b := s.ring("b 201")
		s.calls("waits")
		s.strategy("fewest-calls")
		s.gone("a")
		s.silent(a)
		s.ring("waits 202") // the first who is free
		s.gone("b")
		s.silent(b)
		s.calls("c")
		s.ring("c 201")
	}},
}
