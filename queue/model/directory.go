package model

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"

	"holdline/queue"
)

// Project applies a version of the directory, in one go; see queue.Pool.Project. What is
// stamped by it has the moment of the last tick, which is the caller's to set.
func (p *Pool) Project(d queue.Projection) bool {
	if d.Version <= p.dir.Version {
		return false
	}
	restores := slices.ContainsFunc(d.Agents, func(a queue.AgentSpec) bool { return a.Restore != nil })
	if p.dir.Version == 0 && restores {
		p.hold = p.now.Add(queue.HoldMS * time.Millisecond)
		p.due("hold", "all", p.hold)
	}
	p.dir = d
	p.readNeeds()
	p.readAgents()
	for _, c := range p.contacts {
		if c.State == queue.Waiting && !c.alone {
			p.present(c)
		}
	}
	return true
}

// readNeeds gives each need its line: a new one when what it asks of agents has changed.
func (p *Pool) readNeeds() {
	for _, l := range p.lines {
		l.gone = true
	}
	for _, n := range p.dir.Needs {
		q, _ := p.queue(n.Queue)
		l, was := newLine(n, q, p.dir.Agents), p.lines[n.ID]
		if was != nil {
			if was.gone = false; reflect.DeepEqual(was, l) {
				continue
			}
			p.Saw("need edited")
			was.next = l
		}
		p.lines[n.ID] = l
	}
}

func newLine(n queue.NeedSpec, q queue.QueueSpec, agents []queue.AgentSpec) *line {
	l := &line{id: n.ID, queue: n.Queue, strategy: cmp.Or(q.Strategy, "longest-available"), medium: cmp.Or(q.Medium, queue.Voice),
		own: []time.Duration{0}, until: map[time.Duration]time.Duration{}}
	for i, s := range n.Steps {
		if i > 0 {
			l.own = append(l.own, s.After)
		}
	}
	opens := slices.Clone(l.own)
	froms := map[string]time.Duration{}
	for _, a := range agents {
		for _, place := range a.Places {
			if place.Need == n.ID {
				froms[a.ID], _ = l.admission(nil, place)
				opens = append(opens, froms[a.ID])
			}
		}
	}
	if n.Reserve != nil {
		for _, a := range agents {
			from, serves := froms[a.ID]
			_, has := a.Skills[n.Reserve.Skill]
			if !serves || !has || from >= n.Reserve.Until || l.until[from] > 0 {
				continue
			}
			at := n.Reserve.Until // or a little later: nobody else is held back
			for slices.Contains(opens, at) {
				at += time.Millisecond
			}
			l.reserve, l.until[from], opens = n.Reserve, at, append(opens, at)
		}
	}
	slices.Sort(opens)
	l.opens = slices.Compact(opens)
	return l
}

func (p *Pool) readAgents() {
	listed := map[string]bool{}
	for _, s := range p.dir.Agents {
		a := p.agents[s.ID]
		if a == nil {
			a = &agent{froze: -1, Agent: queue.Agent{ID: s.ID, Mode: queue.LoggedOut, Since: p.now, Held: map[queue.Medium]int{queue.Voice: 0, queue.Chat: 0}}}
			p.agents[s.ID] = a
			p.restore(a, s.Restore)
		}
		s.Capacity = capacity(s)
		listed[s.ID], a.spec, a.Name, a.Leaving, a.Capacity = true, s, s.Name, false, s.Capacity
		fair := func(place queue.Place) bool { return p.lines[place.Need].strategy == "fair" }
		if !a.work.on && slices.ContainsFunc(s.Places, fair) {
			a.work.on = true
			a.work.begin(p.now, p.mean, true)
		}
		if s.AlwaysIn && a.Mode == queue.LoggedOut {
			p.mode(a, queue.ModeChange{Mode: queue.Ready})
		}
	}
	for id, a := range p.agents {
		if !listed[id] && !a.Leaving {
			p.Saw("agent removed")
			p.notAlone(a)
			a.Leaving, a.spec = true, queue.AgentSpec{Capacity: capacity(queue.AgentSpec{})}
			p.tidy(a)
		}
	}
}

// restore: what an agent did before the pool lost its memory.
func (p *Pool) restore(a *agent, r *queue.RestoredMode) {
	if r == nil {
		return
	}
	a.Mode, a.Reason, a.Since, a.Until = r.Mode, r.Reason, earlier(r.Since, p.now), r.Until
	if over := !r.Until.IsZero() && !r.Until.After(p.now); over {
		a.Mode, a.Reason, a.Since, a.Until = queue.Ready, "", r.Until, time.Time{}
	}
	if a.Mode == queue.Ready {
		a.Available = a.Since
	}
	if !a.Until.IsZero() {
		p.due("limit", a.ID, a.Until)
	}
}

// NodeUp begins the next epoch of a node; the contacts of its earlier boots end, those who
// wait first.
func (p *Pool) NodeUp(id, boot string) queue.Origin {
	p.tick()
	p.nodes[id] = node{boot, p.now.UnixMicro()}
	from := queue.Origin{Node: id, Epoch: p.now.UnixMicro()}
	p.lose(id, boot, func(c *contact) bool { return c.State == queue.Waiting })
	p.lose(id, boot, func(*contact) bool { return true })
	return from
}

