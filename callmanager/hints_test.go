package callmanager

import (
	"testing"
	"time"

	"context"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"holdline/queue"
	"holdline/queue/queuetest"
)

// An operator lets a caller wait no longer: DEL of the key that holds the timeout.
// Only the notification is at work here: no deadline is due and nothing sweeps.
func TestADeletedTTLKeyIsHeardOf(t *testing.T) {
	rdb := queue.NewClient(queue.Options{Addrs: []string{queuetest.StartRedis(t, "--notify-keyspace-events", "Kgx$")}})
	t.Cleanup(func() { _ = rdb.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	pool := queue.Open(rdb, "demo")
	_, err := pool.Project(ctx, queue.Projection{
		Version: 1, Domain: "demo.holdline.test",
		Queues: []queue.QueueSpec{{Name: "support", ID: 1, Need: 1, Open: true, Timeout: time.Hour}},
		Needs:  []queue.NeedSpec{{ID: 1, Queue: "support", Name: "default"}},
	})
	must(err)
	from, err := pool.NodeUp(ctx, "ast-1", "boot-1")
	must(err)
	entered, err := pool.Enqueue(ctx, from, queue.Arrival{Contact: queue.NewContactID(), Channel: "1.1", Queue: "support"})
	must(err)

	hints := &Hints{
		Redis: rdb, Log: zerolog.Nop(), Metrics: NewMetrics(prometheus.NewRegistry()),
		Open: func(name string) HintTaker {
			return queue.Open(rdb, name)
		},
	}
	listening, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = hints.Run(listening) }()
	defer func() { stop(); <-ended }()

	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for n := int64(0); n == 0; { // until it listens
		<-look.C
		n, err = rdb.PubSubNumPat(ctx).Result()
		must(err)
	}
	must(rdb.Del(ctx, "{demo}:timeout:support::"+entered.Contact.ID).Err())
	for {
		c, err := pool.Contact(ctx, entered.Contact.ID)
		must(err)
		if c.State == queue.Leaving && c.Outcome == queue.OutcomeTimedOut {
			return
		}
		<-look.C
	}
}
