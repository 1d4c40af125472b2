package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdline/queue"
)

// Match holds what a match gave against the rules: each offer was for a contact whose turn it
// was, to an agent whose turn it was; and of its subject one of the two has nobody left.
func (p *Pool) Match(cause string, agent string, need int64, got []queue.Offer) error {
	made, known := p.entries[cause]
	if cause != "" && (!known || len(made) > 0) {
		return p.again(made, got)
	}
	if at := p.moment(); len(got) > 0 {
		p.now = at
	}
	if p.hold.After(p.moment()) {
		if len(got) > 0 {
			return fmt.Errorf("the pool is held until %s, and made offers", p.hold)
		}
		return nil
	}
	legs := 0
	for _, o := range got {
		if err := p.offered(o); err != nil {
			return fmt.Errorf("offer %s of contact %s to %s: %w", o.ID, o.Contact, names(o.Rings), err)
		}
		legs += len(o.Rings)
		p.entries[cause] = append(p.entries[cause], o.ID)
	}
	delete(p.entries, "")
	if legs >= queue.MatchesPerRun {
		return nil
	}
	for _, c := range p.inOrder() {
		for _, a := range p.candidates(c) {
			if c.State == queue.Waiting && (a.ID == agent || c.line.id == need && !c.alone) {
				return fmt.Errorf("contact %s waits on, and agent %s may serve it", c.ID, a.ID)
			}
		}
	}
	return nil
}

// again: a work entry done twice gives the offers of the first time that are open still.
func (p *Pool) again(made []string, got []queue.Offer) error {
	p.Saw("match again")
	var open, gave []string
	for _, id := range made {
		if o := p.offers[id]; o != nil && o.State != queue.OfferAnswered {
			open = append(open, id)
		}
	}
	for _, o := range got {
		gave = append(gave, o.ID)
	}
	if !slices.Equal(open, gave) {
		return fmt.Errorf("the work done again gave %q, and %q are open", gave, open)
	}
	return nil
}

func names(rings []queue.Ring) (ids []string) {
	for _, r := range rings {
		ids = append(ids, r.Agent)
	}
	return ids
}

// offered takes an offer that was made, when it was right.
func (p *Pool) offered(o queue.Offer) error {
	c := p.contacts[o.Contact]
	if c == nil || c.State != queue.Waiting {
		return fmt.Errorf("it does not wait")
	}
	asked, anyone := p.turn(c)
	var got []*agent
	for _, id := range names(o.Rings) {
		got = append(got, p.agents[id])
	}
	if turn := slices.Equal(got, asked) || anyone && len(got) == 1 && slices.Contains(asked, got[0]); !turn || !p.agreed(c, got) {
		if !p.circle(c, got) {
			return fmt.Errorf("it is the turn of %s", p.said(asked))
		}
		p.Saw("circle")
	}
	if len(asked) > 0 && slices.Contains(c.Skip, got[0].ID) {
		p.Saw("retry")
		c.Skip = nil
	}
	q, _ := p.queue(c.Queue)
	p.fence++
	c.State, c.Offer, c.Attempts = queue.Offered, o.ID, c.Attempts+1
	want := &offer{rang: map[string]bool{}, Offer: queue.Offer{ID: o.ID, Contact: c.ID, Node: c.Node, Channel: c.Channel, Queue: c.Queue,
		Need: c.line.id, Medium: c.line.medium, Connect: q.Connect, Music: cmp.Or(q.Music, "default"), Bridge: queue.BridgeID(o.ID),
		RingTimeout: p.rings(c.Queue), Fence: p.fence, State: queue.OfferOffered, CreatedAt: p.now}}
	for i, a := range got {
		a.Offer, a.offered = o.ID, p.now
		leg := ""
		if q.Connect != "dialplan" {
			leg = queue.LegID(o.ID, i)
		}
		want.Rings = append(want.Rings, queue.Ring{Leg: leg, Agent: a.ID})
	}
	p.asks(want)
	if p.used[o.ID] || !strings.HasPrefix(o.ID, c.ID) {
		return fmt.Errorf("its id is another's")
	}
	p.offers[o.ID], p.used[o.ID] = want, true
	p.due("setup", o.ID, p.now.Add(queue.SetupMS*time.Millisecond))
	return nil
}

// agreed: the contact is the first of all that each of these agents may be offered.
func (p *Pool) agreed(c *contact, agents []*agent) bool {
	return len(agents) > 0 && !slices.ContainsFunc(agents, func(a *agent) bool { return p.first(a) != c })
}

// circle: each contact's agent prefers another contact, and so back to this one: the agents
// have their way.
func (p *Pool) circle(c *contact, agents []*agent) bool {
	if len(agents) != 1 || !slices.Contains(p.candidates(c), agents[0]) || p.first(agents[0]) != c {
		return false
	}
	seen := map[*contact]bool{}
	var leads func(*contact) bool
	leads = func(from *contact) bool {
		if seen[from] {
			return false
		}
		seen[from] = true
		asked, _ := p.turn(from)
		return slices.ContainsFunc(asked, func(a *agent) bool {
			next := p.first(a)
			return next == c && a == agents[0] || next != from && leads(next)
		})
	}
	return leads(c)
}

func (p *Pool) said(agents []*agent) string {
	var b strings.Builder
	for _, a := range agents {
		fmt.Fprintf(&b, "%s (who is first to serve %s) ", a.ID, p.first(a).ID)
	}
	return b.String()
}

