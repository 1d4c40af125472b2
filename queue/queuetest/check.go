package queuetest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdline/queue"
)

// check says what promise the pool's state breaks, reading the records against
// each other and against the indexes. It trusts no count that the scripts keep.
func check(ctx context.Context, p *queue.Pool, rdb redis.UniversalClient) error {
	stats, err := p.Stats(ctx)
	if err != nil {
		return err
	}
	contacts, err := p.Contacts(ctx)
	if err != nil {
		return err
	}
	agents, err := p.Agents(ctx)
	if err != nil {
		return err
	}
	offers, err := p.Offers(ctx)
	if err != nil {
		return err
	}
	if stats.Live != len(contacts) || stats.Entered != stats.Ended+int64(stats.Live) {
		return fmt.Errorf("entered %d, ended %d, live %d of %d", stats.Entered, stats.Ended, stats.Live, len(contacts))
	}
	byOffer := map[string]queue.Offer{}
	for _, o := range offers {
		byOffer[o.ID] = o
	}
	if err := checkAgents(agents, byOffer); err != nil {
		return err
	}
	if err := checkContacts(contacts, byOffer, stats); err != nil {
		return err
	}
	if err := checkIndexes(ctx, p, rdb, contacts, agents); err != nil {
		return err
	}
	return checkAudit(ctx, p)
}

// checkAudit says whether the audit sees faults where there are none; that it sees
// those that are is its own test's subject.
func checkAudit(ctx context.Context, p *queue.Pool) error {
	audit, err := p.Audit(ctx)
	if err != nil {
		return err
	}
	for _, f := range audit.Faults {
		switch f.Kind {
		case queue.FaultUnserved, queue.FaultOverdue, queue.FaultUndone: // as the shift has it
		default:
			return fmt.Errorf("the audit says %s: %s", f.Kind, f.Text)
		}
	}
	return nil
}

func checkAgents(agents []queue.Agent, offers map[string]queue.Offer) error {
	held := 0
	for _, a := range agents {
		if room := a.Capacity[queue.Voice] + a.Capacity[queue.Chat]; a.Load() > room && !a.Leaving {
			return fmt.Errorf("agent %s has %d, more than %d", a.ID, a.Load(), room)
		}
		for m, n := range a.Held {
			if n > a.Capacity[m] && !a.Leaving {
				return fmt.Errorf("agent %s has %d of %s, more than %d", a.ID, n, m, a.Capacity[m])
			}
		}
		held += a.Load()
		for i, id := range append([]string{a.Offer}, a.Calls...) {
			o, ok := offers[id]
			if id == "" {
				continue
			}
			if !ok || !asks(o, a.ID) || (o.State == queue.OfferAnswered) != (i > 0) {
				return fmt.Errorf("agent %s holds offer %q, which is %+v", a.ID, id, o)
			}
		}
	}
	rings := 0
	for _, o := range offers {
		rings += len(o.Rings)
		if o.State == queue.OfferAnswered && len(o.Rings) != 1 || len(o.Rings) == 0 ||
			o.Connect != "dialplan" && len(o.Legs) != len(o.Rings) {
			return fmt.Errorf("offer %+v", o)
		}
	}
	if held != rings { // else one stays reserved for nothing
		return fmt.Errorf("agents hold %d rings of offers, there are %d", held, rings)
	}
	return nil
}

func asks(o queue.Offer, agent string) bool {
	return slices.ContainsFunc(o.Rings, func(r queue.Ring) bool { return r.Agent == agent })
}

func checkContacts(contacts []queue.Contact, offers map[string]queue.Offer, stats queue.Stats) error {
	type counts struct{ waiting, offered, inDialplan, connected, leaving int64 }
	have, named := map[string]counts{}, 0
	for _, c := range contacts {
		n := have[c.Queue]
		o, open := offers[c.Offer]
		switch c.State {
		case queue.Waiting:
			n.waiting++
		case queue.Offered:
			n.offered++
		case queue.InDialplan:
			n.inDialplan++
		case queue.Connected:
			n.connected++
		case queue.Leaving:
			n.leaving++
		}
		have[c.Queue] = n
		wants := c.State == queue.Offered || c.State == queue.Connected || open && c.State == queue.InDialplan
		if wants != open || open && (o.Contact != c.ID || (o.State == queue.OfferAnswered) != (c.State == queue.Connected)) {
			return fmt.Errorf("contact %s is %s with offer %q, which is %+v", c.ID, c.State, c.Offer, o)
		}
		if open {
			named++
		}
	}
	if named != len(offers) {
		return fmt.Errorf("contacts name %d offers, there are %d", named, len(offers))
	}
	for name, q := range stats.Queues {
		if got := (counts{q.Waiting, q.Offered, q.InDialplan, q.Connected, q.Leaving}); got != have[name] {
			return fmt.Errorf("queue %q counts %+v, has %+v", name, got, have[name])
		}
	}
	return nil
}

// stands: may anything be offered to the agent, in a queue that they serve?
func stands(a queue.Agent, record string) bool {
	var spec struct {
		Beside string
		Places []string
	}
	if err := json.Unmarshal([]byte(record), &spec); err != nil || a.Mode != queue.Ready || a.Next != "" || !a.Guard.IsZero() ||
		!a.DeviceInUse.IsZero() || a.Offer != "" || a.Leaving {
		return false
	}
	media := map[string]queue.Medium{"v": queue.Voice, "c": queue.Chat}
	return slices.ContainsFunc(spec.Places, func(place string) bool {
		letter := strings.ToLower(place[1:2])
		m, others := media[letter], 0
		for other, n := range a.Held {
			if other != m {
				others += n
			}
		}
		return a.Held[m] < a.Capacity[m] && (others == 0 || strings.Contains(spec.Beside, letter))
	})
}

// checkIndexes says whether the indexes hold what the records say: here nothing
// has tampered with them, so they are to be exact.
func checkIndexes(ctx context.Context, p *queue.Pool, rdb redis.UniversalClient, contacts []queue.Contact, agents []queue.Agent) error {
	spec, err := rdb.HGetAll(ctx, "{"+p.Name()+"}:dir").Result()
	if err != nil {
		return err
	}
	last := func(key string) ([]string, error) {
		members, err := rdb.ZRange(ctx, "{"+p.Name()+"}:"+key, 0, -1).Result()
		for i, m := range members {
			members[i] = m[strings.LastIndexByte(m, '|')+1:]
		}
		slices.Sort(members)
		return slices.Compact(members), err
	}
	var waiting, ordered, live, ready []string
	for _, c := range contacts {
		live = append(live, c.ID)
		if c.State == queue.Waiting {
			waiting = append(waiting, c.ID)
		}
		if c.State.Placed() {
			ordered = append(ordered, c.ID)
		}
	}
	for _, a := range agents {
		if stands(a, spec["agent|"+queue.Escape(a.ID)]) {
			ready = append(ready, queue.Escape(a.ID))
		}
	}
	for _, want := range []struct {
		key string
		ids []string
	}{{"waiting", waiting}, {"order", ordered}, {"elements", live}, {"available", ready}} {
		got, err := last(want.key)
		if err != nil {
			return err
		}
		slices.Sort(want.ids)
		if !slices.Equal(got, want.ids) {
			return fmt.Errorf("%s holds %q, the records say %q", want.key, got, want.ids)
		}
	}
	return nil
}
