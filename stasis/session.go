package stasis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"holdline/ari"
	"holdline/queue"
)

// eventTypes are the events that the application asks its node for. All others
// stay in Asterisk, which saves it most of the bandwidth of a call.
var eventTypes = []string{
	ari.CallBroadcast, ari.StasisStart, ari.StasisEnd, ari.ChannelStateChange, ari.ChannelDestroyed,
	ari.PlaybackFinished, ari.Dial, ari.ChannelDtmfReceived,
}

// session is one event connection of one node.
type session struct {
	o         Options
	hello     Hello
	log       zerolog.Logger
	asterisk  Asterisk
	events    Events
	strands   *strands
	stop      context.CancelCauseFunc
	offset    clockOffset
	filtered  bool          // the node sends eventTypes alone; used by the comparison alone
	suspected chan struct{} // holds a token when a comparison is asked for

	mu       sync.Mutex
	pools    map[string]*membership // guarded by mu
	known    map[string]known       // guarded by mu; channel → what we know of it
	arrivals map[string]*arrival    // guarded by mu; by channel, until it is parked
}

// membership is this connection's place in one pool.
type membership struct {
	name   string
	queue  Queue
	origin queue.Origin
}

// known is what a connection remembers of a channel. It is a shortcut: a channel
// that is not known is looked for in every pool.
type known struct {
	pool  *membership
	agent string // of a leg that the dialplan dials
}

func knownChannel(pool *membership) known { return known{pool: pool} }

func (s *session) run(ctx context.Context) error {
	// The deferred order matters: first nothing new begins, then what runs ends.
	var background sync.WaitGroup
	defer background.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	work, finish := outlive(ctx, grace)
	defer finish()
	defer s.strands.wait()

	if err := s.register(ctx); err != nil {
		return err
	}
	background.Go(func() { s.keepComparing(ctx) })
	background.Go(func() { s.keepSeen(ctx) })
	for {
		ev, err := s.events.Next(ctx)
		if err != nil {
			return fmt.Errorf("read events: %w", err)
		}
		s.o.Metrics.event(ev.Type)
		if ev.Type == ari.EventsDropped || ev.Type == ari.EventMalformed {
			s.log.Error().Str("reason", ev.Err).Str("type", ev.Type).Msg("events are missing; comparing")
			s.suspect()
			continue
		}
		s.dispatch(work, ev)
	}
}

// grace is how long events that had arrived when the connection was lost may still
// be carried out. Nobody sends them again, and a newer connection's epoch refuses
// what would come too late.
const grace = 2 * time.Second

// outlive gives a context that ends a while after ctx does, or with finish.
func outlive(ctx context.Context, by time.Duration) (_ context.Context, finish context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(by, cancel) })
	return longer, func() { stop(); cancel() }
}

// register makes the node known to every pool and takes its next epoch there.
func (s *session) register(ctx context.Context) error {
	return s.persist(ctx, "register node", func(ctx context.Context) error {
		if err := s.o.Directory.PutNode(ctx, s.node()); err != nil {
			return err
		}
		names, err := s.o.Directory.Pools(ctx)
		if err != nil {
			return err
		}
		for _, name := range names {
			if _, err := s.join(ctx, name); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *session) node() queue.Node {
	return queue.Node{ID: s.hello.Node, Boot: s.hello.Boot, REST: s.hello.REST, SIP: s.hello.SIP, SeenAt: time.Now(),
		Full: s.hello.Max > 0 && s.callers() >= s.hello.Max}
}

// callers is how many callers of the node are with us.
func (s *session) callers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for channel := range s.known {
		if !strings.HasPrefix(channel, legPrefix) {
			n++
		}
	}
	return n
}

// seenEvery is how often a connected node's sighting is renewed. It is well below
// the time after which a call manager asks whether a node is dead.
const seenEvery = time.Second

func (s *session) keepSeen(ctx context.Context) {
	ticker := time.NewTicker(seenEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := s.o.Directory.PutNode(ctx, s.node()); err != nil && ctx.Err() == nil {
			s.log.Debug().Err(err).Msg("sighting of the node not renewed")
		}
		// A pool that lost its memory knows no epoch: the next connection enters
		// the callers again.
		for _, pool := range s.memberships() {
			if err := pool.queue.Seen(ctx, pool.origin); errors.Is(err, queue.ErrStaleEpoch) {
				s.replaced("speak for node", err)
				return
			}
		}
	}
}

// join gives the pool's membership, taking an epoch at the first use.
func (s *session) join(ctx context.Context, name string) (*membership, error) {
	s.mu.Lock()
	m, ok := s.pools[name]
	s.mu.Unlock()
	if ok {
		return m, nil
	}
	q, err := s.o.Directory.Pool(ctx, name)
	if err != nil {
		return nil, err
	}
	origin, err := q.NodeUp(ctx, s.hello.Node, s.hello.Boot)
	if err != nil {
		return nil, err
	}
	m = &membership{name: name, queue: q, origin: origin}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first, ok := s.pools[name]; ok && first.origin.Epoch > origin.Epoch {
		return first, nil
	}
	s.pools[name] = m
	return m, nil
}

// poolNamed gives the pool if this connection has joined it.
func (s *session) poolNamed(name string) *membership {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pools[name]
}

// memberships gives the pools this connection has joined.
func (s *session) memberships() []*membership {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*membership, 0, len(s.pools))
	for _, m := range s.pools {
		out = append(out, m)
	}
	return out
}

func (s *session) remember(channel string, k known) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[channel] = k
}

func (s *session) forget(channel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, channel)
	delete(s.arrivals, channel)
}

func (s *session) recall(channel string) (known, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.known[channel]
	return k, ok
}

// persist repeats f until it succeeds, is refused by the queue, or ctx ends.
// What Redis did not take is not lost: it waits here, in order, while music plays.
func (s *session) persist(ctx context.Context, act string, f func(context.Context) error) error {
	pause := s.o.RetryEvery
	for {
		err := f(ctx)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, queue.ErrStaleEpoch):
			s.replaced(act, err)
			return err
		case queue.IsRefusal(err), errors.Is(err, ErrNoPool):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		s.o.Metrics.retries.Inc()
		s.log.Warn().Err(err).Str("act", act).Msg("redis did not take a command; trying again")
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
		pause = min(2*pause, time.Second)
	}
}

// replaced ends a session that speaks for its node no more.
func (s *session) replaced(act string, err error) {
	s.stop(fmt.Errorf("%s: %w", act, err))
	s.events.Close("another connection of this node took over")
}
