package callmanager

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Options are what a Manager needs. Every field is required but the times.
type Options struct {
	// Name tells this replica from the others; it is its consumer name.
	Name      string
	Registry  Registry
	Open      func(pool string) Queue
	Telephony Telephony
	Log       zerolog.Logger
	Metrics   *Metrics

	// TakeoverIdle is how long an entry may stay unacknowledged before another
	// replica does it again. Default 500 ms.
	TakeoverIdle time.Duration
	// Tick is how often due deadlines are looked for. Default 25 ms.
	Tick time.Duration
	// PoolsEvery is how often new pools are looked for. Default 1 s.
	PoolsEvery time.Duration
	// Workers bounds the entries of one pool carried out at a time. Default 64.
	Workers int
}

// Manager runs the pools. It holds nothing that its death would lose.
type Manager struct {
	o Options
}

// New gives a Manager with the defaults filled in.
func New(o Options) *Manager {
	if o.TakeoverIdle <= 0 {
		o.TakeoverIdle = 500 * time.Millisecond
	}
	if o.Tick <= 0 {
		o.Tick = 25 * time.Millisecond
	}
	if o.PoolsEvery <= 0 {
		o.PoolsEvery = time.Second
	}
	if o.Workers <= 0 {
		o.Workers = 64
	}
	return &Manager{o: o}
}

// Run serves every pool of the registry, and those that appear, until ctx ends.
// It returns when everything it began has ended.
func (m *Manager) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	served := map[string]bool{}
	look := func(ctx context.Context) {
		names, err := m.o.Registry.Pools(ctx)
		if err != nil && ctx.Err() == nil {
			m.o.Log.Warn().Err(err).Msg("pools not read")
		}
		for _, name := range names {
			if served[name] {
				continue
			}
			served[name] = true
			p := &pool{
				o: m.o, name: name, queue: m.o.Open(name),
				log: m.o.Log.With().Str("pool", name).Logger(),
			}
			p.log.Info().Msg("serving pool")
			running.Go(func() { p.run(ctx) })
		}
	}
	look(ctx)
	repeat(ctx, m.o.PoolsEvery, look)
	return nil
}

// pool is one pool, as this replica serves it.
type pool struct {
	o     Options
	name  string
	queue Queue
	log   zerolog.Logger
}

func (p *pool) run(ctx context.Context) {
	var loops sync.WaitGroup
	defer loops.Wait()
	loops.Go(func() { p.takeWork(ctx) })
	loops.Go(func() { p.fireDeadlines(ctx) })
	loops.Go(func() { p.sweep(ctx) })
}
