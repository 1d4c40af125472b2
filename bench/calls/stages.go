package main

import (
	"context"
	"fmt"
	"time"
)

// steps are the moments of a contact and of its last offer, by the journal.
type steps struct {
	offer string
	at    map[string]time.Time
}

// lastEntry is where the journal stands.
func (s *stack) lastEntry(ctx context.Context) (string, error) {
	last, err := s.rdb.XRevRangeN(ctx, "{"+poolName+"}:journal", "+", "-", 1).Result()
	if err != nil || len(last) == 0 {
		return "", err
	}
	return last[0].ID, nil
}

// journal reads what happened to each contact since an entry.
func (s *stack) journal(ctx context.Context, since string) (map[string]*steps, error) {
	const page = 1000
	contacts := map[string]*steps{}
	for {
		entries, err := s.pool.Journal(ctx, since, page)
		if err != nil {
			return nil, fmt.Errorf("read the journal: %w", err)
		}
		for _, e := range entries {
			c := contacts[e.Contact]
			if c == nil {
				c = &steps{at: map[string]time.Time{}}
				contacts[e.Contact] = c
			}
			if e.Event == "offered" && e.Offer != c.offer {
				*c = steps{offer: e.Offer, at: map[string]time.Time{"entered": c.at["entered"]}}
			}
			if _, known := c.at[e.Event]; !known {
				c.at[e.Event] = e.At
			}
		}
		if len(entries) < page {
			return contacts, nil
		}
		since = entries[len(entries)-1].ID
	}
}

// stages says where the time of a call went: what the wire shows and what the
// journal does, on the one clock of this machine.
func stages(contacts map[string]*steps, t *trace) map[string]quantiles {
	all := map[string][]time.Duration{}
	add := func(stage string, from, to time.Time) {
		if !from.IsZero() && !to.IsZero() {
			all[stage] = append(all[stage], to.Sub(from))
		}
	}
	moment := func(d *dialog, event string) time.Time {
		if c := contacts[d.contact]; c != nil {
			return c.at[event]
		}
		return time.Time{}
	}
	for _, c := range t.callers {
		d := c.served()
		if d == nil {
			continue
		}
		add("1 caller's INVITE to entered", c.invited, moment(d, "entered"))
		add("2 entered to offered", moment(d, "entered"), moment(d, "offered"))
		add("3 offered to agent's INVITE", moment(d, "offered"), d.invited)
		add("4 agent's INVITE to ringing", d.invited, moment(d, "ringing"))
		add("5 agent's 200 to its ACK", d.answered, d.talking)
		add("6 agent's 200 to answered", d.answered, moment(d, "answered"))
		add("7 answered to bridged", moment(d, "answered"), moment(d, "bridged"))
		add("8 agent's BYE to closed", d.ended, moment(d, "closed"))
	}
	for _, list := range t.agents {
		for i := 1; i < len(list); i++ {
			if free := list[i-1]; free.byAgent && t.waiting(free.ended) {
				add("9 agent's BYE to next offered", free.ended, moment(list[i], "offered"))
			}
		}
	}
	out := map[string]quantiles{}
	for stage, times := range all {
		out[stage] = quantilesOf(times)
	}
	return out
}
