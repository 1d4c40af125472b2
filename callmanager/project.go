package callmanager

import (
	"context"
	"errors"
	"fmt"

	"github.com/rs/zerolog"
)

// Projector carries the directory's edits into the pools. Every replica runs one;
// a pool refuses a version older than its own, so that they agree in any order.
type Projector struct {
	Directory Directory
	Registry  Registry
	Open      func(pool string) Queue
	Log       zerolog.Logger
	Metrics   *Metrics
}

// Project brings every pool to the directory's present version. A pool that
// cannot be read does not keep the others from being projected.
func (p *Projector) Project(ctx context.Context, version int64) error {
	names, err := p.Directory.Pools(ctx)
	if err != nil {
		return fmt.Errorf("list pools: %w", err)
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
	if err := p.Registry.AddPool(ctx, name); err != nil {
		return err
	}
	applied, err := p.Open(name).Project(ctx, projection)
	if err != nil {
		return err
	}
	p.Log.Info().Str("pool", name).Int64("version", projection.Version).Bool("applied", applied).
		Int("queues", len(projection.Queues)).Int("agents", len(projection.Agents)).Msg("directory projected")
	return nil
}
