package directory

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var errDown = errors.New("mysql is down")

// world is a directory whose version and faults the test sets, inside a
// synctest bubble: time passes when everybody waits.
type world struct {
	*Directory

	mu sync.Mutex // guards the facts, between Watch and the test
	facts
}

type facts struct {
	version int64 // what MySQL would say
	down    bool
	takeErr error // what the function given to Watch returns

	polls  int
	health []Health
	seen   []int64
	seenAt []time.Time
}

// now lets the test change the facts, and gives what they are then.
func (w *world) now(change func(*facts)) facts {
	w.mu.Lock()
	defer w.mu.Unlock()
	if change != nil {
		change(&w.facts)
	}
	return w.facts
}

func newWorld() *world {
	w := &world{facts: facts{version: 10}}
	w.Directory = New(nil, Options{OnHealth: func(h Health) {
		w.now(func(f *facts) { f.health = append(f.health, h) })
	}})
	w.poll = func(context.Context) (int64, error) {
		f := w.now(func(f *facts) { f.polls++ })
		if f.down {
			return 0, errDown
		}
		return f.version, nil
	}
	return w
}

func (w *world) take(_ context.Context, version int64) error {
	return w.now(func(f *facts) {
		f.seen = append(f.seen, version)
		f.seenAt = append(f.seenAt, time.Now())
	}).takeErr
}

// watch runs Watch for the length of the test body.
func (w *world) watch(t *testing.T, every time.Duration, body func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.Watch(ctx, every, w.take) }()
	synctest.Wait()
	body()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Watch returned %v", err)
	}
}

// pass lets time pass inside the bubble: nobody waits in earnest.
func (w *world) pass(d time.Duration) facts {
	<-time.After(d)
	synctest.Wait()
	return w.now(nil)
}

func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.watch(t, 100*time.Millisecond, func() {
			if f := w.now(nil); !slices.Equal(f.seen, []int64{10}) {
				t.Fatalf("at the start: %v", f.seen)
			}
			if h := w.Health(); !h.OK || h.Version != 10 || h.Since.IsZero() {
				t.Errorf("health %+v", h)
			}
			if f := w.pass(10 * time.Second); len(f.seen) != 1 {
				t.Errorf("called without a change: %v", f.seen)
			}
			w.now(func(f *facts) { f.version = 11 })
			edited := time.Now()
			if f := w.pass(time.Second); !slices.Equal(f.seen, []int64{10, 11}) || f.seenAt[1].Sub(edited) > 100*time.Millisecond {
				t.Errorf("after an edit: %v at %v", f.seen, f.seenAt)
			}
			w.now(func(f *facts) { f.version = 5 }) // an older backup
			if f := w.pass(time.Second); !slices.Equal(f.seen, []int64{10, 11, 5}) {
				t.Errorf("after a restore: %v", f.seen)
			}
		})
	})
}

func TestWatchCutsTheInterval(t *testing.T) {
	for _, every := range []time.Duration{0, -1, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.watch(t, every, func() {
				if f := w.pass(10 * time.Second); f.polls != 21 {
					t.Errorf("every %s: %d polls in 10 s, want 21", every, f.polls)
				}
			})
		})
	}
}

func TestWatchSurvivesAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.watch(t, 100*time.Millisecond, func() {
			before := w.now(func(f *facts) { f.down = true }).polls
			if n := w.pass(time.Minute).polls - before; n < 60 || n > 130 {
				t.Errorf("%d polls in a minute of outage: too eager or too lazy", n)
			}
			if h := w.Health(); h.OK || !errors.Is(h.Err, errDown) || h.Version != 10 {
				t.Errorf("health in the outage: %+v", h)
			}
			w.now(func(f *facts) { f.down, f.version = false, 12 })
			back := time.Now()
			f := w.pass(2 * time.Second)
			if !slices.Equal(f.seen, []int64{10, 12}) || f.seenAt[1].Sub(back) > time.Second {
				t.Errorf("after the outage: %v at %v, back at %v", f.seen, f.seenAt, back)
			}
			if h := f.health; len(h) != 3 || !h[0].OK || h[1].OK || !h[2].OK {
				t.Errorf("health was told %d times: %+v", len(h), h)
			}
		})
	})
}

func TestWatchRepeatsWhatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		errRedis := errors.New("redis is down")
		w.now(func(f *facts) { f.takeErr = errRedis })
		w.watch(t, 100*time.Millisecond, func() {
			if f := w.pass(10 * time.Second); len(f.seen) < 10 {
				t.Errorf("tried only %d times in 10 s", len(f.seen))
			}
			if h := w.Health(); h.OK || !errors.Is(h.Err, errRedis) || h.Version != 0 {
				t.Errorf("health: %+v", h)
			}
			w.now(func(f *facts) { f.takeErr = nil })
			n := len(w.pass(2 * time.Second).seen)
			f := w.pass(10 * time.Second)
			if h := w.Health(); !h.OK || h.Version != 10 || len(f.seen) != n {
				t.Errorf("health %+v; %d calls after it had worked", h, len(f.seen)-n)
			}
		})
	})
}

func TestHealthInTheLog(t *testing.T) {
	text, err := json.Marshal(Health{Version: 3, Since: time.Unix(0, 0).UTC(), Err: errDown})
	want := `{"ok":false,"since":"1970-01-01T00:00:00Z","version":3,"error":"mysql is down"}`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v; want %s", text, err, want)
	}
}
