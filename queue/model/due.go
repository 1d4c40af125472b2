package model

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"holdline/queue"
)

// What fires when its time has come.

// dueNow gives what is due by now, as kind and whom it is about. "ttl" is the end of a TTL key of
// a contact, and may be found a little later.
func (p *Pool) dueNow() (all []deadline) {
	for d, at := range p.deadline {
		if !at.After(p.moment()) {
			all = append(all, d)
		}
	}
	for _, c := range p.contacts {
		for _, at := range []time.Time{c.timeout, c.announce} {
			if !at.IsZero() && !at.Add(2*time.Millisecond).After(p.moment()) {
				all = append(all, deadline{"ttl", c.ID})
			}
		}
	}
	return all
}

// Next is when the next deadline will be due; zero: none.
func (p *Pool) Next() (next time.Time) {
	first := func(at time.Time) {
		if !at.IsZero() && at.After(p.moment()) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	for _, at := range p.deadline {
		first(at)
	}
	for _, c := range p.contacts {
		first(c.timeout)
		first(c.announce)
	}
	return next
}

// Fire lets a deadline do what it is there for, if it still is due. Nothing else is done for one
// that has lost its reason meanwhile.
func (p *Pool) Fire(kind, id string) {
	p.tick()
	d := deadline{kind, id}
	at, set := p.deadline[d]
	if kind != "ttl" && kind != "empty" {
		if !set || at.After(p.now) {
			return
		}
		delete(p.deadline, d)
		p.Saw("fired " + kind)
	}
	c, a, o := p.contacts[id], p.agents[id], p.offers[id]
	switch kind {
	case "setup":
		p.failed(o, queue.OfferSetupFailed, true)
	case "ring":
		p.failed(o, queue.OfferNoAnswer, true)
	case "bridge":
		p.bridge(o)
	case "dialplan": // it had its time: the agents are free, and the caller will come back
		p.close(o, queue.OfferNoAnswer, false)
		c = p.contacts[o.Contact]
		p.missed(c, names(o.Rings)...)
		c.Offer = ""
	case "wrapup", "limit":
		p.mode(a, queue.ModeChange{Mode: queue.Ready})
	case "guard":
		p.unguard(a)
	case "device":
		a.DeviceInUse = time.Time{}
	case "step":
		if !c.alone {
			p.widen(c)
		}
	case "prefer":
		p.preferred(c)
	case "overflow":
		p.overflow(c)
	case "arm":
		p.arm(c)
	case "queue":
		p.improved(id)
	case "near":
		p.near(c)
	case "ttl":
		if c != nil && placed(c.State) {
			p.ttl(c)
		}
	case "redial":
		p.places = slices.DeleteFunc(p.places, func(l place) bool { return l.contact == id })
	case "refused":
		delete(p.refused, id)
	case "hold":
		p.hold = time.Time{}
	}
}

// bridge: nobody has bridged the two yet. Two people in silence are worse than another attempt.
func (p *Pool) bridge(o *offer) {
	if o.tries++; o.tries <= queue.BridgeTries {
		p.due("bridge", o.ID, p.now.Add(queue.BridgeMS*time.Millisecond))
		p.work = append(p.work, queue.Work{Kind: queue.WorkBridge, Node: o.Node, Channel: o.Channel, Offer: o.ID, Contact: o.Contact,
			Legs: []string{o.Winner}})
		return
	}
	p.Saw("bridge given up")
	p.over(o, true)
	p.hangup(o, queue.OfferSetupFailed, o.Winner)
	p.back(p.contacts[o.Contact], false)
}

// preferred: the agent's time is over, and so is the caller's, if it ended while a phone rang.
func (p *Pool) preferred(c *contact) {
	p.toNeed(c)
	if c.State != queue.Waiting {
		return
	}
	if c.timed {
		p.leave(c, queue.OutcomeTimedOut)
	} else if c.overdue {
		p.due("overflow", c.ID, p.now)
	}
}

func (p *Pool) overflow(c *contact) {
	q, is := p.queue(c.Queue)
	if c.State != queue.Waiting {
		c.overdue = true // the offer's result is waited for
		return
	}
	if !is { // what became of a queue that was removed nobody knows
		return
	}
	if q.OverflowTo == "" {
		p.leave(c, queue.OutcomeOverflowed)
		return
	}
	next, _ := p.queue(q.OverflowTo)
	to, l, err := p.takes(next.Name, p.lines[next.Need])
	if err != nil || to.Name == c.Queue {
		p.Saw("overflow waits")
		p.due("overflow", c.ID, p.now.Add(queue.OverflowRetryMS*time.Millisecond))
		return
	}
	p.Saw("overflow")
	c.overflows++
	p.move(c, to, l)
}

// ttl: the time of a contact's TTL keys.
func (p *Pool) ttl(c *contact) {
	if !c.timeout.IsZero() && !c.timeout.After(p.now) {
		if c.State == queue.Waiting {
			p.leave(c, queue.OutcomeTimedOut)
			return
		}
		p.Saw("timed out while it rang")
		c.timeout, c.timed = time.Time{}, true
	}
	if !c.announce.IsZero() && !c.announce.After(p.now) {
		p.say(c, p.position(c))
	}
}

// say tells the caller their position; while a phone rings nobody is talked to.
func (p *Pool) say(c *contact, position int) {
	c.announce = ms(p.now).Add(c.Announce)
	if c.State != queue.Waiting {
		return
	}
	q, _ := p.queue(c.Queue)
	c.saidAt, c.said = p.now, position
	p.work = append(p.work, queue.Work{Kind: queue.WorkAnnounce, Contact: c.ID, Channel: c.Channel, Node: c.Node, Queue: c.Queue,
		Position: position, Waiting: len(p.Order(c.Queue)), Language: c.Language, MusicClass: cmp.Or(q.Music, "default")})
}

// improved: somebody left the queue. Who is near its head, and better placed than they were told,
// hears of it when they have heard nothing for a while.
func (p *Pool) improved(name string) {
	q, _ := p.queue(name)
	for i, id := range p.Order(name) {
		c := p.contacts[id]
		if i < queue.NearPositions && c.Announce > 0 && !c.saidAt.IsZero() && i+1 < c.said {
			p.due("near", id, later(p.now, c.saidAt.Add(cmp.Or(q.AnnounceMin, queue.AnnounceMinMS*time.Millisecond))))
		}
	}
}

func (p *Pool) near(c *contact) {
	if position := p.position(c); c.Announce > 0 && !c.saidAt.IsZero() && position < c.said {
		p.Saw("better position said")
		p.say(c, position)
	}
}

// Empty lets those who wait leave, some at a time, when nobody is left who could serve the need.
func (p *Pool) Empty(need int64) {
	p.tick()
	l := p.lines[need]
	q, _ := p.queue(l.queue)
	if !p.current(l) || !p.nobody(l, q.LeaveEmpty) {
		return
	}
	var leave []*contact
	for _, c := range p.inOrder() {
		if c.State == queue.Waiting && c.line == l && !c.alone {
			leave = append(leave, c)
		}
	}
	slices.SortStableFunc(leave, func(a, b *contact) int { return l.step(a.opened) - l.step(b.opened) })
	for _, c := range leave[:min(len(leave), queue.LeavesPerRun)] {
		p.Saw("left empty")
		c.Reason = "empty"
		p.leave(c, queue.OutcomeWithdrawn)
	}
}

// known says whether a number says who calls.
func known(number string) bool { return !slices.Contains(nobodys, lower(number)) }

func lower(number string) string { return strings.ToLower(number) }

// without is the list without the word; nil when nothing is left.
func without(list []string, word string) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == word })
	if len(list) == 0 {
		return nil
	}
	return list
}
