package queuetest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"holdline/queue"
)

// history is what the clients saw of their commands: when each was called, when it
// returned, and what it told of a contact or an agent. One whose answer was lost told
// nothing, and may happen at any time from then on.
type history struct {
	start    time.Time
	mu       sync.Mutex
	contacts map[string][]porcupine.Operation
	agents   map[string][]porcupine.Operation
}

// told is what a command told. of is the offer, or the leg.
type told struct {
	what, of string
	room     int // of an agent, for the medium
}

func newHistory() *history {
	return &history{start: time.Now(), contacts: map[string][]porcupine.Operation{}, agents: map[string][]porcupine.Operation{}}
}

func (h *history) note(all map[string][]porcupine.Operation, who string, called time.Time, lost bool, t told) {
	op := porcupine.Operation{Input: t, Call: called.Sub(h.start).Nanoseconds(), Return: time.Since(h.start).Nanoseconds()}
	if lost {
		op.Return = math.MaxInt64
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	all[who] = append(all[who], op)
}

// check holds each contact's and each agent's history to the life that it must be of.
func (h *history) check() error {
	for kind, one := range map[string]struct {
		all  map[string][]porcupine.Operation
		life porcupine.Model
	}{"contact": {h.contacts, contactSeen}, "agent": {h.agents, agentSeen}} {
		for id, ops := range one.all {
			if result := porcupine.CheckOperationsTimeout(one.life, ops, 20*time.Second); result != porcupine.Ok {
				slices.SortFunc(ops, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
				var b strings.Builder
				for _, op := range ops {
					fmt.Fprintf(&b, "\n%12d to %19d: %+v", op.Call, op.Return, op.Input)
				}
				return fmt.Errorf("%s %s: the history is %s:%s", kind, id, result, b.String())
			}
		}
	}
	return nil
}

// contactNow is as much of a contact as its clients can know: deadlines and agents move
// it, too.
type contactNow struct {
	life string // "", live, out (it will not be offered any more), over
	leg  string // that it talks on
	last string // number of its latest offer that anybody saw
}

// number of an offer among those of its contact, as text; of a leg's offer, too.
func number(of string) string {
	of, _, _ = strings.Cut(strings.TrimPrefix(of, "hl-"), "-")
	return strings.TrimPrefix(of, queue.ContactOfOffer(of))
}

var contactSeen = porcupine.Model{
	Init: func() any { return contactNow{} },
	Step: func(state, input, _ any) (bool, any) {
		s, t := state.(contactNow), input.(told)
		maybe := strings.HasPrefix(t.what, "maybe ")
		ok, next := s.step(strings.TrimPrefix(t.what, "maybe "), t.of)
		if maybe && !ok {
			return true, s
		}
		return ok, next
	},
}

func (s contactNow) step(what, of string) (bool, contactNow) {
	talks := s.leg != ""
	latest := of == "" || number(of) >= s.last
	switch what {
	case "entered":
		return s.life == "", contactNow{life: "live"}
	case "lives": // entered again
		return s.life == "live" || s.life == "out", s
	case "offered":
		return s.life == "live" && !talks && latest, contactNow{"live", "", number(of)}
	case "won":
		return s.life == "live" && latest && (!talks || s.leg == of), contactNow{"live", of, number(of)}
	case "lost": // the leg came second, or too late
		return s.leg != of, s
	case "missed":
		return s.life == "live" && !talks && latest, contactNow{"live", "", number(of)}
	case "hung up": // by the agent
		return s.leg == of, contactNow{"out", "", number(of)}
	case "device lost":
		return s.leg == of, contactNow{"live", "", number(of)}
	case "steered":
		return s.life == "live" && !talks, s
	case "withdrawn":
		return s.life == "live" && !talks, contactNow{"out", "", s.last}
	case "gone":
		return s.life == "live" || s.life == "out", contactNow{life: "over"}
	case "nobody":
		return s.life == "" || s.life == "over", s
	}
	return false, s
}

// agentNow is what clients can know of an agent.
type agentNow struct {
	away  bool   // paused or logged out, for sure
	calls string // offers, by commas
	asked string // what they were offered last: a match that is done again says it again
}

var agentSeen = porcupine.Model{
	Init: func() any { return agentNow{} },
	Step: func(state, input, _ any) (bool, any) {
		s, t := state.(agentNow), input.(told)
		maybe := strings.HasPrefix(t.what, "maybe ")
		ok, next := s.step(strings.TrimPrefix(t.what, "maybe "), t.of, t.room)
		if maybe && !ok {
			return true, s
		}
		return ok, next
	},
}

func (s agentNow) step(what, offer string, room int) (bool, agentNow) {
	calls := strings.FieldsFunc(s.calls, func(r rune) bool { return r == ',' })
	talks := slices.Contains(calls, offer)
	switch what {
	case "offered":
		return !talks && (offer == s.asked || !s.away && len(calls) < room), agentNow{s.away, s.calls, offer}
	case "won":
		if !talks {
			calls = append(calls, offer)
			slices.Sort(calls)
		}
		return len(calls) <= room, agentNow{s.away, strings.Join(calls, ","), s.asked}
	case "freed":
		left := slices.DeleteFunc(calls, func(o string) bool { return o == offer })
		return talks, agentNow{s.away, strings.Join(left, ","), s.asked}
	case "away":
		return true, agentNow{true, s.calls, s.asked}
	case "there":
		return true, agentNow{false, s.calls, s.asked}
	}
	return false, s
}
