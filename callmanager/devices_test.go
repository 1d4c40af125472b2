package callmanager

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"holdline/queue"
	"holdline/queue/queuetest"
)

// callList is a Kamailio in memory: whose calls it lists, or that it says nothing.
type callList struct {
	name  string
	calls []InCall
	err   error
}

func (k *callList) Name() string                                 { return k.name }
func (k *callList) AgentCalls(context.Context) ([]InCall, error) { return k.calls, k.err }

// poolNames is a registry that knows pools alone.
type poolNames []string

func (p poolNames) Pools(context.Context) ([]string, error) { return p, nil }

// ear writes down what the pools are told: "pool agent for", in any order.
type ear struct {
	heard []string
	fault map[string]error // by pool
}

type pooledEar struct {
	*ear
	pool string
}

func (e pooledEar) Device(_ context.Context, agent string, inUseFor time.Duration) (bool, error) {
	if err := e.fault[e.pool]; err != nil {
		return false, err
	}
	e.heard = append(e.heard, fmt.Sprintf("%s %s %v", e.pool, agent, inUseFor))
	return true, nil
}

func (e *ear) take() string {
	slices.Sort(e.heard)
	all := strings.Join(e.heard, ", ")
	e.heard = nil
	return all
}

func TestDevicesFollowTheKamailios(t *testing.T) {
	ann, ben := InCall{"demo", "ann"}, InCall{"demo", "ben"}
	away := errors.New("away")
	one, two := &callList{name: "kamailio-1"}, &callList{name: "kamailio-2"}
	told := &ear{fault: map[string]error{}}
	d := &Devices{
		Registry: poolNames{"demo", "other"}, Kamailio: []CallList{one, two}, Lease: 30 * time.Second,
		Open: func(pool string) DeviceTaker { return pooledEar{told, pool} },
		Log:  zerolog.Nop(), Metrics: NewMetrics(prometheus.NewRegistry()),
	}
	now := time.Now()
	for _, step := range []struct {
		name     string
		after    int // seconds
		one, two *callList
		fault    error // of pool demo
		want     string
	}{
		{"nobody is in a call", 0, &callList{}, &callList{}, nil, ""},
		{"ann is, twice at one Kamailio", 1, &callList{calls: []InCall{ann, ann}}, &callList{}, nil, "demo ann 30s"},
		{"still", 1, &callList{calls: []InCall{ann}}, &callList{}, nil, ""},
		{"a call through the other, too, and ben", 1, &callList{calls: []InCall{ann}}, &callList{calls: []InCall{ann, ben}}, nil, "demo ben 30s"},
		{"ann's first call is over", 1, &callList{}, &callList{calls: []InCall{ann, ben}}, nil, ""},
		{"a third of the lease: said again", 10, &callList{}, &callList{calls: []InCall{ann, ben}}, nil, "demo ann 30s, demo ben 30s"},
		{"ben's is over", 1, &callList{}, &callList{calls: []InCall{ann}}, nil, "demo ben 0s"},
		{"the pool is away when ann's ends", 1, &callList{}, &callList{}, away, ""},
		{"it is back", 1, &callList{}, &callList{}, nil, "demo ann 0s"},
		{"all is said", 1, &callList{}, &callList{}, nil, ""},
		{"the pool is away when ann begins", 1, &callList{calls: []InCall{ann}}, &callList{}, away, ""},
		{"it is back", 1, &callList{calls: []InCall{ann}}, &callList{}, nil, "demo ann 30s"},
		{"the Kamailio is silent: its word holds", 1, &callList{err: away}, &callList{}, nil, ""},
		{"and is not said again", 12, &callList{err: away}, &callList{}, nil, ""},
		{"it is back, and ann has hung up", 1, &callList{}, &callList{}, nil, "demo ann 0s"},
		{"ben calls", 1, &callList{calls: []InCall{ben}}, &callList{}, nil, "demo ben 30s"},
		{"silent again", 1, &callList{err: away}, &callList{calls: []InCall{ann}}, nil, "demo ann 30s"},
		{"what the other says ends there", 1, &callList{err: away}, &callList{}, nil, "demo ann 0s"},
		{"the lease runs out by itself", 30, &callList{err: away}, &callList{}, nil, ""},
		{"a Kamailio that is back after that", 1, &callList{calls: []InCall{ben}}, &callList{}, nil, "demo ben 30s"},
		{"one that restarted has forgotten", 1, &callList{}, &callList{}, nil, "demo ben 0s"},
		{"pools do not wait for each other", 1, &callList{calls: []InCall{ann, {"other", "zoe"}}}, &callList{}, away, "other zoe 30s"},
		{"no pool, no agent: left out", 1, &callList{calls: []InCall{
			{"other", "zoe"}, {"nobody", "ann"}, {"", "ann"}, {"demo", ""}, {"demo", "a\nb"}, {"Demo}", "ann"}, {"demo", strings.Repeat("x", 81)},
		}}, &callList{}, nil, ""},
	} {
		now = now.Add(time.Duration(step.after) * time.Second)
		one.calls, one.err, two.calls, two.err = step.one.calls, step.one.err, step.two.calls, step.two.err
		told.fault["demo"] = step.fault
		d.look(t.Context(), now)
		if got := told.take(); got != step.want {
			t.Errorf("%s: told %q, want %q", step.name, got, step.want)
		}
	}
}

