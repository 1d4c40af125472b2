package main

import (
	"context"
	"io"
	"os"
	"slices"
	"time"

	"holdline/queue"
	"holdline/supervise"
)

type queueCmd struct {
	DeskFlags

	List  queueListCmd  `cmd:"" help:"List the queues: who waits, who serves them."`
	Show  queueShowCmd  `cmd:"" help:"Say whether a queue takes callers now, and who serves it."`
	Watch queueWatchCmd `cmd:"" help:"Show the queues, or one, until Ctrl-C."`
}

type queueListCmd struct{}

// Run lists the queues.
func (queueListCmd) Run(p *process, c *queueCmd) error {
	return show(c.DeskFlags, p, func(ctx context.Context, d *supervise.Desk) ([]queue.QueueGlance, error) {
		b, err := d.Board(ctx)
		return b.Queues, err
	}, supervise.WriteQueues)
}

type queueShowCmd struct {
	Name string `arg:"" help:"The queue."`
}

// Run shows one queue.
func (s *queueShowCmd) Run(p *process, c *queueCmd) error {
	return show(c.DeskFlags, p, func(ctx context.Context, d *supervise.Desk) (queue.QueueExplanation, error) {
		return d.ExplainQueue(ctx, s.Name)
	}, supervise.WriteQueueExplained)
}

type queueWatchCmd struct {
	Name  string        `arg:"" optional:"" help:"One queue; else all."`
	Every time.Duration `default:"2s" help:"How often it looks."`
}

// Run shows the queues until somebody ends it.
func (s *queueWatchCmd) Run(p *process, c *queueCmd) error {
	if s.Name != "" { // a name that is none is said at once
		if err := show(c.DeskFlags, p, func(ctx context.Context, d *supervise.Desk) (queue.QueueExplanation, error) {
			return d.ExplainQueue(ctx, s.Name)
		}, func(io.Writer, queue.QueueExplanation) error { return nil }); err != nil {
			return err
		}
	}
	of := func(b queue.Board) []queue.QueueGlance {
		return slices.DeleteFunc(b.Queues, func(q queue.QueueGlance) bool { return s.Name != "" && q.Queue != s.Name })
	}
	lines := supervise.NewLines(os.Stdout)
	return c.watch(p, s.Every, func(b queue.Board) error { return supervise.WriteQueues(os.Stdout, of(b)) },
		func(b queue.Board) error { return lines.Queues(b.At, of(b)) })
}
