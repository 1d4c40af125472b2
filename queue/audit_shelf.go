package queue

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// shelf is what Audit has read.
type shelf struct {
	contacts []auditContact
	agents   []auditAgent
	offers   []Offer
	dir      map[string]string
	heads    map[string]string   // field → score|contact
	index    map[string][]string // sorted members
	late     []Fault
}

type auditContact struct {
	contact Contact
	members map[string]string // index → the member that it should have
}

func readAuditContact(_, text string) (auditContact, error) {
	r, err := readContact(text)
	if err != nil {
		return auditContact{}, err
	}
	c := r.contact()
	a := auditContact{contact: c, members: map[string]string{"elements": r.Node + "|" + cmp.Or(r.Element, r.Channel) + "|" + r.ID}}
	if c.State == Waiting {
		rank := r.Score
		if c.Given && len(rank) > 2 { // before all others of their agent
			rank = "00" + rank[2:]
		}
		a.members["waiting"] = cmp.Or(r.Line, r.Need) + "|" + step(r.Step) + "|" + rank + "|" + r.ID
	}
	if c.State.Placed() {
		a.members["order"] = r.Queue + "|" + r.Score + "|" + r.ID
	}
	return a, nil
}

type auditAgent struct {
	agent Agent
	id    string // escaped
	held  int
	index string // the letters of the media of which the index has the agent
}

func readAuditAgent(field, text string) (auditAgent, error) {
	var r agentRecord
	if err := parse(text, &r, "agent"); err != nil {
		return auditAgent{}, err
	}
	a, err := decodeAgent(field, text)
	return auditAgent{agent: a, id: field, held: r.Held, index: r.Index}, err
}

// spec of the agent in the directory's projection.
func (s *shelf) spec(id string) (r agentRecordSpec) {
	if text := s.dir["agent|"+id]; text == "" || parse(text, &r, "agent") != nil {
		return agentRecordSpec{}
	}
	return r
}

// open are the letters of the media in which something may be offered to the agent now.
func (a auditAgent) open(spec agentRecordSpec) (media string) {
	is := a.agent
	if is.Mode != Ready || is.Next != "" || !is.Guard.IsZero() || !is.DeviceInUse.IsZero() || is.Offer != "" || is.Leaving {
		return ""
	}
	v, c := is.Held[Voice], is.Held[Chat]
	if v < spec.CapV && (c == 0 || strings.Contains(spec.Beside, "v")) {
		media = "v"
	}
	if c < spec.CapC && (v == 0 || strings.Contains(spec.Beside, "c")) {
		media += "c"
	}
	return media
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
		spec := s.spec(a.id)
		media := a.open(spec)
		if media != a.index {
			faults = append(faults, Fault{Kind: FaultMissing, Agent: a.agent.ID,
				Text: fmt.Sprintf("agent %s may be offered %q, and stands in the index for %q", a.agent.ID, media, a.index)})
		}
		for _, place := range spec.Places {
			if len(place) < 2 || !strings.Contains(media, place[1:2]) {
				continue
			}
			if member := s.availableMember(place, a.id); member != "" {
				wanted["available"][member] = true
			} else {
				faults = append(faults, Fault{Kind: FaultMissing, Agent: a.agent.ID,
					Text: fmt.Sprintf("agent %s is available, and the index lacks the place %s", a.agent.ID, place)})
			}
		}
	}
	faults = append(faults, s.headFaults()...)
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

// availableMember is the agent's in the index, for the place; its score is the strategy's.
func (s *shelf) availableMember(place, id string) string {
	at, _ := slices.BinarySearch(s.index["available"], place+"|")
	for _, m := range s.index["available"][at:] {
		if !strings.HasPrefix(m, place+"|") {
			break
		}
		if strings.HasSuffix(m, "|"+id) {
			return m
		}
	}
	return ""
}

// headFaults holds the heads against those who wait.
func (s *shelf) headFaults() []Fault {
	var faults []Fault
	first := map[string]string{}
	for _, m := range s.index["waiting"] { // sorted: the first of a field is its head
		if len(m) > 31 && first[m[:12]] == "" {
			first[m[:12]] = m[13:]
		}
	}
	for _, f := range slices.Sorted(maps.Keys(first)) {
		if s.heads[f] != first[f] {
			faults = append(faults, Fault{Kind: FaultMissing, Text: fmt.Sprintf("line %s: the head is %s, and the index says %q", f, first[f], s.heads[f])})
		}
	}
	for _, f := range slices.Sorted(maps.Keys(s.heads)) {
		if first[f] == "" && f != "-" { // project_open.lua
			faults = append(faults, Fault{Kind: FaultStale, Text: fmt.Sprintf("line %s has a head, and nobody waits there", f)})
		}
	}
	return faults
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
			a, there := agents[r.Agent]
			if o.State == OfferAnswered && (slices.Contains(a.Calls, o.ID) || !there) || o.State != OfferAnswered && a.Offer == o.ID {
				continue // also when a call was readopted whose agent is no more
			}
			unknown(o, r.Agent, "agent "+r.Agent)
		}
	}
	return faults
}

// unserved are the queues in which somebody waits whom nobody who is logged in may serve.
func (s *shelf) unserved() []Fault {
	in := map[int64]bool{} // needs that somebody serves
	for _, a := range s.agents {
		if a.agent.Mode == LoggedOut || a.agent.Leaving {
			continue
		}
		for _, place := range s.spec(a.id).Places {
			if id, _ := needOfLine(placeLine(place)); id > 0 {
				in[id] = true
			}
		}
	}
	waiting := map[string]int{}
	for _, c := range s.contacts {
		if c.contact.State == Waiting && !in[c.contact.Need] {
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
