package model

import (
	"maps"
	"slices"
	"time"

	"holdline/queue"
)

type agent struct {
	queue.Agent
	spec    queue.AgentSpec // with a capacity, also when the directory names none
	offered time.Time       // the last offer
	froze   time.Duration   // how long they had been available when a pause began; -1: they were not
	quiet   string          // the leg that keeps offers from them until it has ended
	next    queue.ModeChange
	work    work
}

// open says whether the agent may be offered something of the medium now.
func (a *agent) open(m queue.Medium) bool {
	other := queue.Chat
	if m == queue.Chat {
		other = queue.Voice
	}
	return a.Mode == queue.Ready && a.Next == "" && a.Guard.IsZero() && a.DeviceInUse.IsZero() && a.Offer == "" && !a.Leaving &&
		a.Held[m] < a.spec.Capacity[m] && (a.Held[other] == 0 || slices.Contains(a.spec.Beside, m))
}

// busy: ready, and in a call, ringing, or out of reach.
func (a *agent) busy(m queue.Medium) bool { return a.Mode == queue.Ready && !a.open(m) }

// Agent gives what is to be seen of an agent.
func (p *Pool) Agent(id string) (queue.Agent, error) {
	a := p.agents[id]
	if a == nil {
		return queue.Agent{}, queue.ErrNoAgent
	}
	return a.view(), nil
}

func (a *agent) view() queue.Agent {
	v := a.Agent
	v.Held, v.Capacity, v.Calls = maps.Clone(a.Held), maps.Clone(a.Capacity), slices.Clone(a.Calls)
	v.Worked = time.Duration(a.work.seconds * float64(time.Second))
	return v
}

// SetMode is as in queue.Pool.
func (p *Pool) SetMode(id string, m queue.ModeChange) (queue.Agent, error) {
	p.tick()
	if p.dir.Version == 0 {
		return queue.Agent{}, queue.ErrNotReady
	}
	a := p.agents[id]
	if a == nil || a.Leaving {
		return queue.Agent{}, queue.ErrNoAgent
	}
	asked := m.Mode == queue.Ready || m.Mode == queue.Paused || m.Mode == queue.LoggedOut
	if m.Mode != queue.Paused {
		m.Reason, m.Limit = "", 0
	}
	if !asked || m.Mode == queue.Paused && a.Mode == queue.LoggedOut || m.Mode == queue.LoggedOut && a.spec.AlwaysIn ||
		len(m.From) > 0 && !slices.Contains(m.From, a.Mode) {
		return queue.Agent{}, queue.ErrRefused
	}
	a.Misses = 0
	switch {
	case a.Load() > 0 && a.Mode == queue.Ready && m.Mode != queue.Ready:
		p.Saw("next mode chosen")
		a.Next, a.next = m.Mode, m
	case m.Mode == a.Mode && m.Mode != queue.Paused:
		a.Next = ""
	default:
		p.mode(a, m)
	}
	return a.view(), nil
}

// mode makes the move.
func (p *Pool) mode(a *agent, m queue.ModeChange) {
	p.Saw("mode " + string(a.Mode) + " to " + string(m.Mode))
	was := a.Mode
	p.undue(a.ID, "wrapup", "limit")
	if was == queue.WrapUp && len(a.Calls) == 0 {
		p.worked(a)
	}
	if m.Mode == queue.Ready && was != queue.Ready {
		a.Available = p.now
		if was == queue.Paused && a.froze >= 0 && p.dir.Pool.PauseKeeps {
			a.Available = p.now.Add(-a.froze)
			p.Saw("pause keeps")
		}
	}
	switch {
	case m.Mode == queue.Paused && was == queue.Ready:
		a.froze = p.now.Sub(a.Available)
	case m.Mode != queue.Paused || was != queue.Paused:
		a.froze = -1
	}
	switch {
	case m.Mode == queue.Ready && (was == queue.LoggedOut || was == queue.Paused):
		a.work.begin(p.now, p.mean, was == queue.LoggedOut)
	case m.Mode == queue.Paused || m.Mode == queue.LoggedOut:
		a.work.stop(p.now)
	}
	if m.Mode == queue.LoggedOut { // a login is with a device that is there
		p.unguard(a)
		a.Served = 0
	}
	if m.Mode != queue.Ready && m.Mode != queue.WrapUp {
		p.notAlone(a)
	}
	a.Mode, a.Since, a.Reason, a.Until = m.Mode, p.now, m.Reason, time.Time{}
	if m.Limit > 0 {
		a.Until = p.now.Add(m.Limit)
		p.due(map[bool]string{true: "wrapup", false: "limit"}[m.Mode == queue.WrapUp], a.ID, a.Until)
	}
}

// notAlone: who waits for this agent alone waits for the others now, too.
func (p *Pool) notAlone(a *agent) {
	for _, c := range p.contacts {
		if c.State == queue.Waiting && c.alone && c.Prefers == a.ID {
			p.due("prefer", c.ID, p.now)
		}
	}
}

