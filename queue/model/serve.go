package model

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"holdline/queue"
)

// Who may serve whom, whose turn it is, and who comes first: the rules of the matcher. Each
// looks at everybody.

// line is a need as the directory has it: its steps, and what agents add to them.
type line struct {
	id       int64
	queue    string
	strategy string
	medium   queue.Medium
	own      []time.Duration // when the need's own steps open
	opens    []time.Duration // these, and what delays and the reserve add
	reserve  *queue.Reserve  // nil when it holds nobody back
	until    map[time.Duration]time.Duration
	next     *line // what it became by an edit
	gone     bool  // from the directory
}

func (p *Pool) current(l *line) bool { return p.lines[l.id] == l && !l.gone }

// step is the number of the step that a wait has opened.
func (l *line) step(opened time.Duration) int {
	n, _ := slices.BinarySearch(l.opens, opened+1)
	return n - 1
}

// admission says from which wait on the need admits an agent; held: not before until, unless
// enough like them are left.
func (l *line) admission(skills map[string]int, p queue.Place) (from, until time.Duration) {
	from = max(l.own[min(p.Step, len(l.own)-1)], p.Delay)
	if l.reserve != nil {
		if _, has := skills[l.reserve.Skill]; has {
			until = l.until[from]
		}
	}
	return from, until
}

func (p *Pool) place(a *agent, l *line) (queue.Place, bool) {
	for _, place := range a.spec.Places {
		if place.Need == l.id && p.current(l) && !a.Leaving {
			return place, true
		}
	}
	return queue.Place{}, false
}

// admits says whether the contact's need admits the agent by now.
func (p *Pool) admits(c *contact, a *agent) bool {
	if c.alone {
		return a.ID == c.Prefers
	}
	place, ok := p.place(a, c.line)
	if !ok {
		return false
	}
	from, until := c.line.admission(a.spec.Skills, place)
	if until > from && c.opened >= from && c.opened < until {
		spare := p.spare(c.line) > c.line.reserve.Keep
		p.Saw(fmt.Sprintf("reserve: spare %t", spare))
		return spare
	}
	return c.opened >= from
}

// spare is how many of the agents whom a line holds back are available.
func (p *Pool) spare(l *line) int {
	n := 0
	for _, a := range p.agents {
		if a.open(l.medium) && p.reserved(a, l.reserve.Skill, l.medium) {
			n++
		}
	}
	return n
}

// reserved: some need that the agent serves holds them back for the skill.
func (p *Pool) reserved(a *agent, skill string, medium queue.Medium) bool {
	return slices.ContainsFunc(a.spec.Places, func(place queue.Place) bool {
		l := p.lines[place.Need]
		from, until := l.admission(a.spec.Skills, place)
		return l.reserve != nil && l.reserve.Skill == skill && l.medium == medium && until > from
	})
}

// candidates are the agents who may be offered the contact now. Those who missed it lately
// are none, until all who are there have, and the time is over.
func (p *Pool) candidates(c *contact) []*agent {
	var fresh, again []*agent
	for _, a := range p.everybody() {
		if !a.open(c.line.medium) || !p.admits(c, a) {
			continue
		}
		if again = append(again, a); !slices.Contains(c.Skip, a.ID) {
			fresh = append(fresh, a)
		}
	}
	if len(fresh) == 0 && len(again) > 0 && !p.now.Before(c.again) {
		return again
	}
	return fresh
}

// turn is whose turn it is for the contact: all of them, or any one of them.
func (p *Pool) turn(c *contact) (asked []*agent, any bool) {
	could := p.candidates(c)
	if len(could) == 0 || c.alone {
		return could, false
	}
	tier := func(a *agent) int { place, _ := p.place(a, c.line); return place.Tier }
	least := slices.MinFunc(could, func(a, b *agent) int { return tier(a) - tier(b) })
	n := len(could)
	could = slices.DeleteFunc(could, func(a *agent) bool { return tier(a) > tier(least) })
	if len(could) < n {
		p.Saw("tiers")
	}
	if len(could) > 1 {
		p.Saw("strategy " + c.line.strategy)
	}
	slices.SortFunc(could, func(a, b *agent) int { return cmp.Or(p.compare(c.line, a, b), strings.Compare(a.ID, b.ID)) })
	switch c.line.strategy {
	case "random", "weighted-random":
		return could, true
	case "least-loaded": // who of those who hold least is the contact's id's business
		return slices.DeleteFunc(could, func(a *agent) bool { return p.compare(c.line, a, could[0]) > 0 }), true
	case "ring-all":
		return p.all(c, could), false
	}
	return could[:1], false
}

