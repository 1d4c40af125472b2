package model

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"holdline/queue"
)

// A Pool is all that a pool holds, as plain values.
type Pool struct {
	Wall time.Time    // what the clock on the wall says
	Saw  func(string) // is told of rules that decided something

	now      time.Time // of the last tick
	hold     time.Time // nobody is matched before this
	fence    int64
	dir      queue.Projection // Version 0: none
	lines    map[int64]*line  // by need
	contacts map[string]*contact
	agents   map[string]*agent
	offers   map[string]*offer
	used     map[string]bool // ids that offers had
	nodes    map[string]node
	deadline map[deadline]time.Time
	refused  map[string]bool // arrivals that were, lately
	places   []place         // of callers lost with their node
	work     []queue.Work    // what a callmanager is to do; matches are not foretold
	entries  map[string][]string
	counts   map[string]queue.QueueStats
	mean     float64 // what agents worked of late, where it is asked
}

type node struct {
	boot  string
	epoch int64
}

// deadline is what is due, of whom: setup ring bridge dialplan of an offer; wrapup limit guard
// device of an agent; retry step prefer overflow arm near of a contact; queue of a queue whose
// positions improved; redial over refused of a contact that has ended; hold of the pool.
type deadline struct{ kind, id string }

type place struct {
	queue, number, contact string
	arrived                time.Time
}

type contact struct {
	queue.Contact
	line           *line         // the need as it was when they came to it
	opened         time.Duration // its steps up to this wait are open
	alone          bool          // they wait for Prefers alone
	since          time.Time     // what the timeout counts from
	again          time.Time     // from when on those whom they skip may be asked again
	timed, overdue bool          // the time was over while a phone rang
	timeout        time.Time     // the ends of the TTL keys
	announce       time.Time
	saidAt         time.Time
	said           int // position
	key            string
	overflows      int
}

type offer struct {
	queue.Offer
	rang  map[string]bool
	tries int // to have it bridged
}

// New gives an empty pool.
func New() *Pool {
	return &Pool{Saw: func(string) {}, lines: map[int64]*line{}, contacts: map[string]*contact{}, agents: map[string]*agent{},
		offers: map[string]*offer{}, used: map[string]bool{}, nodes: map[string]node{}, deadline: map[deadline]time.Time{},
		refused: map[string]bool{}, entries: map[string][]string{}, counts: map[string]queue.QueueStats{}}
}

// tick: every command has a moment of its own.
func (p *Pool) tick() {
	p.now = p.moment()
}

func (p *Pool) moment() time.Time {
	if next := p.now.Add(time.Microsecond); next.After(p.Wall) {
		return next
	}
	return p.Wall
}

func (p *Pool) due(kind, id string, at time.Time) { p.deadline[deadline{kind, id}] = at }

func (p *Pool) undue(id string, kinds ...string) {
	for _, k := range kinds {
		delete(p.deadline, deadline{k, id})
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// ms is the moment's whole millisecond: TTL keys know no less.
func ms(t time.Time) time.Time { return t.Truncate(time.Millisecond) }

// speaks says whether the origin is the node's present epoch.
func (p *Pool) speaks(from queue.Origin) bool { return p.nodes[from.Node].epoch == from.Epoch }

// on is who is on the channel.
func (p *Pool) on(node, channel string) *contact {
	for _, c := range p.contacts {
		if c.Node == node && c.Channel == channel {
			return c
		}
	}
	return nil
}

// queue gives a queue's settings; those of one that was removed are the defaults.
func (p *Pool) queue(name string) (queue.QueueSpec, bool) {
	for _, q := range p.dir.Queues {
		if q.Name == name {
			return q, true
		}
	}
	return queue.QueueSpec{}, false
}

func placed(s queue.ContactState) bool {
	return s == queue.Waiting || s == queue.Offered || s == queue.InDialplan
}

// before: strict priority first, then who came first, credit counted.
func (p *Pool) before(a, b *contact) int {
	return cmp.Or(cmp.Compare(p.strict(b), p.strict(a)), p.came(a).Compare(p.came(b)), strings.Compare(a.ID, b.ID))
}

func (p *Pool) strict(c *contact) int {
	if p.dir.Pool.Priority == "strict" {
		return max(-49, min(c.Priority, 49))
	}
	return 0
}

// came is the arrival, less the credit.
func (p *Pool) came(c *contact) time.Time {
	if p.dir.Pool.Priority == "strict" {
		return c.Arrived.Add(-c.Credit)
	}
	return c.Arrived.Add(-c.Credit - time.Duration(c.Priority)*time.Minute)
}

// Order is who has a place in the queue, in order.
func (p *Pool) Order(name string) []string {
	var ids []string
	for _, c := range p.inOrder() {
		if c.Queue == name && placed(c.State) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func (p *Pool) inOrder() []*contact {
	return slices.SortedFunc(maps.Values(p.contacts), p.before)
}

// position is the contact's place in its queue; 0: none.
func (p *Pool) position(c *contact) int { return slices.Index(p.Order(c.Queue), c.ID) + 1 }

// Contact gives what is to be seen of a contact.
func (p *Pool) Contact(id string) (queue.Contact, int, error) {
	c := p.contacts[id]
	if c == nil {
		return queue.Contact{}, 0, queue.ErrNoContact
	}
	return c.view(), p.position(c), nil
}

func (c *contact) view() queue.Contact {
	v := c.Contact
	v.Need, v.Medium, v.Step, v.Announced = c.line.id, c.line.medium, c.line.step(c.opened), !c.saidAt.IsZero()
	v.Skip = slices.Clone(c.Skip)
	return v
}

// wait is what the caller waited, until the answer or until now.
func (p *Pool) wait(c *contact) time.Duration {
	until := p.now
	if !c.AnsweredAt.IsZero() {
		until = c.AnsweredAt
	}
	return until.Sub(c.Arrived).Truncate(time.Millisecond)
}

// Stats are the pool's numbers.
func (p *Pool) Stats() queue.Stats {
	s := queue.Stats{Live: len(p.contacts), Queues: maps.Clone(p.counts)}
	for _, c := range p.contacts {
		q := s.Queues[c.Queue]
		*map[queue.ContactState]*int64{queue.Waiting: &q.Waiting, queue.Offered: &q.Offered, queue.InDialplan: &q.InDialplan,
			queue.Connected: &q.Connected, queue.Leaving: &q.Leaving}[c.State]++
		s.Queues[c.Queue] = q
	}
	for _, q := range s.Queues {
		s.Entered += q.Entered
		for _, n := range q.Ended {
			s.Ended += n
		}
	}
	return s
}

func (p *Pool) count(name string, add func(*queue.QueueStats)) {
	q := p.counts[name]
	q.Ended = maps.Clone(q.Ended)
	if q.Ended == nil {
		q.Ended = map[string]int64{}
	}
	add(&q)
	p.counts[name] = q
}
