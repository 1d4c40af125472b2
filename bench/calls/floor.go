package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"holdline/sim"
)

const (
	domain = "bench.holdline.test"
	// agentCount is enough for 200 calls a second of 1.1 s each.
	agentCount = 240
	// firstPort: agent n's phone is at this port + n (bench/appqueue/start).
	firstPort  = 21000
	callerName = "callers"
	// record bounds the packets of one run.
	record = 1_000_000
)

func agentID(n int) string { return fmt.Sprintf("agent%04d", n) }

// people are all phones: one for each agent, one for all callers.
type people struct {
	floor   *sim.Floor
	agents  []*sim.Phone
	callers *sim.Phone
	called  int // so far, to name callers
}

// hire opens the phones and registers the agents' at Kamailio.
func hire(ctx context.Context, s *stack) (*people, error) {
	p := &people{floor: sim.NewFloor(sim.FloorOptions{Packets: record})}
	var err error
	p.callers, err = p.floor.Phone(sim.PhoneOptions{
		User: callerName, Domain: "caller.invalid", LocalIP: s.phones(), Proxies: []string{s.kamailio()}, Light: true,
	})
	if err != nil {
		return nil, errors.Join(err, p.floor.Close())
	}
	for n := 1; n <= agentCount; n++ {
		phone, err := p.floor.Phone(sim.PhoneOptions{
			User: agentID(n), Password: s.agentPassword(), Domain: domain, LocalIP: s.phones(), Port: firstPort + n,
			Proxies: []string{s.kamailio()}, Expires: 300 * time.Second, Light: true,
		})
		if err != nil {
			return nil, errors.Join(err, p.floor.Close())
		}
		p.agents = append(p.agents, phone)
	}
	var registering errgroup.Group
	registering.SetLimit(16)
	for _, phone := range p.agents {
		registering.Go(func() error { return until(ctx, 20*time.Second, "register", phone.Register) })
	}
	if err := registering.Wait(); err != nil {
		return nil, errors.Join(err, p.floor.Close())
	}
	return p, nil
}

// until repeats f until it succeeds or the time is over.
func until(ctx context.Context, limit time.Duration, what string, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, err)
		}
	}
}

// load is what callers and agents do in one run.
type load struct {
	text   string
	exten  func(i int) string // dialled by the i-th caller
	server string             // where callers call: Kamailio, or a node itself
	calls  int
	gap    time.Duration // between two INVITEs
	answer func() time.Duration
	talk   time.Duration
	mute   map[int]bool // agents who ring for ever
	// drain bounds how long is waited for the last call after the last INVITE.
	drain time.Duration
	// hold is for callers whom nobody serves: they hang up so long after the last INVITE.
	hold time.Duration
	// held is called when they all wait.
	held func() error
}

func after(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

func spread(from, to time.Duration) func() time.Duration {
	return func() time.Duration { return from + rand.N(to-from) } //nolint:gosec // people's time
}

// work makes the calls of a run and gives what crossed the wire.
func (p *people) work(ctx context.Context, l load) (*trace, error) {
	for i, phone := range p.agents {
		if l.mute[i+1] {
			phone.OnCall(sim.NeverAnswer())
			continue
		}
		phone.OnCall(func(ctx context.Context, c *sim.Call) { sim.Answer(l.answer()).HangUpAfter(l.talk)(ctx, c) })
	}
	p.floor.Wire().Clear()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(l.calls)*l.gap+l.drain+l.hold+20*time.Second)
	defer cancel()
	calls := make([]*sim.Call, 0, l.calls)
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i := range l.calls {
		timer.Reset(time.Until(start.Add(time.Duration(i) * l.gap)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		p.called++
		name := fmt.Sprintf("c%06d", p.called)
		c, err := p.callers.Call(ctx, "sip:"+l.exten(i)+"@"+domain, sim.As(name), sim.Through(l.server))
		if err != nil {
			return nil, err
		}
		calls = append(calls, c)
	}
	if err := l.wait(ctx, calls); err != nil {
		return nil, err
	}
	t := read(p.floor.Wire().Packets(), callerName)
	if p.floor.Wire().Forgotten() > 0 {
		return nil, errors.New("the record of the wire was too small")
	}
	return t, nil
}

// wait returns when all calls have ended, by hanging up those that do not end.
func (l load) wait(ctx context.Context, calls []*sim.Call) error {
	limit := l.drain
	if l.held != nil {
		for _, c := range calls {
			if err := c.WaitAnswered(ctx); err != nil {
				return err
			}
		}
		if err := l.held(); err != nil {
			return err
		}
		limit = l.hold
	}
	patience, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for _, c := range calls {
		if _, err := c.WaitEnded(patience); err != nil {
			break
		}
	}
	var left sync.WaitGroup
	for _, c := range calls {
		if c.State() != sim.Ended {
			left.Go(func() {
				bye, cancel := context.WithTimeout(ctx, 5*time.Second)
				defer cancel()
				_ = c.HangUp(bye)
			})
		}
	}
	left.Wait()
	return ctx.Err()
}

// quiet waits until no phone is in a call, so that the next run begins with
// everybody free.
func (p *people) quiet(ctx context.Context) error {
	return until(ctx, 20*time.Second, "wait until nobody talks", func(context.Context) error {
		var busy []string
		for _, phone := range p.agents {
			if calls := phone.Incoming(); len(calls) > 0 && calls[len(calls)-1].State() != sim.Ended {
				busy = append(busy, phone.User())
			}
		}
		if len(busy) > 0 {
			return fmt.Errorf("%s still talk", strings.Join(busy, " "))
		}
		return nil
	})
}