// all are whom a ring-all asks: as many as may ring, but one when twice as many wait as are there.
func (p *Pool) all(c *contact, could []*agent) []*agent {
	q, _ := p.queue(c.Queue)
	most, waiting := cmp.Or(q.RingMost, queue.LegsPerOffer), 0
	for _, w := range p.contacts {
		if w.State == queue.Waiting && w.line == c.line && !w.alone {
			waiting++
		}
	}
	if waiting >= 2*len(could) {
		p.Saw("ring-all: one each")
		most = 1
	}
	return could[:min(most, len(could))]
}

// compare says by the line's strategy whose turn it is.
func (p *Pool) compare(l *line, a, b *agent) int {
	free := func(a *agent) int { return a.spec.Capacity[l.medium] - a.Held[l.medium] }
	switch l.strategy {
	case "longest-available", "ring-all":
		return cmp.Or(free(b)-free(a), a.Available.Compare(b.Available))
	case "fair":
		return a.work.compare(b.work)
	case "specialist-first":
		return cmp.Or(len(a.spec.Skills)-len(b.spec.Skills), a.Available.Compare(b.Available))
	case "fewest-calls":
		return cmp.Or(a.Served-b.Served, a.Available.Compare(b.Available))
	case "round-robin":
		return a.offered.Compare(b.offered)
	case "linear":
		pa, _ := p.place(a, l)
		pb, _ := p.place(b, l)
		return pa.Position - pb.Position
	case "least-loaded":
		return a.Held[l.medium] - b.Held[l.medium]
	}
	return 0
}

// first is the contact that comes first of all that the agent may be offered now.
func (p *Pool) first(a *agent) *contact {
	var best *contact
	for _, c := range p.inOrder() {
		if c.State == queue.Waiting && slices.Contains(p.candidates(c), a) && (best == nil || p.precedes(a, c, best)) {
			best = c
		}
	}
	return best
}

// precedes says which of two contacts comes first for the agent: their own priority of the
// queue, then who was given to them, then the pool's order. Of those who were given to them
// no priority comes first.
func (p *Pool) precedes(a *agent, c, d *contact) bool {
	rank := func(c *contact) int {
		if c.alone {
			return 0
		}
		place, _ := p.place(a, c.line)
		return place.Priority
	}
	class := func(c *contact) int {
		if c.alone && c.Given {
			return 50
		}
		return p.strict(c)
	}
	if rank(c) != rank(d) {
		p.Saw("agent's priority")
	}
	return cmp.Or(rank(c)-rank(d), class(d)-class(c), p.inTime(c, d), p.came(c).Compare(p.came(d)), strings.Compare(c.ID, d.ID)) < 0
}

// inTime compares by service level: who has waited the greater part of the queue's target.
func (p *Pool) inTime(c, d *contact) int {
	if p.dir.Pool.Order != "service-level" {
		return 0
	}
	p.Saw("service level")
	part := func(c *contact) float64 {
		target := queue.DefaultTarget
		if q, _ := p.queue(c.line.queue); !c.alone {
			target = cmp.Or(q.Target, target)
		}
		return math.Floor(float64(p.now.Sub(p.came(c)).Microseconds()) / float64(target.Milliseconds()) * 1e6)
	}
	if part(c) == part(d) {
		return strings.Compare(c.ID, d.ID)
	}
	return cmp.Compare(part(d), part(c))
}

// Unserved says who waits and could be served: nobody, once all work is done and all that
// was due has fired.
func (p *Pool) Unserved() error {
	if p.hold.After(p.now) {
		return nil
	}
	for _, c := range p.inOrder() {
		if c.State != queue.Waiting {
			continue
		}
		if could := p.candidates(c); len(could) > 0 {
			return fmt.Errorf("contact %s waits, and agent %s may serve it", c.ID, could[0].ID)
		}
		if q, _ := p.queue(c.line.queue); !c.alone && p.current(c.line) && p.nobody(c.line, q.LeaveEmpty) {
			return fmt.Errorf("contact %s waits, and queue %s is to be left: nobody serves it", c.ID, q.Name)
		}
	}
	return nil
}

// nobody says whether no agent of the line counts, by these words of QueueSpec.JoinEmpty.
func (p *Pool) nobody(l *line, words []string) bool {
	if len(words) == 0 {
		return false
	}
	for _, a := range p.agents {
		place, ok := p.place(a, l)
		if !ok || a.Mode == queue.LoggedOut || slices.Contains(words, string(a.Mode)) {
			continue
		}
		from, until := l.admission(a.spec.Skills, place)
		if slices.Contains(words, "later") && max(from, until) > 0 || slices.Contains(words, "busy") && a.busy(l.medium) {
			continue
		}
		return false
	}
	return true
}

func (p *Pool) everybody() []*agent {
	return slices.SortedFunc(maps.Values(p.agents), func(a, b *agent) int { return strings.Compare(a.ID, b.ID) })
}
