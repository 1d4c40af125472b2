package model

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"holdline/queue"
)

// nobodys are numbers that do not say who calls.
var nobodys = []string{"", "anonymous", "unknown", "unavailable", "restricted", "private", "withheld", "asterisk"}

// Enqueue is as in queue.Pool. anew is the id of the contact that goes on, should the
// arrival's own have ended with its node.
func (p *Pool) Enqueue(from queue.Origin, a queue.Arrival, anew string) (queue.Entered, error) {
	p.tick()
	if !p.speaks(from) {
		return queue.Entered{}, queue.ErrStaleEpoch
	}
	if c := p.on(from.Node, a.Channel); c != nil {
		return queue.Entered{Contact: c.view(), Position: p.position(c)}, nil
	}
	if p.dir.Version == 0 {
		return queue.Entered{}, queue.ErrNotReady
	}
	if _, over := p.deadline[deadline{"over", a.Contact}]; over && a.Back {
		p.tick()
		a.Contact = anew
	}
	if p.contacts[a.Contact] != nil {
		return queue.Entered{}, queue.ErrRefused
	}
	q, l, err := p.door(a)
	if p.refused[a.Contact] { // and the answer was lost
		p.Saw("refused again")
		return queue.Entered{}, cmp.Or(err, queue.ErrClosed)
	}
	if err != nil {
		name := a.Queue
		if errors.Is(err, queue.ErrNoQueue) {
			name = ""
		}
		p.count(name, func(q *queue.QueueStats) { q.Entered++; q.Ended[queue.OutcomeRefused]++ })
		p.refused[a.Contact] = true
		p.due("refused", a.Contact, p.now.Add(queue.RefusedMS*time.Millisecond))
		return queue.Entered{}, err
	}
	c := p.enter(from, a, q, l)
	return queue.Entered{New: true, Contact: c.view(), Position: p.position(c)}, nil
}

// door says which queue takes the arrival, in which need.
func (p *Pool) door(a queue.Arrival) (queue.QueueSpec, *line, error) {
	l, err := p.need(a.Queue, a.Need)
	if err != nil {
		return queue.QueueSpec{}, nil, err
	}
	if a.Back { // who was inside is not turned away
		q, _ := p.queue(a.Queue)
		return q, l, nil
	}
	return p.takes(a.Queue, l)
}

// need is the line of a queue's need; "" is the queue's own.
func (p *Pool) need(name, need string) (*line, error) {
	q, ok := p.queue(name)
	if !ok {
		return nil, queue.ErrNoQueue
	}
	for _, n := range p.dir.Needs {
		if n.Queue == name && (n.Name == need && need != "" || n.ID == q.Need && need == "") {
			return p.lines[n.ID], nil
		}
	}
	return nil, queue.ErrNoNeed
}

// takes is the queue itself, or the first of two that it overflows to.
func (p *Pool) takes(name string, l *line) (queue.QueueSpec, *line, error) {
	q, _ := p.queue(name)
	first := p.shut(q, l)
	for hop, err := 0, first; hop < 3; hop++ {
		if err == nil {
			if hop > 0 {
				p.Saw("overflow at the door")
			}
			return q, l, nil
		}
		next, ok := p.queue(q.OverflowTo)
		if !ok {
			break
		}
		q, l = next, p.lines[next.Need]
		err = p.shut(q, l)
	}
	return q, nil, first
}

// shut says why a queue takes nobody.
func (p *Pool) shut(q queue.QueueSpec, l *line) error {
	switch {
	case !q.Open:
		return queue.ErrClosed
	case q.MaxWaiting > 0 && len(p.Order(q.Name)) >= q.MaxWaiting:
		return queue.ErrFull
	case p.nobody(l, q.JoinEmpty):
		return queue.ErrEmpty
	}
	return nil
}

