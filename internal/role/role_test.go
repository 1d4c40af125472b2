package role_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"holdline/internal/role"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBroken = errors.New("broken")

// diary notes what parts do, in the order in which they do it.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) text() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.lines, ", ")
}

// part is a part that notes all that it does and runs until it is told to end.
func (d *diary) part(name string) role.Part {
	return role.Part{
		Name:  name,
		Start: func(context.Context) error { d.note("start " + name); return nil },
		Run:   func(ctx context.Context) error { <-ctx.Done(); d.note("end " + name); return ctx.Err() },
		Drain: func(context.Context) error { d.note("drain " + name); return nil },
		Stop:  func(context.Context) error { d.note("stop " + name); return nil },
	}
}

// quiet is d.part without the line of its Run, whose place among the others is
// not fixed.
func (d *diary) quiet(name string) role.Part {
	p := d.part(name)
	p.Run = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	return p
}

// live runs the parts in the background until they are ready.
func live(t *testing.T, o role.Options, parts ...role.Part) (stop context.CancelFunc, over <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- role.Run(ctx, zerolog.Nop(), o, parts...) }()
	synctest.Wait()
	return cancel, done
}

func TestPartsStartInOrderAndStopLastFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		stop, over := live(t, role.Options{}, d.quiet("a"), d.quiet("b"), d.quiet("c"))
		stop()
		if err := <-over; err != nil {
			t.Errorf("a stop that was asked for gave %v", err)
		}
		if got, want := d.text(), "start a, start b, start c, stop c, stop b, stop a"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

func TestARunHasEndedBeforeThePartBelowIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		slow := d.part("slow")
		slow.Run = func(ctx context.Context) error {
			<-ctx.Done()
			<-time.After(time.Second)
			d.note("end slow")
			return nil
		}
		stop, over := live(t, role.Options{}, d.quiet("below"), slow)
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
		if got, want := d.text(), "start below, start slow, stop slow, end slow, stop below"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

func TestEndings(t *testing.T) {
	fails := func(context.Context) error { return errBroken }
	returns := func(context.Context) error { return nil }
	for name, c := range map[string]struct {
		change func(*role.Part) // of the middle one of three
		want   string           // the error, "" for none
		diary  string
	}{
		"a part that cannot start ends those before it, and nothing after it begins": {
			func(p *role.Part) { p.Start = fails },
			"start b: broken", "start a, stop a",
		},
		"a part whose run fails ends all": {
			func(p *role.Part) { p.Run = fails },
			"run b: broken", "",
		},
		"a part whose run just returns ends all": {
			func(p *role.Part) { p.Run = returns },
			"run b: ended without being asked to", "",
		},
		"a failing stop is named, and the others are stopped": {
			func(p *role.Part) { p.Run, p.Stop = fails, fails },
			"run b: broken\nstop b: broken", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var d diary
				b := d.quiet("b")
				c.change(&b)
				err := role.Run(t.Context(), zerolog.Nop(), role.Options{}, d.quiet("a"), b, d.quiet("c"))
				if got := err.Error(); got != c.want {
					t.Errorf("error %q, want %q", got, c.want)
				}
				if !errors.Is(err, errBroken) && !strings.Contains(c.want, "without") {
					t.Error("the cause is lost")
				}
				if c.diary != "" && d.text() != c.diary {
					t.Errorf("got  %s\nwant %s", d.text(), c.diary)
				}
				if !strings.HasSuffix(d.text(), "stop a") {
					t.Errorf("the first part was not stopped last: %s", d.text())
				}
			})
		})
	}
}

func TestAPartThatEndsWhileAnotherStartsEndsTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		breaks := d.quiet("breaks")
		breaks.Run = func(context.Context) error { return errBroken }
		waits := d.quiet("waits")
		waits.Start = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		err := role.Run(t.Context(), zerolog.Nop(), role.Options{}, breaks, waits)
		if err == nil || err.Error() != "run breaks: broken" {
			t.Errorf("got %v", err)
		}
	})
}

func TestADrainWhileStartingStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		waits := d.quiet("waits")
		waits.Start = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		drain := make(chan struct{})
		var ready role.Ready
		_, over := live(t, role.Options{Drain: drain, Ready: &ready}, d.quiet("a"), waits)
		if !errors.Is(ready.Check(t.Context()), role.ErrStarting) {
			t.Error("ready while a part starts")
		}
		close(drain)
		if err := <-over; err != nil {
			t.Error(err)
		}
		if !strings.HasSuffix(d.text(), "stop a") {
			t.Errorf("not stopped: %s", d.text())
		}
	})
}

func TestStopHasOneDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		release := make(chan struct{})
		stuck := func(context.Context) error { <-release; return nil }
		deaf := d.quiet("deaf")
		deaf.Stop = stuck
		busy := d.quiet("busy")
		busy.Run = stuck
		stop, over := live(t, role.Options{StopTimeout: 10 * time.Second}, d.quiet("a"), deaf, busy)
		began := time.Now()
		stop()
		err := <-over
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("took %s, want 10 s", took)
		}
		for _, want := range []string{"stop deaf: did not stop in time", "stop busy: did not stop in time"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v lacks %q", err, want)
			}
		}
		synctest.Wait()
		if !slices.Contains(strings.Split(d.text(), ", "), "stop a") {
			t.Error("a part below was not stopped")
		}
		close(release)
	})
}

func TestSignals(t *testing.T) {
	for name, c := range map[string]struct {
		send          []os.Signal
		drains, stops bool
	}{
		"nothing":       {nil, false, false},
		"TERM drains":   {[]os.Signal{syscall.SIGTERM}, true, false},
		"INT stops":     {[]os.Signal{os.Interrupt}, false, true},
		"TERM twice":    {[]os.Signal{syscall.SIGTERM, syscall.SIGTERM}, true, true},
		"TERM then INT": {[]os.Signal{syscall.SIGTERM, os.Interrupt}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				received := make(chan os.Signal)
				ctx, drain, release := role.Signals(t.Context(), received)
				defer release()
				for _, s := range c.send {
					received <- s
				}
				synctest.Wait()
				drained := false
				select {
				case <-drain:
					drained = true
				default:
				}
				if drained != c.drains || (ctx.Err() != nil) != c.stops {
					t.Errorf("drains %v, stops %v", drained, ctx.Err() != nil)
				}
			})
		})
	}
}

// Many lives side by side, each ended at a moment of its own.
func TestStress(t *testing.T) {
	var wait sync.WaitGroup
	for range 10 {
		wait.Go(func() {
			for i := range 50 {
				var d diary
				ctx, cancel := context.WithCancel(t.Context())
				drain := make(chan struct{})
				last := d.quiet("last")
				switch i % 4 {
				case 0:
					go cancel()
				case 1:
					go close(drain)
				case 2:
					last.Run = func(context.Context) error { return errBroken }
				case 3:
					last.Start = func(context.Context) error { cancel(); return nil }
				}
				err := role.Run(ctx, zerolog.Nop(), role.Options{Drain: drain}, d.part("first"), d.quiet("second"), last)
				if (err != nil) != (i%4 == 2) {
					t.Errorf("life %d ended with %v", i, err)
				}
				if started, stopped := strings.Count(d.text(), "start "), strings.Count(d.text(), "stop "); started > stopped {
					t.Errorf("life %d: %d started, %d stopped: %s", i, started, stopped, d.text())
				}
				cancel()
			}
		})
	}
	wait.Wait()
}
