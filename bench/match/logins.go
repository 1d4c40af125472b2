package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"holdline/queue"
)

// measureLogins: so many agents log in at once while so many wait for them;
// eight callmanagers' matchers work. Until the last match, and the longest script.
func measureLogins(ctx context.Context, agents, waiting int, out *figures) error {
	progress("%d agents log in at once, %d wait", agents, waiting)
	f, err := newFloor(ctx, agents)
	if err != nil {
		return err
	}
	defer f.stop()
	if err := eight(waiting, func(i int) error {
		return f.arrive(ctx, f.asked(i), fmt.Sprintf("l%d.%d", i, i))
	}); err != nil {
		return err
	}
	wanted := 0
	for i := range f.agents {
		if f.serves(i) {
			wanted++
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	var made atomic.Int64
	var last atomic.Int64
	start := time.Now()
	var matchers sync.WaitGroup
	matching, stop := context.WithCancel(ctx)
	failed := make(chan error, 8)
	for m := range 8 {
		matchers.Go(func() {
			if err := f.matcher(matching, fmt.Sprintf("matcher-%d", m), func(n int) {
				last.Store(int64(time.Since(start)))
				if made.Add(int64(n)) >= int64(min(wanted, waiting)) {
					stop()
				}
			}); err != nil && matching.Err() == nil {
				failed <- err
				stop()
			}
		})
	}
	if err := f.login(ctx); err != nil {
		stop()
		matchers.Wait()
		return err
	}
	took := time.Since(start)
	matchers.Wait()
	stop()
	select {
	case err := <-failed:
		return err
	default:
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%d of %d matched: %w", made.Load(), wanted, ctx.Err())
	}
	out.Logins = logins{
		Agents: agents, Waiting: waiting, LoginS: took.Seconds(), LastMatchS: time.Duration(last.Load()).Seconds(), Matched: int(made.Load()),
	}
	return out.slow(ctx, f.server, "logins")
}

func (f *floor) matcher(ctx context.Context, name string, made func(int)) error {
	for ctx.Err() == nil {
		entries, err := f.pool.Take(ctx, name, 100*time.Millisecond, 32)
		if err != nil {
			return err
		}
		for _, w := range entries {
			if w.Kind == queue.WorkMatch {
				offers, err := f.pool.Match(ctx, w.ID, queue.Subject{Agent: w.Agent, Line: w.Line})
				if err != nil {
					return err
				}
				if len(offers) > 0 {
					made(len(offers))
				}
			}
			if _, err := f.pool.Done(ctx, w.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