func (p *Pool) enter(from queue.Origin, a queue.Arrival, q queue.QueueSpec, l *line) *contact {
	at, day := p.now, p.now.Add(-24*time.Hour)
	if !a.At.IsZero() {
		at = later(earlier(a.At, p.now), day)
	}
	since := at
	if !a.Since.IsZero() {
		since = later(earlier(a.Since, p.now), at)
	}
	c := &contact{line: l, since: since, Contact: queue.Contact{ID: a.Contact, State: queue.Waiting, Queue: q.Name, Channel: a.Channel,
		Node: from.Node, Boot: p.nodes[from.Node].boot, Arrived: at, Priority: a.Priority, Credit: a.Credit, CallerName: a.CallerName,
		CallerNumber: a.CallerNumber, Language: cmp.Or(a.Language, q.Language), Timeout: q.Timeout, Announce: q.Announce}}
	if a.Timeout != nil {
		c.Timeout = *a.Timeout
	}
	if a.Announce != nil {
		c.Announce = *a.Announce
	}
	if q.Name != a.Queue {
		c.CameTo = a.Queue
	}
	if lost, ok := p.takePlace(q.Name, a); ok && !a.Back {
		p.Saw("redial")
		c.Arrived, c.Reconnects, c.Credit = earlier(at, lost.arrived), lost.contact, a.Credit+q.CreditRedialled
	}
	p.count(q.Name, func(q *queue.QueueStats) { q.Entered++ })
	p.contacts[c.ID] = c
	own, until := p.agents[a.Prefer], c.Arrived.Add(a.PreferFor)
	if own != nil && !own.Leaving && (own.Mode == queue.Ready || own.Mode == queue.WrapUp) && own.Capacity[l.medium] > 0 && until.After(p.now) {
		p.Saw("preferred")
		c.alone, c.Prefers = true, a.Prefer
		p.due("prefer", c.ID, until)
	} else {
		p.widen(c)
	}
	if q.Name != a.Queue {
		p.due("arm", c.ID, p.now)
	} else {
		p.arm(c)
	}
	if q.OverflowAfter > 0 {
		p.due("overflow", c.ID, later(p.now, c.Arrived.Add(q.OverflowAfter)))
	}
	return c
}

// takePlace gives who lost their place with a node, and called again, that place: the earliest
// of their number, or, of one who is back, their own.
func (p *Pool) takePlace(name string, a queue.Arrival) (best place, found bool) {
	number := strings.ToLower(a.CallerNumber)
	at := -1
	for i, l := range p.places {
		if l.queue == name && l.number == number && (!a.Back || l.contact == a.Contact) &&
			(at < 0 || cmp.Or(l.arrived.Compare(best.arrived), strings.Compare(l.contact, best.contact)) < 0) {
			at, best = i, l
		}
	}
	if at < 0 {
		return place{}, false
	}
	p.places = slices.Delete(p.places, at, at+1)
	p.undue(best.contact, "redial")
	return best, true
}

// widen opens the steps that the wait has reached.
func (p *Pool) widen(c *contact) {
	p.undue(c.ID, "step")
	if p.lines[c.line.id] != c.line {
		return
	}
	wait := p.now.Sub(c.Arrived)
	c.opened = max(c.opened, wait)
	for _, opens := range c.line.opens {
		if opens > wait {
			p.due("step", c.ID, c.Arrived.Add(opens))
			return
		}
	}
}

// present: the need was edited meanwhile. The step of the need that was open is open still;
// all else is as the wait has it.
func (p *Pool) present(c *contact) {
	for c.line.next != nil {
		own := c.line.ownStep(c.opened)
		c.line = c.line.next
		c.opened = c.line.own[min(own, len(c.line.own)-1)]
		if !c.alone {
			p.widen(c)
		}
	}
}

func (l *line) ownStep(opened time.Duration) int {
	n, _ := slices.BinarySearch(l.own, opened+1)
	return n - 1
}

// arm sets the ends of the TTL keys.
func (p *Pool) arm(c *contact) {
	c.timeout, c.announce = time.Time{}, time.Time{}
	if c.Timeout > 0 && !c.timed {
		c.timeout = ms(c.since).Add(c.Timeout)
	}
	if c.Announce > 0 {
		wait := c.Announce
		if q, _ := p.queue(c.Queue); c.saidAt.IsZero() {
			wait = cmp.Or(q.AnnounceFirst, queue.AnnounceFirstMS*time.Millisecond)
		}
		c.announce = ms(p.now).Add(wait)
	}
}

// outOfOrder: those behind may hear of it, at most once a second.
func (p *Pool) outOfOrder(c *contact) {
	if _, set := p.deadline[deadline{"queue", c.Queue}]; c.Announce > 0 && !set {
		p.due("queue", c.Queue, p.now.Add(time.Second))
	}
}

func (p *Pool) forget(c *contact) {
	c.timeout, c.announce = time.Time{}, time.Time{}
	p.undue(c.ID, "retry", "step", "prefer", "overflow", "arm", "near")
}

