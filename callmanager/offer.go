package callmanager

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"holdline/channelapi"
	"holdline/queue"
)

// match lets the script decide who serves whom, then rings what it decided. The
// entry's id is the cause of its offers: a second run finds the same ones.
func (p *pool) match(ctx context.Context, w queue.Work) ([]leg, error) {
	offers, err := p.queue.Match(ctx, w.ID, queue.Subject{Agent: w.Agent, Line: w.Line})
	if err != nil {
		return nil, fmt.Errorf("match: %w", err)
	}
	var made []leg
	var ringing errgroup.Group
	for _, o := range offers {
		ringing.Go(func() error { return p.ring(ctx, o) })
		for _, id := range o.Legs {
			made = append(made, leg{o.Node, o.ID, id})
		}
	}
	return made, ringing.Wait()
}

// leg is one that a match made ring.
type leg struct{ node, offer, id string }

// offersOf gives the offers that legs were made for.
func offersOf(made []leg) (offers []string) {
	for _, l := range made {
		if !slices.Contains(offers, l.offer) {
			offers = append(offers, l.offer)
		}
	}
	return offers
}

// late hangs up the legs whose offer closed, or was answered by another, while they were
// made: then nobody else knew of them yet. The queue said which ones are wanted.
func (p *pool) late(ctx context.Context, made []leg, wanted map[string][]string) error {
	var ending errgroup.Group
	for _, l := range made {
		if !slices.Contains(wanted[l.offer], l.id) {
			ending.Go(func() error {
				return p.hangUpLegs(ctx, l.node, []string{l.id}, channelapi.HangupAnsweredElsewhere)
			})
		}
	}
	return ending.Wait()
}

// ring makes the devices of the offer's agents ring, all at once.
func (p *pool) ring(ctx context.Context, o queue.Offer) error {
	if o.Connect == "dialplan" {
		return p.dial(ctx, o)
	}
	var ringing errgroup.Group
	for _, r := range o.Rings {
		ringing.Go(func() error { return p.ringOne(ctx, o, r) })
	}
	return ringing.Wait()
}

// ringOne makes one agent's device ring. What did not come about is told to the
// queue, which gives agent and, after the last one, caller back their places.
func (p *pool) ringOne(ctx context.Context, o queue.Offer, r queue.Ring) error {
	log := p.log.With().Str("contact", o.Contact).Str("offer", o.ID).Str("agent", r.Agent).
		Str("queue", o.Queue).Str("node", o.Node).Logger()
	err := p.o.Telephony.Connect(ctx, o.Node, o.Channel, channelapi.ConnectRequest{
		Leg: r.Leg, To: r.To, Timeout: o.RingTimeout,
		CallerName: o.CallerName, CallerNumber: o.CallerNumber,
		Headers: map[string]string{
			"X-Holdline-Contact": o.Contact,
			"X-Holdline-Queue":   o.Queue,
		},
		// Every event about the leg says of which pool it is. Should Redis lose its
		// memory, the variable says whose.
		Account: p.name, Variables: map[string]string{"HOLDLINE_AGENT": r.Agent},
		AppArgs: "pool=" + p.name + ",leg=" + o.ID,
	})
	if reason, definite := setupReason(err); definite {
		log.Warn().Err(err).Msg("offer not set up")
		if failed := p.queue.SetupFailed(ctx, o.ID, r.Leg, reason); failed != nil && !queue.IsRefusal(failed) {
			return fmt.Errorf("report failed set-up: %w", failed)
		}
		return nil
	}
	if err != nil {
		// Nobody knows whether the device rings. The entry is done again, with
		// the same leg, until it is known or the set-up deadline ends the offer.
		return fmt.Errorf("connect offer %s: %w", o.ID, err)
	}
	log.Info().Msg("offer ringing")
	return nil
}

// setupReason is the word under which a failed set-up is journalled; definite
// is false while the set-up may yet succeed, or has.
func setupReason(err error) (reason string, definite bool) {
	for _, r := range []struct {
		kind   error
		reason string
	}{
		{channelapi.ErrNoChannel, "caller_gone"},
		{channelapi.ErrNotInApplication, "caller_gone"},
		{channelapi.ErrNodeUnreachable, "node_unreachable"},
		{channelapi.ErrNoNode, "node_unknown"},
		{channelapi.ErrInvalid, "invalid"},
		{channelapi.ErrUnauthorized, "unauthorized"},
	} {
		if errors.Is(err, r.kind) {
			return r.reason, true
		}
	}
	return "", false
}

func (p *pool) hangup(ctx context.Context, w queue.Work) error {
	return p.hangUpLegs(ctx, w.Node, w.Legs, hangupReason(w.Reason))
}

// hangupReason is what the device is told. Only a leg that lost to another is
// answered elsewhere; a caller who left makes an ordinary missed call.
func hangupReason(reason string) string {
	switch reason {
	case queue.OfferLostRace, channelapi.HangupAnsweredElsewhere:
		return channelapi.HangupAnsweredElsewhere
	case queue.OfferSetupFailed:
		return channelapi.HangupFailure
	}
	return channelapi.HangupNormal
}

func (p *pool) hangUpLegs(ctx context.Context, node string, legs []string, reason string) error {
	var ending errgroup.Group
	for _, leg := range legs {
		ending.Go(func() error { return gone(p.o.Telephony.Hangup(ctx, node, leg, reason)) })
	}
	return ending.Wait()
}

func (p *pool) bridge(ctx context.Context, w queue.Work) error {
	if len(w.Legs) == 0 {
		return nil
	}
	return gone(p.o.Telephony.Bridge(ctx, w.Node, w.Channel, channelapi.BridgeRequest{
		Bridge: queue.BridgeID(w.Offer), With: w.Legs[0], Playback: queue.PlaybackID(w.Contact),
	}))
}

// gone forgives a channel that is no longer there: the events tell of its end.
func gone(err error) error {
	if errors.Is(err, channelapi.ErrNoChannel) || errors.Is(err, channelapi.ErrNotInApplication) {
		return nil
	}
	return err
}
