package stasis

import (
	"context"
	"errors"
	"strings"
	"time"

	"holdline/ari"
	"holdline/queue"
)

// legPrefix begins the id of every channel that we create ourselves.
const legPrefix = "hl-"

// dispatch hands an event to the strand of its channel.
func (s *session) dispatch(ctx context.Context, ev ari.Event) {
	if ev.Type == ari.PlaybackFinished && ev.Playback != nil {
		s.announced(ctx, ev)
		return
	}
	if ev.Type == ari.Dial {
		ev.Channel = ev.Caller // it is about the caller; a leg of ours has none
	}
	if ev.Channel == nil {
		return
	}
	s.offset.observe(ev.Timestamp, time.Now())
	handle := s.handler(ev)
	if handle == nil {
		return
	}
	strand := ev.Channel.ID
	if ev.Type == ari.CallBroadcast {
		// Asterisk tells of the StasisStart before it answers the claim.
		strand = "claim " + strand
	}
	s.strands.do(strand, func() { handle(ctx, ev) })
}

func (s *session) handler(ev ari.Event) func(context.Context, ari.Event) {
	switch ev.Type {
	case ari.CallBroadcast:
		return s.offered
	case ari.StasisStart:
		return s.started
	case ari.ChannelStateChange:
		if ev.Channel.State == ari.StateRinging && strings.HasPrefix(ev.Channel.ID, legPrefix) {
			return s.legRings
		}
	case ari.ChannelDestroyed:
		// The one event that tells the cause, and that comes for legs which
		// never answered. For a caller it comes only after the application has
		// asked to hear of them, which it does before the dialplan dials.
		if strings.HasPrefix(ev.Channel.ID, legPrefix) {
			return s.legEnded
		}
		return s.callerDestroyed
	case ari.Dial:
		return s.dialled
	case ari.ChannelDtmfReceived:
		if _, known := s.recall(ev.Channel.ID); known && !strings.HasPrefix(ev.Channel.ID, legPrefix) {
			return s.keyPressed
		}
	case ari.StasisEnd:
		if !strings.HasPrefix(ev.Channel.ID, legPrefix) {
			return s.callerLeft
		}
	}
	return nil
}

// started sorts a channel that entered the application by its arguments.
func (s *session) started(ctx context.Context, ev ari.Event) {
	a, err := parseArgs(ev.Args)
	if err != nil {
		s.refuse(ctx, ev.Channel.ID, err)
		return
	}
	pool, err := s.poolOf(ctx, a)
	if err != nil {
		s.refuse(ctx, ev.Channel.ID, err)
		return
	}
	switch {
	case a["leg"] != "":
		s.legAnswered(ctx, ev, pool)
	case a["feature"] != "":
		s.feature(ctx, ev, pool, a)
	case a["return"] != "":
		s.callerReturned(ctx, ev, pool, a)
	default:
		s.callerEntered(ctx, ev, pool, a)
	}
}

// poolOf joins the pool that the arguments name, waiting while Redis is away.
func (s *session) poolOf(ctx context.Context, a args) (*membership, error) {
	var m *membership
	err := s.persist(ctx, "join pool", func(ctx context.Context) (err error) {
		m, err = s.join(ctx, a["pool"])
		return err
	})
	return m, err
}

// refuse sends a channel back to its dialplan, which decides what the caller hears.
func (s *session) refuse(ctx context.Context, channel string, reason error) {
	if ctx.Err() != nil || errors.Is(reason, queue.ErrStaleEpoch) {
		return // not ours to judge any more
	}
	s.log.Warn().Err(reason).Str("channel", channel).Msg("call refused")
	s.o.Metrics.refused.Inc()
	s.leave(ctx, channel, map[string]string{"HOLDLINE_STATUS": "REFUSED", "HOLDLINE_REASON": whyRefused(reason), arrivalVariable: ""})
}

// whyRefused is the word for the dialplan.
func whyRefused(err error) string {
	for word, is := range map[string]error{
		"closed": queue.ErrClosed, "full": queue.ErrFull, "empty": queue.ErrEmpty, "no_queue": queue.ErrNoQueue,
		"no_need": queue.ErrNoNeed, "no_pool": ErrNoPool,
	} {
		if errors.Is(err, is) {
			return word
		}
	}
	return ""
}

// leave sets the variables and lets the channel continue in its dialplan.
func (s *session) leave(ctx context.Context, channel string, vars map[string]string) {
	for name, value := range vars {
		if err := s.asterisk.SetChannelVariable(ctx, channel, name, value); err != nil {
			s.log.Debug().Err(err).Str("channel", channel).Msg("variable not set")
		}
	}
	if err := s.asterisk.Continue(ctx, channel, ari.ContinueRequest{}); err != nil {
		s.log.Debug().Err(err).Str("channel", channel).Msg("channel did not continue")
	}
}
