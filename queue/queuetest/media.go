package queuetest

import (
	"time"

	"holdline/queue"
)

// addChat adds the queue chat (need 2), served by the first agents, who take as many at a time.
func (s *shift) addChat(capacity int, beside []queue.Medium, agents int) {
	s.t.Helper()
	s.change(func(d *queue.Projection) {
		d.Queues = append(d.Queues, queue.QueueSpec{Name: "chat", ID: 2, Need: 2, Open: true, Medium: queue.Chat})
		d.Needs = append(d.Needs, queue.NeedSpec{ID: 2, Queue: "chat", Name: "any"})
		for i := range agents {
			d.Agents[i].Capacity = map[queue.Medium]int{queue.Voice: 1, queue.Chat: capacity}
			d.Agents[i].Beside = beside
			d.Agents[i].Places = append(d.Agents[i].Places, queue.Place{Need: 2})
		}
	})
}

func (s *shift) writes(channel string) queue.Contact {
	s.t.Helper()
	return s.enters(queue.Arrival{Channel: channel, Queue: "chat"})
}

var mediaTests = []shiftTest{
	{"chats up to the capacity, one offer at a time, and no call beside them", func(s *shift) {
		s.addChat(2, nil, 1)
		s.login("201")
		s.writes("x")
		o := s.ring("x 201")
		s.writes("y")
		s.rings()
		s.answers(o)
		y := s.ring("y 201")
		s.answers(y)
		s.writes("z")
		s.calls("a")
		s.rings()
		equal(s, "held", s.agent("201").Held[queue.Chat], 2)
		s.legEnds(o, 16)
		z := s.ring("z 201") // chats go on; a call waits until there are none
		s.answers(z)
		s.legEnds(z, 16)
		s.rings()
		s.legEnds(y, 16)
		s.ring("a 201")
	}},
	{"one offer at a time, whatever else is written of the agent meanwhile", func(s *shift) {
		s.chats("201")
		s.login("201")
		s.calls("a")
		o := s.ring("a 201")
		s.change(func(d *queue.Projection) { d.Agents[0].Name = "Another name" })
		s.calls("b")
		s.rings()
		s.answers(o)
		s.ring("b 201")
	}},
	{"a chat given to an agent does not stand behind a call for which they have no room", func(s *shift) {
		s.chats("201")
		s.change(func(d *queue.Projection) {
			d.Queues = append(d.Queues, queue.QueueSpec{Name: "calls", ID: 2, Need: 2, Open: true})
			d.Needs = append(d.Needs, queue.NeedSpec{ID: 2, Queue: "calls", Name: "any"})
			d.Agents[0].Beside = queue.Media
		})
		s.login("201")
		gives := func(a queue.Arrival) {
			_, err := s.pool.Give(s.ctx, s.enters(a).ID, "201", time.Hour, "eve")
			s.ok(err)
		}
		gives(queue.Arrival{Channel: "talks", Queue: "calls"})
		s.answers(s.ring("talks 201"))
		gives(queue.Arrival{Channel: "call", Queue: "calls"})
		gives(queue.Arrival{Channel: "chat"})
		s.ring("chat 201")
	}},
	{"no chat beside a call", func(s *shift) {
		s.addChat(2, nil, 1)
		s.login("201")
		s.calls("a")
		o := s.ring("a 201")
		s.answers(o)
		s.writes("x")
		s.rings()
		s.legEnds(o, 16)
		s.ring("x 201")
	}},
	{"a call may come beside chats, and no chat beside a call", func(s *shift) {
		s.addChat(2, []queue.Medium{queue.Voice}, 1)
		s.login("201")
		s.writes("x")
		s.answers(s.ring("x 201"))
		s.calls("a")
		o := s.ring("a 201")
		s.answers(o)
		s.writes("y")
		s.rings()
		s.legEnds(o, 16)
		s.ring("y 201")
	}},
	{"each beside the other, each up to its own capacity", func(s *shift) {
		s.addChat(2, []queue.Medium{queue.Voice, queue.Chat}, 1)
		s.login("201")
		s.calls("a")
		s.answers(s.ring("a 201"))
		s.writes("x")
		s.answers(s.ring("x 201"))
		s.calls("b")
		s.writes("y")
		s.answers(s.ring("y 201"))
		s.writes("z")
		s.rings()
		a := s.agent("201")
		equal(s, "held", [2]int{a.Held[queue.Voice], a.Held[queue.Chat]}, [2]int{1, 2})
	}},
	{"who takes no chats is not asked for one, who takes no calls not for a call", func(s *shift) {
		s.addChat(3, nil, 2)
		s.change(func(d *queue.Projection) {
			d.Agents[0].Capacity = map[queue.Medium]int{queue.Voice: 1}
			d.Agents[1].Capacity = map[queue.Medium]int{queue.Chat: 3}
		})
		s.login("202", "201")
		s.calls("a")
		s.writes("x")
		s.rings("a 201", "x 202")
	}},
	{"the longest wait comes first across media", func(s *shift) {
		s.addChat(3, nil, 1)
		s.writes("x")
		s.calls("a")
		s.writes("y")
		s.login("201")
		s.answers(s.ring("x 201"))
		s.answers(s.ring("y 201")) // the call came before, and cannot come beside a chat
	}},
	{"capacity edited live: less lets nobody go, more lets the next one come", func(s *shift) {
		s.addChat(2, nil, 1)
		s.login("201")
		var offers []queue.Offer
		for _, c := range []string{"x", "y"} {
			s.writes(c)
			offers = append(offers, s.ring(c+" 201"))
			s.answers(offers[len(offers)-1])
		}
		s.writes("z")
		capacity := func(n int) {
			s.change(func(d *queue.Projection) { d.Agents[0].Capacity = map[queue.Medium]int{queue.Voice: 1, queue.Chat: n} })
		}
		capacity(1)
		s.legEnds(offers[0], 16)
		s.rings() // one is held, as many as may be
		capacity(3)
		s.ring("z 201")
	}},
	{"a chat is not moved to a queue of calls", func(s *shift) {
		s.addChat(2, nil, 1)
		x := s.writes("x")
		_, err := s.pool.Move(s.ctx, x.ID, "support", "", "", "eve")
		s.refused(err, queue.ErrRefused)
		equal(s, "queue", s.contact(x.ID).Queue, "chat")
		equal(s, "medium", s.contact(x.ID).Medium, queue.Chat)
	}},
	{"wrap-up after one of two chats: nothing new comes until it is over, the other goes on", func(s *shift) {
		s.virtual()
		s.addChat(2, nil, 1)
		s.change(func(d *queue.Projection) { d.Queues[1].WrapUp = time.Minute })
		s.login("201")
		s.writes("x")
		x := s.ring("x 201")
		s.answers(x)
		s.writes("y")
		y := s.ring("y 201")
		s.answers(y)
		s.legEnds(x, 16)
		equal(s, "mode", s.agent("201").Mode, queue.WrapUp)
		s.writes("z")
		s.rings()
		s.legEnds(y, 16)
		s.later(time.Minute)
		s.ring("z 201")
	}},
}
