package stasis

import (
	"context"
	"errors"
	"strings"

	"holdline/ari"
	"holdline/queue"
)

// Connect mode dialplan: the caller has left the application, which hears of
// them all the same, and the dialplan dials the agents.

// dialled follows the legs that the dialplan dials: the first event of a leg says
// whom it rings, a later one that they answered.
func (s *session) dialled(ctx context.Context, ev ari.Event) {
	if ev.Peer == nil {
		return
	}
	switch ev.DialStatus {
	case "":
		if k, ok := s.recall(ev.Channel.ID); ok {
			s.remember(ev.Peer.ID, known{pool: k.pool, agent: agentOf(ev.DialString)})
		}
	case "ANSWER":
		k, _ := s.recall(ev.Peer.ID)
		s.forget(ev.Peer.ID)
		for _, pool := range s.poolsOf(ev.Channel.ID) {
			s.answeredInDialplan(ctx, pool, ev.Channel.ID, k.agent)
		}
	case "RINGING", "PROGRESS":
	default:
		s.forget(ev.Peer.ID)
	}
}

func (s *session) answeredInDialplan(ctx context.Context, pool *membership, channel, agent string) bool {
	var c queue.Contact
	err := s.persist(ctx, "mark dialled", func(ctx context.Context) (err error) {
		c, err = pool.queue.Dialled(ctx, pool.origin, channel, agent)
		return err
	})
	if err != nil {
		if !queue.IsRefusal(err) && ctx.Err() == nil {
			s.log.Error().Err(err).Str("channel", channel).Msg("answer in the dialplan not told")
		}
		return false
	}
	s.log.Info().Str("pool", pool.name).Str("contact", c.ID).Str("queue", c.Queue).Str("agent", c.Agent).
		Msg("contact connected in the dialplan")
	return true
}

// agentOf is whom a dial string rings: "kamailio-1/sip:201@demo.holdline.test" is 201.
func agentOf(dial string) string {
	_, address, found := strings.Cut(dial, "sip:")
	agent, _, at := strings.Cut(address, "@")
	if !found || !at {
		return ""
	}
	return agent
}

// dialResult reads with what a caller comes back.
func dialResult(a args) queue.DialResult {
	cause, _ := a.number("cause") // it only makes the status finer
	return queue.DialResult{Offer: a["return"], Status: a["dialstatus"], Cause: cause, Agent: agentOf(a["peer"])}
}

// callerReturned takes back a caller for whom the dialplan has dialled.
func (s *session) callerReturned(ctx context.Context, ev ari.Event, pool *membership, a args) {
	channel, d := ev.Channel.ID, dialResult(a)
	s.remember(channel, knownChannel(pool))
	err := s.takeBack(ctx, pool, channel, d)
	switch {
	case err == nil || ctx.Err() != nil:
	case !errors.Is(err, queue.ErrNoContact):
		s.refuse(ctx, channel, err)
	case d.Status == "ANSWER": // the record was lost while they talked
		s.leave(ctx, channel, map[string]string{"HOLDLINE_STATUS": queue.Status(queue.OutcomeAnswered), arrivalVariable: ""})
	default:
		s.readmit(ctx, ev, pool, a)
	}
}

func (s *session) takeBack(ctx context.Context, pool *membership, channel string, d queue.DialResult) error {
	var c queue.Contact
	err := s.persist(ctx, "take back", func(ctx context.Context) (err error) {
		c, err = pool.queue.Returned(ctx, pool.origin, channel, d)
		return err
	})
	if err == nil {
		s.log.Info().Str("pool", pool.name).Str("contact", c.ID).Str("queue", c.Queue).Str("offer", d.Offer).
			Str("channel", channel).Str("dialstatus", d.Status).Str("state", string(c.State)).Msg("contact back from the dialplan")
	}
	return err
}

// cameBack takes back a caller who is in the application while the records have
// them in the dialplan: their return, or that they never left, was not heard of.
func (s *session) cameBack(ctx context.Context, rec recorded, ch ari.Channel) mending {
	return mending{pool: rec.pool, contact: rec.contact.ID, do: func() (string, bool) {
		a, err := enteredWith(ch)
		if err != nil {
			return "", false
		}
		now, err := rec.pool.queue.Contact(ctx, rec.contact.ID)
		if err != nil || now.State != rec.contact.State || now.Offer != rec.contact.Offer {
			return "", false
		}
		return "", s.takeBack(ctx, rec.pool, ch.ID, dialResult(a)) == nil
	}}
}

// answeredThere tells of an answer that nobody heard of. Whose it was is known when
// only one was dialled.
func (s *session) answeredThere(ctx context.Context, rec recorded, channel string) mending {
	return mending{pool: rec.pool, contact: rec.contact.ID, do: func() (string, bool) {
		return "", s.answeredInDialplan(ctx, rec.pool, channel, "")
	}}
}
