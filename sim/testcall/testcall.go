// Package testcall is one real call through a running stack: a caller calls a
// queue through one Kamailio, an agent's phone that is registered at the other
// one answers, each must hear the other, the caller hangs up. `holdline call`
// prints what it gives.
//
// It promises to leave the agent as a person would who logs in, takes a call and
// goes home: logged out and unregistered, also when the call failed. It never
// reports a step that was not seen, on the wire or in the journal.
package testcall

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdline/sim"
)

// Options say which call. Proxies, Domain, Agent and Password are needed.
type Options struct {
	Proxies []string // host:port of each Kamailio; the caller uses the first, the agent the last
	Domain  string   // SIP domain of the pool
	Queue   string   // extension that leads to the queue; default 600
	Agent   string   // who answers
	// Password of the agent.
	Password string
	// LoginCode and LogoutCode are dialled by the agent. Defaults *45 and *46.
	LoginCode, LogoutCode string
	// AnswerAfter is how long the agent lets it ring. Default 300 ms.
	AnswerAfter time.Duration
	// Talk is how long each must hear the other. Default 1 s.
	Talk time.Duration
	// Patience bounds each step. Default 10 s.
	Patience time.Duration
	// LocalIP is the address of the phones' sockets. Default: found.
	LocalIP string
}

// A Journal tells what Holdline wrote down about a contact.
type Journal interface {
	// Moments gives the contact's entries so far, in order.
	Moments(ctx context.Context, contact string) ([]Moment, error)
}

// Moment is one entry: event is a word of the journal (entered, offered, ringing,
// answered, bridged, ended).
type Moment struct {
	Event string
	At    time.Time
}

// Step is one line of the timeline.
type Step struct {
	Name  string
	After time.Duration // since the caller's INVITE
	Seen  bool
	By    string // where it was seen: caller, agent, journal
}

// Result is the timeline of a test call.
type Result struct {
	Contact string
	Steps   []Step
	// Trace are the phones' own timelines, for who wants to know why.
	Trace string
}

// Missing names the steps that were not seen.
func (r Result) Missing() []string {
	var names []string
	for _, s := range r.Steps {
		if !s.Seen {
			names = append(names, s.Name)
		}
	}
	return names
}

func (o *Options) complete() error {
	if len(o.Proxies) == 0 || o.Domain == "" || o.Agent == "" || o.Password == "" {
		return errors.New("proxies, domain, agent and password are needed")
	}
	for _, d := range []struct {
		value    *string
		fallback string
	}{{&o.Queue, "600"}, {&o.LoginCode, "*45"}, {&o.LogoutCode, "*46"}} {
		if *d.value == "" {
			*d.value = d.fallback
		}
	}
	for _, d := range []struct {
		value    *time.Duration
		fallback time.Duration
	}{{&o.AnswerAfter, 300 * time.Millisecond}, {&o.Talk, time.Second}, {&o.Patience, 10 * time.Second}} {
		if *d.value <= 0 {
			*d.value = d.fallback
		}
	}
	return nil
}

// Run makes the call. A step that did not happen is in the result, not in the
// error: that says only why the call could not go on. A nil journal leaves out
// the steps that only Holdline sees.
func Run(ctx context.Context, o Options, journal Journal) (Result, error) {
	if err := o.complete(); err != nil {
		return Result{}, fmt.Errorf("test call: %w", err)
	}
	r := &run{o: o, journal: journal, floor: sim.NewFloor(sim.FloorOptions{})}
	err := r.make(ctx)
	result := r.result()
	err = errors.Join(err, r.floor.Close())
	if err != nil {
		return result, fmt.Errorf("test call: %w", err)
	}
	return result, nil
}

type run struct {
	o       Options
	journal Journal
	floor   *sim.Floor

	caller, agent *sim.Phone
	out, in       *sim.Call
	moments       []Moment
}

func (r *run) make(ctx context.Context) (err error) {
	last := r.o.Proxies[len(r.o.Proxies)-1]
	r.agent, err = r.floor.Phone(sim.PhoneOptions{
		User: r.o.Agent, Password: r.o.Password, Domain: r.o.Domain, Proxies: []string{last},
		LocalIP: r.o.LocalIP, OnCall: sim.Answer(r.o.AnswerAfter),
	})
	if err != nil {
		return err
	}
	// A caller from outside the pool: nobody's agent, no password.
	r.caller, err = r.floor.Phone(sim.PhoneOptions{
		User: "test-call", Name: "Test call", Domain: "caller.invalid", Proxies: r.o.Proxies[:1], LocalIP: r.o.LocalIP,
	})
	if err != nil {
		return err
	}
	if err := r.step(ctx, r.agent.Register); err != nil {
		return err
	}
	defer func() {
		// Also when ctx has ended: the agent must not stay logged in.
		leave := context.WithoutCancel(ctx)
		err = errors.Join(err, r.dial(leave, r.o.LogoutCode), r.step(leave, r.agent.Unregister))
	}()
	if err := r.dial(ctx, r.o.LoginCode); err != nil {
		return err
	}
	return r.call(ctx)
}

// step runs f within the patience.
func (r *run) step(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, r.o.Patience)
	defer cancel()
	return f(ctx)
}

// dial makes the agent dial a feature code and listen to the end.
func (r *run) dial(ctx context.Context, code string) error {
	return r.step(ctx, func(ctx context.Context) error {
		c, err := r.agent.Call(ctx, code)
		if err != nil {
			return err
		}
		end, err := c.WaitEnded(ctx)
		if err != nil {
			return errors.Join(fmt.Errorf("dial %s: %w", code, err), c.HangUp(context.WithoutCancel(ctx)))
		}
		if _, answered := c.First(sim.EvAnswered); !answered || end.By != sim.ByPeer {
			return fmt.Errorf("dial %s: refused\n%s", code, c.Timeline())
		}
		return nil
	})
}

func (r *run) call(ctx context.Context) (err error) {
	r.out, err = r.caller.Call(ctx, "sip:"+r.o.Queue+"@"+r.o.Domain)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, r.step(context.WithoutCancel(ctx), r.out.HangUp))
		if r.in != nil && err == nil {
			err = r.step(ctx, func(ctx context.Context) error { _, err := r.in.WaitEnded(ctx); return err })
		}
		err = errors.Join(err, r.read(context.WithoutCancel(ctx)))
	}()
	for _, f := range []func(context.Context) error{
		r.out.WaitAnswered,
		func(ctx context.Context) (err error) { r.in, err = r.agent.WaitCall(ctx); return err },
		func(ctx context.Context) error { return r.in.WaitAnswered(ctx) },
		func(ctx context.Context) error { return r.out.WaitHeard(ctx, r.agent.Hz(), r.o.Talk) },
		func(ctx context.Context) error { return r.in.WaitHeard(ctx, r.caller.Hz(), r.o.Talk) },
	} {
		if err := r.step(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// contactHeader of the agent's INVITE names the contact.
const contactHeader = "X-Holdline-Contact"

// read takes the contact's entries from the journal, once it says that the
// contact has ended.
func (r *run) read(ctx context.Context) error {
	if r.journal == nil || r.in == nil {
		return nil
	}
	return r.step(ctx, func(ctx context.Context) error {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			moments, err := r.journal.Moments(ctx, r.in.Header(contactHeader))
			if err != nil {
				return fmt.Errorf("read the journal: %w", err)
			}
			r.moments = moments
			if len(moments) > 0 && moments[len(moments)-1].Event == "ended" {
				return nil
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return nil // the result says what is missing
			}
		}
	})
}
