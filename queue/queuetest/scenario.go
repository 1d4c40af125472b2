package queuetest

import (
	"container/heap"
	"math/rand/v2"
	"testing"
	"time"

	"holdline/queue"
)

// Scenario is that by which a dispatcher of contacts with skills is measured: forty
// agents in six groups of two skills (one of two languages, one of three subjects), calls
// of 180 s in the mean, exponential, nobody gives up, nobody wraps up.
type Scenario struct {
	Load float64
	Seed uint64

	arrivals, lasts []time.Duration // of each contact: when, how long
	needs           []int           // 0 to 5
}

const (
	scenarioAgents = 40
	scenarioTalk   = 180 * time.Second
)

// NewScenario draws so many hours.
func NewScenario(load float64, hours int, seed uint64) Scenario {
	rng := rand.New(rand.NewPCG(seed, 2))
	s := Scenario{Load: load, Seed: seed}
	mean := float64(scenarioTalk) / (load * scenarioAgents)
	for at := time.Duration(rng.ExpFloat64() * mean); at < time.Duration(hours)*time.Hour; at += time.Duration(rng.ExpFloat64() * mean) {
		s.arrivals = append(s.arrivals, at)
		s.lasts = append(s.lasts, time.Duration(rng.ExpFloat64()*float64(scenarioTalk)))
		s.needs = append(s.needs, rng.IntN(6))
	}
	return s
}

// Served is who served each contact, and how long it waited.
type Served struct {
	Agents []int
	Waits  []time.Duration
}

// Mean is that of the waits.
func (s Served) Mean() time.Duration {
	var sum time.Duration
	for _, w := range s.Waits {
		sum += w
	}
	return sum / time.Duration(max(1, len(s.Waits)))
}

// Ideal serves it as the rule says, with no engine at all: whenever somebody comes or is
// free, the first who waits and whom anybody free may serve gets the one who is free longest.
func (s Scenario) Ideal() Served {
	out := Served{make([]int, len(s.arrivals)), make([]time.Duration, len(s.arrivals))}
	free := [scenarioAgents]time.Duration{} // since when; -1: busy
	for i := range free {
		free[i] = time.Duration(i - scenarioAgents)
	}
	busy := [scenarioAgents]bool{}
	var ends events
	start, turn := time.Time{}, 0
	var waiting []int
	serve := func(now time.Duration) {
		for k := 0; k < len(waiting); k++ {
			c, best := waiting[k], -1
			for a := range free {
				if !busy[a] && a%6 == s.needs[c] && (best < 0 || free[a] < free[best]) {
					best = a
				}
			}
			if best < 0 {
				continue
			}
			busy[best] = true
			out.Agents[c], out.Waits[c] = best, now-s.arrivals[c]
			waiting = append(waiting[:k:k], waiting[k+1:]...)
			turn++
			heap.Push(&ends, event{start.Add(now + s.lasts[c]), turn, func() { busy[best], free[best] = false, now+s.lasts[c] }})
			k = -1
		}
	}
	for c := 0; c < len(s.arrivals) || len(ends) > 0; {
		if len(ends) > 0 && (c == len(s.arrivals) || ends[0].at.Sub(start) <= s.arrivals[c]) {
			e := heap.Pop(&ends).(event)
			e.do()
			serve(e.at.Sub(start))
		} else {
			waiting = append(waiting, c)
			c++
			serve(s.arrivals[c-1])
		}
	}
	return out
}

// Engine serves it by the pool of a virtual clock.
func (s Scenario) Engine(t *testing.T, b Backend) Served {
	t.Helper()
	out := Served{make([]int, len(s.arrivals)), make([]time.Duration, len(s.arrivals))}
	sh := newShift(t, b)
	sh.change(func(p *queue.Projection) {
		p.Queues, p.Needs, p.Agents = nil, nil, nil
		for i := range 6 {
			id := int64(i + 1)
			p.Queues = append(p.Queues, queue.QueueSpec{Name: "q" + nth(i), ID: id, Need: id, Open: true})
			p.Needs = append(p.Needs, queue.NeedSpec{ID: id, Queue: "q" + nth(i), Name: "any"})
		}
		for i := range scenarioAgents {
			p.Agents = append(p.Agents, queue.AgentSpec{ID: nth(i), Places: []queue.Place{{Need: int64(i%6 + 1)}}})
		}
	})
	v := newVirtual(sh, s.Seed)
	for i := range scenarioAgents {
		v.login(nth(i))
	}
	began := v.now
	number := map[string]int{}
	v.works = func(w queue.Work) {
		if w.Kind == queue.WorkLeave {
			v.gone(w.Channel)
		}
	}
	v.rings = func(o queue.Offer) {
		c := number[o.Channel]
		out.Waits[c] = v.now.Sub(began) - s.arrivals[c]
		for i := range scenarioAgents {
			if nth(i) == o.Agent {
				out.Agents[c] = i
			}
		}
		v.answers(o)
		v.in(s.lasts[c], func() { v.legEnds(o, 16) })
	}
	for c, at := range s.arrivals {
		channel := nth(c)
		number[channel] = c
		v.in(at, func() { v.enters(queue.Arrival{Channel: channel, Queue: "q" + nth(s.needs[c])}) })
	}
	v.goes()
	sh.promises()
	return out
}
