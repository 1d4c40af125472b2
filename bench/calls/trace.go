package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdline/sim"
)

// tolerance is what order forgives: agents and callers who differ by less in when
// they came are alike.
const tolerance = 50 * time.Millisecond

// dialog is one offer to an agent, as their phone saw it.
type dialog struct {
	agent, caller, contact string
	invited                time.Time
	answered               time.Time // our 200 sent
	talking                time.Time // its ACK received
	ended                  time.Time
	byAgent                bool // ended by the agent's BYE
}

// caller is one call, as the caller's phone saw it.
type caller struct {
	name     string
	invited  time.Time
	answered time.Time
	ended    time.Time
	status   int  // of the final response, when the call was not answered
	gaveUp   bool // hung up by the caller
	dialogs  []*dialog
}

// trace is a run on the wire.
type trace struct {
	callers []*caller            // by INVITE
	dialogs []*dialog            // by INVITE
	agents  map[string][]*dialog // by INVITE
	doubles int                  // offers to an agent who had one or talked
}

// read puts the packets together. callers is the phone that they all call from.
func read(packets []sim.Packet, callers string) *trace {
	t := &trace{agents: map[string][]*dialog{}}
	byName, byCall := map[string]*caller{}, map[string]*caller{}
	dialogs := map[string]*dialog{}
	open := map[string]*dialog{}
	for i := range packets {
		p := &packets[i]
		if p.Again {
			continue
		}
		if p.Phone == callers {
			t.calling(p, byName, byCall)
			continue
		}
		key := p.Phone + " " + p.CallID
		d := dialogs[key]
		switch {
		case d == nil && !p.Out && p.Method == "INVITE" && p.Status == 0 && p.ToTag == "":
			d = &dialog{agent: p.Phone, caller: p.From, contact: contactOf(p.Raw()), invited: p.At}
			dialogs[key] = d
			t.dialogs = append(t.dialogs, d)
			t.agents[d.agent] = append(t.agents[d.agent], d)
			if open[d.agent] != nil {
				t.doubles++
			}
			open[d.agent] = d
			if c := byName[d.caller]; c != nil {
				c.dialogs = append(c.dialogs, d)
			}
		case d == nil:
		case p.Out && p.Method == "INVITE" && p.Status == 200 && d.answered.IsZero():
			d.answered = p.At
		case !p.Out && p.Method == "ACK" && d.talking.IsZero() && !d.answered.IsZero():
			d.talking = p.At
		case d.ended.IsZero() && p.Status == 0 && (p.Method == "BYE" || p.Method == "CANCEL"),
			d.ended.IsZero() && p.Out && p.Method == "INVITE" && p.Status >= 300:
			d.ended, d.byAgent = p.At, p.Out && p.Method == "BYE"
			if open[d.agent] == d {
				delete(open, d.agent)
			}
		}
	}
	return t
}

func (t *trace) calling(p *sim.Packet, byName, byCall map[string]*caller) {
	c := byCall[p.CallID]
	switch {
	case c == nil && p.Out && p.Method == "INVITE" && p.Status == 0 && p.ToTag == "":
		c = &caller{name: p.From, invited: p.At}
		byCall[p.CallID], byName[c.name] = c, c
		t.callers = append(t.callers, c)
	case c == nil:
	case !p.Out && p.Method == "INVITE" && p.Status == 200 && c.answered.IsZero():
		c.answered = p.At
	case c.ended.IsZero() && (p.Status == 0 && (p.Method == "BYE" || p.Method == "CANCEL") || p.Method == "INVITE" && p.Status >= 300):
		c.ended, c.status, c.gaveUp = p.At, p.Status, p.Out
	}
}

// contactOf reads the header that names the contact; only our stack sends it.
func contactOf(raw string) string {
	_, after, ok := strings.Cut(raw, "\r\nX-Holdline-Contact: ")
	if !ok {
		return ""
	}
	id, _, _ := strings.Cut(after, "\r\n")
	return id
}

// served is the dialog in which the caller talked to the end.
func (c *caller) served() *dialog {
	for _, d := range c.dialogs {
		if !d.talking.IsZero() && d.byAgent && !c.ended.IsZero() {
			return d
		}
	}
	return nil
}

// lost counts the callers who never talked to the end.
func (t *trace) lost() (n int) {
	for _, c := range t.callers {
		if c.served() == nil {
			n++
		}
	}
	return n
}

