package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"holdline/queue"
)

const (
	batch   = 50
	batches = 20
)

var empty = redis.NewScript("return 1")

// measureFloor measures claims on a floor of so many agents, with each of the
// numbers waiting, from both sides; then the ways of others on the same floor.
func measureFloor(ctx context.Context, agents int, waiting []int, out *figures) error {
	f, err := newFloor(ctx, agents)
	if err != nil {
		return err
	}
	defer f.stop()
	for _, want := range waiting {
		progress("%d agents, of whom few are free; %d wait", agents, want)
		if err := f.fullQueues(ctx, want, out); err != nil {
			return fmt.Errorf("%d waiting, agents turn ready: %w", want, err)
		}
	}
	if err := f.login(ctx); err != nil {
		return err
	}
	have := 0
	for _, want := range waiting {
		progress("%d agents, all free; %d wait for others", agents, want)
		if err := f.starve(ctx, have, want); err != nil {
			return err
		}
		have = want
		if err := f.freeFloor(ctx, want, out); err != nil {
			return fmt.Errorf("%d waiting, callers arrive: %w", want, err)
		}
	}
	if err := f.changes(ctx, out); err != nil {
		return fmt.Errorf("modes: %w", err)
	}
	if err := out.slow(ctx, f.server, fmt.Sprintf("%d agents", agents)); err != nil {
		return err
	}
	return f.others(ctx, out)
}

// fullQueues: everybody waits for needs that have agents, all of whom are away.
// One after the other turns ready and is given who waits longest.
func (f *floor) fullQueues(ctx context.Context, want int, out *figures) error {
	before, err := f.memory(ctx)
	if err != nil {
		return err
	}
	channels := make([]string, want)
	for i := range channels {
		channels[i] = f.channel()
	}
	if err := eight(want, func(i int) error { return f.arrive(ctx, f.asked(i), channels[i]) }); err != nil {
		return err
	}
	after, err := f.memory(ctx)
	if err != nil {
		return err
	}
	out.bytes(want, (after-before)/float64(want))

	gone := map[string]bool{}
	var spent, idle []float64
	next := 0
	for range batches {
		var ready []string
		for len(ready) < batch {
			i := next % len(f.agents)
			next++
			if !f.serves(i) {
				continue
			}
			ready = append(ready, agentID(i))
			if _, err := f.pool.SetMode(ctx, agentID(i), queue.ModeChange{Mode: queue.Ready}); err != nil {
				return err
			}
		}
		var offers []queue.Offer
		us, err := f.spent(ctx, scriptsAlone, func() error {
			for _, id := range ready {
				made, err := f.pool.Match(ctx, "", queue.Subject{Agent: id})
				if err != nil {
					return err
				}
				if len(made) != 1 || made[0].Agent != id {
					return fmt.Errorf("agent %s got %d offers", id, len(made))
				}
				offers = append(offers, made...)
			}
			return nil
		})
		if err != nil {
			return err
		}
		nothing, err := f.nothing(ctx)
		if err != nil {
			return err
		}
		spent, idle = append(spent, us/batch), append(idle, nothing)
		for _, o := range offers {
			gone[o.Channel] = true
			if err := f.hangUp(ctx, o); err != nil {
				return err
			}
			if _, err := f.pool.SetMode(ctx, o.Agent, queue.ModeChange{Mode: queue.LoggedOut}); err != nil {
				return err
			}
			channels = append(channels, f.channel())
			if err := f.arriveAt(ctx, o.Queue, channels[len(channels)-1]); err != nil {
				return err
			}
		}
	}
	out.claim(len(f.agents), want, "agent turns ready", spent, idle)
	return eight(len(channels), func(i int) error {
		if gone[channels[i]] {
			return nil
		}
		_, err := f.pool.CallerGone(ctx, f.from, channels[i])
		return err
	})
}

// freeFloor: every agent is ready; callers arrive, each for a need that has agents.
func (f *floor) freeFloor(ctx context.Context, want int, out *figures) error {
	var spent, idle []float64
	for b := range batches {
		var channels []string
		var offers []queue.Offer
		for i := range batch {
			channels = append(channels, f.channel())
			if err := f.arrive(ctx, f.asked(b*batch+i), channels[i]); err != nil {
				return err
			}
		}
		us, err := f.spent(ctx, scriptsAlone, func() error {
			for i := range batch {
				made, err := f.pool.Match(ctx, "", queue.Subject{Line: lineOf(f.asked(b*batch + i))})
				if err != nil {
					return err
				}
				// Two callers of one need are matched at once: then the second time gives none.
				offers = append(offers, made...)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if len(offers) != batch {
			return fmt.Errorf("%d arrivals got %d offers", batch, len(offers))
		}
		nothing, err := f.nothing(ctx)
		if err != nil {
			return err
		}
		spent, idle = append(spent, us/batch), append(idle, nothing)
		for _, o := range offers {
			if err := f.hangUp(ctx, o); err != nil {
				return err
			}
		}
	}
	out.claim(len(f.agents), want, "caller arrives", spent, idle)
	return nil
}

// changes: agents pause and are ready again: out of the index of every need that
// they serve, and in again.
func (f *floor) changes(ctx context.Context, out *figures) error {
	var spent []float64
	for b := range batches {
		us, err := f.spent(ctx, scriptsAlone, func() error {
			for i := range batch {
				id := agentID((b*batch + i) % len(f.agents))
				for _, m := range []queue.Mode{queue.Paused, queue.Ready} {
					if _, err := f.pool.SetMode(ctx, id, queue.ModeChange{Mode: m}); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		spent = append(spent, us/(2*batch))
	}
	out.change(len(f.agents), spent)
	return nil
}

// hangUp: the caller hangs up while the agent's phone rings, and the phone falls silent.
func (f *floor) hangUp(ctx context.Context, o queue.Offer) error {
	if _, err := f.pool.CallerGone(ctx, f.from, o.Channel); err != nil {
		return err
	}
	for _, leg := range o.Legs {
		if _, err := f.pool.LegEnded(ctx, f.from, leg, 0); err != nil && !errors.Is(err, queue.ErrNoOffer) {
			return err
		}
	}
	return nil
}

// nothing is what an empty script costs now.
func (f *floor) nothing(ctx context.Context) (float64, error) {
	us, err := f.spent(ctx, scriptsAlone, func() error {
		for range batch {
			if err := empty.Run(ctx, f, nil).Err(); err != nil {
				return err
			}
		}
		return nil
	})
	return us / batch, err
}

func (f *floor) channel() string {
	f.n++
	return fmt.Sprintf("%d.%d", 1700000000+f.n, f.n)
}

// middle is the median.
func middle(of []float64) float64 {
	s := slices.Sorted(slices.Values(of))
	return s[len(s)/2]
}
