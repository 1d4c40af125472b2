package queuetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"holdline/queue"
)

// replay follows a pool's journal, entry by entry, and says which promise an entry
// breaks. It knows the directory, as it was and became, and nothing of the scripts. What
// the journal does not tell (whether a phone is guarded, whether somebody is skipped
// still) it holds against nobody.
type replay struct {
	versions []version
	contacts map[string]*life
	waiting  map[line][]*life // in their order
	agents   map[string]*worker
	fence    int64
	punctual bool // deadlines fire when they are due: so who is free is known

	offers, ended int
}

// line is where contacts wait: for a need, or for one agent alone.
type line struct {
	need int64
	only string
}

// life is a contact's.
type life struct {
	id, state, queue string
	need             int64
	arrived          time.Time
	priority         int       // minutes of credit
	looked           time.Time // at which its wait was held against the steps of its need
	only             string    // the agent whom it waits for
	given            bool
	offer, winner    string
	rings            map[string]bool // of the offer: true while it is not over for the agent
	skip             map[string]bool
	missed           time.Time
}

// worker is an agent's life.
type worker struct {
	mode    queue.Mode
	next    bool                    // a mode was chosen while busy
	offer   string                  // open
	calls   map[string]queue.Medium // by offer
	quietAt time.Time               // by then nothing that an offer left keeps others away
}

func newReplay(first queue.Projection) *replay {
	return &replay{versions: []version{newVersion(first)}, contacts: map[string]*life{}, waiting: map[line][]*life{},
		agents: map[string]*worker{}}
}

// take goes on by one entry.
func (r *replay) take(e queue.Entry) error {
	if e.Fence < r.fence {
		return fmt.Errorf("fence %d after %d in %+v", e.Fence, r.fence, e)
	}
	r.fence = e.Fence
	var err error
	switch {
	case e.Event == "mode" || e.Event == "next_mode":
		r.mode(e)
	case e.Contact == "":
	case e.Event == "offered":
		err = cmp.Or(r.offered(e), r.move(e))
	case e.Event == "closed":
		err = r.closed(e)
	default:
		err = r.move(e)
	}
	if err != nil {
		return fmt.Errorf("%w\nin %+v\nof the contact %+v\nand the agent %+v", err, e, r.contacts[e.Contact], r.agents[e.Agent])
	}
	return nil
}

// over says what is left at the end of a shift.
func (r *replay) over() error {
	for id, c := range r.contacts {
		if c.state != "over" || len(c.rung()) > 0 {
			return fmt.Errorf("contact %s is left %s, with %v", id, c.state, c.rung())
		}
	}
	for id, a := range r.agents {
		if a.offer != "" || len(a.calls) > 0 {
			return fmt.Errorf("agent %s is left with offer %q and calls %v", id, a.offer, a.calls)
		}
	}
	return nil
}

func (r *replay) agent(id string) *worker {
	a := r.agents[id]
	if a == nil {
		a = &worker{mode: queue.LoggedOut, calls: map[string]queue.Medium{}}
		r.agents[id] = a
	}
	return a
}

func (r *replay) mode(e queue.Entry) {
	a := r.agent(e.Agent)
	if a.next = e.Event == "next_mode"; !a.next {
		a.mode = e.Mode
	}
}

// lifeOf says where an event leads a contact from its state.
var lifeOf = map[string]string{
	"entered ": "waiting", "offered waiting": "offered", "offered offered": "offered", // one entry for each agent
	"ringing offered": "offered", "bridged connected": "connected",
	"returned offered": "waiting", "returned connected": "waiting", "returned in_dialplan": "waiting",
	"dialling offered": "in_dialplan", "answered offered": "connected", "answered in_dialplan": "connected",
	"moved waiting": "waiting", "moved offered": "waiting", "given waiting": "waiting", "given offered": "waiting",
	"widened waiting": "waiting", "widened offered": "offered", "widened in_dialplan": "in_dialplan",
	"reprioritised waiting": "waiting", "reprioritised offered": "offered", "reprioritised in_dialplan": "in_dialplan",
	"readopted ": "connected", "readopted waiting": "connected",
	"leaving connected": "leaving", "leaving offered": "leaving", "leaving waiting": "leaving", "leaving in_dialplan": "leaving",
	"ended waiting": "over", "ended offered": "over", "ended connected": "over", "ended leaving": "over", "ended in_dialplan": "over",
}

// needOf is the number of a need, from the name of its line.
func needOf(line string) int64 {
	if len(line) != 9 {
		return 0
	}
	n, _ := strconv.ParseInt(line[2:7], 36, 64)
	return n
}

func (c *life) rung() (agents []string) {
	for a, is := range c.rings {
		if is {
			agents = append(agents, a)
		}
	}
	return agents
}

// move follows the contact.
func (r *replay) move(e queue.Entry) error {
	c := r.contacts[e.Contact]
	if c == nil {
		c = &life{id: e.Contact, arrived: e.At, looked: e.At, only: e.Agent, skip: map[string]bool{}}
		r.contacts[c.id] = c
	}
	next, ok := lifeOf[e.Event+" "+c.state]
	if !ok {
		return fmt.Errorf("of a contact that is %q", c.state)
	}
	if c.state == "waiting" {
		r.leaveLine(c)
	}
	if open := c.rung(); next != "offered" && next != "connected" && next != "in_dialplan" && len(open) > 0 {
		return fmt.Errorf("offer %s has %v still", c.offer, open)
	}
	c.state = next
	switch e.Event {
	case "entered":
		c.queue, c.need = e.Queue, needOf(e.Need)
	case "answered":
		if c.offer != e.Offer || !c.rings[e.Agent] || c.winner != "" {
			return errors.New("answered by one who is not asked")
		}
		c.winner, c.only, c.given, c.skip = e.Agent, "", false, map[string]bool{}
		a := r.agent(e.Agent)
		a.offer, a.calls[e.Offer] = "", r.medium(c.queue)
	case "moved":
		c.queue, c.need = e.Queue, needOf(e.Need)
		c.only, c.given, c.skip, c.looked = "", false, map[string]bool{}, e.At
	case "given":
		c.only, c.given = e.Agent, true
		delete(c.skip, e.Agent)
	case "widened":
		c.looked = e.At
		if e.Reason == "prefer" {
			c.only, c.given = "", false
		}
	case "reprioritised":
		c.priority = e.Priority
	case "ended":
		r.ended++
	}
	if c.state == "waiting" {
		r.joinLine(c)
	}
	return nil
}

// score is what order counts.
func (c *life) score() time.Time { return c.arrived.Add(-time.Duration(c.priority) * time.Minute) }

// before orders a line: who was given to its agent comes first.
func (c *life) before(other *life) int {
	if c.given != other.given {
		return map[bool]int{true: -1, false: 1}[c.given]
	}
	return cmp.Or(c.score().Compare(other.score()), cmp.Compare(c.id, other.id))
}

func (c *life) line() line {
	if c.only != "" {
		return line{only: c.only}
	}
	return line{need: c.need}
}

func (r *replay) joinLine(c *life) {
	all := r.waiting[c.line()]
	i, _ := slices.BinarySearchFunc(all, c, (*life).before)
	r.waiting[c.line()] = slices.Insert(all, i, c)
}

func (r *replay) leaveLine(c *life) {
	all := r.waiting[c.line()]
	if i, there := slices.BinarySearchFunc(all, c, (*life).before); there {
		r.waiting[c.line()] = slices.Delete(all, i, i+1)
	}
}
