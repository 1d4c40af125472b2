//go:build stack

package test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"holdline/queue"
	"holdline/sim"
)

// finish ends the shift: all hang up, and the promises that hold for every call
// are checked. It runs before the floor closes and the rows go.
func (s *Shift) finish() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	for _, p := range s.people {
		for c := p.running(); c != nil && ctx.Err() == nil; c = p.running() {
			// At the end, anything may cross anything, and a node may be dead.
			polite, stop := context.WithTimeout(ctx, 2*time.Second)
			_ = c.HangUp(polite)
			stop()
		}
	}
	s.everyContactEndsOnce(ctx)
	for _, p := range s.people {
		for _, c := range append(p.phone.Incoming(), p.calls...) {
			if echo := echoOf(c, p.phone.Hz()); echo > 0 {
				s.Check(false, "%s heard their own tone for %v", p.name, echo)
			}
		}
		if p.id != "" {
			s.noDoubleOffer(p)
			_ = p.phone.Unregister(ctx)
		}
	}
	if s.t.Failed() {
		s.report.attach("trace", s.trace(ctx))
		for _, p := range s.people {
			for i, c := range p.calls {
				if tape := c.Tape(); tape != nil {
					s.report.attach(fmt.Sprintf("%s-%d.ulaw", p.name, i), string(tape))
				}
			}
		}
	}
}

// note is how long a pure note of the music may last: two in a hundred callers wait
// with a tone that the music has, too. An echo lasts as long as the talk.
const note = 300 * time.Millisecond

// echoOf is the longest stretch of their own tone that somebody heard, if it was no
// note of the music.
func echoOf(c *sim.Call, own int) (longest time.Duration) {
	for _, h := range c.Stretches() {
		if h.Kind == sim.Tone && h.Hz == own && h.For() > note {
			longest = max(longest, h.For())
		}
	}
	return longest
}

// noDoubleOffer: from its INVITE to its end, no dialog that was offered to an
// agent overlaps another one, whatever the number of their phones: the INVITEs of
// one offer share a Call-ID. Capacity is 1 in all tests of this suite.
func (s *Shift) noDoubleOffer(p *person) {
	open := map[string]string{} // branch of an INVITE -> Call-ID
	for _, k := range s.floor.Wire().Packets() {
		if k.Phone != p.phone.User() || k.Again {
			continue
		}
		if k.Method == "BYE" && k.Status == 0 {
			maps.DeleteFunc(open, func(_, call string) bool { return call == k.CallID })
		}
		if k.Method == "CANCEL" && k.Status == 0 || k.Out && k.Method == "INVITE" && k.Status >= 300 {
			delete(open, k.Branch)
		}
		if k.Out || k.Method != "INVITE" || k.Status != 0 || k.ToTag != "" {
			continue
		}
		for _, call := range open {
			if call != k.CallID {
				s.Check(false, "%s was offered a second contact at %s while busy with one", p.name, k.At.Format("15:04:05.000"))
			}
		}
		open[k.Branch] = k.CallID
	}
}

// nobodyRungTwice: no caller is offered to an agent while another agent's phone
// still rings with them or talks to them.
func (s *Shift) nobodyRungTwice() {
	type dialog struct{ call, phone string }
	open := map[string]dialog{}
	for _, k := range s.floor.Wire().Packets() {
		if k.Again || k.Method != "INVITE" && k.Method != "BYE" && k.Method != "CANCEL" {
			continue
		}
		if !k.Out && k.Method == "INVITE" && k.Status == 0 && k.ToTag == "" {
			caller := callerOf(k)
			if was := open[caller]; was.call != "" && was.call != k.CallID {
				s.Check(false, "%s was offered to %s at %s while still at %s", caller, k.Phone, k.At.Format("15:04:05.000"), was.phone)
			}
			open[caller] = dialog{k.CallID, k.Phone}
			continue
		}
		if k.Method != "INVITE" && k.Status == 0 || k.Out && k.Status >= 300 {
			maps.DeleteFunc(open, func(_ string, d dialog) bool { return d.call == k.CallID })
		}
	}
}

// lastEntry is where the journal stands.
func (s *Shift) lastEntry() string {
	s.t.Helper()
	last, err := s.stack.rdb.XRevRangeN(s.t.Context(), "{"+s.desk.tenant.name+"}:journal", "+", "-", 1).Result()
	if err != nil {
		s.t.Fatalf("read the journal: %v", err)
	}
	if len(last) == 0 {
		return ""
	}
	return last[0].ID
}

// entries are the journal's since the shift began.
func (s *Shift) entries(ctx context.Context) ([]queue.Entry, error) {
	var all []queue.Entry
	for after := s.journal; ; {
		page, err := s.desk.tenant.pool.Journal(ctx, after, 500)
		all = append(all, page...)
		if err != nil || len(page) < 500 {
			return all, err
		}
		after = page[len(page)-1].ID
	}
}

// everyContactEndsOnce waits until no contact of the test's queue lives, and
// compares what entered with what ended.
func (s *Shift) everyContactEndsOnce(ctx context.Context) {
	s.t.Helper()
	entered, ended := map[string]int{}, map[string]int{}
	var failure error
	count := func() bool {
		clear(entered)
		clear(ended)
		entries, err := s.entries(ctx)
		if failure = err; err != nil {
			return false
		}
		for _, e := range entries {
			switch {
			case e.Event == "entered" && e.Queue == s.desk.queue:
				entered[e.Contact]++
			case e.Event == "ended" && entered[e.Contact] > 0:
				ended[e.Contact]++
			}
		}
		for id := range entered {
			if ended[id] == 0 {
				return false
			}
		}
		return true
	}
	limited, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_ = until(limited, count)
	if failure != nil {
		s.Check(false, "the journal can be read: %v", failure)
	}
	wrong := 0
	for id, n := range entered {
		if n != 1 || ended[id] != 1 {
			wrong++
			s.t.Logf("contact %s entered %d times and ended %d times", id, n, ended[id])
		}
	}
	s.Check(wrong == 0, "each of the %d contacts entered once and ended once", len(entered))
}

// trace is everything that helps to understand a failure.
func (s *Shift) trace(ctx context.Context) string {
	var b strings.Builder
	for _, p := range s.people {
		for _, c := range append(p.phone.Incoming(), p.calls...) {
			fmt.Fprintf(&b, "%s: %s%+v\n", p.name, c.Timeline(), c.Reception())
			for _, h := range c.Stretches() {
				fmt.Fprintf(&b, "  %s to %s: %s %d\n", h.From.Format("15:04:05.000"), h.To.Format("15:04:05.000"), h.Kind, h.Hz)
			}
		}
	}
	b.WriteString("wire:\n")
	for _, k := range s.floor.Wire().Packets() {
		fmt.Fprintln(&b, k)
	}
	b.WriteString("\njournal:\n")
	entries, err := s.entries(ctx)
	for _, e := range entries {
		fmt.Fprintf(&b, "%s %-9s contact=%s offer=%s agent=%s queue=%s outcome=%s mode=%s reason=%s\n",
			e.At.Format("15:04:05.000"), e.Event, e.Contact, e.Offer, e.Agent, e.Queue, e.Outcome, e.Mode, e.Reason)
	}
	if err != nil {
		fmt.Fprintf(&b, "journal: %v\n", err)
	}
	b.WriteString("\nwire, in full:\n")
	for _, k := range s.floor.Wire().Packets() {
		fmt.Fprintf(&b, "%s\n%s\n", k, k.Raw())
	}
	return b.String()
}
