package testcall

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"holdline/sim"
)

// result puts together what the phones saw and what the journal says, in the
// order of time; what is missing comes last.
func (r *run) result() Result {
	var res Result
	start := r.start()
	add := func(name, by string, at time.Time, seen bool) {
		s := Step{Name: name, By: by, Seen: seen}
		if seen {
			s.After = at.Sub(start)
		}
		res.Steps = append(res.Steps, s)
	}
	event := func(name, by string, c *sim.Call, kind sim.EventKind) {
		var e sim.Event
		var ok bool
		if c != nil {
			e, ok = c.First(kind)
		}
		add(name, by, e.At, ok)
	}
	moment := func(name, word string) {
		if r.journal == nil {
			return
		}
		i := slices.IndexFunc(r.moments, func(m Moment) bool { return m.Event == word })
		if i < 0 {
			add(name, "journal", time.Time{}, false)
			return
		}
		add(name, "journal", r.moments[i].At, true)
	}
	hears := func(name, by string, c *sim.Call, other *sim.Phone) {
		var at time.Time
		if c != nil && other != nil {
			for _, s := range c.Stretches() {
				if s.Kind == sim.Tone && s.Hz == other.Hz() && at.IsZero() {
					at = s.From
				}
			}
		}
		add(name, by, at, !at.IsZero())
	}
	event("INVITE", "caller", r.out, sim.EvInvite)
	event("queue answers", "caller", r.out, sim.EvAnswered)
	moment("enqueued", "entered")
	moment("offered", "offered")
	event("ringing", "agent", r.in, sim.EvInvite)
	event("answered", "agent", r.in, sim.EvAnswered)
	moment("bridged", "bridged")
	hears("caller hears the agent", "caller", r.out, r.agent)
	hears("agent hears the caller", "agent", r.in, r.caller)
	event("caller hangs up", "caller", r.out, sim.EvBye)
	event("agent's phone hung up", "agent", r.in, sim.EvBye)
	moment("ended", "ended")
	for _, c := range []*sim.Call{r.out, r.in} {
		if c != nil {
			res.Trace += c.Timeline()
			if echo := c.HeardOwn(); echo > 0 {
				add(fmt.Sprintf("no echo of its own (%v heard)", echo), c.Phone().User(), time.Time{}, false)
			}
		}
	}
	if r.in != nil {
		res.Contact = r.in.Header(contactHeader)
	}
	slices.SortStableFunc(res.Steps, func(a, b Step) int {
		if a.Seen != b.Seen {
			if a.Seen {
				return -1
			}
			return 1
		}
		return int(a.After - b.After)
	})
	return res
}

func (r *run) start() time.Time {
	if r.out != nil {
		if e, ok := r.out.First(sim.EvInvite); ok {
			return e.At
		}
	}
	return time.Time{}
}

// Write prints the timeline in milliseconds.
func (r Result) Write(w io.Writer) error {
	var b strings.Builder
	if r.Contact != "" {
		fmt.Fprintf(&b, "contact %s\n", r.Contact)
	}
	for _, s := range r.Steps {
		if s.Seen {
			fmt.Fprintf(&b, "%10.1f ms  %-24s %s\n", float64(s.After.Microseconds())/1000, s.Name, s.By)
		} else {
			fmt.Fprintf(&b, "%10s     %-24s %s\n", "MISSING", s.Name, s.By)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
