package role

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"syscall"
)

// Ready says whether a role takes work. Its zero value is a role that has not
// started. It is safe for use by many goroutines.
type Ready struct{ state atomic.Int32 }

const (
	stateStarting int32 = iota
	stateReady
	stateDraining
	stateStopping
)

// Reasons for which a role is not ready.
var (
	ErrStarting = errors.New("starting")
	ErrDraining = errors.New("draining")
	ErrStopping = errors.New("stopping")
)

// Check is nil when the role takes work, and otherwise says why it does not.
// It has the form of a readiness check.
func (r *Ready) Check(context.Context) error {
	return [...]error{ErrStarting, nil, ErrDraining, ErrStopping}[r.state.Load()]
}

func (r *Ready) set(state int32) { r.state.Store(state) }

// Signals turns the signals that main receives into what Run understands: the
// first TERM closes drain; a second one, or an INT at any time, ends the
// context. release ends the goroutine that listens, and the context.
func Signals(ctx context.Context, received <-chan os.Signal) (_ context.Context, drain <-chan struct{}, release func()) {
	ctx, cancel := context.WithCancel(ctx)
	drains := make(chan struct{})
	over := make(chan struct{})
	go func() {
		defer close(over)
		draining := false
		for {
			select {
			case <-ctx.Done():
				return
			case s := <-received:
				if s != syscall.SIGTERM || draining {
					cancel()
					return
				}
				draining = true
				close(drains)
			}
		}
	}()
	return ctx, drains, func() { cancel(); <-over }
}
