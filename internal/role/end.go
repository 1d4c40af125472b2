package role

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// drain lets the work of every part run out, last part first.
func (l *life) drain(ctx context.Context) error {
	l.options.Ready.set(stateDraining)
	l.log.Info().Dur("ready_delay_ms", l.options.ReadyDelay).Dur("timeout_ms", l.options.DrainTimeout).
		Msg("role drains")
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, l.options.ReadyDelay+l.options.DrainTimeout)
	defer cancel()

	finished := make(chan error, 1)
	go func() { finished <- l.drainParts(ctx) }()
	tick := time.NewTicker(l.options.ProgressEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-finished:
			l.log.Info().Dur("took_ms", time.Since(began)).Err(err).Msg("drain over")
			return err
		case e := <-l.ended:
			cancel()
			return errors.Join(e.part.failure(), <-finished)
		case <-tick.C:
			l.log.Info().Str("waits_for", l.progress()).Dur("so_far_ms", time.Since(began)).Msg("role is draining")
		}
	}
}

func (l *life) drainParts(ctx context.Context) error {
	select {
	case <-time.After(l.options.ReadyDelay):
	case <-ctx.Done():
	}
	var all []error
	for _, r := range slices.Backward(l.started) {
		if r.Drain == nil || ctx.Err() != nil {
			continue
		}
		err := r.drain(ctx)
		// Being told to stop, or being out of time, is how a drain may end; it
		// is no fault of the part, and the log line says what was left.
		if errors.Is(err, errLate) || err != nil && ctx.Err() == nil {
			all = append(all, fmt.Errorf("drain %s: %w", r.Name, err))
		}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		l.log.Warn().Str("left", l.progress()).Msg("drain ran out of time")
	}
	return errors.Join(all...)
}

// lateDrain is how long a drain that was cut short may take to return.
const lateDrain = time.Second

// drain asks one part. One that ignores its context is left behind: the
// deadline holds for it too.
func (r *running) drain(ctx context.Context) error {
	returned := make(chan error, 1)
	go func() { returned <- r.Drain(ctx) }()
	select {
	case err := <-returned:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-returned:
		return err
	case <-time.After(lateDrain):
		return errLate
	}
}

// progress joins what the parts say that they wait for.
func (l *life) progress() string {
	var waits []string
	for _, r := range l.started {
		if r.Progress == nil {
			continue
		}
		if s := r.Progress(); s != "" {
			waits = append(waits, r.Name+": "+s)
		}
	}
	return strings.Join(waits, "; ")
}

// stop ends the started parts, last first, under one deadline.
func (l *life) stop(ctx context.Context) error {
	// The context of the role has usually ended by now; stopping needs its own.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.options.StopTimeout)
	defer cancel()
	var all []error
	for _, r := range slices.Backward(l.started) {
		if err := r.stop(ctx); err != nil {
			all = append(all, fmt.Errorf("stop %s: %w", r.Name, err))
		}
		l.log.Debug().Str("part", r.Name).Msg("part stopped")
	}
	return errors.Join(all...)
}

// errLate is a part that outlived the time it had to stop.
var errLate = errors.New("did not stop in time")

// stop ends one part. Its Stop runs on a goroutine, because one that ignores
// its context must not keep the parts below it from being stopped.
func (r *running) stop(ctx context.Context) error {
	var early error
	ranOut := false
	select {
	case <-r.returned:
		ranOut = true
		if r.Run != nil && !r.reported {
			early = r.failure()
		}
	default:
	}
	r.cancel()
	stopped := make(chan error, 1)
	go func() {
		if r.Stop == nil {
			stopped <- nil
			return
		}
		stopped <- r.Stop(ctx)
	}()
	var err error
	select {
	case err = <-stopped:
	case <-ctx.Done():
		return errors.Join(early, errLate)
	}
	select {
	case <-r.returned:
	case <-ctx.Done():
		return errors.Join(early, err, errLate)
	}
	err = errors.Join(early, err)
	if !ranOut && r.err != nil && !errors.Is(r.err, context.Canceled) {
		err = errors.Join(err, r.err)
	}
	return err
}