// A callmanager that starts while a Kamailio is away ends no call that it may know of.
func TestDevicesAtStart(t *testing.T) {
	k, other := &callList{err: errors.New("away")}, &callList{calls: []InCall{{"demo", "ann"}}}
	told := &ear{}
	d := &Devices{
		Registry: poolNames{"demo"}, Kamailio: []CallList{k, other},
		Open: func(pool string) DeviceTaker { return pooledEar{told, pool} },
		Log:  zerolog.Nop(), Metrics: NewMetrics(prometheus.NewRegistry()),
	}
	now := time.Now()
	d.look(t.Context(), now)
	if got := told.take(); got != "demo ann 30s" {
		t.Errorf("heard of at one Kamailio: told %q", got)
	}
	other.calls = nil
	d.look(t.Context(), now.Add(time.Second))
	if got := told.take(); got != "" {
		t.Errorf("the other may know of a call: told %q", got)
	}
	k.err = nil
	d.look(t.Context(), now.Add(2*time.Second))
	if got := told.take(); got != "demo ann 0s" {
		t.Errorf("it knows of none: told %q", got)
	}
}

// From a Kamailio's answer to the pool's record of the agent, and to its end.
func TestAgentInACallIsKnownInThePool(t *testing.T) {
	rdb := queue.NewClient(queue.Options{Addrs: []string{queuetest.StartRedis(t)}})
	t.Cleanup(func() { _ = rdb.Close() })
	kamailio := &rpc{flags: map[string]string{}}
	server := httptest.NewServer(kamailio)
	defer server.Close()
	client, err := NewKamailio(server.URL+"/rpc", "secret")
	if err != nil {
		t.Fatal(err)
	}
	pool := queue.Open(rdb, "demo")
	if _, err := pool.Project(t.Context(), queue.Projection{
		Version: 1, Domain: "demo.holdline.test", Agents: []queue.AgentSpec{{ID: "ann", Name: "Ann"}},
	}); err != nil {
		t.Fatal(err)
	}
	d := &Devices{
		Registry: poolNames{"demo"}, Kamailio: []CallList{client}, Log: zerolog.Nop(), Metrics: NewMetrics(prometheus.NewRegistry()),
		Every: 10 * time.Millisecond, Open: func(pool string) DeviceTaker { return queue.Open(rdb, pool) },
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	looking, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = d.Run(looking) }()
	halt := func() { stop(); <-ended }
	defer halt()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for _, step := range []struct {
		calls []string
		inUse bool
	}{
		{[]string{"demo|ann", "demo|nobody", "nonsense"}, true},
		{nil, false},
	} {
		kamailio.mu.Lock()
		kamailio.calls = step.calls
		kamailio.mu.Unlock()
		for {
			a, err := pool.Agent(ctx, "ann")
			if err != nil {
				t.Fatalf("ann's device in use: %v; want that in the end: %v", err, step.inUse)
			}
			if !a.DeviceInUse.IsZero() == step.inUse {
				break
			}
			<-look.C
		}
	}
	halt() // what is counted is counted after it was told
	for change, want := range map[string]float64{"in_use": 1, "free": 1, "failed": 0} {
		if got := testutil.ToFloat64(d.Metrics.devices.WithLabelValues(change)); got != want {
			t.Errorf("counted %v changes %s, want %v", got, change, want)
		}
	}
}
