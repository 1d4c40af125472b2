package model

import (
	"strings"
	"time"

	"holdline/queue"
)

// What people do with those who wait; see the methods of queue.Pool.

// waiting gives a contact that waits, or whose phone rings.
func (p *Pool) waiting(id string) (*contact, error) {
	p.tick()
	c := p.contacts[id]
	if c == nil {
		return nil, queue.ErrNoContact
	}
	if c.State != queue.Waiting && c.State != queue.Offered {
		return c, queue.ErrRefused
	}
	return c, nil
}

// takeBack: the phone that rings for the contact stops.
func (p *Pool) takeBack(c *contact) {
	if o := p.offers[c.Offer]; o != nil {
		p.close(o, queue.OfferWithdrawn, true)
		c.Offer = ""
	}
}

// Withdraw takes a contact out of its queue.
func (p *Pool) Withdraw(id, reason string) (queue.Contact, error) {
	c, err := p.waiting(id)
	if err != nil {
		return queue.Contact{}, err
	}
	p.takeBack(c)
	c.Reason = reason
	p.leave(c, queue.OutcomeWithdrawn)
	return c.view(), nil
}

// Move gives a contact a place in another queue, or in another need of its own.
func (p *Pool) Move(id, name, need string) (queue.Contact, error) {
	c, err := p.waiting(id)
	if err != nil {
		return queue.Contact{}, err
	}
	l, err := p.need(name, need)
	q, _ := p.queue(name)
	switch {
	case err != nil:
		return queue.Contact{}, err
	case l.medium != c.line.medium:
		return queue.Contact{}, queue.ErrRefused
	case name == c.Queue && l == c.line && !c.alone:
		return c.view(), nil
	case name != c.Queue && !q.Open:
		return queue.Contact{}, queue.ErrClosed
	case name != c.Queue && q.MaxWaiting > 0 && len(p.Order(name)) >= q.MaxWaiting:
		return queue.Contact{}, queue.ErrFull
	}
	p.Saw("moved " + string(c.State))
	p.takeBack(c)
	c.overflows = 0
	p.move(c, q, l)
	return c.view(), nil
}

// move: the contact goes on in another queue. Its arrival stays, and what of its wait is over.
func (p *Pool) move(c *contact, q queue.QueueSpec, l *line) {
	p.outOfOrder(c)
	p.forget(c)
	if c.Queue != q.Name {
		p.count(c.Queue, func(q *queue.QueueStats) { q.MovedOut++ })
		p.count(q.Name, func(q *queue.QueueStats) { q.MovedIn++ })
		c.Credit += q.CreditMoved
		if c.CameTo == "" {
			c.CameTo = c.Queue
		}
	}
	if c.Announce > 0 {
		c.Announce = q.Announce
	}
	c.State, c.Queue, c.line, c.opened, c.alone, c.Prefers, c.Given, c.Skip, c.timed, c.overdue = queue.Waiting, q.Name, l, 0, false,
		"", false, nil, false, false
	c.saidAt, c.said = time.Time{}, 0
	p.widen(c)
	p.due("arm", c.ID, p.now)
	if q.OverflowAfter > 0 && c.overflows < 3 {
		p.due("overflow", c.ID, later(p.now, c.Arrived.Add(q.OverflowAfter)))
	}
}

// Give makes a contact the next one of an agent. Should its need count again, then from the
// steps that its wait has opened.
func (p *Pool) Give(id, agent string, limit time.Duration) (queue.Contact, error) {
	c, err := p.waiting(id)
	if c == nil {
		return queue.Contact{}, err
	}
	a := p.agents[agent]
	switch {
	case a == nil || a.Leaving:
		return queue.Contact{}, queue.ErrNoAgent
	case err != nil:
		return queue.Contact{}, err
	case a.Mode != queue.Ready && a.Mode != queue.WrapUp || a.Capacity[c.line.medium] < 1:
		return queue.Contact{}, queue.ErrRefused
	case c.State == queue.Offered && c.Given && c.Prefers == agent:
		return c.view(), nil
	}
	p.Saw("given " + string(c.State))
	p.takeBack(c)
	p.undue(c.ID, "step")
	c.State, c.opened, c.alone, c.Prefers, c.Given = queue.Waiting, 0, true, agent, true
	c.Skip = without(c.Skip, agent)
	p.due("prefer", c.ID, p.now.Add(limit))
	return c.view(), nil
}

// Reprioritise changes a contact's priority.
func (p *Pool) Reprioritise(id string, priority int) (queue.Contact, int, error) {
	c, err := p.waiting(id)
	if c == nil || err != nil && c.State != queue.InDialplan {
		return queue.Contact{}, 0, err
	}
	c.Priority = priority
	p.outOfOrder(c)
	return c.view(), p.position(c), nil
}

// Key says that the caller pressed a key.
func (p *Pool) Key(from queue.Origin, channel, key string) (queue.Contact, bool, error) {
	c, err := p.caller(from, channel)
	if err != nil {
		return queue.Contact{}, false, err
	}
	q, _ := p.queue(c.Queue)
	if c.State != queue.Waiting && c.State != queue.Offered || len(key) != 1 || !strings.Contains(q.ExitKeys, key) {
		return c.view(), false, nil
	}
	p.takeBack(c)
	c.key = key
	p.leave(c, queue.OutcomeLeftByKey)
	return c.view(), true, nil
}
