package callmanager

import (
	"context"
	"sync"
	"time"

	"holdline/queue"
)

const (
	// takeBlock is how long one read of the work stream waits for an entry.
	takeBlock = time.Second
	// batch bounds how many entries one read takes.
	batch = 32
	// commandTime bounds one entry. It outlasts the bound of one command, so that
	// channelapi's word arrives.
	commandTime = 8 * time.Second
)

// takeWork reads the pool's work, and what other replicas left undone, and carries
// each entry out on its own goroutine, bounded by Workers.
func (p *pool) takeWork(ctx context.Context) {
	var working sync.WaitGroup
	defer working.Wait()
	room := make(chan struct{}, p.o.Workers)
	var doing sync.Map // ids of the entries carried out now
	start := func(entries []queue.Work, how string) {
		for _, w := range entries {
			// A slow command looks undone to the take-over. Beginning it again
			// here would fill every place with one stuck node's work.
			if _, already := doing.LoadOrStore(w.ID, true); already {
				continue
			}
			p.o.Metrics.taken(string(w.Kind), how)
			room <- struct{}{}
			working.Go(func() {
				defer func() { doing.Delete(w.ID); <-room }()
				p.carryOut(ctx, w)
			})
		}
	}
	var takeover sync.WaitGroup
	defer takeover.Wait()
	takeover.Go(func() { p.takeOver(ctx, start) })
	for ctx.Err() == nil {
		entries, err := p.queue.Take(ctx, p.o.Name, takeBlock, batch)
		if err != nil {
			p.pause(ctx, err, "work not taken")
			continue
		}
		start(entries, "taken")
	}
}

// takeOver claims the entries that a replica took and did not acknowledge.
func (p *pool) takeOver(ctx context.Context, start func([]queue.Work, string)) {
	repeat(ctx, p.o.TakeoverIdle/2, func(ctx context.Context) {
		entries, err := p.queue.Takeover(ctx, p.o.Name, p.o.TakeoverIdle, batch)
		if err != nil {
			p.pause(ctx, err, "work not taken over")
			return
		}
		start(entries, "taken_over")
	})
}

// duties is what each kind of entry asks for. An error leaves the entry to be
// taken over, which is right when Redis or a node did not answer; a duty that can
// never succeed reports the outcome to the queue and returns nil.
var duties = map[queue.WorkKind]func(*pool, context.Context, queue.Work) ([]leg, error){
	queue.WorkMatch:    (*pool).match,
	queue.WorkHangup:   legless((*pool).hangup),
	queue.WorkBridge:   legless((*pool).bridge),
	queue.WorkLeave:    legless((*pool).leave),
	queue.WorkAnnounce: legless((*pool).announce),
	queue.WorkMusic:    legless((*pool).music),
}

// legless is a duty that makes no leg.
func legless(duty func(*pool, context.Context, queue.Work) error) func(*pool, context.Context, queue.Work) ([]leg, error) {
	return func(p *pool, ctx context.Context, w queue.Work) ([]leg, error) { return nil, duty(p, ctx, w) }
}

func (p *pool) carryOut(ctx context.Context, w queue.Work) {
	// A replica that is told to stop finishes what it began.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandTime)
	defer cancel()
	log := p.log.With().Str("work", w.ID).Str("kind", string(w.Kind)).Logger()
	duty, ok := duties[w.Kind]
	if !ok {
		// A newer version's entry: leave it for a replica that knows it.
		log.Warn().Msg("work of an unknown kind left to a newer replica")
		return
	}
	started := time.Now()
	made, err := duty(p, ctx, w)
	p.o.Metrics.done(string(w.Kind), time.Since(started), err)
	if err != nil {
		log.Warn().Err(err).Str("contact", w.Contact).Str("offer", w.Offer).Msg("work not done; it will be taken over")
		return
	}
	wanted, err := p.queue.Done(ctx, w.ID, offersOf(made)...)
	if err != nil {
		log.Warn().Err(err).Msg("work not acknowledged; it will be done again")
		return
	}
	if err := p.late(ctx, made, wanted); err != nil {
		log.Warn().Err(err).Msg("a leg that nobody wants any more was not hung up")
	}
}

// pause keeps a loop from spinning while Redis is away.
func (p *pool) pause(ctx context.Context, err error, what string) {
	if ctx.Err() != nil {
		return
	}
	p.o.Metrics.redisErrors.Inc()
	p.log.Warn().Err(err).Msg(what)
	timer := time.NewTimer(250 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