func (p *Pool) rings(name string) time.Duration {
	q, _ := p.queue(name)
	return cmp.Or(q.RingTimeout, queue.RingMS*time.Millisecond)
}

// asks makes an offer's fields say whom its Rings ask.
func (p *Pool) asks(o *offer) {
	o.Legs, o.Agent, o.To = nil, "", ""
	for i := range o.Rings {
		r := &o.Rings[i]
		if r.To = "sip:" + r.Agent + "@" + p.dir.Domain; r.Leg != "" {
			o.Legs = append(o.Legs, r.Leg)
		}
	}
	if len(o.Rings) == 1 {
		o.Agent, o.To = o.Rings[0].Agent, o.Rings[0].To
	}
}

// Offer gives what is to be seen of an offer.
func (o *offer) view() queue.Offer {
	v := o.Offer
	v.Rings, v.Legs = slices.Clone(o.Rings), slices.Clone(o.Legs)
	return v
}

// Done is as in queue.Pool.
func (p *Pool) Done(id string) map[string][]string {
	p.tick()
	legs := map[string][]string{}
	for _, made := range p.entries[id] {
		if o := p.offers[made]; o != nil {
			legs[made] = slices.Clone(o.Legs)
			if _, set := p.deadline[deadline{"setup", made}]; set && o.State == queue.OfferOffered {
				p.ringsOn(o)
			}
		}
	}
	delete(p.entries, id)
	return legs
}

// ringsOn: the set-up is over, and the ring deadline watches.
func (p *Pool) ringsOn(o *offer) {
	p.undue(o.ID, "setup")
	p.due("ring", o.ID, p.now.Add(o.RingTimeout+queue.RingGraceMS*time.Millisecond))
}

func (p *Pool) hangup(o *offer, reason string, legs ...string) {
	if len(legs) > 0 {
		p.work = append(p.work, queue.Work{Kind: queue.WorkHangup, Node: o.Node, Offer: o.ID, Contact: o.Contact, Legs: legs, Reason: reason})
	}
}

// close: not answered, for all who are asked still. hung: their phones are made to stop.
func (p *Pool) close(o *offer, outcome string, hung bool) {
	delete(p.offers, o.ID)
	p.undue(o.ID, "setup", "ring", "dialplan")
	if hung {
		p.hangup(o, outcome, o.Legs...)
	}
	for _, r := range o.Rings {
		if !hung {
			r.Leg = ""
		}
		p.letGo(p.agents[r.Agent], o, outcome, r.Leg)
	}
}

// skips: after these outcomes the contact passes over the agent for a while.
func skips(outcome string) bool {
	return slices.Contains([]string{queue.OfferNoAnswer, queue.OfferReject, queue.OfferBusy, queue.OfferUnreachable,
		queue.OfferSetupFailed}, outcome)
}

// failed: nobody answered, and the contact is back at its place.
func (p *Pool) failed(o *offer, outcome string, hung bool) {
	c := p.contacts[o.Contact]
	p.close(o, outcome, hung)
	if skips(outcome) {
		p.missed(c, names(o.Rings)...)
	}
	p.back(c, o.Connect == "dialplan")
}

// legFailed: one of several does not ring any more; the last one ends the offer.
func (p *Pool) legFailed(o *offer, at int, outcome string, hung bool) {
	if len(o.Rings) == 1 {
		p.failed(o, outcome, hung)
		return
	}
	p.Saw("one of several fails")
	r, c := o.Rings[at], p.contacts[o.Contact]
	o.Rings = slices.Delete(slices.Clone(o.Rings), at, at+1)
	p.asks(o)
	leg := ""
	if hung {
		leg = r.Leg
		p.hangup(o, outcome, leg)
	}
	p.letGo(p.agents[r.Agent], o, outcome, leg)
	if skips(outcome) {
		p.missed(c, r.Agent)
	}
}

// answer: by this agent; the others lost the race.
func (p *Pool) answer(o *offer, at int) {
	c, winner := p.contacts[o.Contact], o.Rings[at]
	others := slices.Delete(slices.Clone(o.Rings), at, at+1)
	o.State, o.Winner, o.Rings = queue.OfferAnswered, winner.Leg, []queue.Ring{winner}
	p.asks(o)
	p.outOfOrder(c)
	p.forget(c)
	c.State, c.Agent, c.AnsweredAt, c.Skip, c.alone, c.Prefers, c.Given = queue.Connected, winner.Agent, p.now, nil, false, "", false
	p.undue(o.ID, "setup", "ring", "dialplan")
	var losers []string
	for _, r := range others {
		if r.Leg != "" {
			losers = append(losers, r.Leg)
		}
	}
	p.hangup(o, "answered_elsewhere", losers...)
	if winner.Leg != "" {
		p.due("bridge", o.ID, p.now.Add(queue.BridgeMS*time.Millisecond))
	}
	for _, r := range others {
		p.letGo(p.agents[r.Agent], o, queue.OfferLostRace, r.Leg)
	}
	if a := p.agents[winner.Agent]; a != nil {
		a.Offer = ""
		p.took(a, o)
		if a.spec.Capacity[o.Medium] > 1 { // each assignment starts availability anew
			a.Available = p.now
		}
	}
}

// over: the call that came of an offer is over. lost: the agent's device was.
func (p *Pool) over(o *offer, lost bool) {
	delete(p.offers, o.ID)
	p.undue(o.ID, "bridge")
	p.freed(p.agents[o.Agent], o, lost)
}
