package queuetest

import (
	"errors"
	"fmt"

	"holdline/queue"
)

// replay goes through the journal and says which promise it breaks. It knows
// nothing of the scripts.
func replay(journal []queue.Entry, specs []queue.AgentSpec) error {
	r := replayed{capacity: map[string]int{}, state: map[string]string{}, offers: map[string]*rings{}, load: map[string]int{}}
	for _, a := range specs {
		r.capacity[a.ID] = a.Capacity[queue.Voice]
	}
	var fence int64
	for _, e := range journal {
		if e.Fence < fence {
			return fmt.Errorf("fence %d after %d in %+v", e.Fence, fence, e)
		}
		fence = e.Fence
		if err := errors.Join(r.ring(e), r.move(e)); err != nil {
			return fmt.Errorf("%+v: %w", e, err)
		}
	}
	for c, s := range r.state {
		if s != "over" || len(r.offers[c].asked()) > 0 {
			return fmt.Errorf("contact %s is left %s, with %v", c, s, r.offers[c].asked())
		}
	}
	return nil
}

// replayed is what stands after the entries so far.
type replayed struct {
	capacity map[string]int
	state    map[string]string // of contacts
	offers   map[string]*rings // by contact, the latest
	load     map[string]int    // of agents
}

// rings are the agents of one offer: true for those it is not over for.
type rings struct {
	offer  string
	agents map[string]bool
	winner string
}

func (r *rings) asked() (open []string) {
	if r != nil {
		for a, is := range r.agents {
			if is {
				open = append(open, a)
			}
		}
	}
	return open
}

// ring follows the agents: each is offered once and closed once.
func (r *replayed) ring(e queue.Entry) error {
	now := r.offers[e.Contact]
	switch e.Event {
	case "offered":
		if now == nil || now.offer != e.Offer {
			if open := now.asked(); len(open) > 0 {
				return fmt.Errorf("a second offer, and %s still has %v", now.offer, open)
			}
			now = &rings{offer: e.Offer, agents: map[string]bool{}}
			r.offers[e.Contact] = now
		}
		if _, twice := now.agents[e.Agent]; twice {
			return errors.New("asked twice")
		}
		now.agents[e.Agent] = true
		if r.load[e.Agent]++; r.load[e.Agent] > max(1, r.capacity[e.Agent]) {
			return fmt.Errorf("the agent has %d", r.load[e.Agent])
		}
	case "answered":
		if now == nil || now.offer != e.Offer || !now.agents[e.Agent] || now.winner != "" {
			return fmt.Errorf("answered, and the offer is %+v", now)
		}
		now.winner = e.Agent
	case "closed":
		if now == nil || now.offer != e.Offer || !now.agents[e.Agent] || (now.winner == e.Agent) != (e.Outcome == "answered") {
			return fmt.Errorf("closed, and the offer is %+v", now)
		}
		now.agents[e.Agent] = false
		r.load[e.Agent]--
	}
	return nil
}

// lifeOf says where an event leads a contact from its state.
var lifeOf = map[string]string{
	"entered ": "waiting", "offered waiting": "offered", "offered offered": "offered", // one entry for each agent
	"returned offered": "waiting", "returned connected": "waiting", "returned in_dialplan": "waiting",
	"dialling offered": "in_dialplan", "answered offered": "connected", "answered in_dialplan": "connected",
	"readopted ": "connected", "readopted waiting": "connected",
	"leaving connected": "leaving", "leaving offered": "leaving", "leaving waiting": "leaving", "leaving in_dialplan": "leaving",
	"ended waiting": "over", "ended offered": "over", "ended connected": "over", "ended leaving": "over", "ended in_dialplan": "over",
}

func (r *replayed) move(e queue.Entry) error {
	if e.Contact == "" || e.Event == "closed" || e.Event == "bridged" || e.Event == "ringing" {
		return nil
	}
	was := r.state[e.Contact]
	next, ok := lifeOf[e.Event+" "+was]
	if !ok {
		return fmt.Errorf("of a contact that is %q", was)
	}
	r.state[e.Contact] = next
	return nil
}
