//go:build unix

package fake_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"holdline/ari"
	"holdline/ari/aritest"
	"holdline/ari/fake"

	"github.com/coder/websocket"
)

// The figures of issue 4: what one node and what twenty must be able to do.
const (
	waiting   = 10_000
	perSecond = 500 // events
	perCall   = 5   // CallBroadcast, StasisStart, ChannelStateChange, ChannelHangupRequest, StasisEnd
	nodes     = 20
)

// BenchmarkNode counts what it costs to let callers come and go at 500 events a second
// on one core, with 100 waiting (the baseline) and with 10,000; and on twenty nodes with
// as many between them. What is counted is the whole process: the nodes, who commands
// them over HTTP and who reads their events. make bench-fake prints it.
func BenchmarkNode(b *testing.B) {
	if testing.Short() {
		b.Skip("takes a minute")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var baseline float64
	for _, c := range []struct {
		name           string
		nodes, waiting int
	}{
		{"100 waiting, the baseline", 1, 100},
		{"10000 waiting", 1, waiting},
		{"20 nodes", nodes, waiting},
	} {
		b.Run(c.name, func(b *testing.B) {
			for range b.N {
				f := run(b, c.nodes, c.waiting)
				if baseline == 0 {
					baseline = f.cpu
				}
				b.ReportMetric(f.rate, "events/s")
				b.ReportMetric(f.cpu, "µs-cpu/event")
				b.ReportMetric(f.cpu/baseline, "x-baseline")
				b.ReportMetric(f.cores*100, "%-of-a-core")
				b.ReportMetric(f.heap/1e6, "MB-heap")
				b.ReportMetric(f.peak/1e6, "MB-of-system")
				b.ReportMetric(f.late.Seconds()*1e3, "ms-p99-late")
				b.ReportMetric(0, "ns/op")
				if f.cores > 1 || f.peak > 1e9 || f.rate < 0.95*perSecond {
					b.Errorf("not within one core, 1 GB and %d events a second: %+v", perSecond, f)
				}
			}
		})
	}
}

type figures struct {
	rate  float64 // events a second that arrived
	cpu   float64 // µs of each, of the whole process
	cores float64
	heap  float64 // bytes in use after a collection
	peak  float64 // bytes taken from the system
	late  time.Duration
}

// reader reads events as cheaply as may be, and knows when which caller's end was told.
type reader struct {
	mu     sync.Mutex
	events int
	ends   map[string]time.Time
}

func (r *reader) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	conn, err := websocket.Accept(w, req, &websocket.AcceptOptions{Subprotocols: []string{"ari"}})
	if err != nil {
		return // the node tries again
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(-1)
	for {
		_, text, err := conn.Read(context.Background())
		if err != nil {
			return // the node is closed
		}
		r.mu.Lock()
		r.events++
		if bytes.HasPrefix(text, []byte(`{"type":"StasisEnd"`)) {
			_, id, _ := bytes.Cut(text, []byte(`"channel":{"id":"`))
			id, _, _ = bytes.Cut(id, []byte(`"`))
			r.ends[string(id)] = time.Now()
		}
		r.mu.Unlock()
	}
}

func (r *reader) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events
}

func run(b *testing.B, nodes, waiting int) figures {
	b.Helper()
	events := &reader{ends: map[string]time.Time{}}
	server := httptest.NewServer(events)
	defer server.Close()
	type one struct {
		node    *fake.Node
		client  *ari.Client
		callers []*fake.Caller // who waits longest is first
	}
	var all []*one
	for i := range nodes {
		node, err := fake.New(fake.Options{Node: fmt.Sprint("ast-", i), EventURL: server.URL, User: "u", Password: "p"})
		if err != nil {
			b.Fatal(err)
		}
		defer node.Close()
		client := ari.New(node.URL(), ari.Options{User: "u", Password: "p", Application: "holdline"})
		defer client.Close()
		all = append(all, &one{node: node, client: client})
	}
	enter := func(o *one) {
		caller, err := o.node.Call(fake.CallRequest{Args: "pool=demo:queue=support", Number: "4711", Timeout: time.Minute})
		if err != nil {
			b.Fatal(err)
		}
		id := caller.ID()
		for _, err := range []error{
			o.client.Claim(b.Context(), id, "holdline"), o.client.Answer(b.Context(), id), o.client.StartMusic(b.Context(), id, ""),
		} {
			if err != nil {
				b.Fatal(err)
			}
		}
		o.callers = append(o.callers, caller)
	}
	for i := range waiting {
		enter(all[i%nodes])
	}
	aritest.Eventually(b, "everybody waits", func() bool { return events.count() >= waiting*3 })

	const measured = 10 * time.Second
	calls := int(measured.Seconds()) * perSecond / perCall
	hungUp := make(map[string]time.Time, calls)
	before, start, used := events.count(), time.Now(), cpu(b)
	next := time.NewTimer(0)
	defer next.Stop()
	for i := range calls {
		<-next.C
		o := all[i%nodes]
		leaves := o.callers[0]
		o.callers = o.callers[1:]
		hungUp[leaves.ID()] = time.Now()
		leaves.HangUp()
		enter(o)
		next.Reset(time.Until(start.Add(measured / time.Duration(calls) * time.Duration(i+1)))) // who was late catches up
	}
	aritest.Eventually(b, "everything is told", func() bool { return events.count() >= before+calls*perCall })
	took := time.Since(start)
	used = cpu(b) - used
	f := figures{
		rate:  float64(calls*perCall) / took.Seconds(),
		cpu:   float64(used.Microseconds()) / float64(calls*perCall),
		cores: used.Seconds() / took.Seconds(),
	}
	var late []time.Duration
	for id, at := range hungUp {
		late = append(late, events.ends[id].Sub(at))
	}
	slices.Sort(late)
	f.late = late[len(late)*99/100]
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	f.peak = float64(memory.Sys)
	runtime.GC()
	runtime.ReadMemStats(&memory)
	f.heap = float64(memory.HeapAlloc)
	return f
}

// cpu is the time that the process has computed until now.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
