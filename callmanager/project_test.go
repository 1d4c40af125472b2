package callmanager

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"holdline/queue"
)

// people is a directory that can be away.
type people struct {
	mu    sync.Mutex
	away  bool
	modes map[string]queue.RestoredMode
}

var errAway = errors.New("mysql is away")

func (d *people) leave(away bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.away = away
}

func (d *people) Pools(context.Context) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.away {
		return nil, errAway
	}
	return []string{"demo"}, nil
}

func (d *people) Load(context.Context, string) (queue.Projection, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.away {
		return queue.Projection{}, errAway
	}
	p := queue.Projection{
		Version: 7, Domain: "demo.test",
		Queues: []queue.QueueSpec{{Name: "support", ID: 1, Need: 1, Open: true}},
		Needs:  []queue.NeedSpec{{ID: 1, Queue: "support", Name: "default"}},
	}
	for _, id := range []string{"201", "202", "203"} {
		a := queue.AgentSpec{ID: id, Places: []queue.Place{{Need: 1}}}
		if m, ok := d.modes[id]; ok {
			a.Restore = &m
		}
		p.Agents = append(p.Agents, a)
	}
	return p, nil
}

func (d *people) SaveModes(_ context.Context, _ string, modes map[string]queue.RestoredMode) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.away {
		return errAway
	}
	for id, m := range modes {
		d.modes[id] = m
	}
	return nil
}

func (d *people) mode(agent string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return string(d.modes[agent].Mode) + d.modes[agent].Reason
}

// keeping runs a projector and what follows the modes, on an embedded Redis.
type keeping struct {
	t         *testing.T
	mini      *miniredis.Miniredis
	pool      *queue.Pool
	directory *people
	projector *Projector
	registry  *queue.Registry
}

func keep(t *testing.T) *keeping {
	t.Helper()
	k := &keeping{t: t, mini: miniredis.RunT(t), directory: &people{modes: map[string]queue.RestoredMode{}}}
	rdb := queue.NewClient(queue.Options{Addrs: []string{k.mini.Addr()}})
	k.pool, k.registry = queue.Open(rdb, "demo"), queue.NewRegistry(rdb)
	measures := NewMetrics(prometheus.NewRegistry())
	modes := &Modes{
		Registry: k.registry, Store: k.directory, Log: zerolog.Nop(), Metrics: measures, Every: 5 * time.Millisecond,
		Open: func(string) ModeSource { return k.pool },
	}
	k.projector = &Projector{
		Directory: k.directory, Registry: k.registry, Modes: modes, Log: zerolog.Nop(), Metrics: measures,
		Open: func(string) Queue { return k.pool }, Every: 10 * time.Millisecond,
	}
	k.ok(k.projector.Project(t.Context(), 7))
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = k.projector.Keep(ctx) })
	running.Go(func() { _ = modes.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait(); _ = rdb.Close() })
	return k
}

func (k *keeping) ok(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *keeping) set(agent string, m queue.ModeChange) {
	k.t.Helper()
	_, err := k.pool.SetMode(k.t.Context(), agent, m)
	k.ok(err)
}

func (k *keeping) within(what string, is func() bool) {
	k.t.Helper()
	over, look := time.After(5*time.Second), time.NewTicker(time.Millisecond)
	defer look.Stop()
	for !is() {
		select {
		case <-over:
			k.t.Fatalf("not within 5 s: %s", what)
		case <-look.C:
		}
	}
}

// has says whether the pool has its projection and the agent that mode.
func (k *keeping) has(agent string, mode queue.Mode, reason string) func() bool {
	return func() bool {
		v, err := k.pool.Version(k.t.Context())
		a, bad := k.pool.Agent(k.t.Context(), agent)
		return err == nil && v == 7 && bad == nil && a.Mode == mode && a.Reason == reason
	}
}

func TestModesAreKept(t *testing.T) {
	k := keep(t)
	k.set("201", queue.ModeChange{Mode: queue.Ready})
	k.set("202", queue.ModeChange{Mode: queue.Ready})
	k.set("202", queue.ModeChange{Mode: queue.Paused, Reason: "lunch"})
	k.within("201 is kept as ready", func() bool { return k.directory.mode("201") == "ready" })
	k.within("202 is kept as paused", func() bool { return k.directory.mode("202") == "pausedlunch" })
	k.directory.leave(true)
	k.set("202", queue.ModeChange{Mode: queue.Ready})
	k.set("201", queue.ModeChange{Mode: queue.LoggedOut})
	k.directory.leave(false)
	k.within("what happened meanwhile is kept", func() bool {
		return k.directory.mode("202") == "ready" && k.directory.mode("201") == "logged_out"
	})
}

func TestAnEmptiedPoolIsGivenBackWhatItHad(t *testing.T) {
	for _, away := range []bool{false, true} {
		name := map[bool]string{false: "the directory answers", true: "the directory is away"}[away]
		t.Run(name, func(t *testing.T) {
			k := keep(t)
			k.set("201", queue.ModeChange{Mode: queue.Ready})
			k.within("201 is kept as ready", func() bool { return k.directory.mode("201") == "ready" })
			k.directory.leave(away)
			k.set("202", queue.ModeChange{Mode: queue.Ready})
			k.set("202", queue.ModeChange{Mode: queue.Paused, Reason: "lunch"})
			k.within("202's pause is known", func() bool {
				m := k.projector.Modes
				m.mu.Lock()
				defer m.mu.Unlock()
				return m.of("demo").known["202"].Mode == queue.Paused
			})
			k.mini.FlushAll()
			k.within("202 is paused again", k.has("202", queue.Paused, "lunch"))
			k.within("201 is ready again", k.has("201", queue.Ready, ""))
			k.within("203 is logged out", k.has("203", queue.LoggedOut, ""))
			pools, err := k.registry.Pools(t.Context())
			k.ok(err)
			if len(pools) != 1 || pools[0] != "demo" {
				t.Errorf("the registry knows %v", pools)
			}
		})
	}
}

func TestWrapUpIsKeptAsReady(t *testing.T) {
	p := &poolModes{known: map[string]queue.RestoredMode{}, unsaid: map[string]queue.RestoredMode{}}
	at := time.Unix(1000, 0)
	p.note("201", queue.WrapUp, queue.RestoredMode{Since: at, Until: at.Add(time.Second)})
	p.note("201", queue.Paused, queue.RestoredMode{Since: at.Add(-time.Second)}) // read late
	if want := (queue.RestoredMode{Mode: queue.Ready, Since: at}); p.known["201"] != want {
		t.Errorf("kept %+v, want %+v", p.known["201"], want)
	}
}
