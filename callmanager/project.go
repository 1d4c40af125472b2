package callmanager

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"holdline/queue"
)

// Projector carries the directory's edits into the pools. Every replica runs one;
// a pool refuses a version older than its own, so that they agree in any order.
//
// It also notices a pool that has lost its projection: an emptied Redis, or one
// that went back to an older state. Such a pool gets the last one loaded, with the
// modes that its agents had, whether or not the directory answers at that moment.
type Projector struct {
	Directory Directory
	Registry  Registry
	Open      func(pool string) Queue
	Modes     *Modes // of the agents, fresher than what is loaded; nil: those loaded
	Log       zerolog.Logger
	Metrics   *Metrics
	// Every is the pause between two looks at the pools' versions; default 500 ms.
	Every time.Duration

	mu   sync.Mutex
	last map[string]queue.Projection // as loaded, by pool; guarded by mu
}

// Project brings every pool to the directory's present version. A pool that
// cannot be read does not keep the others from being projected.
func (p *Projector) Project(ctx context.Context, version int64) error {
	names, err := p.Directory.Pools(ctx)
	if err != nil {
		return fmt.Errorf("list pools: %w", err)
	}
	if err := p.Registry.AddPool(ctx, names...); err != nil {
		return err
	}
	var failed []error
	for _, name := range names {
		if err := p.one(ctx, name); err != nil {
			failed = append(failed, fmt.Errorf("project pool %s: %w", name, err))
		}
	}
	err = errors.Join(failed...)
	p.Metrics.projectedTo(version, err)
	return err
}

func (p *Projector) one(ctx context.Context, name string) error {
	projection, err := p.Directory.Load(ctx, name)
	if err != nil {
		return err
	}
	p.mu.Lock()
	if p.last == nil {
		p.last = map[string]queue.Projection{}
	}
	p.last[name] = projection
	p.mu.Unlock()
	return p.apply(ctx, name, projection, "directory projected")
}

func (p *Projector) apply(ctx context.Context, name string, projection queue.Projection, what string) error {
	applied, err := p.Open(name).Project(ctx, p.Modes.restore(name, projection))
	if err != nil {
		return err
	}
	p.Log.Info().Str("pool", name).Int64("version", projection.Version).Bool("applied", applied).
		Int("queues", len(projection.Queues)).Int("agents", len(projection.Agents)).Msg(what)
	return nil
}

// Keep gives back to pools what they lost, until ctx ends.
func (p *Projector) Keep(ctx context.Context) error {
	if p.Every <= 0 {
		p.Every = 500 * time.Millisecond
	}
	repeat(ctx, p.Every, func(ctx context.Context) {
		p.mu.Lock()
		last := maps.Clone(p.last)
		p.mu.Unlock()
		for _, name := range slices.Sorted(maps.Keys(last)) {
			if err := p.giveBack(ctx, name, last); err != nil && ctx.Err() == nil {
				p.Log.Warn().Err(err).Str("pool", name).Msg("projection not looked after; trying again")
			}
		}
	})
	return nil
}

func (p *Projector) giveBack(ctx context.Context, name string, last map[string]queue.Projection) error {
	version, err := p.Open(name).Version(ctx)
	if err != nil {
		return err
	}
	if version >= last[name].Version {
		return nil
	}
	// The pools' names may be lost with it. All at once: a pool that is not named
	// beside others would be taken for one that does not exist.
	if err := p.Registry.AddPool(ctx, slices.Sorted(maps.Keys(last))...); err != nil {
		return err
	}
	p.Log.Warn().Str("pool", name).Int64("version", version).Msg("pool has lost its projection")
	p.Metrics.projections.WithLabelValues("restored").Inc()
	return p.apply(ctx, name, last[name], "projection given back")
}
