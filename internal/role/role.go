// Package role gives every process of Holdline one life: parts are started in
// order, a drain lets their work run out, and they are stopped in reverse
// order. It is written once, so that a role's own code holds no lifecycle.
//
//	starting ──▶ ready ──drain──▶ draining ──▶ stopping ──▶ ended
//	    └─────────┴──── a part fails, or the context ends ──▲
//
// What it promises:
//
//  1. Parts start one after the other, in the order given. When one cannot,
//     those before it are stopped, last first, and nothing after it is begun.
//  2. The role is ready when every part has started, and not a moment before.
//  3. The first part whose Run returns ends all, whether it returned an error
//     or not: a role with a missing part does not pretend to work.
//  4. A drain turns readiness off first, waits ReadyDelay so that whoever
//     probes can see it, then asks each part, last first, to let its work run
//     out, for DrainTimeout in all. A progress line is logged every
//     ProgressEvery.
//  5. The end of the context cuts a drain short, and stops at once.
//  6. Every started part is stopped exactly once, last first, for StopTimeout
//     in all. A part that does not stop in time is named and left behind.
//  7. Run returns when all of that is over, with every error joined, each
//     under the name of its part. A drain or a stop that was asked for and
//     went well is nil.
//
// Signals belong to main: it turns them into a context and a channel with
// Signals. A panic in a part is not caught: the process ends, and what it
// held is taken over by another, as for any other death.
package role

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"
)

// Part is one thing that a role consists of. Every function is optional.
type Part struct {
	Name string
	// Start returns when the part can do its work (listening, connected). Its
	// context ends when the role is told to stop. When it fails it has let go of
	// what it took: Stop is for parts that have started.
	Start func(context.Context) error
	// Run works until its context ends. It runs on a goroutine of its own once
	// Start has returned; its context ends when the part's turn to stop comes.
	Run func(context.Context) error
	// Drain takes in nothing new and returns when nothing is left, or when its
	// context ends. Run goes on meanwhile.
	Drain func(context.Context) error
	// Stop releases what Start took. Run's context has ended when it is
	// called; Run need not have returned.
	Stop func(context.Context) error
	// Progress says what a drain is still waiting for; "" is nothing.
	Progress func() string
}

// Defaults of Options.
const (
	DefaultDrainTimeout  = 30 * time.Second
	DefaultStopTimeout   = 10 * time.Second
	DefaultProgressEvery = 5 * time.Second
)

// Options say how a role ends. The zero value is usable.
type Options struct {
	Name string
	// Drain, when closed, asks for a drain; nil never does.
	Drain <-chan struct{}
	// Ready is turned on and off by Run; give it to the readiness checks.
	Ready *Ready
	// ReadyDelay is how long a draining role still takes work, so that a load
	// balancer that probes readiness sends the next request elsewhere: a little
	// more than its probe interval times its count of failures.
	ReadyDelay    time.Duration
	DrainTimeout  time.Duration
	StopTimeout   time.Duration
	ProgressEvery time.Duration
}

// errEnded is what a part's Run returning nil, unasked, amounts to.
var errEnded = errors.New("ended without being asked to")

// Run carries the parts through one life and returns when it is over.
func Run(ctx context.Context, log zerolog.Logger, o Options, parts ...Part) error {
	o.DrainTimeout = cmp.Or(o.DrainTimeout, DefaultDrainTimeout)
	o.StopTimeout = cmp.Or(o.StopTimeout, DefaultStopTimeout)
	o.ProgressEvery = cmp.Or(o.ProgressEvery, DefaultProgressEvery)
	if o.Ready == nil {
		o.Ready = new(Ready)
	}
	l := &life{options: o, log: log.With().Str("role", o.Name).Logger(), ended: make(chan ending, len(parts))}
	err := l.start(ctx, parts)
	if err == nil {
		o.Ready.set(stateReady)
		l.log.Info().Int("parts", len(parts)).Msg("role is ready")
		err = l.serve(ctx)
	}
	o.Ready.set(stateStopping)
	err = errors.Join(err, l.stop(ctx))
	if err == nil {
		l.log.Info().Msg("role ended")
	}
	return err
}

// life is one pass through Run.
type life struct {
	options Options
	log     zerolog.Logger
	started []*running
	ended   chan ending
	abort   context.CancelFunc // ends the start
}

// running is a part that has been started.
type running struct {
	Part
	cancel   context.CancelFunc // ends Run's context
	returned chan struct{}      // closed when Run has returned
	err      error              // what Run returned; read after returned is closed
	reported bool               // its unasked end is already in Run's error
}

// ending is a Run that has returned.
type ending struct{ part *running }

// start begins the parts in order. A part that ends, or a drain that is asked
// for, while another is still starting ends the start: a Start that waits for
// a dependency must not outlive the wish to stop.
func (l *life) start(ctx context.Context, parts []Part) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l.abort = cancel
	over := make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-l.options.Drain:
			cancel()
		case <-over:
		}
	}()
	for _, p := range parts {
		if ctx.Err() != nil {
			return nil // told to stop while starting: not a fault
		}
		if p.Start != nil {
			if err := p.Start(ctx); err != nil {
				if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
					return nil
				}
				return fmt.Errorf("start %s: %w", p.Name, err)
			}
		}
		l.launch(ctx, p)
		l.log.Debug().Str("part", p.Name).Msg("part started")
	}
	return nil
}

// launch puts a part's Run on its goroutine. The context carries the values of
// the role's, not its end: parts end in reverse order, each at its own turn.
func (l *life) launch(ctx context.Context, p Part) {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &running{Part: p, cancel: cancel, returned: make(chan struct{})}
	l.started = append(l.started, r)
	if p.Run == nil {
		close(r.returned)
		return
	}
	abort := l.abort
	go func() {
		r.err = p.Run(own)
		close(r.returned)
		l.ended <- ending{r} // room for every part: never blocks
		abort()
	}()
}

// serve waits for a reason to end, and drains when that is the reason.
func (l *life) serve(ctx context.Context) error {
	select {
	case <-ctx.Done():
		l.log.Info().Msg("role stops now")
		return nil
	case e := <-l.ended:
		return e.part.failure()
	case <-l.options.Drain:
		return l.drain(ctx)
	}
}

// failure is the error of a part that returned before it was asked to.
func (r *running) failure() error {
	r.reported = true
	return fmt.Errorf("run %s: %w", r.Name, cmp.Or(r.err, errEnded))
}
