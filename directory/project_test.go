package directory

import (
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"holdline/queue"
)

// TestTheQueueTakesEveryProjection: whatever the rows are, what comes out of
// project is not refused, for a refusal would keep the whole pool as it was.
func TestTheQueueTakesEveryProjection(t *testing.T) {
	server := miniredis.RunT(t)
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer func() { _ = rdb.Close() }()
	pool := queue.Open(rdb, "demo")
	var version int64
	rapid.Check(t, func(r *rapid.T) {
		rows := drawTables(r)
		version++
		rows.version = version
		for i := range rows.queues {
			rows.queues[i].spec.Strategy = rapid.SampledFrom([]string{defaultStrategy, "psychic"}).Draw(r, "strategy")
			rows.queues[i].spec.Retry = seconds(rapid.IntRange(-1, 1e7).Draw(r, "retry"))
		}
		p, _ := project(rows)
		if applied, err := pool.Project(t.Context(), p); err != nil || !applied {
			r.Fatalf("applied %t, %v: %+v", applied, err, p)
		}
	})
}
