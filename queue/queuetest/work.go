package queuetest

import (
	"time"

	"holdline/queue"
)

var workTests = []shiftTest{
	{"an entry is one consumer's until it is done or taken over", func(s *shift) {
		s.login("201")
		s.calls("a")
		mine, err := s.pool.Take(s.ctx, "cm-1", 0, 10)
		s.ok(err)
		equal(s, "taken", len(mine), 1)
		other, err := s.pool.Take(s.ctx, "cm-2", 0, 10)
		s.ok(err)
		equal(s, "for another", len(other), 0)
		offers, err := s.pool.Match(s.ctx, mine[0].ID, queue.Subject{Line: mine[0].Line})
		s.ok(err)

		var over []queue.Work // cm-1 dies here
		Eventually(s.t, "the entry is taken over", func() bool {
			s.pass(20 * time.Millisecond)
			over, err = s.pool.Takeover(s.ctx, "cm-2", 20*time.Millisecond, 10)
			s.ok(err)
			return len(over) == 1
		})
		again, err := s.pool.Match(s.ctx, over[0].ID, queue.Subject{Line: over[0].Line})
		s.ok(err)
		equal(s, "offer", again[0].ID, offers[0].ID)
		legs, err := s.pool.Done(s.ctx, over[0].ID)
		s.ok(err)
		equal(s, "legs", join(legs[offers[0].ID]), offers[0].Legs[0])
		legs, err = s.pool.Done(s.ctx, mine[0].ID, offers[0].ID) // cm-1 was only slow
		s.ok(err)
		equal(s, "the same legs", join(legs[offers[0].ID]), offers[0].Legs[0])
		s.pass(30 * time.Millisecond)
		over, err = s.pool.Takeover(s.ctx, "cm-1", 20*time.Millisecond, 10)
		s.ok(err)
		equal(s, "left over", len(over), 0)
		n, err := s.rdb.HLen(s.ctx, "{"+s.pool.Name()+"}:claims").Result()
		s.ok(err)
		equal(s, "claims", n, 0)
	}},
	{"work that came before the first callmanager counts", func(s *shift) {
		s.calls("a")
		s.login("201")
		over, err := s.pool.Takeover(s.ctx, "cm-1", time.Second, 10)
		s.ok(err)
		equal(s, "nothing to take over", len(over), 0)
		s.ring("a 201")
	}},
	{"nobody is bothered when there is nobody to match", func(s *shift) {
		s.calls("a")
		s.gone("a")
		s.login("201")
		work, err := s.pool.Take(s.ctx, "cm-1", 0, 10)
		s.ok(err)
		equal(s, "entries", len(work), 0)
	}},
	{"a take waits for work", func(s *shift) {
		if s.turn != nil {
			s.login("201") // the embedded Redis blocks on a clock of its own: only the real one is judged
			return
		}
		done := make(chan []queue.Work)
		go func() {
			work, _ := s.pool.Take(s.ctx, "cm-1", 5*time.Second, 10)
			done <- work
		}()
		s.login("201")
		s.calls("a")
		equal(s, "entries", len(<-done), 1)
	}},
	{"the journal tells the life of a call in order", func(s *shift) {
		s.login("201")
		c := s.calls("a")
		o := s.ring("a 201")
		s.ok(s.pool.Ringing(s.ctx, s.from, o.Legs[0]))
		s.answers(o)
		s.legEnds(o, 16)
		s.gone("a")
		var got []string
		var last queue.Entry
		for _, e := range s.journal() {
			if e.Contact == c.ID {
				got = append(got, e.Event)
			}
			if e.At.Before(last.At) || e.Fence < last.Fence {
				s.t.Fatalf("%+v after %+v", e, last)
			}
			last = e
		}
		want := "entered offered ringing answered bridged closed leaving ended"
		equal(s, "events", join(got), want)
		page, err := s.pool.Journal(s.ctx, "", 2)
		s.ok(err)
		rest, err := s.pool.Journal(s.ctx, page[1].ID, 1000)
		s.ok(err)
		equal(s, "pages", len(page)+len(rest), len(s.journal()))
	}},
}

func join(words []string) string {
	text := ""
	for i, w := range words {
		if i > 0 {
			text += " "
		}
		text += w
	}
	return text
}
