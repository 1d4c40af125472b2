package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// The systems that are compared.
const (
	ours     = "ours"
	appQueue = "app_queue"
	dial     = "dial"
)

// bench makes the runs.
type bench struct {
	stack   *stack
	people  *people
	idle    map[string]float64 // cores of each service when nobody calls
	results []*result
	// replicas of each role, as they were at the start.
	replicas map[string]int
	rows     map[string]bool // nil: all
	systems  map[string]bool // nil: all
	short    bool
	dir      string // where the figures go
}

func (b *bench) wants(row string) bool { return b.rows == nil || b.rows[row] }

// job is a row of the benchmark for one system.
type job struct {
	row, system string
	direct      bool // without Kamailio
	load
}

// extens of a line: of the line itself, or of each agent in turn for dial.
func (j *job) extens(exten string, agents int) {
	switch {
	case j.system == dial && j.direct:
		j.exten = func(i int) string { return fmt.Sprintf("8%04d", i%agents+1) }
	case j.system == dial:
		j.exten = func(i int) string { return fmt.Sprintf("9%04d", i%agents+1) }
	case j.direct:
		exten = "8" + exten[1:]
		fallthrough
	default:
		j.exten = func(int) string { return exten }
	}
}

// run makes one run and keeps its result.
func (b *bench) run(ctx context.Context, j job) (*result, *trace, error) {
	if err := b.people.quiet(ctx); err != nil {
		return nil, nil, err
	}
	j.server = b.stack.kamailio()
	if j.direct {
		j.server = b.stack.node(j.system)
	}
	if j.answer == nil {
		j.answer = after(100 * time.Millisecond)
	}
	if j.drain == 0 {
		j.drain = 30 * time.Second
	}
	since, err := b.stack.lastEntry(ctx)
	if err != nil {
		return nil, nil, err
	}
	before, err := b.stack.engine.usage(ctx)
	if err != nil {
		return nil, nil, err
	}
	t, err := b.people.work(ctx, j.load)
	if err != nil {
		return nil, nil, fmt.Errorf("%s, %s: %w", j.row, j.system, err)
	}
	now, err := b.stack.engine.usage(ctx)
	if err != nil {
		return nil, nil, err
	}
	r := &result{Row: j.row, System: j.system, Load: j.text, direct: j.direct}
	if j.direct {
		r.Load += ", without Kamailio"
	}
	r.measure(t)
	r.charge(between(before, now), b.idle)
	if j.system == ours {
		contacts, err := b.stack.journal(ctx, since)
		if err != nil {
			return nil, nil, err
		}
		r.Stage = stages(contacts, t)
	}
	b.results = append(b.results, r)
	b.say(r)
	return r, t, nil
}

func (b *bench) say(r *result) {
	fmt.Fprintf(os.Stderr, "%s %-9s %-9s %-40s %4d calls, lost %d, pickup %.1f/%.1f/%.1f, re-offer %.1f/%.1f/%.1f, %.1f calls/s, order %d laa %d double %d, noise %.2f\n",
		time.Now().Format("15:04:05"), r.Row, r.System, r.Load, r.Calls, r.Lost, r.Pickup.P50, r.Pickup.P95, r.Pickup.P99,
		r.Reoffer.P50, r.Reoffer.P95, r.Reoffer.P99, r.CallsPerS, r.Overtaken, r.Passed, r.Doubles, r.Noise)
	for fate, n := range r.Fates {
		fmt.Fprintf(os.Stderr, "         %d callers: %s\n", n, fate)
	}
}

// warmUp makes calls until all of a few are served: by then Kamailio has probed
// the node, connections are open and files are read.
func (b *bench) warmUp(ctx context.Context, system string) error {
	return until(ctx, 30*time.Second, "warm up "+system, func(ctx context.Context) error {
		j := job{row: "warm", system: system, load: load{calls: 20, gap: 25 * time.Millisecond, talk: 200 * time.Millisecond, drain: 5 * time.Second}}
		j.extens("710", 100)
		j.server, j.answer = b.stack.kamailio(), after(0)
		t, err := b.people.work(ctx, j.load)
		if err != nil {
			return err
		}
		if n := t.lost(); n > 0 {
			return fmt.Errorf("%d of %d calls were not served", n, len(t.callers))
		}
		return b.people.quiet(ctx)
	})
}

// anew starts the baseline's Asterisk again: the longer it has run, the more a call
// costs it, and each row is to see it at its best. Ours goes on.
func (b *bench) anew(ctx context.Context, system string) error {
	if err := b.stack.compose(ctx, "restart", "--timeout", "1", "appqueue"); err != nil {
		return err
	}
	return b.warmUp(ctx, system)
}

// rest measures what everything uses when nobody calls.
func (b *bench) rest(ctx context.Context) error {
	before, err := b.stack.engine.usage(ctx)
	if err != nil {
		return err
	}
	timer := time.NewTimer(b.scale(5 * time.Second))
	defer timer.Stop()
	select {
	case <-timer.C: // the span that is measured
	case <-ctx.Done():
		return ctx.Err()
	}
	now, err := b.stack.engine.usage(ctx)
	if err != nil {
		return err
	}
	s := between(before, now)
	b.idle = map[string]float64{}
	var parts []string
	for service, used := range s.Services {
		b.idle[service] = used / s.Seconds
		parts = append(parts, fmt.Sprintf("%s %.3f", service, b.idle[service]))
	}
	fmt.Fprintf(os.Stderr, "idle, cores: %s, noise %.2f\n", strings.Join(parts, " "), s.Noise)
	return nil
}

func (b *bench) scale(d time.Duration) time.Duration {
	if b.short {
		return d / 4
	}
	return d
}

// systems: ours, then the others, because the switch is made once.
var systems = []string{ours, appQueue, dial}

// everything makes all runs.
func (b *bench) everything(ctx context.Context) error {
	for _, system := range systems {
		if b.systems != nil && !b.systems[system] {
			continue
		}
		if system != ours {
			if err := b.stack.useBaseline(ctx); err != nil {
				return err
			}
		}
		if err := b.warmUp(ctx, system); err != nil {
			return err
		}
		if err := b.rest(ctx); err != nil {
			return err
		}
		var errs []error
		for _, row := range rows {
			if ctx.Err() != nil || !b.wants(row.name) || system == dial && row.name != "idle" {
				continue
			}
			if system != ours {
				if err := b.anew(ctx, system); err != nil {
					return err
				}
			}
			errs = append(errs, row.make(b, ctx, system))
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	return ctx.Err()
}
