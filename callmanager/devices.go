package callmanager

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"holdline/queue"
)

// InCall is an agent whose device is in a call outside the queues.
type InCall struct{ Pool, Agent string }

// valid says whether it may be a pool's agent at all.
func (c InCall) valid() error { return errors.Join(queue.ValidPool(c.Pool), queue.ValidName(c.Agent)) }

// CallList is what one Kamailio knows of agents' calls. Kamailio satisfies it.
type CallList interface {
	Name() string
	AgentCalls(ctx context.Context) ([]InCall, error)
}

// Devices tells the pools whose device is in a call outside the queues: no offer comes
// then. Every replica does; to say a thing twice does no harm. Each Kamailio knows the
// calls that were set up through it, so whoever stands in one list is in a call.
//
// What is said is believed for the time of Lease, and said again before, so that an
// agent whom nobody can be asked about gets offers again. A Kamailio that does not
// answer ends no call: what it said last is left to its lease.
type Devices struct {
	Registry interface {
		Pools(ctx context.Context) ([]string, error)
	}
	Kamailio []CallList
	Open     func(pool string) DeviceTaker
	Log      zerolog.Logger
	Metrics  *Metrics
	// Every is the pause between two looks; default 1 s.
	Every time.Duration
	// Lease is how long a pool believes that a device is in use; it is told again after a
	// third of it. Default 30 s.
	Lease time.Duration

	heard []heard              // by Kamailio
	told  map[InCall]time.Time // when a pool was told last of a device in use
}

// heard is what a Kamailio said when it answered last.
type heard struct {
	calls  map[InCall]bool // nil: it never answered
	silent bool            // it has not answered since
}

const (
	// askTime bounds the question to the Kamailios, which are asked side by side.
	askTime = time.Second
	// tellTime bounds what is said to the pools in one look; the rest waits for the next.
	tellTime = 2 * time.Second
)

// Run looks until ctx ends.
func (d *Devices) Run(ctx context.Context) error {
	if d.Every <= 0 {
		d.Every = time.Second
	}
	look := func(ctx context.Context) { d.look(ctx, time.Now()) }
	look(ctx)
	repeat(ctx, d.Every, look)
	return nil
}

func (d *Devices) look(ctx context.Context, now time.Time) {
	if d.Lease <= 0 {
		d.Lease = 30 * time.Second
	}
	if d.told == nil {
		d.heard, d.told = make([]heard, len(d.Kamailio)), map[InCall]time.Time{}
	}
	d.ask(ctx)
	ctx, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	names, err := d.Registry.Pools(ctx)
	if err != nil {
		return // Redis is away: the others say so
	}
	pools := map[string]DeviceTaker{}
	for _, name := range names {
		pools[name] = d.Open(name)
	}
	for _, s := range d.due(now) {
		pool := pools[s.Pool]
		if pool == nil {
			continue // it is gone, is not there yet, or its turn is over
		}
		if err := d.tell(ctx, pool, s, now); err != nil {
			delete(pools, s.Pool)
			if ctx.Err() == nil {
				d.Metrics.devices.WithLabelValues("failed").Inc()
				d.Log.Warn().Err(err).Str("pool", s.Pool).Msg("devices not told; trying again")
			}
		}
	}
}

// ask hears every Kamailio that answers.
func (d *Devices) ask(ctx context.Context) {
	asked, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var asking sync.WaitGroup
	defer asking.Wait()
	for i, k := range d.Kamailio {
		asking.Go(func() {
			calls, err := k.AgentCalls(asked)
			if ctx.Err() != nil {
				return
			}
			h := &d.heard[i]
			if err != nil {
				d.Metrics.devices.WithLabelValues("failed").Inc()
				if !h.silent {
					d.Log.Warn().Err(err).Str("kamailio", k.Name()).Msg("agents' calls not heard; the last word holds until its lease is over")
				}
				h.silent = true
				return
			}
			*h = heard{calls: make(map[InCall]bool, len(calls))}
			for _, c := range calls {
				if err := c.valid(); err != nil {
					d.Log.Debug().Err(err).Str("kamailio", k.Name()).Msg("agent's call left out")
					continue
				}
				h.calls[c] = true
			}
		})
	}
}

// saying is what a pool is to be told of an agent's device.
type saying struct {
	InCall
	inUse bool
}

// due gives what is to be said now, what is new before what is said again, and forgets
// those whose lease has run out.
func (d *Devices) due(now time.Time) (all []saying) {
	var again []saying
	inUse := map[InCall]bool{}
	for _, h := range d.heard {
		if h.silent {
			continue
		}
		for c := range h.calls {
			if inUse[c] {
				continue
			}
			inUse[c] = true
			switch at, known := d.told[c]; {
			case !known:
				all = append(all, saying{c, true})
			case now.Sub(at) >= d.Lease/3:
				again = append(again, saying{c, true})
			}
		}
	}
	for c, at := range d.told {
		switch {
		case inUse[c]:
		case now.Sub(at) >= d.Lease:
			delete(d.told, c)
		case !d.doubted(c):
			all = append(all, saying{c, false})
		}
	}
	return append(all, again...)
}

// doubted: the agent may still be in a call that a silent Kamailio knows of.
func (d *Devices) doubted(c InCall) bool {
	for _, h := range d.heard {
		if h.silent && (h.calls == nil || h.calls[c]) {
			return true
		}
	}
	return false
}

// tell says it to the pool. An agent whom the pool does not have counts as told.
func (d *Devices) tell(ctx context.Context, pool DeviceTaker, s saying, now time.Time) error {
	lease, change := d.Lease, "in_use"
	if !s.inUse {
		lease, change = 0, "free"
	}
	news, err := pool.Device(ctx, s.Agent, lease)
	if err != nil && !errors.Is(err, queue.ErrNoAgent) {
		return err
	}
	if s.inUse {
		d.told[s.InCall] = now
	} else {
		delete(d.told, s.InCall)
	}
	if news {
		d.Metrics.devices.WithLabelValues(change).Inc()
		d.Log.Debug().Str("pool", s.Pool).Str("agent", s.Agent).Msg("device " + change)
	}
	return nil
}
