package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// rows of the benchmark, in their order.
var rows = []struct {
	name string
	make func(*bench, context.Context, string) error
}{
	{"idle", (*bench).idleRow}, {"burst", (*bench).burstRow}, {"ringall", (*bench).ringAllRow},
	{"silent", (*bench).silentRow}, {"music", (*bench).musicRow}, {"rate", (*bench).rateRow},
}

// idleRow: agents stand free, calls come at several rates.
func (b *bench) idleRow(ctx context.Context, system string) error {
	for _, rate := range []struct {
		perS  int
		calls int
	}{{2, 30}, {10, 100}, {40, 320}} {
		for _, direct := range []bool{false, true} {
			// Without Kamailio nobody of ours finds an agent; once is enough for the others.
			if direct && (system == ours || rate.perS != 10) {
				continue
			}
			calls := rate.calls
			if b.short {
				calls /= 4
			}
			j := job{row: "idle", system: system, direct: direct, load: load{
				text: fmt.Sprintf("%d calls/s, 100 agents", rate.perS), calls: calls,
				gap: time.Second / time.Duration(rate.perS), talk: time.Second,
			}}
			j.extens("710", 100)
			if _, _, err := b.run(ctx, j); err != nil {
				return err
			}
		}
	}
	return nil
}

// burstRow: more callers at once than agents.
func (b *bench) burstRow(ctx context.Context, system string) error {
	times := 2
	if b.short {
		times = 1
	}
	for range times {
		for _, direct := range []bool{false, true} {
			if direct && (system == ours || b.short) {
				continue
			}
			j := job{row: "burst", system: system, direct: direct, load: load{
				text: "300 callers, 50 agents, talk 2 s", calls: 300, gap: 2 * time.Millisecond, talk: 2 * time.Second,
			}}
			j.extens("750", 50)
			if _, _, err := b.run(ctx, j); err != nil {
				return err
			}
		}
	}
	return nil
}

// ringAllRow: all phones ring.
func (b *bench) ringAllRow(ctx context.Context, system string) error {
	if system == ours && !b.stack.ringAll {
		return nil
	}
	person := spread(100*time.Millisecond, 600*time.Millisecond)
	alone := job{row: "ringall", system: system, load: load{
		text: "1 call/s, 50 agents idle", calls: 10, gap: time.Second, talk: 300 * time.Millisecond, answer: person,
	}}
	burst := job{row: "ringall", system: system, load: load{
		text: "300 callers, 50 agents, talk 2 s", calls: 300, gap: 2 * time.Millisecond, talk: 2 * time.Second, answer: person,
		drain: 45 * time.Second, // a short look too: fifty at a time take six talks
	}}
	for _, j := range []job{alone, burst} {
		j.extens("751", 50)
		if _, _, err := b.run(ctx, j); err != nil {
			return err
		}
	}
	return nil
}

// silentRow: one of two agents never answers. What counts is when the other rings.
func (b *bench) silentRow(ctx context.Context, system string) error {
	j := job{row: "silent", system: system, load: load{
		text: "2 callers, 2 agents, one never answers, ring 5 s", calls: 2, gap: 3 * time.Second, talk: time.Second,
		mute: map[int]bool{1: true}, drain: 20 * time.Second,
	}}
	j.extens("752", 2)
	r, t, err := b.run(ctx, j)
	if err != nil {
		return err
	}
	// From the first ring that was in vain to the next agent's.
	for _, c := range t.callers {
		i := slices.IndexFunc(c.dialogs, func(d *dialog) bool { return d.agent != agentID(1) })
		switch {
		case i < 0 && len(c.dialogs) > 0:
			r.NextMS = -1 // never
		case i > 0 && r.NextMS >= 0:
			r.NextMS = max(r.NextMS, round(c.dialogs[i].invited.Sub(c.dialogs[0].invited).Seconds()*1000, 1))
		}
	}
	return nil
}

// musicRow: nobody serves.
func (b *bench) musicRow(ctx context.Context, system string) error {
	callers := 500
	if b.short {
		callers = 100
	}
	var s spent
	j := job{row: "music", system: system, load: load{
		text: fmt.Sprintf("%d callers wait with music", callers), calls: callers, gap: 20 * time.Millisecond, hold: time.Millisecond,
		held: func() error {
			before, err := b.stack.engine.usage(ctx)
			if err != nil {
				return err
			}
			timer := time.NewTimer(b.scale(10 * time.Second))
			defer timer.Stop()
			select {
			case <-timer.C: // the span that is measured
			case <-ctx.Done():
				return ctx.Err()
			}
			now, err := b.stack.engine.usage(ctx)
			s = between(before, now)
			return err
		},
	}}
	j.extens("753", 0)
	r, _, err := b.run(ctx, j)
	if err != nil {
		return err
	}
	r.Lost, r.Fates = 0, nil // they hung up by themselves
	r.charge(s, nil)
	return nil
}

// rateRow: calls come faster until pickup p95 passes 100 ms.
func (b *bench) rateRow(ctx context.Context, system string) error {
	rates := []int{40, 60, 80, 100, 120, 140, 160}
	if system == appQueue {
		rates = []int{80, 120, 160}
	}
	if b.short {
		rates = rates[:1]
	}
	for _, rate := range rates {
		j := job{row: "rate", system: system, load: load{
			text: fmt.Sprintf("%d calls/s, %d agents, talk 1 s", rate, agentCount), calls: rate * 8,
			gap: time.Second / time.Duration(rate), talk: time.Second,
		}}
		j.extens("720", agentCount)
		r, _, err := b.run(ctx, j)
		if err != nil {
			return err
		}
		if r.Lost > 0 || r.Pickup.P95 > 100 {
			return nil
		}
	}
	return nil
}
