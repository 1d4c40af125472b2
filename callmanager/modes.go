package callmanager

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"holdline/queue"
)

// Modes knows what each agent did last, and keeps it in the directory, so that a
// Redis that loses its memory logs nobody out and un-pauses nobody. It follows the
// journals; every replica does, and the store sorts out who was later. A store that
// is away delays nothing and is told everything once it is back.
type Modes struct {
	Registry interface {
		Pools(ctx context.Context) ([]string, error)
	}
	Open    func(pool string) ModeSource
	Store   ModeStore
	Log     zerolog.Logger
	Metrics *Metrics
	// Every is the pause between two looks at the journals, and so about what is
	// forgotten of a mode when Redis is emptied right behind it. Default 200 ms.
	Every time.Duration

	mu    sync.Mutex
	pools map[string]*poolModes // guarded by mu, and all that is in it
}

// poolModes is what is known of one pool.
type poolModes struct {
	after  string    // the journal entry read last
	whole  time.Time // when all agents were read last
	known  map[string]queue.RestoredMode
	unsaid map[string]queue.RestoredMode // not in the store yet
}

const (
	modesBatch = 1000
	// wholeEvery is how often all agents are read, in case the journal was cut
	// before it was read.
	wholeEvery = time.Minute
	// saveTime bounds one conversation with the store.
	saveTime = 5 * time.Second
)

// Run follows and keeps until ctx ends. The store has a loop of its own, so that
// one which does not answer keeps nobody from following.
func (m *Modes) Run(ctx context.Context) error {
	if m.Every <= 0 {
		m.Every = 200 * time.Millisecond
	}
	var saving sync.WaitGroup
	defer saving.Wait()
	saving.Go(func() { repeat(ctx, m.Every, m.save) })
	repeat(ctx, m.Every, m.follow)
	return nil
}

func (m *Modes) follow(ctx context.Context) {
	names, err := m.Registry.Pools(ctx)
	if err != nil {
		return // Redis is away: the others say so
	}
	for _, name := range names {
		if err := m.read(ctx, name); err != nil && ctx.Err() == nil {
			m.Log.Debug().Err(err).Str("pool", name).Msg("modes not read")
		}
	}
}

// of gives what is known of a pool; the caller holds the lock.
func (m *Modes) of(name string) *poolModes {
	if m.pools == nil {
		m.pools = map[string]*poolModes{}
	}
	if m.pools[name] == nil {
		m.pools[name] = &poolModes{known: map[string]queue.RestoredMode{}, unsaid: map[string]queue.RestoredMode{}}
	}
	return m.pools[name]
}

// read takes what is new in one pool. It is called by one goroutine alone.
func (m *Modes) read(ctx context.Context, name string) error {
	m.mu.Lock()
	p := m.of(name)
	after, whole := p.after, time.Since(p.whole) > wholeEvery
	m.mu.Unlock()
	source := m.Open(name)
	if whole {
		// The end first: what happens between the two readings is read twice.
		end, err := source.JournalEnd(ctx)
		if err != nil {
			return err
		}
		agents, err := source.Agents(ctx)
		if err != nil {
			return err
		}
		m.mu.Lock()
		for _, a := range agents {
			p.note(a.ID, a.Mode, queue.RestoredMode{Reason: a.Reason, Since: a.Since, Until: a.Until})
		}
		p.after, p.whole = end, time.Now()
		m.mu.Unlock()
		return nil
	}
	entries, err := source.Journal(ctx, after, modesBatch)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range entries {
		p.after = e.ID
		// What was restored came from here, and is older than it looks.
		if e.Event == "mode" && e.By != "restored" {
			p.note(e.Agent, e.Mode, queue.RestoredMode{Reason: e.Reason, Since: e.At, Until: e.Until})
		}
	}
	return nil
}

// note takes a mode unless a later one is known. Wrap-up is kept as ready, which
// is what it becomes.
func (p *poolModes) note(agent string, mode queue.Mode, r queue.RestoredMode) {
	r.Mode = mode
	if mode == queue.WrapUp {
		r = queue.RestoredMode{Mode: queue.Ready, Since: r.Since}
	}
	if known, ok := p.known[agent]; ok && !r.Since.After(known.Since) {
		return
	}
	p.known[agent], p.unsaid[agent] = r, r
}

// save tells the store what it has not been told.
func (m *Modes) save(ctx context.Context) {
	m.mu.Lock()
	all := map[string]map[string]queue.RestoredMode{}
	for name, p := range m.pools {
		if len(p.unsaid) > 0 {
			all[name] = maps.Clone(p.unsaid)
		}
	}
	m.mu.Unlock()
	for name, modes := range all {
		limited, cancel := context.WithTimeout(ctx, saveTime)
		err := m.Store.SaveModes(limited, name, modes)
		cancel()
		if err != nil {
			if ctx.Err() == nil {
				m.Metrics.modes.WithLabelValues("failed").Add(float64(len(modes)))
				m.Log.Debug().Err(err).Str("pool", name).Int("modes", len(modes)).Msg("modes not kept yet")
			}
			continue
		}
		m.Metrics.modes.WithLabelValues("ok").Add(float64(len(modes)))
		m.mu.Lock()
		p := m.of(name)
		for agent, told := range modes {
			if p.unsaid[agent] == told {
				delete(p.unsaid, agent)
			}
		}
		m.mu.Unlock()
	}
}

// restore gives the projection with the modes as they are known here, where they
// are later than those that it has.
func (m *Modes) restore(name string, p queue.Projection) queue.Projection {
	if m == nil {
		return p
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.of(name).known
	agents := make([]queue.AgentSpec, len(p.Agents))
	for i, a := range p.Agents {
		if mode, ok := known[a.ID]; ok && (a.Restore == nil || mode.Since.After(a.Restore.Since)) {
			a.Restore = &mode
		}
		agents[i] = a
	}
	p.Agents = agents
	return p
}
