package callmanager

import (
	"context"
	"errors"
	"fmt"

	"holdline/channelapi"
	"holdline/queue"
)

// dial hands the caller over to the dialplan, which dials the offer's agents. The
// queue is told between the preparation and the going on: a caller who leaves the
// application before it knows would have abandoned. Each step may be repeated, so
// another replica may go on at any of them.
func (p *pool) dial(ctx context.Context, o queue.Offer) error {
	log := p.log.With().Str("contact", o.Contact).Str("offer", o.ID).Str("queue", o.Queue).Str("node", o.Node).Logger()
	to := make([]string, len(o.Rings))
	for i, r := range o.Rings {
		to[i] = r.To
	}
	err := p.o.Telephony.Dial(ctx, o.Node, o.Channel, channelapi.DialRequest{
		To: to, TimeoutMS: o.RingTimeout.Milliseconds(), Playback: queue.PlaybackID(o.Contact),
		Variables: map[string]string{"HOLDLINE_OFFER": o.ID, "HOLDLINE_CONTACT": o.Contact},
	})
	if reason, definite := setupReason(err); definite {
		// Refused when the caller is in the dialplan already: then this is a repetition.
		failed := p.queue.SetupFailed(ctx, o.ID, "", reason)
		if failed != nil && !queue.IsRefusal(failed) {
			return fmt.Errorf("report failed set-up: %w", failed)
		}
		if failed == nil {
			log.Warn().Err(err).Msg("offer not set up")
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("prepare offer %s: %w", o.ID, err)
	}
	if err := p.queue.Dialling(ctx, o.ID); err != nil {
		if errors.Is(err, queue.ErrNoOffer) { // closed meanwhile: the caller waits on, or is gone
			return nil
		}
		return fmt.Errorf("dialling: %w", err)
	}
	err = gone(p.o.Telephony.Continue(ctx, o.Node, o.Channel, channelapi.ContinueRequest{}))
	if err != nil {
		return fmt.Errorf("send offer %s to the dialplan: %w", o.ID, err)
	}
	log.Info().Int("agents", len(to)).Msg("offer dialled in the dialplan")
	return nil
}