// leave: the outcome is decided, and the caller is sent on.
func (p *Pool) leave(c *contact, outcome string) {
	p.Saw("leaves " + outcome)
	if placed(c.State) {
		p.outOfOrder(c)
	}
	c.State, c.Outcome, c.Offer, c.alone, c.Prefers, c.Given = queue.Leaving, outcome, "", false, "", false
	p.forget(c)
	p.work = append(p.work, queue.Work{Kind: queue.WorkLeave, Contact: c.ID, Channel: c.Channel, Node: c.Node, Queue: c.Queue,
		Outcome: outcome, Agent: c.Agent, Language: c.Language, WaitMS: p.wait(c).Milliseconds(), Reason: c.Reason, Key: c.key})
}

// end is the one end.
func (p *Pool) end(c *contact, outcome string) {
	p.Saw("ends " + outcome)
	if placed(c.State) {
		p.outOfOrder(c)
	}
	c.State, c.Outcome = "over", outcome
	p.forget(c)
	delete(p.contacts, c.ID)
	p.count(c.Queue, func(q *queue.QueueStats) { q.Ended[outcome]++ })
}

// back: the contact waits again, at its old place; or leaves, when its time was over meanwhile.
// quiet: its music was stopped.
func (p *Pool) back(c *contact, quiet bool) {
	if c.timed {
		p.leave(c, queue.OutcomeTimedOut)
		return
	}
	q, _ := p.queue(c.Queue)
	talked := c.State == queue.Connected
	c.State, c.Offer = queue.Waiting, ""
	p.present(c)
	if len(c.Skip) > 0 {
		p.due("retry", c.ID, later(p.now, c.again))
	}
	if talked {
		p.Saw("returned")
		c.Agent, c.AnsweredAt, c.since, c.Credit = "", time.Time{}, p.now, c.Credit+q.CreditReturned
		p.due("arm", c.ID, p.now)
		p.widen(c)
		if q.OverflowAfter > 0 && c.overflows < 3 {
			p.due("overflow", c.ID, p.now.Add(q.OverflowAfter))
		}
	}
	if talked || quiet {
		p.work = append(p.work, queue.Work{Kind: queue.WorkMusic, Contact: c.ID, Channel: c.Channel, Node: c.Node, Queue: c.Queue,
			MusicClass: cmp.Or(q.Music, "default")})
	}
	if c.overdue {
		p.due("overflow", c.ID, p.now)
	}
}

// missed: the contact passes over these agents for a while. Who waited for one of them alone
// waits for all now.
func (p *Pool) missed(c *contact, agents ...string) {
	for _, a := range agents {
		if !slices.Contains(c.Skip, a) {
			c.Skip = append(c.Skip, a)
		}
	}
	q, _ := p.queue(c.Queue)
	c.again = p.now.Add(cmp.Or(q.Retry, queue.RetryMS*time.Millisecond))
	p.toNeed(c)
}

func (p *Pool) toNeed(c *contact) {
	if !c.alone {
		return
	}
	p.undue(c.ID, "prefer")
	c.alone, c.Prefers, c.Given = false, "", false
	p.present(c)
	p.widen(c)
}

// CallerGone is as in queue.Pool.
func (p *Pool) CallerGone(from queue.Origin, channel string) (queue.Ended, error) {
	return p.gone(from, channel, false)
}

// CallerLeft is as in queue.Pool.
func (p *Pool) CallerLeft(from queue.Origin, channel string) (queue.Ended, error) {
	return p.gone(from, channel, true)
}

func (p *Pool) gone(from queue.Origin, channel string, left bool) (queue.Ended, error) {
	c, err := p.caller(from, channel)
	if err != nil {
		return queue.Ended{}, err
	}
	o := p.offers[c.Offer]
	if left && (c.State == queue.InDialplan || c.State == queue.Connected && o != nil && o.Connect == "dialplan") {
		p.Saw("left to be dialled for")
		return queue.Ended{Contact: c.view(), Wait: p.wait(c), Live: true}, nil
	}
	outcome := cmp.Or(c.Outcome, queue.OutcomeAbandoned)
	switch {
	case o != nil && o.State == queue.OfferAnswered:
		outcome = queue.OutcomeAnswered
		p.over(o, false)
		p.hangup(o, "ended", o.Legs...)
	case o != nil:
		p.close(o, queue.OfferCallerGone, true)
	}
	p.end(c, outcome)
	return queue.Ended{Contact: c.view(), Wait: p.wait(c)}, nil
}

// caller is the contact on a channel of a node, for one who speaks for it.
func (p *Pool) caller(from queue.Origin, channel string) (*contact, error) {
	p.tick()
	if !p.speaks(from) {
		return nil, queue.ErrStaleEpoch
	}
	if c := p.on(from.Node, channel); c != nil {
		return c, nil
	}
	return nil, queue.ErrNoContact
}
