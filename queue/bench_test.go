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
// deadline and journal included: agents who each serve nine needs, a thousand
// contacts waiting. server-µs is Redis's own time of the script, from
// commandstats; ns/op is the round trip of the whole step.
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
	script := func() float64 { return claimMicros(b, rdb) }
	empty := redis.NewScript("return 1")

	// One step: an agent is ready, gets the contact that waits longest, the
	// caller goes, another one comes. Only the match is counted.
	var spent, idle []float64
	b.ResetTimer()
	for i := range b.N {
		b.StopTimer()
		agent := "a" + strconv.Itoa(i%agents)
		if _, err := p.SetMode(ctx, agent, queue.ModeChange{Mode: queue.Ready}); err != nil {
			b.Fatal(err)
		}
		if err := rdb.ConfigResetStat(ctx).Err(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		offers, err := p.Match(ctx, "", queue.Subject{Agent: agent})
		b.StopTimer()
		if err != nil || len(offers) != 1 {
			b.Fatalf("%d offers: %v", len(offers), err)
		}
		spent = append(spent, script())
		// The same measure of a script that does nothing says what the machine gives just now.
		rdb.ConfigResetStat(ctx)
		if err := empty.Run(ctx, rdb, nil).Err(); err != nil {
			b.Fatal(err)
		}
		idle = append(idle, script())
		if _, err := p.CallerGone(ctx, from, offers[0].Channel); err != nil {
			b.Fatal(err)
		}
		if _, err := p.SetMode(ctx, agent, queue.ModeChange{Mode: queue.LoggedOut}); err != nil {
			b.Fatal(err)
		}
		need, _ := strconv.Atoi(strings.TrimPrefix(offers[0].Queue, "q"))
		enter("n"+strconv.Itoa(i), need)
	}
	slices.Sort(spent)
	slices.Sort(idle)
	b.ReportMetric(spent[len(spent)/2], "p50-server-µs")
	b.ReportMetric(spent[len(spent)*99/100], "p99-server-µs")
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
