//go:build stack

package test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdline/sim"
)

// An agent with three registrations, two of them at the other Kamailio, is rung as
// one agent: all three phones ring, the first answer wins, the other two stop and
// are told that the call was answered elsewhere.
func TestAgentWithThreeRegistrations(t *testing.T) {
	s := NewShift(t, Queue{"announce": 0, "wrap_up": 0, "retry": 1})
	s.Hire("ann", kamailio1, true)
	phones := []string{"ann", "ann's mobile", "ann's desk"}
	for i, name := range phones[1:] {
		s.device("ann", name, []string{kamailio2, kamailio1}[i])
	}
	s.Do(AllLoggedIn("ann"))
	for _, name := range phones {
		s.Do(Behaves(name, "rings until somebody answers", sim.NeverAnswer()))
	}

	for round, answers := range phones {
		caller := fmt.Sprintf("caller%d", round)
		s.Do(CallerArrivesAt(caller, []string{kamailio1, kamailio2}[round%2]))
		s.Within(time.Second, ring(round, phones...)...)
		s.Do(Answers(answers))
		var others []Expectation
		for _, name := range phones {
			if name != answers {
				others = append(others, AnsweredElsewhere(name, round))
			}
		}
		s.Within(500*time.Millisecond, others...)
		s.Within(4*time.Second, Hears(caller, answers), Hears(answers, caller))
		s.Do(HangsUp(caller))
		s.Within(500*time.Millisecond, Ends(caller), Ends(answers))
	}

	offered := 0
	entries, err := s.entries(t.Context())
	for _, e := range entries {
		if e.Event == "offered" && e.Queue == s.desk.queue {
			offered++
		}
	}
	s.Check(err == nil && offered == len(phones), "each caller was one offer to one agent: %d offers", offered)
}

// device is one more phone of an agent.
func (s *Shift) device(agent, name, proxy string) {
	s.t.Helper()
	id := s.who(agent).id
	phone := s.phone(sim.PhoneOptions{User: id, Password: passwordOf(id), Proxies: []string{proxy}})
	s.people[name] = &person{name: name, phone: phone}
	s.register(phone)
}

// ring: the round's call is at each of the phones.
func ring(round int, phones ...string) (all []Expectation) {
	for _, name := range phones {
		all = append(all, Expectation{name + " rings", func(s *Shift, _ time.Time) (time.Time, bool) {
			calls := s.who(name).phone.Incoming()
			if len(calls) <= round {
				return time.Time{}, false
			}
			e, ok := calls[round].First(sim.EvRinging)
			return e.At, ok
		}})
	}
	return all
}

// AnsweredElsewhere: the phone's call is cancelled, and the reason says why.
func AnsweredElsewhere(name string, round int) Expectation {
	return Expectation{name + " stops ringing: answered elsewhere", func(s *Shift, _ time.Time) (time.Time, bool) {
		end := s.who(name).phone.Incoming()[round].End()
		return end.At, end.By == sim.ByPeer && elsewhere(end)
	}}
}

// elsewhere: the reason is that of RFC 3326 for a fork, or that of Q.850.
func elsewhere(end sim.End) bool {
	return strings.Contains(end.Reason, "cause=26") || strings.Contains(end.Reason, "SIP;cause=200")
}

// Answers picks up the phone that rings; its moment is the 200's.
func Answers(name string) Action {
	return Action{name + " answers", func(s *Shift) (time.Time, error) {
		c := s.who(name).running()
		if c == nil {
			return time.Time{}, errors.New("nothing rings")
		}
		ctx, cancel := context.WithTimeout(s.t.Context(), patience)
		defer cancel()
		at := time.Now()
		return at, c.Answer(ctx)
	}}
}
