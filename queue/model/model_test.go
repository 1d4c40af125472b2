package model

import (
	"flag"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"holdline/queue/queuetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// steps of one machine, on average.
const steps = 300

// backend is a Redis whose clock the machine turns.
type backend struct {
	client redis.UniversalClient
	now    func() time.Time
	clock  func(meta string) (turn func(to time.Time))
	ttl    bool
}

// embedded: an in-process Redis, whose TTL keys live by the clock too.
func embedded(t testing.TB) backend {
	r := miniredis.RunT(t)
	now := start
	r.SetTime(now)
	return backend{client: queuetest.Client(t, r.Addr()), ttl: true, now: func() time.Time { return now },
		clock: func(string) func(time.Time) {
			return func(to time.Time) {
				if to.After(now) {
					r.SetTime(to)
					r.FastForward(to.Sub(now))
					now = to
				}
			}
		}}
}

// real: a Redis in which the pool's clock has been stopped, and is set by hand.
func real(t testing.TB) backend {
	rdb := queuetest.RealRedis(t)
	return backend{client: rdb, now: func() time.Time { return start }, clock: func(meta string) func(time.Time) {
		return func(to time.Time) {
			if err := rdb.HSet(t.Context(), meta, "frozen", to.UnixMicro()).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}}
}

func TestEmbedded(t *testing.T) { run(t, embedded(t), 10_000) }

func TestRedis(t *testing.T) { run(t, real(t), 40_000) }

// run drives machines until so many operations were done: the same ones every time, or, when
// HOLDLINE_MODEL_OPS says how many, drawn anew. What fails is kept in testdata/rapid
// by rapid, and replayed first by every later run.
func run(t *testing.T, b backend, ops int64) {
	if text := os.Getenv("HOLDLINE_MODEL_OPS"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			t.Fatalf("HOLDLINE_MODEL_OPS is %q: want a number of operations", text)
		}
		ops = n
	} else if err := flag.Set("rapid.seed", "92"); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"rapid.checks": strconv.FormatInt(ops/steps+1, 10), "rapid.steps": strconv.Itoa(steps)} {
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	seen := &tally{count: map[string]int{}}
	var done atomic.Int64
	rapid.Check(t, func(r *rapid.T) {
		m := newMachine(r, b, seen)
		defer m.clean()
		n := 0
		r.Repeat(map[string]func(*rapid.T){"op": m.op, "": func(*rapid.T) {
			if n++; n%20 == 0 {
				m.compare()
			}
		}})
		m.settle()
		done.Add(int64(n))
	})
	t.Logf("%d operations", done.Load())
	seen.print(t)
	if !t.Failed() {
		seen.complete(t, ops, b.ttl)
	}
}
