package queuetest

import (
	"time"

	"holdline/queue"
)

func (s *shift) gives(c queue.Contact, agent string) queue.Contact {
	s.t.Helper()
	given, err := s.pool.Give(s.ctx, c.ID, agent, time.Minute, "eve")
	s.ok(err)
	return given
}

var preferringTests = []shiftTest{
	{"who is for an agent waits for them, then for anybody", func(s *shift) {
		s.virtual()
		s.login("201", "202")
		s.calls("a")
		o := s.ring("a 201")
		s.answers(o)
		c := s.enters(queue.Arrival{Channel: "b", Prefer: "201", PreferFor: 30 * time.Second})
		equal(s, "prefers", c.Prefers, "201")
		s.calls("c")
		s.answers(s.ring("c 202"))
		s.later(29 * time.Second)
		s.rings()
		s.legEnds(o, 16)
		s.answers(s.ring("b 201"))
		s.enters(queue.Arrival{Channel: "d", Prefer: "201", PreferFor: 30 * time.Second})
		s.login("203")
		s.rings()
		s.later(30 * time.Second)
		s.ring("d 203")
	}},
	{"whoever of them is free is asked first for those who are theirs and those of their queues, in their order", func(s *shift) {
		s.virtual()
		s.calls("a")
		s.login("201")
		s.mode("201", queue.Paused)
		s.mode("201", queue.Ready)
		o := s.ring("a 201")
		s.answers(o)
		s.enters(queue.Arrival{Channel: "theirs", Prefer: "201", PreferFor: time.Hour})
		s.pass(time.Second)
		s.calls("later")
		s.legEnds(o, 16)
		o = s.ring("theirs 201")
		s.answers(o)
		s.legEnds(o, 16)
		s.ring("later 201")
	}},
	{"who is for an agent who is not there, or is unknown, waits for anybody at once", func(s *shift) {
		s.login("201", "202")
		s.mode("201", queue.Paused)
		for _, agent := range []string{"201", "203", "nobody", "a|b{c}"} {
			c := s.enters(queue.Arrival{Channel: "for " + agent, Prefer: agent, PreferFor: time.Hour})
			equal(s, "prefers", c.Prefers, "")
			o := s.ring("for " + agent + " 202")
			s.answers(o)
			s.legEnds(o, 16)
		}
	}},
	{"who is for an agent who takes no such medium waits for anybody at once", func(s *shift) {
		s.addChat(2, nil, 1)
		s.login("201", "202")
		c := s.enters(queue.Arrival{Channel: "x", Queue: "chat", Prefer: "202", PreferFor: time.Hour})
		equal(s, "prefers", c.Prefers, "")
		s.ring("x 201")
	}},
	{"who leaves waits for no agent any more", func(s *shift) {
		s.login("201")
		s.mode("201", queue.Paused)
		s.mode("201", queue.Ready)
		c := s.enters(queue.Arrival{Channel: "a", Prefer: "201", PreferFor: time.Hour})
		equal(s, "prefers", c.Prefers, "201")
		c, err := s.pool.Withdraw(s.ctx, c.ID, "a test", "eve")
		s.ok(err)
		equal(s, "prefers", c.Prefers, "")
	}},
	{"an agent who goes, or says no, lets theirs go to the others", func(s *shift) {
		s.virtual()
		s.login("201", "202")
		s.enters(queue.Arrival{Channel: "a", Prefer: "202", PreferFor: time.Hour})
		o := s.ring("a 202")
		s.legEnds(o, 21)
		o = s.ring("a 201")
		s.answers(o)
		s.enters(queue.Arrival{Channel: "b", Prefer: "201", PreferFor: time.Hour})
		s.rings()
		s.change(func(d *queue.Projection) { d.Agents = d.Agents[1:] }) // 201 leaves after the call
		s.settleAll()
		s.ring("b 202")
	}},
	{"given: the agent's next, whatever else waits and whatever they can", func(s *shift) {
		s.virtual()
		s.addSales("201")
		x := s.sells("x")
		s.calls("first")
		s.login("202")
		o := s.ring("first 202")
		s.answers(o)
		s.calls("second")
		c := s.gives(x, "202") // who does not sell
		equal(s, "given", c.Given, true)
		s.login("201")
		o2 := s.ring("second 201") // x is not theirs any more
		s.legEnds(o, 16)
		s.ring("x 202")
		s.answers(o2)
	}},
	{"given: before who has waited longer for the same agent", func(s *shift) {
		s.login("201")
		s.calls("a")
		o := s.ring("a 201")
		s.answers(o)
		s.calls("b")
		s.gives(s.calls("c"), "201")
		s.legEnds(o, 16)
		s.ring("c 201")
	}},
	{"given while a phone rings: it stops, and the agent's own rings", func(s *shift) {
		s.virtual()
		s.login("201", "202")
		a := s.calls("a")
		o := s.ring("a 201")
		s.gives(a, "202")
		equal(s, "hung up", s.did(queue.WorkHangup).Legs[0], o.Legs[0])
		offers, err := s.pool.Offers(s.ctx)
		s.ok(err)
		equal(s, "offer", len(offers) == 1 && offers[0].Agent == "202", true)
		equal(s, "the other's end", s.closes(o.ID), "201 withdrawn")
		equal(s, "position", s.position(a), 1)
	}},
	{"given, and not taken in time: the need counts again", func(s *shift) {
		s.virtual()
		s.login("201", "202")
		a := s.calls("a")
		s.answers(s.ring("a 201"))
		b := s.calls("b")
		s.answers(s.ring("b 202"))
		c := s.calls("c")
		s.gives(c, "201")
		s.login("203")
		s.rings()
		s.later(time.Minute)
		s.ring("c 203")
		equal(s, "state", s.contact(a.ID).State, queue.Connected)
		equal(s, "state", s.contact(b.ID).State, queue.Connected)
	}},
	{"giving is refused, and nothing changes", func(s *shift) {
		s.login("201", "202")
		c := s.calls("a")
		o := s.ring("a 201")
		refuse := func(id, agent string, want error) {
			s.t.Helper()
			_, err := s.pool.Give(s.ctx, id, agent, time.Minute, "eve")
			s.refused(err, want)
		}
		refuse("nobody", "202", queue.ErrNoContact)
		refuse(c.ID, "999", queue.ErrNoAgent)
		refuse(c.ID, "a\nb", queue.ErrNoAgent)
		refuse(c.ID, "203", queue.ErrRefused) // logged out
		s.mode("202", queue.Paused)
		refuse(c.ID, "202", queue.ErrRefused)
		s.answers(o)
		s.login("202")
		refuse(c.ID, "202", queue.ErrRefused) // talks
		equal(s, "agent", s.contact(c.ID).Agent, "201")
	}},
}
