package queuetest

import (
	"strconv"
	"time"

	"holdline/queue"
)

// steps gives support these steps, from the arrival on, and each agent the first that admits them.
func (s *shift) steps(after []time.Duration, admits ...int) {
	s.t.Helper()
	s.change(func(d *queue.Projection) {
		d.Needs[0].Steps = nil
		for _, a := range after {
			d.Needs[0].Steps = append(d.Needs[0].Steps, queue.StepSpec{After: a, MaxTier: 99})
		}
		for i, step := range admits {
			d.Agents[i].Places[0].Step = step
		}
	})
}

func (s *shift) step(c queue.Contact) int {
	s.t.Helper()
	return s.contact(c.ID).Step
}

var relaxingTests = []shiftTest{
	{"three steps, counted from the arrival, each admits more", func(s *shift) {
		s.virtual()
		s.steps([]time.Duration{0, 20 * time.Second, time.Minute}, 0, 1, 2)
		s.login("202", "203")
		c := s.calls("a")
		s.rings()
		s.later(19 * time.Second)
		s.rings()
		s.later(time.Second)
		o := s.ring("a 202")
		s.legEnds(o, 21) // no: 203 is not admitted yet, and the wait goes on
		s.rings()
		s.later(40 * time.Second)
		s.ring("a 203")
		equal(s, "step", s.step(c), 2)
	}},
	{"who comes back from a call that was lost goes on widening", func(s *shift) {
		s.virtual()
		s.steps([]time.Duration{0, 20 * time.Second}, 0, 1)
		s.login("201")
		c := s.calls("a")
		o := s.ring("a 201")
		s.answers(o)
		s.legEnds(o, 38)
		s.mode("201", queue.LoggedOut)
		s.login("202")
		s.rings()
		s.later(20 * time.Second)
		s.ring("a 202")
		equal(s, "step", s.step(c), 1)
	}},
	{"a silent expert does not keep the need from widening", func(s *shift) {
		s.virtual()
		s.steps([]time.Duration{0, 12 * time.Second}, 0, 1)
		s.login("201", "202")
		s.calls("a")
		o := s.ring("a 201")
		s.later(12 * time.Second) // the expert's phone has rung for its ten seconds
		s.ring("a 202")
		s.refused(s.pool.SetupFailed(s.ctx, o.ID, o.Legs[0], "late"), queue.ErrNoOffer)
	}},
	{"who comes back from a lost call has the steps of their wait, also when they were given to an agent", func(s *shift) {
		s.virtual()
		s.steps([]time.Duration{0, 10 * time.Second, 30 * time.Second}, 2, 1, 2)
		s.login("202")
		s.calls("busy")
		s.later(10 * time.Second)
		s.answers(s.ring("busy 202"))
		c := s.calls("a")
		s.later(10 * time.Second)
		equal(s, "step", s.step(c), 1)
		s.login("203")
		_, err := s.pool.Give(s.ctx, c.ID, "203", time.Minute, "eve")
		s.ok(err)
		o := s.ring("a 203")
		s.answers(o)
		s.legEnds(o, 38)
		equal(s, "step", s.step(c), 1)
		s.mode("203", queue.Paused)
		s.gone("busy")
		o = s.ring("a 202")
		s.answers(o)
		s.login("201")
		s.legEnds(o, 38)
		s.rings() // 201 is admitted by the last step
		s.later(20 * time.Second)
		s.ring("a 201")
	}},
	{"a lower tier that is admitted later goes before a higher one that was there from the start", func(s *shift) {
		s.virtual()
		s.steps([]time.Duration{0, 10 * time.Second}, 0, 1)
		s.change(func(d *queue.Projection) { d.Agents[0].Places[0].Tier = 1 })
		s.login("201", "202") // 201 is available longer
		c := s.calls("young")
		s.enters(queue.Arrival{Channel: "old", At: c.Arrived.Add(-time.Minute)})
		s.rings("old 202", "young 201")
	}},
	{"a step that comes while a phone rings counts as soon as that is over", func(s *shift) {
		s.virtual()
		s.steps([]time.Duration{0, 5 * time.Second}, 0, 1)
		s.login("201", "202")
		c := s.calls("a")
		o := s.ring("a 201")
		s.later(6 * time.Second)
		equal(s, "step", s.step(c), 1)
		s.rings()
		s.legEnds(o, 17)
		s.ring("a 202")
	}},
	{"a delay of an agent's own: not before a contact has waited so long", func(s *shift) {
		s.virtual()
		s.steps([]time.Duration{0, time.Minute}, 0, 0, 1)
		s.place(func(p []*queue.Place) { p[1].Delay, p[2].Delay = 30*time.Second, 10*time.Second })
		s.login("202", "203")
		s.calls("a")
		s.later(29 * time.Second)
		s.rings()
		s.later(time.Second)
		s.answers(s.ring("a 202"))
		s.calls("b")
		s.later(59 * time.Second)
		s.rings() // 203's step comes later than their delay
		s.later(time.Second)
		s.ring("b 203")
	}},
	{"a reserve holds back the last specialists, until somebody has waited long enough", func(s *shift) {
		s.virtual()
		s.change(func(d *queue.Projection) {
			d.Needs[0].Reserve = &queue.Reserve{Skill: "spanish", Keep: 1, Until: time.Minute}
			d.Agents[0].Skills, d.Agents[1].Skills = map[string]int{"spanish": 1}, map[string]int{"spanish": 3}
			d.Queues = append(d.Queues, queue.QueueSpec{Name: "spanish", ID: 2, Need: 2, Open: true})
			d.Needs = append(d.Needs, queue.NeedSpec{ID: 2, Queue: "spanish", Name: "any"})
			for i := range 2 {
				d.Agents[i].Places = append(d.Agents[i].Places, queue.Place{Need: 2})
			}
		})
		s.login("201", "202", "203")
		s.calls("a")
		s.answers(s.ring("a 201")) // two of them are there
		s.calls("b")
		s.answers(s.ring("b 203")) // 202 is the last one, though available longer
		s.calls("c")
		s.rings()
		s.enters(queue.Arrival{Channel: "hola", Queue: "spanish"})
		o := s.ring("hola 202") // for whom they are held back
		s.gone("hola")
		s.silent(o)
		s.rings()
		s.later(time.Minute)
		s.ring("c 202")
	}},
	{"enough of a reserve are there again because of one who does not serve who waits", func(s *shift) {
		s.change(func(d *queue.Projection) {
			hold := &queue.Reserve{Skill: "spanish", Keep: 1, Until: time.Hour}
			d.Queues = append(d.Queues, queue.QueueSpec{Name: "spanish", ID: 2, Need: 2, Open: true})
			d.Needs = append(d.Needs, queue.NeedSpec{ID: 2, Queue: "spanish", Name: "any", Reserve: hold})
			d.Needs[0].Reserve = hold
			d.Agents[0].Skills, d.Agents[1].Skills = map[string]int{"spanish": 1}, map[string]int{"spanish": 1}
			d.Agents[1].Places = []queue.Place{{Need: 2}}
		})
		s.login("201")
		s.calls("a")
		s.rings()
		s.login("202")
		s.ring("a 201")
	}},
	{"a specialist who comes back lets another one go", func(s *shift) {
		s.virtual()
		s.change(func(d *queue.Projection) {
			d.Needs[0].Reserve = &queue.Reserve{Skill: "spanish", Keep: 1, Until: time.Hour}
			d.Agents[0].Skills, d.Agents[1].Skills = map[string]int{"spanish": 1}, map[string]int{"spanish": 3}
		})
		s.login("201")
		s.calls("a")
		s.rings()
		s.login("202")
		s.ring("a 201")
	}},
	{"a need that is edited live: those who wait go over to it, in their order", func(s *shift) {
		s.virtual()
		s.steps([]time.Duration{0, time.Hour}, 0, 1)
		var waiting []queue.Contact
		for i := range 40 { // more than one script moves
			waiting = append(waiting, s.calls("c"+strconv.Itoa(i)))
		}
		s.login("202")
		s.rings()
		s.pass(10 * time.Second)
		s.steps([]time.Duration{0, 5 * time.Second}, 0, 1)
		o := s.ring("c0 202")
		equal(s, "step", s.step(waiting[39]), 1)
		s.answers(o)
		s.steps([]time.Duration{0, 5 * time.Second, 20 * time.Second}, 0, 2)
		s.legEnds(o, 16)
		s.rings() // 202 is of the third step now
		s.later(10 * time.Second)
		s.ring("c1 202")
	}},
	{"what widened once does not narrow: a step that is pushed back was open", func(s *shift) {
		s.virtual()
		s.steps([]time.Duration{0, 10 * time.Second}, 0, 1)
		c := s.calls("a")
		s.later(10 * time.Second)
		equal(s, "step", s.step(c), 1)
		s.steps([]time.Duration{0, time.Hour}, 0, 1)
		s.login("202")
		s.ring("a 202")
	}},
	{"a need may be edited while its callers are offered, talk and come back", func(s *shift) {
		s.virtual()
		s.login("201", "202", "203")
		s.calls("rings")
		s.calls("talks")
		offers := s.rings("rings 201", "talks 202")
		s.answers(offers[1])
		s.mode("203", queue.Paused)
		for _, after := range []time.Duration{time.Minute, 2 * time.Minute, 3 * time.Minute} {
			s.steps([]time.Duration{0, after})
		}
		s.legEnds(offers[0], 21)
		s.rings() // 201 said no, the others cannot
		s.legEnds(offers[1], 27)
		s.login("203")
		s.rings("rings 203", "talks 201") // 201 said no to one of them alone
	}},
	{"an agent's edit touches nobody else", func(s *shift) {
		s.login("201", "202")
		since := s.agent("202").Available
		s.change(func(d *queue.Projection) { d.Agents[0].Places[0].Tier = 3 })
		equal(s, "available since", s.agent("202").Available, since)
		s.calls("a")
		s.ring("a 202")
	}},
}
