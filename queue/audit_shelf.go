package queue

import (
	"fmt"
	"slices"
	"strings"
)

// shelf is what Audit has read.
type shelf struct {
	contacts []auditContact
	agents   []auditAgent
	offers   []Offer
	dir      map[string]string
	index    map[string][]string // sorted members
	late     []Fault
}

type auditContact struct {
	contact Contact
	members map[string]string // index → the member that it should have
}

func readAuditContact(_, text string) (auditContact, error) {
	var r struct {
		contactRecord
		Element string `json:"element"` // the channel as it stands in a member, where that differs
	}
	if err := parse(text, &r, "contact"); err != nil {
		return auditContact{}, err
	}
	c, err := decodeContact(text)
	if r.Element == "" {
		r.Element = r.Channel
	}
	a := auditContact{contact: c, members: map[string]string{"elements": r.Node + "|" + r.Element + "|" + r.ID}}
	if c.State == Waiting {
		a.members["waiting"] = fmt.Sprintf("%s|%02d|%s|%s", r.Need, r.Step, r.Score, r.ID)
	}
	if c.State == Waiting || c.State == Offered || c.State == InDialplan {
		a.members["order"] = r.Queue + "|" + r.Score + "|" + r.ID
	}
	return a, err
}

type auditAgent struct {
	agent     Agent
	id        string // escaped
	available bool
	held      int
	score     string // by the strategy longest-available
}

func readAuditAgent(field, text string) (auditAgent, error) {
	var r struct {
		agentRecord
		Held int `json:"held"`
	}
	if err := parse(text, &r, "agent"); err != nil {
		return auditAgent{}, err
	}
	a, err := decodeAgent(field, text)
	return auditAgent{
		agent: a, id: field, held: r.Held,
		available: r.Mode == string(Ready) && r.Next == "" && r.Guard == "" && r.Offer == "" && r.Removed == 0 && r.Held < r.Cap,
		score:     fmt.Sprintf("%02d%016d", 99-r.Cap+r.Held, max(0, a.Available.UnixMicro())),
	}, err
}

// places of the agent in the directory's projection.
func (s *shelf) places(id string) []string {
	var r agentSpecRecord
	if text := s.dir["agent|"+id]; text == "" || parse(text, &r, "agent") != nil || r.Places == "" {
		return nil
	}
	return strings.Split(r.Places, ",")
}

func (s *shelf) faults() []Fault {
	offers := map[string]Offer{}
	for _, o := range s.offers {
		offers[o.ID] = o
	}
	return slices.Concat(s.late, s.indexFaults(), s.contactFaults(offers), s.agentFaults(offers), s.offerFaults(), s.unserved())
}

// indexFaults holds each index against the records.
func (s *shelf) indexFaults() []Fault {
	var faults []Fault
	wanted := map[string]map[string]bool{"elements": {}, "waiting": {}, "order": {}, "available": {}}
	for _, c := range s.contacts {
		for index, member := range c.members {
			wanted[index][member] = true
			if _, there := slices.BinarySearch(s.index[index], member); !there {
				faults = append(faults, Fault{Kind: FaultMissing, Contact: c.contact.ID, Queue: c.contact.Queue,
					Text: fmt.Sprintf("contact %s is %s, and the index %s lacks it", c.contact.ID, c.contact.State, index)})
			}
		}
	}
	for _, a := range s.agents {
		if !a.available {
			continue
		}
		for _, place := range s.places(a.id) {
			member := s.availableMember(place, a)
			wanted["available"][member] = true
			if _, there := slices.BinarySearch(s.index["available"], member); !there {
				faults = append(faults, Fault{Kind: FaultMissing, Agent: a.agent.ID,
					Text: fmt.Sprintf("agent %s is available, and the index lacks the place for need %s", a.agent.ID, place[:8])})
			}
		}
	}
	for index, members := range s.index {
		for _, m := range members {
			if wanted[index][m] {
				continue
			}
			f := Fault{Kind: FaultStale, Text: fmt.Sprintf("the index %s holds %s, which no record says", index, m)}
			if whom := m[strings.LastIndexByte(m, '|')+1:]; index == "available" {
				f.Agent = Unescape(whom)
			} else {
				f.Contact = whom
			}
			faults = append(faults, f)
		}
	}
	return faults
}

// availableMember is the agent's in the index; of a strategy that is not known here,
// the one that is there for the place.
func (s *shelf) availableMember(place string, a auditAgent) string {
	prefix := place[:15]
	if place[17:] != strategies["longest-available"] {
		at, _ := slices.BinarySearch(s.index["available"], prefix)
		for _, m := range s.index["available"][at:] {
			if !strings.HasPrefix(m, prefix) {
				break
			}
			if strings.HasSuffix(m, "|"+a.id) {
				return m
			}
		}
	}
	return prefix + a.score + "|" + a.id
}

