package callmanager

import (
	"context"
	"time"

	"holdline/queue"
)

const (
	// dueBatch bounds the deadlines that one look fires.
	dueBatch = 256
	// turn is how long one replica fires the deadlines alone. When it dies another
	// goes on after that long.
	turn = 500 * time.Millisecond
	// sweepBatch and sweepEvery bound the search for TTL keys that an operator
	// shortened or deleted: every waiting contact is looked at within a second
	// up to about ten thousand, and in its turn beyond.
	sweepBatch = 1000
	sweepEvery = 100 * time.Millisecond
)

// fireDeadlines fires what is due, while it is this replica's turn. Should two believe so,
// the script that fires a deadline removes it: one of them wins.
func (p *pool) fireDeadlines(ctx context.Context) {
	ticker := time.NewTicker(p.o.Tick)
	defer ticker.Stop()
	var theirs time.Time // until then it is another's turn
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			if now.Before(theirs) {
				continue
			}
		}
		t, err := p.queue.DueFor(ctx, dueBatch, p.o.Name, turn)
		if err != nil {
			p.pause(ctx, err, "deadlines not read")
			continue
		}
		if !t.Mine {
			theirs = t.Next
			continue
		}
		for _, d := range t.Due {
			if err := p.queue.Fire(ctx, d); err != nil && !queue.IsRefusal(err) {
				p.pause(ctx, err, "deadline not fired")
				break
			}
			p.o.Metrics.fired.Inc()
		}
	}
}

// sweep finds the deadlines whose TTL key an operator changed, without waiting
// for a notification that may never come.
func (p *pool) sweep(ctx context.Context) {
	var cursor queue.Cursor
	repeat(ctx, sweepEvery, func(ctx context.Context) {
		next, err := p.queue.Sweep(ctx, cursor, sweepBatch)
		if err != nil {
			p.pause(ctx, err, "deadlines not swept")
			return
		}
		cursor = next
	})
}