func (p *Pool) lose(id, boot string, which func(*contact) bool) {
	var there []*contact
	for _, c := range p.inOrder() {
		if c.Node == id {
			there = append(there, c)
		}
	}
	element := func(c *contact) string { return queue.Escape(c.Channel) + "|" + c.ID } // in whose order they are looked at
	slices.SortFunc(there, func(a, b *contact) int { return strings.Compare(element(a), element(b)) })
	p.tick()
	for i, c := range there {
		if i > 0 && i%queue.LostPerRun == 0 { // they are looked at some at a time
			p.tick()
		}
		if c.Boot == boot || !which(c) {
			continue
		}
		if o := p.offers[c.Offer]; o != nil && o.State == queue.OfferAnswered {
			p.over(o, false)
		} else if o != nil {
			p.close(o, queue.OfferCallerGone, false)
		}
		q, _ := p.queue(c.Queue)
		if q.Redial > 0 && c.State != queue.Leaving && known(c.CallerNumber) {
			p.places = append(p.places, place{c.Queue, lower(c.CallerNumber), c.ID, c.Arrived})
			p.due("redial", c.ID, p.now.Add(q.Redial))
		}
		p.end(c, queue.OutcomeLostWithNode)
		p.due("over", c.ID, p.now.Add(queue.OverMS*time.Millisecond))
	}
	if n := len(there); n > 0 && n%queue.LostPerRun == 0 { // whether there are more
		p.tick()
	}
}

// Readopt gives a call its contact and offer back; see queue.Pool.Readopt.
func (p *Pool) Readopt(from queue.Origin, a queue.Adoption) (queue.Contact, error) {
	p.tick()
	if !p.speaks(from) {
		return queue.Contact{}, queue.ErrStaleEpoch
	}
	if p.dir.Version == 0 {
		return queue.Contact{}, queue.ErrNotReady
	}
	c, o := p.contacts[a.Contact], p.offers[a.Offer]
	if o != nil && o.Winner == a.Leg && c != nil {
		return c.view(), nil
	}
	on := p.on(from.Node, a.Channel)
	if o != nil || on != c || c != nil && c.State != queue.Waiting {
		return queue.Contact{}, queue.ErrRefused
	}
	if c == nil {
		c = p.adopt(from, a)
	} else { // the records are a moment old
		p.Saw("readopted who waited")
		p.outOfOrder(c)
		p.forget(c)
	}
	answered := p.now
	if !a.Answered.IsZero() {
		answered = later(earlier(a.Answered, p.now), c.Arrived)
	}
	c.State, c.Offer, c.Agent, c.AnsweredAt, c.Skip, c.alone, c.Prefers, c.Given = queue.Connected, a.Offer, a.Agent, answered, nil, false, "", false
	o = &offer{rang: map[string]bool{}, Offer: queue.Offer{ID: a.Offer, Contact: c.ID, Node: c.Node, Channel: c.Channel, Queue: c.Queue,
		Need: c.line.id, Medium: c.line.medium, Bridge: queue.BridgeID(a.Offer), RingTimeout: p.rings(c.Queue), Fence: p.fence,
		State: queue.OfferAnswered, Winner: a.Leg, Rings: []queue.Ring{{Leg: a.Leg, Agent: a.Agent}}, CreatedAt: answered}}
	p.asks(o)
	p.offers[o.ID], p.used[o.ID] = o, true
	if ag := p.agents[a.Agent]; ag != nil {
		p.took(ag, o)
		p.oneTooMany(ag)
	}
	return c.view(), nil
}

func (p *Pool) adopt(from queue.Origin, a queue.Adoption) *contact {
	p.Saw("readopted")
	at := p.now
	if !a.At.IsZero() {
		at = later(earlier(a.At, p.now), p.now.Add(-24*time.Hour))
	}
	q, _ := p.queue(a.Queue)
	l, err := p.need(a.Queue, a.Need)
	if err != nil {
		if l, err = p.need(a.Queue, ""); err != nil {
			l = &line{medium: queue.Voice, own: []time.Duration{0}, opens: []time.Duration{0}, gone: true}
		}
	}
	c := &contact{line: l, since: at, Contact: queue.Contact{ID: a.Contact, Queue: a.Queue, Channel: a.Channel, Node: from.Node,
		Boot: p.nodes[from.Node].boot, Arrived: at, Priority: a.Priority, CallerName: a.CallerName, CallerNumber: a.CallerNumber,
		Language: cmp.Or(a.Language, q.Language), Timeout: q.Timeout, Announce: q.Announce}}
	p.contacts[c.ID] = c
	p.count(a.Queue, func(q *queue.QueueStats) { q.Entered++ })
	return c
}

// oneTooMany: the offer that an agent got meanwhile is withdrawn when they may not have it beside
// the call.
func (p *Pool) oneTooMany(a *agent) {
	o := p.offers[a.Offer]
	if o == nil || o.Connect == "dialplan" && len(o.Rings) > 1 { // the dialplan rings a group as one
		return
	}
	other := queue.Chat
	if o.Medium == queue.Chat {
		other = queue.Voice
	}
	if a.Held[o.Medium] < a.spec.Capacity[o.Medium] && (a.Held[other] == 0 || slices.Contains(a.spec.Beside, o.Medium)) {
		return
	}
	p.Saw("one too many")
	p.legFailed(o, slices.Index(names(o.Rings), a.ID), queue.OfferWithdrawn, true)
}
