package center

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"holdline/callmanager"
	"holdline/channelapi"
	"holdline/directory"
	"holdline/queue"
)

// ManagerOptions are one callmanager's own. Only Name is required.
type ManagerOptions struct {
	Name string
	// API is where it sends commands; empty: the center's channelapi.
	API string
	// Directory is MySQL, whose edits it projects; nil: somebody else does.
	Directory  *sql.DB
	PoolsEvery time.Duration
}

// Manager is one callmanager.
type Manager struct {
	Name string

	rdb     redis.UniversalClient
	api     *channelapi.Client
	cancel  context.CancelFunc
	running sync.WaitGroup
	end     sync.Once
}

// directoryEvery is what production asks with.
const directoryEvery = 400 * time.Millisecond

// Manager starts a callmanager. Stop or Kill it before the center is closed.
func (c *Center) Manager(o ManagerOptions) *Manager {
	if o.API == "" {
		o.API = c.APIURL
	}
	ctx, cancel := context.WithCancel(context.Background())
	m := &Manager{Name: o.Name, rdb: c.o.Redis(), cancel: cancel, api: channelapi.NewClient(o.API, apiToken, 3*time.Second)}
	log := c.o.Log.With().Str("callmanager", o.Name).Logger()
	registry, metrics := queue.NewRegistry(m.rdb), callmanager.NewMetrics(prometheus.NewRegistry())
	open := func(pool string) callmanager.Queue { return queue.Open(m.rdb, pool) }
	manager := callmanager.New(callmanager.Options{
		Name: o.Name, Registry: registry, Open: open, Log: log, Metrics: metrics, Telephony: m.api,
		PoolsEvery: o.PoolsEvery,
	})
	watch := &callmanager.NodeWatch{Registry: registry, Open: open, Telephony: m.api, Log: log, Metrics: metrics}
	hints := &callmanager.Hints{Redis: m.rdb, Log: log, Metrics: metrics,
		Open: func(pool string) callmanager.HintTaker { return queue.Open(m.rdb, pool) }}
	parts := []func(context.Context) error{manager.Run, watch.Run, hints.Run}
	if o.Directory != nil {
		people := directory.New(o.Directory, directory.Options{
			OnProblems: func(pool string, p directory.Problems) {
				log.Warn().Str("pool", pool).Stringer("problems", p).Msg("directory rows left out or corrected")
			},
		})
		projector := &callmanager.Projector{Directory: people, Registry: registry, Open: open, Log: log, Metrics: metrics}
		parts = append(parts, func(ctx context.Context) error {
			return people.Watch(ctx, directoryEvery, projector.Project)
		})
	}
	for _, run := range parts {
		m.running.Go(func() { _ = run(ctx) })
	}
	return m
}

// Stop ends it as SIGTERM does: it finishes what it began.
func (m *Manager) Stop() {
	m.end.Do(func() {
		m.cancel()
		m.running.Wait()
		m.api.Close()
		_ = m.rdb.Close()
	})
}

// Kill ends it as kill -9 does, as nearly as one process can: nothing that it is about
// to say arrives any more, so what it took stays unacknowledged.
func (m *Manager) Kill() {
	m.end.Do(func() {
		_ = m.rdb.Close()
		m.cancel()
		m.api.Close()
		m.running.Wait()
	})
}
