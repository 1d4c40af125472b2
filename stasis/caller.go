package stasis

import (
	"context"
	"errors"
	"time"

	"holdline/ari"
	"holdline/queue"
)

// callerEntered parks a caller: answer and music on one side, the record in the
// queue on the other, so that the first ring waits for neither.
func (s *session) callerEntered(ctx context.Context, ev ari.Event, pool *membership, a args) {
	channel := ev.Channel.ID
	if time.Since(s.offset.local(ev.Timestamp)) > offerLasts {
		// Who was frozen has old events, and perhaps no say any more.
		if err := pool.queue.Seen(ctx, pool.origin); errors.Is(err, queue.ErrStaleEpoch) {
			s.replaced("enter caller", err)
			return
		}
	}
	going := s.enter(ctx, ev, pool, a)
	defer s.arrived(channel, going)
	select {
	case <-going.done:
		if going.err != nil {
			s.refuse(ctx, channel, going.err)
			return
		}
	default:
	}
	s.remember(channel, knownChannel(pool))
	go func() {
		defer close(going.parked)
		s.park(ctx, channel)
	}()
	defer func() { <-going.parked }()
	select {
	case <-going.done:
	case <-time.After(redisPatience): // then the channel is all that knows
		if r := going.request; !going.found {
			s.keep(ctx, channel, kept{r.Contact, r.At, r.At})
		}
		<-going.done
	}
	if going.err != nil {
		<-going.parked
		s.forget(channel)
		s.refuse(ctx, channel, going.err)
		return
	}
	e := going.entered
	s.log.Info().Str("pool", pool.name).Str("contact", e.Contact.ID).Str("queue", e.Contact.Queue).
		Str("channel", channel).Int("position", e.Position).Bool("new", e.New).
		Str("reconnects", e.Contact.Reconnects).Msg("contact entered")
	<-going.parked
	s.note(ctx, channel, going.request, going.found, e.Contact)
}

// redisPatience is how long a caller's place may take before it is written down
// elsewhere.
const redisPatience = 250 * time.Millisecond

// note leaves on the channel what its own arguments do not say of the caller's place.
func (s *session) note(ctx context.Context, channel string, r queue.Arrival, found bool, c queue.Contact) {
	if found && c.ID == r.Contact && c.Arrived.Sub(r.At).Abs() <= agree {
		return
	}
	since := c.Arrived
	if !r.Since.IsZero() {
		since = r.Since
	} else if c.Reconnects != "" {
		since = r.At
	}
	s.keep(ctx, channel, kept{c.ID, c.Arrived, since})
}

// readmit enters a caller whose record was lost, and gives their contact. They are
// the contact that they were, at the place of their arrival.
func (s *session) readmit(ctx context.Context, ev ari.Event, pool *membership, a args) string {
	channel := ev.Channel.ID
	arrival, found, err := s.readArrival(ev, a)
	if err != nil {
		s.refuse(ctx, channel, err)
		return ""
	}
	arrival.Back = found
	if k, ok := s.readKept(ctx, *ev.Channel); ok {
		arrival.Contact, arrival.At, arrival.Since, arrival.Back, found = k.contact, k.at, k.since, true, false
	}
	var e queue.Entered
	err = s.persist(ctx, "enqueue", func(ctx context.Context) (err error) {
		e, err = pool.queue.Enqueue(ctx, pool.origin, arrival)
		return err
	})
	if err != nil {
		s.refuse(ctx, channel, err)
		return ""
	}
	s.remember(channel, knownChannel(pool))
	if !e.New {
		return "" // entered meanwhile
	}
	s.park(ctx, channel)
	s.note(ctx, channel, arrival, found, e.Contact)
	return e.Contact.ID
}

// park answers the caller and starts music.
func (s *session) park(ctx context.Context, channel string) {
	for _, step := range []struct {
		act string
		run func() error
	}{
		{"answer", func() error { return s.asterisk.Answer(ctx, channel) }},
		{"start music", func() error { return s.asterisk.StartMusic(ctx, channel, "") }},
	} {
		if !s.parked(channel, step.act, step.run()) {
			return
		}
	}
}

