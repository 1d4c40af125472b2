package queue_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdline/queue"
	"holdline/queue/queuetest"
)

// BenchmarkClaim measures one full claim on a real Redis, both sides, fence,
// deadline and journal included: agents who each serve nine needs of two hundred.
// server-µs is Redis's own time of the script, from commandstats.
func BenchmarkClaim(b *testing.B) {
	for _, size := range []struct{ agents, waiting int }{{1_000, 1_000}, {10_000, 1_000}, {1_000, 20_000}} {
		b.Run(fmt.Sprintf("agents=%d,waiting=%d", size.agents, size.waiting), func(b *testing.B) {
			benchmarkClaim(b, size.agents, size.waiting)
		})
	}
}

func benchmarkClaim(b *testing.B, agents, waiting int) {
	ctx := context.Background()
	rdb := queuetest.Client(b, queuetest.StartRedis(b))
	p := queue.Open(rdb, "bench")
	const needs, each = 200, 9
	d := queue.Projection{Version: 1, Domain: "bench.test"}
	for n := range needs {
		name := "q" + strconv.Itoa(n)
		d.Queues = append(d.Queues, queue.QueueSpec{Name: name, Need: int64(n + 1), Open: true})
		d.Needs = append(d.Needs, queue.NeedSpec{ID: int64(n + 1), Queue: name})
	}
	for a := range agents {
		spec := queue.AgentSpec{ID: "a" + strconv.Itoa(a)}
		for i := range each {
			spec.Places = append(spec.Places, queue.Place{Need: int64((a*each+i*7)%needs + 1)})
		}
		d.Agents = append(d.Agents, spec)
	}
	if _, err := p.Project(ctx, d); err != nil {
		b.Fatal(err)
	}
	from, err := p.NodeUp(ctx, "ast-1", "boot")
	if err != nil {
		b.Fatal(err)
	}
	enter := func(channel string, need int) {
		if _, err := p.Enqueue(ctx, from, queue.Arrival{Channel: channel, Queue: "q" + strconv.Itoa(need)}); err != nil {
			b.Fatal(err)
		}
	}
	for i := range waiting {
		enter("w"+strconv.Itoa(i), i%needs)
	}
	empty := redis.NewScript("return 1")
	// measure gives Redis's mean time of the scripts that f runs n times.
	measure := func(n int, f func(i int)) float64 {
		if err := rdb.ConfigResetStat(ctx).Err(); err != nil {
			b.Fatal(err)
		}
		for i := range n {
			f(i)
		}
		return claimMicros(b, rdb) / float64(n)
	}

	// Agents become ready, each gets the contact that waits longest, the callers
	// go, others come. Only the matches are counted, in batches: the quickest
	// batch is what the machine can do, the middle one what it did.
	const batch = 50
	var spent, idle []float64
	b.ResetTimer()
	for done := 0; done < b.N; done += batch {
		b.StopTimer()
		agent := func(i int) string { return "a" + strconv.Itoa((done+i)%agents) }
		for i := range batch {
			if _, err := p.SetMode(ctx, agent(i), queue.ModeChange{Mode: queue.Ready}); err != nil {
				b.Fatal(err)
			}
		}
		var taken []queue.Offer
		b.StartTimer()
		spent = append(spent, measure(batch, func(i int) {
			offers, err := p.Match(ctx, "", queue.Subject{Agent: agent(i)})
			if err != nil || len(offers) != 1 {
				b.Fatalf("%d offers: %v", len(offers), err)
			}
			taken = append(taken, offers...)
		}))
		b.StopTimer()
		idle = append(idle, measure(batch, func(int) {
			if err := empty.Run(ctx, rdb, nil).Err(); err != nil {
				b.Fatal(err)
			}
		}))
		for i, o := range taken {
			if _, err := p.CallerGone(ctx, from, o.Channel); err != nil {
				b.Fatal(err)
			}
			if _, err := p.SetMode(ctx, o.Agent, queue.ModeChange{Mode: queue.LoggedOut}); err != nil {
				b.Fatal(err)
			}
			need, _ := strconv.Atoi(strings.TrimPrefix(o.Queue, "q"))
			enter("n"+strconv.Itoa(done+i), need)
		}
	}
	slices.Sort(spent)
	slices.Sort(idle)
	b.ReportMetric(spent[0], "best-server-µs")
	b.ReportMetric(spent[len(spent)/2], "p50-server-µs")
	b.ReportMetric(idle[len(idle)/2], "p50-empty-µs")
}

// claimMicros is what Redis says that it spent in EVALSHA since the last reset.
func claimMicros(b *testing.B, rdb redis.UniversalClient) float64 {
	b.Helper()
	info, err := rdb.Info(context.Background(), "commandstats").Result()
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(info) {
		if rest, ok := strings.CutPrefix(line, "cmdstat_evalsha:"); ok {
			for field := range strings.SplitSeq(rest, ",") {
				if v, ok := strings.CutPrefix(field, "usec="); ok {
					us, _ := strconv.ParseFloat(v, 64)
					return us
				}
			}
		}
	}
	b.Fatal("no evalsha in commandstats")
	return 0
}
