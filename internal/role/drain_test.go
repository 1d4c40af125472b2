package role_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"holdline/internal/role"
)

func TestADrainTurnsReadinessOffFirstAndEndsLastFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		var ready role.Ready
		began := time.Now()
		listener := d.quiet("listener")
		listener.Drain = func(ctx context.Context) error {
			d.note("drain listener")
			if !errors.Is(ready.Check(ctx), role.ErrDraining) {
				t.Errorf("readiness says %v", ready.Check(ctx))
			}
			if waited := time.Since(began); waited != 2*time.Second {
				t.Errorf("drained %s after the signal, want the ready delay of 2 s", waited)
			}
			return nil
		}
		drain := make(chan struct{})
		_, over := live(t, role.Options{Drain: drain, Ready: &ready, ReadyDelay: 2 * time.Second}, d.quiet("store"), listener)
		if err := ready.Check(t.Context()); err != nil {
			t.Errorf("not ready: %v", err)
		}
		close(drain)
		if err := <-over; err != nil {
			t.Errorf("a drain that was asked for gave %v", err)
		}
		if !errors.Is(ready.Check(t.Context()), role.ErrStopping) {
			t.Error("ready after the end")
		}
		want := "start store, start listener, drain listener, drain store, stop listener, stop store"
		if got := d.text(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

func TestADrainSaysEveryFiveSecondsWhatItWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		calls := d.quiet("calls")
		calls.Progress = func() string { return "3 calls" }
		calls.Drain = func(ctx context.Context) error { return wait(ctx, 12*time.Second) }
		other := d.quiet("other")
		other.Progress = func() string { return "" }
		var log safeBuffer
		drain := make(chan struct{})
		over := make(chan error, 1)
		go func() {
			over <- role.Run(t.Context(), zerolog.New(&log), role.Options{Name: "test", Drain: drain}, other, calls)
		}()
		synctest.Wait() // started: a drain before that is a stop
		close(drain)
		if err := <-over; err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(log.String(), `"waits_for":"calls: 3 calls"`); n != 2 {
			t.Errorf("%d progress lines in 12 s, want 2:\n%s", n, log.String())
		}
	})
}

func TestADrainEnds(t *testing.T) {
	for name, c := range map[string]struct {
		drain func(context.Context) error
		cut   bool // the context ends after a second
		takes time.Duration
		want  string
	}{
		"when the work has run out":         {func(ctx context.Context) error { return wait(ctx, 7*time.Second) }, false, 7 * time.Second, ""},
		"when its time is over":             {func(ctx context.Context) error { return wait(ctx, time.Hour) }, false, 30 * time.Second, ""},
		"when the context does":             {func(ctx context.Context) error { return wait(ctx, time.Hour) }, true, time.Second, ""},
		"also when a part ignores its time": {func(context.Context) error { <-time.After(time.Hour); return nil }, false, 31 * time.Second, "drain b: did not stop in time"},
		"with an error, which it reports":   {func(context.Context) error { return errBroken }, false, 0, "drain b: broken"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var d diary
				b := d.quiet("b")
				b.Drain = c.drain
				drain := make(chan struct{})
				stop, over := live(t, role.Options{Drain: drain, DrainTimeout: 30 * time.Second}, d.quiet("a"), b)
				began := time.Now()
				close(drain)
				if c.cut {
					time.AfterFunc(time.Second, stop)
				}
				err := <-over
				if took := time.Since(began); took != c.takes {
					t.Errorf("took %s, want %s", took, c.takes)
				}
				if text(err) != c.want {
					t.Errorf("gave %q, want %q", text(err), c.want)
				}
				<-time.After(time.Hour) // until what was left behind has ended too
				if !strings.HasSuffix(d.text(), "stop b, stop a") {
					t.Errorf("not stopped: %s", d.text())
				}
			})
		})
	}
}

func TestAPartThatFailsEndsADrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		drain := make(chan struct{})
		b := d.quiet("b")
		b.Drain = func(ctx context.Context) error { return wait(ctx, time.Hour) }
		c := d.quiet("c")
		c.Run = func(ctx context.Context) error {
			<-drain
			if err := wait(ctx, time.Second); err != nil {
				return err
			}
			return errBroken
		}
		_, over := live(t, role.Options{Drain: drain, DrainTimeout: time.Hour}, b, c)
		close(drain)
		if err := <-over; text(err) != "run c: broken" {
			t.Errorf("gave %v", err)
		}
	})
}

// wait is work that takes d, or ends with its context.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// safeBuffer is a buffer that is written and read by several goroutines.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