// contactFaults are contacts whose offer is not theirs.
func (s *shelf) contactFaults(offers map[string]Offer) []Fault {
	var faults []Fault
	for _, c := range s.contacts {
		o, open := offers[c.contact.Offer]
		needs := c.contact.State == Offered || c.contact.State == Connected
		if c.contact.Offer == "" && !needs || open && o.Contact == c.contact.ID {
			continue
		}
		if c.contact.State == InDialplan && !open {
			continue // its offer's time was over; it waits for the dialplan's word
		}
		what := "offer " + c.contact.Offer + ", which is gone"
		switch {
		case c.contact.Offer == "":
			what = "no offer"
		case open:
			what = "offer " + o.ID + ", which is for contact " + o.Contact
		}
		faults = append(faults, Fault{Kind: FaultHeld, Contact: c.contact.ID, Offer: c.contact.Offer, Queue: c.contact.Queue,
			Text: fmt.Sprintf("contact %s is %s with %s", c.contact.ID, c.contact.State, what)})
	}
	return faults
}

// agentFaults are agents held or reserved by what is gone.
func (s *shelf) agentFaults(offers map[string]Offer) []Fault {
	var faults []Fault
	for _, a := range s.agents {
		for i, id := range append([]string{a.agent.Offer}, a.agent.Calls...) {
			o, there := offers[id]
			if id == "" || there && o.asks(a.agent.ID) && (o.State == OfferAnswered) == (i > 0) {
				continue
			}
			holds := "is reserved by"
			if i > 0 {
				holds = "talks in"
			}
			faults = append(faults, Fault{Kind: FaultHeld, Agent: a.agent.ID, Offer: id,
				Text: fmt.Sprintf("agent %s %s offer %s, which is gone or not theirs", a.agent.ID, holds, id)})
		}
		if a.held != len(a.agent.Calls) {
			faults = append(faults, Fault{Kind: FaultHeld, Agent: a.agent.ID,
				Text: fmt.Sprintf("agent %s counts %d calls and has %d", a.agent.ID, a.held, len(a.agent.Calls))})
		}
	}
	return faults
}

func (o Offer) asks(agent string) bool {
	return slices.ContainsFunc(o.Rings, func(r Ring) bool { return r.Agent == agent })
}

// offerFaults are offers of which one side does not know.
func (s *shelf) offerFaults() []Fault {
	contacts, agents := map[string]Contact{}, map[string]Agent{}
	for _, c := range s.contacts {
		contacts[c.contact.ID] = c.contact
	}
	for _, a := range s.agents {
		agents[a.agent.ID] = a.agent
	}
	var faults []Fault
	unknown := func(o Offer, agent, whom string) {
		faults = append(faults, Fault{Kind: FaultUnknown, Contact: o.Contact, Offer: o.ID, Agent: agent, Queue: o.Queue,
			Text: fmt.Sprintf("offer %s is %s, and %s does not know of it", o.ID, o.State, whom)})
	}
	for _, o := range s.offers {
		if c, there := contacts[o.Contact]; !there || c.Offer != o.ID {
			unknown(o, "", "contact "+o.Contact)
		}
		for _, r := range o.Rings {
			a := agents[r.Agent]
			if o.State == OfferAnswered && slices.Contains(a.Calls, o.ID) || o.State != OfferAnswered && a.Offer == o.ID {
				continue
			}
			unknown(o, r.Agent, "agent "+r.Agent)
		}
	}
	return faults
}

// unserved are the queues in which somebody waits whom nobody who is logged in may serve.
func (s *shelf) unserved() []Fault {
	in := map[string]bool{} // needs that somebody serves
	for _, a := range s.agents {
		if a.agent.Mode == LoggedOut || a.agent.Leaving {
			continue
		}
		for _, place := range s.places(a.id) {
			in[place[:8]] = true
		}
	}
	waiting := map[string]int{}
	for _, c := range s.contacts {
		if c.contact.State == Waiting && !in[needKey(c.contact.Need)] {
			waiting[c.contact.Queue]++
		}
	}
	var faults []Fault
	for queue, n := range waiting {
		faults = append(faults, Fault{Kind: FaultUnserved, Queue: queue,
			Text: fmt.Sprintf("%d wait in queue %s, and nobody who is logged in may serve them", n, queue)})
	}
	return faults
}
