package stasis

import (
	"cmp"
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"holdline/ari"
	"holdline/queue"
)

// poolOfLeg finds the pool of a leg: by what we remember, by the account code that
// rides in its events, or by asking every pool for its offer.
func (s *session) poolOfLeg(ctx context.Context, ch *ari.Channel) *membership {
	if k, ok := s.recall(ch.ID); ok {
		return k.pool
	}
	var found *membership
	if name := poolTold(ch); name != "" {
		found, _ = s.poolOf(ctx, args{"pool": name})
	}
	if found == nil {
		found = s.searchLeg(ctx, ch.ID)
	}
	if found != nil {
		s.remember(ch.ID, known{pool: found})
	}
	return found
}

// poolTold is the pool of which a leg says to be: by its account code, or, as long as
// legs last that were made by an earlier version, by a variable.
func poolTold(ch *ari.Channel) string { return cmp.Or(ch.Account, ch.Vars[poolVariable]) }

func (s *session) searchLeg(ctx context.Context, leg string) *membership {
	offer, ok := queue.OfferOfLeg(leg)
	if !ok {
		return nil
	}
	for _, pool := range s.memberships() {
		err := s.persist(ctx, "find offer", func(ctx context.Context) error {
			_, err := pool.queue.Offer(ctx, offer)
			return err
		})
		if err == nil {
			return pool
		}
	}
	return nil
}

func (s *session) legRings(ctx context.Context, ev ari.Event) {
	pool := s.poolOfLeg(ctx, ev.Channel)
	if pool == nil {
		s.suspect() // a leg that nobody knows
		s.orphan(ctx, ev.Channel.ID, queue.ErrNoOffer)
		return
	}
	err := s.persist(ctx, "mark ringing", func(ctx context.Context) error {
		return pool.queue.Ringing(ctx, pool.origin, ev.Channel.ID)
	})
	if err != nil && ctx.Err() == nil {
		s.orphan(ctx, ev.Channel.ID, err)
	}
}

// legAnswered claims the offer for the leg. The first claim wins and is bridged;
// every other leg is hung up as answered elsewhere (RFC 3326, Q.850 cause 26).
func (s *session) legAnswered(ctx context.Context, ev ari.Event, pool *membership) {
	leg := ev.Channel.ID
	s.remember(leg, known{pool: pool})
	var answer queue.Answer
	err := s.persist(ctx, "claim answer", func(ctx context.Context) (err error) {
		answer, err = pool.queue.Answered(ctx, pool.origin, leg)
		return err
	})
	if err != nil || !answer.Won {
		if ctx.Err() == nil {
			s.orphan(ctx, leg, err)
		}
		return
	}
	log := s.log.With().Str("pool", pool.name).Str("contact", answer.Contact.ID).
		Str("offer", answer.Offer.ID).Str("agent", answer.Offer.Agent).Logger()
	started := time.Now()
	s.awaitParked(ctx, answer.Offer.Channel)
	if err := s.bridge(ctx, answer.Offer, answer.Contact, answer.Offer.Channel, leg); err != nil {
		// The backstop of the offer bridges them within a second, or undoes it.
		log.Error().Err(err).Msg("contact not bridged")
		return
	}
	s.o.Metrics.bridged(time.Since(started))
	log.Info().Str("queue", answer.Contact.Queue).Msg("contact connected")
	err = s.persist(ctx, "mark bridged", func(ctx context.Context) error {
		return pool.queue.Bridged(ctx, pool.origin, answer.Offer.ID)
	})
	if err != nil && ctx.Err() == nil {
		log.Warn().Err(err).Msg("bridge not marked")
	}
}

// awaitParked lets a caller arrive whose agent was quicker than the node: a phone rings
// as soon as the call is offered. What parks them must not come behind the bridge.
func (s *session) awaitParked(ctx context.Context, caller string) {
	going := s.arriving(caller)
	if going == nil {
		return
	}
	timer := time.NewTimer(offerLasts)
	defer timer.Stop()
	select {
	case <-going.parked:
	case <-timer.C: // the backstop of the offer comes
	case <-ctx.Done():
	}
}

// bridge puts caller and agent together. A running announcement is stopped
// first, because Asterisk would finish it before it obeys; music is, because it
// would go on inside the bridge, mixed with the agent's voice (both seen on 22.10).
// An announcement that is only about to begin is stopped by whoever commanded it, who
// finds the answer.
func (s *session) bridge(ctx context.Context, o queue.Offer, c queue.Contact, who ...string) error {
	var making errgroup.Group
	making.Go(func() error {
		if _, err := s.asterisk.CreateBridge(ctx, o.Bridge, "mixing", o.Contact); err != nil && !errors.Is(err, ari.ErrExists) {
			return err
		}
		return nil
	})
	if c.Announced {
		err := s.asterisk.StopPlayback(ctx, queue.PlaybackID(o.Contact))
		if err != nil && !errors.Is(err, ari.ErrNotFound) {
			s.log.Debug().Err(err).Str("contact", o.Contact).Msg("announcement not stopped")
		}
	}
	if err := errors.Join(s.asterisk.StopMusic(ctx, o.Channel), making.Wait()); err != nil {
		return err
	}
	return s.asterisk.AddToBridge(ctx, o.Bridge, who...)
}

// orphan hangs up a leg that won nothing or whose offer is closed.
func (s *session) orphan(ctx context.Context, leg string, reason error) {
	if errors.Is(reason, queue.ErrStaleEpoch) {
		return // not ours to judge any more
	}
	s.log.Info().AnErr("reason", reason).Str("channel", leg).Msg("leg hung up: its offer is closed")
	err := s.asterisk.Hangup(ctx, leg, ari.ReasonAnsweredElsewhere)
	if err != nil && !errors.Is(err, ari.ErrNotFound) {
		s.log.Warn().Err(err).Str("channel", leg).Msg("leg not hung up")
	}
}

// legEnded reports the end of a leg with its Q.850 cause.
func (s *session) legEnded(ctx context.Context, ev ari.Event) {
	pool := s.poolOfLeg(ctx, ev.Channel)
	if pool == nil {
		return
	}
	s.forget(ev.Channel.ID)
	var end queue.LegEnd
	err := s.persist(ctx, "end leg", func(ctx context.Context) (err error) {
		end, err = pool.queue.LegEnded(ctx, pool.origin, ev.Channel.ID, ev.Cause)
		return err
	})
	if err != nil {
		if !queue.IsRefusal(err) && ctx.Err() == nil {
			s.log.Error().Err(err).Str("channel", ev.Channel.ID).Msg("leg end not told")
		}
		return
	}
	s.log.Info().Str("pool", pool.name).Str("contact", end.Contact.ID).Str("offer", end.Offer.ID).
		Str("agent", end.Offer.Agent).Str("outcome", end.Outcome).Int("cause", ev.Cause).Msg("leg ended")
	if end.Offer.Winner == ev.Channel.ID {
		if err := s.asterisk.DeleteBridge(ctx, end.Offer.Bridge); err != nil && !errors.Is(err, ari.ErrNotFound) {
			s.log.Debug().Err(err).Str("offer", end.Offer.ID).Msg("bridge not deleted")
		}
	}
}