// takeNext: the mode that was chosen while busy comes once nothing is left to finish.
func (p *Pool) takeNext(a *agent) bool {
	if a.Next == "" || a.Load() > 0 {
		return false
	}
	p.Saw("next mode taken")
	p.mode(a, a.next)
	a.Next = ""
	return true
}

// tidy: who was removed from the directory goes when nothing is left to finish.
func (p *Pool) tidy(a *agent) {
	if a.Leaving && a.Load() == 0 {
		p.undue(a.ID, "wrapup", "limit", "guard", "device")
		delete(p.agents, a.ID)
	}
}

// ExtendWrapUp is as in queue.Pool.
func (p *Pool) ExtendWrapUp(id string, by time.Duration) (queue.Agent, error) {
	p.tick()
	a := p.agents[id]
	if a == nil || a.Leaving {
		return queue.Agent{}, queue.ErrNoAgent
	}
	most := a.Since.Add(queue.WrapUpMost)
	if a.Mode != queue.WrapUp || !a.Until.Before(most) {
		return queue.Agent{}, queue.ErrRefused
	}
	a.Until = earlier(a.Until.Add(by), most)
	p.due("wrapup", id, a.Until)
	return a.view(), nil
}

// Device is as in queue.Pool.
func (p *Pool) Device(id string, inUseFor time.Duration) (bool, error) {
	p.tick()
	a := p.agents[id]
	if a == nil {
		return false, queue.ErrNoAgent
	}
	was := !a.DeviceInUse.IsZero()
	if inUseFor <= 0 {
		p.undue(id, "device")
		a.DeviceInUse = time.Time{}
		return was, nil
	}
	p.due("device", id, p.now.Add(inUseFor))
	if !was {
		a.DeviceInUse = p.now
	}
	return !was, nil
}

// guard: no offer until the device is free or registers again; never for longer than this.
func (p *Pool) guard(a *agent) {
	a.Guard, a.quiet = p.now.Add(queue.GuardMS*time.Millisecond), ""
	p.due("guard", a.ID, a.Guard)
}

// hush: no offer until the leg that rings the phone still has ended; a guard is more.
func (p *Pool) hush(a *agent, leg string) {
	if a.Guard.IsZero() {
		p.Saw("hush")
		a.Guard, a.quiet = p.now.Add(queue.HushMS*time.Millisecond), leg
		p.due("guard", a.ID, a.Guard)
	}
}

func (p *Pool) unguard(a *agent) {
	a.Guard, a.quiet = time.Time{}, ""
	p.undue(a.ID, "guard")
}

// letGo: the offer is over for this agent, who did not answer. Each outcome has its effect
// on them. leg: it is being hung up, and rings until then; "" when it rings no more.
func (p *Pool) letGo(a *agent, o *offer, outcome, leg string) {
	if a == nil || a.Offer != o.ID {
		return
	}
	p.Saw("offer " + outcome)
	a.Offer = ""
	if outcome == queue.OfferNoAnswer || outcome == queue.OfferReject {
		a.Available = p.now
	}
	if outcome == queue.OfferBusy || outcome == queue.OfferUnreachable {
		p.guard(a)
	}
	if leg != "" {
		p.hush(a, leg)
	}
	if outcome == queue.OfferNoAnswer && !a.spec.AlwaysIn {
		a.Misses++
		if q, _ := p.queue(o.Queue); q.MaxMisses > 0 && a.Misses >= q.MaxMisses && a.Next == "" && a.Mode == queue.Ready {
			p.mode(a, queue.ModeChange{Mode: queue.NotResponding, Reason: outcome})
		}
	}
	p.takeNext(a)
	p.tidy(a)
}

// took: the agent has the offer's contact now.
func (p *Pool) took(a *agent, o *offer) {
	a.Calls, a.Misses, a.Served = append(a.Calls, o.ID), 0, a.Served+1
	a.Held[o.Medium]++
	a.work.busy(p.now)
}

// freed: the call is over. lost: because the agent's device was.
func (p *Pool) freed(a *agent, o *offer, lost bool) {
	if a == nil || !slices.Contains(a.Calls, o.ID) {
		return
	}
	a.Calls = slices.DeleteFunc(a.Calls, func(id string) bool { return id == o.ID })
	a.Held[o.Medium]--
	q, _ := p.queue(o.Queue)
	wrapUp := q.WrapUp
	if a.spec.WrapUp != nil {
		wrapUp = *a.spec.WrapUp
	}
	wraps := !lost && a.Next == "" && wrapUp > 0 && (a.Mode == queue.Ready || a.Mode == queue.WrapUp)
	if wraps {
		p.mode(a, queue.ModeChange{Mode: queue.WrapUp, Limit: wrapUp})
	} else {
		if a.Available = p.now; len(a.Calls) == 0 {
			p.worked(a)
		}
		if lost {
			p.guard(a)
		}
		p.takeNext(a)
	}
	p.tidy(a)
}

func capacity(s queue.AgentSpec) map[queue.Medium]int {
	if s.Capacity == nil {
		return map[queue.Medium]int{queue.Voice: 1, queue.Chat: 0}
	}
	return map[queue.Medium]int{queue.Voice: s.Capacity[queue.Voice], queue.Chat: s.Capacity[queue.Chat]}
}
