package stasis

import (
	"context"
	"errors"
	"strconv"
	"time"

	"holdline/ari"
	"holdline/queue"
)

// callerEntered parks a caller: answer and music on one side, the record in the
// queue on the other, so that the first ring waits for neither.
func (s *session) callerEntered(ctx context.Context, ev ari.Event, pool *membership, a args) {
	arrival, err := readArrival(ev, a)
	if err != nil {
		s.refuse(ctx, ev.Channel.ID, err)
		return
	}
	s.remember(ev.Channel.ID, known{pool: pool})
	started := time.Now()
	// A fresh arrival takes the pool's own clock; one that was held up on its
	// way, in Asterisk or with us, takes the place of its arrival.
	came := s.offset.local(ev.Timestamp)
	if started.Sub(came) > freshness {
		arrival.At = came
	}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		s.park(ctx, ev.Channel.ID, arrival.Contact, came)
	}()
	defer func() { <-answered }()

	var entered queue.Entered
	err = s.persist(ctx, "enqueue", func(ctx context.Context) (err error) {
		entered, err = pool.queue.Enqueue(ctx, pool.origin, arrival)
		if err != nil {
			arrival.At = came
		}
		return err
	})
	if err != nil {
		<-answered
		s.forget(ev.Channel.ID)
		s.refuse(ctx, ev.Channel.ID, err)
		return
	}
	s.o.Metrics.entered(time.Since(started))
	s.log.Info().Str("pool", pool.name).Str("contact", entered.Contact.ID).Str("queue", arrival.Queue).
		Str("channel", ev.Channel.ID).Int("position", entered.Position).Bool("new", entered.New).Msg("contact entered")
}

// freshness is how old an event may be and still take the pool's clock as its
// arrival. Within it the pool's clock orders better than the nodes' clocks do.
const freshness = 250 * time.Millisecond

func readArrival(ev ari.Event, a args) (queue.Arrival, error) {
	arrival := queue.Arrival{
		Contact: queue.NewContactID(), Channel: ev.Channel.ID,
		Queue: a["queue"], Need: a["need"], Language: ev.Channel.Language,
		CallerName: ev.Channel.Caller.Name, CallerNumber: ev.Channel.Caller.Number,
	}
	var err error
	if arrival.Timeout, err = a.seconds("timeout"); err != nil {
		return arrival, err
	}
	if arrival.Announce, err = a.seconds("announce"); err != nil {
		return arrival, err
	}
	arrival.Priority, err = a.number("priority")
	return arrival, err
}

// park answers the caller, starts music, and leaves the arrival on the channel,
// so that the order survives the loss of Redis.
func (s *session) park(ctx context.Context, channel, contact string, came time.Time) {
	steps := []struct {
		act string
		run func() error
	}{
		{"answer", func() error { return s.asterisk.Answer(ctx, channel) }},
		{"start music", func() error { return s.asterisk.StartMusic(ctx, channel, "") }},
		{"keep arrival", func() error {
			return s.asterisk.SetChannelVariable(ctx, channel, "HOLDLINE_ARRIVAL",
				contact+"|"+strconv.FormatInt(came.UnixMicro(), 10))
		}},
	}
	for _, step := range steps {
		err := step.run()
		if errors.Is(err, ari.ErrNotFound) || errors.Is(err, ari.ErrNotInApplication) {
			return // the caller has gone; the event says so
		}
		if err != nil {
			s.log.Warn().Err(err).Str("act", step.act).Str("channel", channel).Msg("caller not parked")
			s.o.Metrics.parkFailures.Inc()
		}
	}
}

// callerLeft tells the queue that a channel left the application or ended.
// Channels that never had a contact (features, refused calls) are no concern.
func (s *session) callerLeft(ctx context.Context, ev ari.Event) {
	k, ok := s.recall(ev.Channel.ID)
	pools := s.memberships()
	if ok {
		pools = []*membership{k.pool}
	}
	for _, pool := range pools {
		s.callerGone(ctx, pool, ev.Channel.ID)
	}
}

func (s *session) callerGone(ctx context.Context, pool *membership, channel string) {
	s.forget(channel) // also one whose end was lost: the comparison comes here
	var ended queue.Ended
	err := s.persist(ctx, "end contact", func(ctx context.Context) (err error) {
		ended, err = pool.queue.CallerGone(ctx, pool.origin, channel)
		return err
	})
	if err != nil {
		if !errors.Is(err, queue.ErrNoContact) && ctx.Err() == nil {
			s.log.Error().Err(err).Str("channel", channel).Msg("contact not ended")
		}
		return
	}
	s.log.Info().Str("pool", pool.name).Str("contact", ended.Contact.ID).Str("queue", ended.Contact.Queue).
		Str("channel", channel).Str("outcome", ended.Contact.Outcome).Dur("wait", ended.Wait).Msg("contact ended")
}
