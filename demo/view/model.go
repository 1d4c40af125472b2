package view

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"holdline/queue"
)

// Contact is a caller as the journal tells of them.
type Contact struct {
	Number   int // in the order of entering
	ID       string
	Channel  string
	Queue    string
	Node     string
	Entered  time.Time
	Answered time.Time // zero: not yet
	Agent    string    // who rings, or talks
	Since    time.Time // of the present state
	State    queue.ContactState
	Outcome  string // once it has ended
	Wait     time.Duration
}

// Model is what the journal has told so far.
type Model struct {
	pool *queue.Pool

	mu       sync.Mutex
	after    string // the last entry that was read
	contacts map[string]*Contact
	live     map[string]*Contact
	names    map[string]string // of agents
	offers   map[string]int    // closed ones, by outcome
	made     int               // offers
	rebooted map[string]string // node → boot of its latest node_up
	longest  time.Duration
	most     int // waiting at one time
	waiting  int
}

// NewModel gives one that has read nothing.
func NewModel(pool *queue.Pool) *Model {
	return &Model{
		pool: pool, contacts: map[string]*Contact{}, live: map[string]*Contact{},
		names: map[string]string{}, offers: map[string]int{}, rebooted: map[string]string{},
	}
}

// page is how many entries one read takes.
const page = 1000

// Read reads on to the journal's end, and gives what there was to tell.
func (m *Model) Read(ctx context.Context) (told []Line, err error) {
	for {
		m.mu.Lock()
		after := m.after
		m.mu.Unlock()
		entries, err := m.pool.Journal(ctx, after, page)
		if err != nil {
			return told, err
		}
		m.mu.Lock()
		for _, e := range entries {
			if line, ok := m.take(e); ok {
				told = append(told, line)
			}
			m.after = e.ID
		}
		m.mu.Unlock()
		if len(entries) < page {
			return told, nil
		}
	}
}

// take takes one entry over. Called with the lock held.
func (m *Model) take(e queue.Entry) (Line, bool) {
	c := m.contacts[e.Contact]
	if e.Event == "entered" && c == nil {
		c = &Contact{Number: len(m.contacts) + 1, ID: e.Contact, Channel: e.Channel, Queue: e.Queue, Node: e.Node, Entered: e.At}
		m.contacts[e.Contact], m.live[e.Contact] = c, c
	}
	if c == nil {
		c = &Contact{} // of before the journal's beginning, or the entry is of no contact
	}
	line, ok := m.tell(e, c)
	switch e.Event {
	case "entered":
		m.to(c, queue.Waiting, e.At)
	case "offered":
		m.made++
		c.Agent = e.Agent
		m.to(c, queue.Offered, e.At)
	case "answered":
		c.Answered, c.Agent, c.Wait = e.At, e.Agent, time.Duration(e.WaitMS)*time.Millisecond
		m.longest = max(m.longest, c.Wait)
		m.to(c, queue.Connected, e.At)
	case "closed":
		m.offers[e.Outcome]++
		if c.State == queue.Offered {
			c.Agent = ""
			m.to(c, queue.Waiting, c.Entered)
		}
	case "returned":
		c.Agent = ""
		m.to(c, queue.Waiting, c.Entered)
	case "leaving":
		m.to(c, queue.Leaving, e.At)
	case "ended":
		c.Outcome = e.Outcome
		if c.Answered.IsZero() {
			c.Wait = time.Duration(e.WaitMS) * time.Millisecond
			m.longest = max(m.longest, c.Wait)
		}
		m.to(c, "", e.At)
		delete(m.live, e.Contact)
	case "node_up":
		m.rebooted[e.Node] = e.Reason
	}
	return line, ok
}

// to moves a contact, and counts who waits (as the queue does: offered, they still do).
func (m *Model) to(c *Contact, state queue.ContactState, at time.Time) {
	waits := func(s queue.ContactState) bool { return s == queue.Waiting || s == queue.Offered }
	if waits(c.State) {
		m.waiting--
	}
	if waits(state) {
		m.waiting++
	}
	m.most = max(m.most, m.waiting)
	c.State, c.Since = state, at
}

// Waiting are those who wait in a queue, the one in front first.
func (m *Model) Waiting(name string) []Contact {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Contact
	for _, c := range m.live {
		if c.Queue == name && (c.State == queue.Waiting || c.State == queue.Offered) {
			all = append(all, *c)
		}
	}
	slices.SortFunc(all, func(a, b Contact) int { return a.Entered.Compare(b.Entered) })
	return all
}

// With gives whom each agent rings for or talks to.
func (m *Model) With() map[string]Contact {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string]Contact{}
	for _, c := range m.live {
		if c.Agent != "" {
			all[c.Agent] = *c
		}
	}
	return all
}

// On counts the live contacts of each node.
func (m *Model) On() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string]int{}
	for _, c := range m.live {
		all[c.Node]++
	}
	return all
}

// Contacts are all that there were, by channel: those of one channel by their entering.
func (m *Model) Contacts() map[string][]Contact {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string][]Contact{}
	for _, c := range slices.SortedFunc(maps.Values(m.contacts), func(a, b *Contact) int { return a.Number - b.Number }) {
		all[c.Channel+" on "+c.Node] = append(all[c.Channel+" on "+c.Node], *c)
	}
	return all
}

// Know tells the model how the agents are called.
func (m *Model) Know(agents []queue.Agent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range agents {
		m.names[a.ID] = a.Name
	}
}

// Totals are what the journal told of offers and waits.
type Totals struct {
	Offers      int
	Closed      map[string]int // by outcome
	MostWaiting int
	LongestWait time.Duration
	Waits       []time.Duration // of those who were answered, ascending
}

// Totals so far.
func (m *Model) Totals() Totals {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := Totals{Offers: m.made, Closed: maps.Clone(m.offers), MostWaiting: m.most, LongestWait: m.longest}
	for _, c := range m.contacts {
		if !c.Answered.IsZero() {
			t.Waits = append(t.Waits, c.Wait)
		}
	}
	slices.Sort(t.Waits)
	return t
}
