//go:build stack

package test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdline/queue"
	"holdline/sim"
)

// Crew hires many agents at once, with phones registered at turns at the two
// Kamailios, which answer at once.
func (s *Shift) Crew(names ...string) {
	s.t.Helper()
	for _, name := range names {
		id := s.desk.exten + "-" + name
		s.desk.insertAgent(s.t, id, true)
		s.people[name] = &person{name: name, id: id}
	}
	last := s.people[names[len(names)-1]].id
	s.desk.wait(s.t, "the crew is projected", func(ctx context.Context) bool {
		_, err := s.desk.tenant.pool.Agent(ctx, last)
		return err == nil
	})
	// Both Kamailios read the directory by themselves, whole: who knows the last
	// one knows all.
	for _, proxy := range []string{kamailio1, kamailio2} {
		phone := s.phone(sim.PhoneOptions{User: last, Password: passwordOf(last), Proxies: []string{proxy}})
		s.register(phone)
		if err := errors.Join(phone.Unregister(s.t.Context()), phone.Close()); err != nil {
			s.t.Fatal(err)
		}
		s.bound(phone, false)
	}
	for i, name := range names {
		p := s.people[name]
		p.phone = s.phone(sim.PhoneOptions{
			User: p.id, Password: passwordOf(p.id), Proxies: slices.Clone([]string{kamailio2, kamailio1}[i%2 : i%2+1]), OnCall: sim.Answer(0),
		})
		ctx, cancel := context.WithTimeout(s.t.Context(), patience)
		err := p.phone.Register(ctx)
		cancel()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	for _, name := range names {
		s.bound(s.people[name].phone, true)
	}
}

// Musters logs the agents in, one after the other: each hangs up as soon as they
// are ready, without hearing it said.
func Musters(agents ...string) Action {
	return Action{fmt.Sprintf("%d agents log in", len(agents)), func(s *Shift) (at time.Time, err error) {
		ctx, cancel := context.WithTimeout(s.t.Context(), 2*patience)
		defer cancel()
		for _, name := range agents {
			if at, err = LogsIn(name).do(s); err != nil {
				return at, err
			}
			c := s.who(name).call()
			if err = errors.Join(s.waitMode(ctx, name, queue.Ready), c.WaitAnswered(ctx)); err != nil {
				return at, err
			}
			if err = c.HangUp(ctx); err != nil && c.State() != sim.Ended {
				return at, err
			}
		}
		return at, nil
	}}
}

// names makes "caller00", "caller01", … .
func names(what string, from, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s%02d", what, from+i)
	}
	return all
}

// decided are the callers in the order in which they were first offered, by the
// journal; who they are is known from the phones that rang.
func (s *Shift) decided() (callers []string) {
	s.t.Helper()
	entries, err := s.entries(s.t.Context())
	if err != nil {
		s.t.Fatalf("read the journal: %v", err)
	}
	number := map[string]string{}
	for _, p := range s.people {
		for _, c := range p.phone.Incoming() {
			number[c.Header("X-Holdline-Contact")] = c.From()
		}
	}
	for _, e := range entries {
		if name := number[e.Contact]; e.Event == "offered" && e.Queue == s.desk.queue && !slices.Contains(callers, name) {
			callers = append(callers, name)
		}
	}
	return callers
}

// inTurn serves the callers one by one: an agent is free (logs in, in the first
// round, then hangs up) only when the phone of the one before has rung. So the order on the
// wire has nothing to race with, and each must ring with the very next caller.
func (s *Shift) inTurn(agents, callers []string) {
	s.t.Helper()
	var served []string
	var worst time.Duration
	for i, caller := range callers {
		agent := agents[i%len(agents)]
		free, verb := HangsUp(agent), "hangs up"
		if i < len(agents) {
			free, verb = LogsIn(agent), "logs in"
		} else if err := s.who(agent).running().WaitAnswered(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
		at, err := free.do(s)
		if err != nil {
			s.t.Fatalf("%s %s: %v", agent, verb, err)
		}
		ctx, cancel := context.WithTimeout(s.t.Context(), patience)
		var rang sim.Packet
		err = until(ctx, func() bool {
			for _, p := range s.offers(agent) {
				if p.At.After(at) {
					rang = p
					return true
				}
			}
			return false
		})
		cancel()
		if err != nil {
			s.t.Fatalf("%s %s, and the phone does not ring with %s: %v", agent, verb, caller, err)
		}
		worst = max(worst, rang.At.Sub(at))
		served = append(served, callerOf(rang))
	}
	s.Measure("from an agent's hang-up or dialled login to the ring, at worst", worst, time.Second)
	s.Check(slices.Equal(served, callers), "%d callers ring in the order of their arrival, on the wire: %v", len(callers), served)
}
