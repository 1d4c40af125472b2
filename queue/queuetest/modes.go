package queuetest

import (
	"slices"
	"time"

	"holdline/queue"
)

var modeTests = []shiftTest{
	{"login is ready, logout is not", func(s *shift) {
		c := s.calls("a")
		s.rings()
		s.login("201")
		s.ring("a 201")
		s.gone(c.Channel)
		s.mode("201", queue.LoggedOut)
		s.calls("b")
		s.rings()
		_, err := s.pool.SetMode(s.ctx, "nobody", queue.ModeChange{Mode: queue.Ready})
		s.refused(err, queue.ErrNoAgent)
	}},
	{"a mode asked for twice is one move", func(s *shift) {
		s.login("201")
		since := s.agent("201").Available
		s.login("201")
		equal(s, "available since", s.agent("201").Available, since)
		moves := 0
		for _, e := range s.journal() {
			if e.Event == "mode" {
				moves++
			}
		}
		equal(s, "moves", moves, 1)
	}},
	{"every move of the table is made, and no other", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.WrapUp, q.MaxMisses = time.Hour, 1 })
		into := map[queue.Mode]func(){
			queue.LoggedOut: func() {},
			queue.Ready:     func() { s.login("201") },
			queue.Paused:    func() { s.login("201"); s.mode("201", queue.Paused) },
			queue.WrapUp: func() {
				s.login("201")
				s.calls("w")
				o := s.ring("w 201")
				s.answers(o)
				s.legEnds(o, 16)
				s.gone("w")
			},
			queue.NotResponding: func() {
				s.login("201")
				s.calls("n")
				o := s.ring("n 201")
				s.ok(s.pool.Ringing(s.ctx, s.from, o.Legs[0]))
				s.legEnds(o, 19)
				s.gone("n")
			},
		}
		for from, enter := range into {
			for to := range into {
				enter()
				equal(s, "mode", s.agent("201").Mode, from)
				asked := to != queue.WrapUp && to != queue.NotResponding // these two only happen
				want := asked && slices.ContainsFunc(queue.AgentLife, func(m queue.Move) bool {
					return m.On == string(to) && slices.Contains(m.From, string(from)) && m.To == string(to)
				})
				a, err := s.pool.SetMode(s.ctx, "201", queue.ModeChange{Mode: to})
				if want {
					s.ok(err)
					equal(s, string(from)+" to "+string(to), a.Mode, to)
				} else {
					s.refused(err, queue.ErrRefused)
				}
				if s.agent("201").Mode != queue.LoggedOut {
					s.mode("201", queue.LoggedOut)
				}
			}
		}
	}},
	{"moves that are in no table are refused", func(s *shift) {
		for _, m := range []queue.Mode{queue.Paused, queue.WrapUp, queue.NotResponding, "asleep", ""} {
			_, err := s.pool.SetMode(s.ctx, "201", queue.ModeChange{Mode: m})
			s.refused(err, queue.ErrRefused)
		}
		s.login("201")
		_, err := s.pool.SetMode(s.ctx, "201", queue.ModeChange{Mode: queue.Ready, From: []queue.Mode{queue.Paused, queue.NotResponding}})
		s.refused(err, queue.ErrRefused)
	}},
	{"a pause has a reason, and ends by its limit", func(s *shift) {
		s.login("201")
		a, err := s.pool.SetMode(s.ctx, "201", queue.ModeChange{Mode: queue.Paused, Reason: "lunch, \"late\"", Limit: 200 * time.Millisecond})
		s.ok(err)
		equal(s, "reason", a.Reason, "lunch, \"late\"")
		equal(s, "bound", a.Until.Sub(a.Since), 200*time.Millisecond)
		s.calls("a")
		s.rings()
		s.fires("limit")
		s.ring("a 201")
	}},
	{"un-pausing starts availability, and ends the limit", func(s *shift) {
		s.login("201", "202")
		_, err := s.pool.SetMode(s.ctx, "201", queue.ModeChange{Mode: queue.Paused, Limit: time.Hour})
		s.ok(err)
		s.login("201")
		_, next, err := s.pool.Due(s.ctx, 10)
		s.ok(err)
		equal(s, "deadlines left", next.IsZero(), true)
		s.calls("a")
		s.ring("a 202")
	}},
	{"a mode chosen during a call comes after it, and no offer in between", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.WrapUp = time.Hour })
		s.change(func(d *queue.Projection) { d.Agents[0].Capacity = voice(2) })
		s.login("201")
		s.calls("a")
		o := s.ring("a 201")
		s.answers(o)
		a, err := s.pool.SetMode(s.ctx, "201", queue.ModeChange{Mode: queue.Paused, Reason: "tea", Limit: time.Hour})
		s.ok(err)
		equal(s, "mode", string(a.Mode)+" then "+string(a.Next), "ready then paused")
		s.calls("b")
		s.rings()
		s.legEnds(o, 16)
		a = s.agent("201")
		equal(s, "mode", string(a.Mode)+" "+a.Reason+" then "+string(a.Next), "paused tea then ")
		equal(s, "limit", a.Until.Sub(a.Since), time.Hour)
	}},
	{"a logout chosen during a call has no reason and no limit: they are a pause's", func(s *shift) {
		s.login("201")
		s.calls("a")
		o := s.ring("a 201")
		s.answers(o)
		_, err := s.pool.SetMode(s.ctx, "201", queue.ModeChange{Mode: queue.LoggedOut, Reason: "tea", Limit: time.Minute})
		s.ok(err)
		s.legEnds(o, 16)
		a := s.agent("201")
		equal(s, "mode", string(a.Mode)+" "+a.Reason, "logged_out ")
		equal(s, "until", a.Until, time.Time{})
	}},
	{"a pause that comes after a call keeps no availability of before it", func(s *shift) {
		s.virtual()
		s.change(func(d *queue.Projection) { d.Pool.PauseKeeps = true })
		s.login("201")
		s.pass(time.Minute)
		s.calls("a")
		o := s.ring("a 201")
		s.answers(o)
		s.mode("201", queue.Paused)
		s.pass(time.Minute)
		s.legEnds(o, 16)
		over := s.agent("201").Since
		s.pass(time.Minute)
		s.mode("201", queue.Ready)
		if a := s.agent("201"); a.Available.Before(over) {
			s.t.Fatalf("available since %s, and the call was over at %s", a.Available, over)
		}
	}},
	{"ready takes a chosen mode back", func(s *shift) {
		s.change(func(d *queue.Projection) { d.Agents[0].Capacity = voice(2) })
		s.login("201")
		s.calls("a")
		s.answers(s.ring("a 201"))
		s.mode("201", queue.LoggedOut)
		s.calls("b")
		s.rings()
		s.mode("201", queue.Ready)
		s.ring("b 201")
	}},
	{"a mode chosen while the phone rings comes when it was missed", func(s *shift) {
		s.login("201")
		s.calls("a")
		o := s.ring("a 201")
		s.mode("201", queue.Paused)
		s.legEnds(o, 19)
		equal(s, "mode", s.agent("201").Mode, queue.Paused)
	}},
	{"wrap-up ends early, or in a pause, and is the agent's own when they have one", func(s *shift) {
		s.support(func(q *queue.QueueSpec) { q.WrapUp = time.Hour })
		s.change(func(d *queue.Projection) { d.Agents[1].WrapUp = duration(0) })
		s.login("201", "202")
		s.calls("a")
		s.calls("b")
		for _, o := range s.rings("a 201", "b 202") {
			s.answers(o)
			s.legEnds(o, 16)
		}
		equal(s, "201", s.agent("201").Mode, queue.WrapUp)
		equal(s, "202", s.agent("202").Mode, queue.Ready)
		_, err := s.pool.SetMode(s.ctx, "201", queue.ModeChange{Mode: queue.WrapUp})
		s.refused(err, queue.ErrRefused)
		s.login("201")
		s.calls("c")
		s.calls("d")
		s.rings("c 202", "d 201")
	}},
	{"an extension of a ring group is always in", func(s *shift) {
		s.change(func(d *queue.Projection) {
			d.Agents = append(d.Agents, queue.AgentSpec{ID: "301", Places: []queue.Place{{Need: 1}}, AlwaysIn: true})
		})
		_, err := s.pool.SetMode(s.ctx, "301", queue.ModeChange{Mode: queue.LoggedOut})
		s.refused(err, queue.ErrRefused)
		s.support(func(q *queue.QueueSpec) { q.MaxMisses = 1 })
		s.calls("a")
		o := s.ring("a 301")
		s.ok(s.pool.Ringing(s.ctx, s.from, o.Legs[0]))
		s.legEnds(o, 19)
		equal(s, "mode", s.agent("301").Mode, queue.Ready)
	}},
}
