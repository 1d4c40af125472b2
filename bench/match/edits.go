package main

import (
	"context"
	"fmt"
	"time"

	"holdline/queue"
)

// measureUpheavals: what touches many at once goes on in short scripts: a need is edited
// under all who wait for it, and a node is lost with all its callers.
func measureUpheavals(ctx context.Context, agents, waiting int, out *figures) error {
	progress("%d agents, %d wait for one need; it is edited, then their node is lost", agents, waiting)
	f, err := newFloor(ctx, agents)
	if err != nil {
		return err
	}
	defer f.stop()
	need := f.asked(0)
	if err := eight(waiting, func(i int) error { return f.arrive(ctx, need, fmt.Sprintf("e%d.%d", i, i)) }); err != nil {
		return err
	}
	if err := f.ConfigResetStat(ctx).Err(); err != nil {
		return err
	}
	d := f.projection()
	d.Version++
	d.Needs[need-1].Steps = append(d.Needs[need-1].Steps, queue.StepSpec{After: time.Hour, MaxTier: 99})
	edit, err := timed(func() error { _, err := f.pool.Project(ctx, d); return err })
	if err != nil {
		return fmt.Errorf("edit: %w", err)
	}
	lost := 0
	loss, err := timed(func() error {
		_, err := f.pool.NodeUp(ctx, "ast-1", "another boot")
		if err != nil {
			return err
		}
		stats, err := f.pool.Stats(ctx)
		lost = int(stats.Queues[queueName(need)].Ended[queue.OutcomeLostWithNode])
		return err
	})
	if err != nil {
		return fmt.Errorf("loss of the node: %w", err)
	}
	if lost != waiting {
		return fmt.Errorf("of %d callers %d were lost with their node", waiting, lost)
	}
	out.Upheavals = upheavals{Waiting: waiting, EditS: edit.Seconds(), LossS: loss.Seconds()}
	return out.slow(ctx, f.server, "upheavals")
}

func timed(f func() error) (time.Duration, error) {
	start := time.Now()
	err := f()
	return time.Since(start), err
}
