package queue_test

import (
	"flag"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"go.uber.org/goleak"

	"holdline/queue"
	"holdline/queue/queuetest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// On a real Redis the shifts wait for deadlines, not for a processor.
	if err := flag.Set("test.parallel", "48"); err != nil {
		panic(err)
	}
	if err := mutate(); err != nil {
		panic(err)
	}
	// A client that was closed while it looked for a dead server gives up within a second.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

// embedded starts an in-process Redis whose clock the test turns.
func embedded(t testing.TB) queuetest.Backend {
	t.Helper()
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	m.SetTime(now)
	return queuetest.Backend{Client: queuetest.Client(t, m.Addr()), Advance: func(d time.Duration) {
		now = now.Add(d)
		m.SetTime(now)
		m.FastForward(d)
	}}
}

func TestEmbedded(t *testing.T) {
	t.Parallel()
	queuetest.Run(t, func(t *testing.T) queuetest.Backend { return embedded(t) })
}

func TestRedis(t *testing.T) {
	t.Parallel()
	rdb := queuetest.RealRedis(t)
	queuetest.Run(t, func(*testing.T) queuetest.Backend { return queuetest.Backend{Client: rdb} })
}

var fullCrowd = flag.Bool("crowd", false, "let the whole crowd of 1,000 agents and 20,000 contacts loose")

// TestCrowd: several callmanagers at once.
func TestCrowd(t *testing.T) {
	t.Parallel()
	size := queuetest.Crowd{Agents: 100, Contacts: 2_000, Matchers: 8}
	if *fullCrowd {
		size = queuetest.Crowd{Agents: 1_000, Contacts: 20_000, Matchers: 8}
	}
	queuetest.RunCrowd(t, queuetest.RedisAddr(t), size)
}

func TestCluster(t *testing.T) {
	t.Parallel()
	c := queuetest.StartCluster(t)
	queuetest.Run(t, func(*testing.T) queuetest.Backend { return queuetest.Backend{Client: c.Client} })
}

// TestOneSlot: whatever the names, Redis itself puts all keys of a script in one slot.
func TestOneSlot(t *testing.T) {
	t.Parallel()
	rdb := queuetest.Client(t, queuetest.StartRedis(t, "--cluster-enabled", "yes"))
	slots := map[int64]bool{}
	for name, keys := range queue.ScriptKeys("demo", "a}b{c:|%", queue.NewContactID()) {
		for _, key := range keys {
			slot, err := rdb.ClusterKeySlot(t.Context(), key).Result()
			if err != nil || key == "" {
				t.Fatalf("%s: key %q: %v", name, key, err)
			}
			slots[slot] = true
		}
	}
	if len(slots) != 1 {
		t.Errorf("the keys are in the slots %v", slots)
	}
}

func TestFailover(t *testing.T) {
	t.Parallel()
	queuetest.RunFailover(t, queuetest.StartCluster(t))
}