// keep leaves the arrival on the channel, so that order and contact survive the
// loss of Redis.
func (s *session) keep(ctx context.Context, channel string, k kept) {
	s.parked(channel, "keep arrival", s.asterisk.SetReportedVariable(ctx, channel, arrivalVariable, k.String()))
}

// parked says whether the caller is still there after a step.
func (s *session) parked(channel, act string, err error) bool {
	if errors.Is(err, ari.ErrNotFound) || errors.Is(err, ari.ErrNotInApplication) {
		s.suspect() // the caller has gone; the event says so, or is lost
		return false
	}
	if err != nil {
		s.log.Warn().Err(err).Str("act", act).Str("channel", channel).Msg("caller not parked")
		s.o.Metrics.parkFailures.Inc()
	}
	return true
}

// keyPressed tells the queue of a key; whom it lets leave is sent on by a callmanager.
func (s *session) keyPressed(ctx context.Context, ev ari.Event) {
	channel := ev.Channel.ID
	for _, pool := range s.poolsOf(channel) {
		var left bool
		err := s.persist(ctx, "tell of a key", func(ctx context.Context) (err error) {
			_, left, err = pool.queue.Key(ctx, pool.origin, channel, ev.Digit)
			return err
		})
		if err != nil && !queue.IsRefusal(err) && ctx.Err() == nil {
			s.log.Error().Err(err).Str("channel", channel).Msg("key not told")
		}
		if left {
			s.log.Info().Str("pool", pool.name).Str("channel", channel).Str("key", ev.Digit).Msg("caller leaves by key")
		}
	}
}

// callerLeft tells the queue that a channel left the application, by itself or
// because it ended. Channels that never had a contact (features, refused calls)
// are no concern.
func (s *session) callerLeft(ctx context.Context, ev ari.Event) {
	for _, pool := range s.poolsOf(ev.Channel.ID) {
		s.callerOut(ctx, pool, ev.Channel.ID, pool.queue.CallerLeft)
	}
}

// callerDestroyed tells the queue that a channel has ended.
func (s *session) callerDestroyed(ctx context.Context, ev ari.Event) {
	for _, pool := range s.poolsOf(ev.Channel.ID) {
		s.callerGone(ctx, pool, ev.Channel.ID)
	}
}

// poolsOf gives the pool of a caller's channel, or all that it may be of.
func (s *session) poolsOf(channel string) []*membership {
	if k, ok := s.recall(channel); ok {
		return []*membership{k.pool}
	}
	return s.memberships()
}

// callerGone ends the contact of a channel, and says whether there was one.
func (s *session) callerGone(ctx context.Context, pool *membership, channel string) bool {
	return s.callerOut(ctx, pool, channel, pool.queue.CallerGone)
}

func (s *session) callerOut(ctx context.Context, pool *membership, channel string,
	tell func(context.Context, queue.Origin, string) (queue.Ended, error)) bool {
	var ended queue.Ended
	err := s.persist(ctx, "end contact", func(ctx context.Context) (err error) {
		ended, err = tell(ctx, pool.origin, channel)
		return err
	})
	if err == nil && ended.Live {
		return false // the dialplan dials for them
	}
	s.forget(channel) // also one whose end was lost: the comparison comes here
	if err != nil {
		if !errors.Is(err, queue.ErrNoContact) && ctx.Err() == nil {
			s.log.Error().Err(err).Str("channel", channel).Msg("contact not ended")
		}
		return false
	}
	s.log.Info().Str("pool", pool.name).Str("contact", ended.Contact.ID).Str("queue", ended.Contact.Queue).
		Str("channel", channel).Str("outcome", ended.Contact.Outcome).Dur("wait", ended.Wait).Msg("contact ended")
	return true
}