// fates says what became of the callers who never talked to the end.
func (t *trace) fates() map[string]int {
	fates := map[string]int{}
	for _, c := range t.callers {
		if c.served() == nil {
			fates[c.fate()]++
		}
	}
	return fates
}

func (c *caller) fate() string {
	var what []string
	switch {
	case c.answered.IsZero() && c.status > 0 && !c.gaveUp:
		what = append(what, fmt.Sprintf("refused with %d", c.status))
	case c.answered.IsZero():
		what = append(what, "not answered")
	}
	if len(c.dialogs) == 0 {
		what = append(what, "offered to nobody")
	} else {
		switch d := c.dialogs[len(c.dialogs)-1]; {
		case d.answered.IsZero():
			what = append(what, "no agent answered")
		case d.talking.IsZero():
			what = append(what, "an agent answered and heard nothing")
		case c.gaveUp:
			what = append(what, "still talked")
		case !d.byAgent:
			what = append(what, "cut off from the agent")
		}
	}
	switch {
	case c.gaveUp:
		what = append(what, "the run's time was over")
	case c.ended.IsZero():
		what = append(what, "was not let go")
	}
	return strings.Join(what, ", ")
}

// pickups are from each caller's INVITE to the first agent's.
func (t *trace) pickups() (all []time.Duration) {
	for _, c := range t.callers {
		if len(c.dialogs) > 0 {
			all = append(all, c.dialogs[0].invited.Sub(c.invited))
		}
	}
	return all
}

// reoffers are from each agent's BYE to the agent's next INVITE, if somebody was
// waiting when the agent became free.
func (t *trace) reoffers() (all []time.Duration) {
	for _, list := range t.agents {
		for i := 1; i < len(list); i++ {
			if free := list[i-1]; free.byAgent && t.waiting(free.ended) {
				all = append(all, list[i].invited.Sub(free.ended))
			}
		}
	}
	return all
}

// waiting tells whether a caller had called and was not yet offered to anybody.
func (t *trace) waiting(at time.Time) bool {
	return slices.ContainsFunc(t.callers, func(c *caller) bool {
		return c.invited.Before(at) && (len(c.dialogs) == 0 || c.dialogs[0].invited.After(at))
	})
}

// wasted is the agents' time between calls, per call.
func (t *trace) wasted() time.Duration {
	var sum time.Duration
	for _, d := range t.reoffers() {
		sum += d
	}
	return sum / time.Duration(max(1, len(t.callers)))
}

// rate is calls served a second, from the first INVITE to the last agent's BYE.
func (t *trace) rate() float64 {
	var last time.Time
	n := 0
	for _, c := range t.callers {
		if d := c.served(); d != nil {
			n++
			if d.ended.After(last) {
				last = d.ended
			}
		}
	}
	if n == 0 {
		return 0
	}
	return float64(n) / last.Sub(t.callers[0].invited).Seconds()
}

// overtaken counts the callers before whom somebody was offered, by more than the
// tolerance, who had called after them.
func (t *trace) overtaken() (n int) {
	var earliest time.Time // the first offer of all who called later
	for _, c := range slices.Backward(t.callers) {
		if len(c.dialogs) == 0 {
			continue
		}
		first := c.dialogs[0].invited
		if !earliest.IsZero() && first.Sub(earliest) > tolerance {
			n++
		}
		if earliest.IsZero() || first.Before(earliest) {
			earliest = first
		}
	}
	return n
}

// passedOver counts the offers beside which another agent of the run had been free
// for longer, by more than the tolerance. Before their first call of the run all
// are alike.
func (t *trace) passedOver() (n int) {
	type moment struct {
		at    time.Time
		agent string
		ended bool
	}
	var moments []moment
	for _, d := range t.dialogs {
		moments = append(moments, moment{d.invited, d.agent, false})
		if !d.ended.IsZero() {
			moments = append(moments, moment{d.ended, d.agent, true})
		}
	}
	slices.SortStableFunc(moments, func(a, b moment) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	since := map[string]time.Time{} // who is free, since when
	for _, m := range moments {
		if m.ended {
			since[m.agent] = m.at
			continue
		}
		own, known := since[m.agent]
		delete(since, m.agent)
		if !known {
			continue
		}
		for _, other := range since {
			if own.Sub(other) > tolerance {
				n++
				break
			}
		}
	}
	return n
}

// legs is how many agents' phones rang for a call.
func (t *trace) legs() float64 { return float64(len(t.dialogs)) / float64(max(1, len(t.callers))) }
