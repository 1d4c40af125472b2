package queue

import (
	"context"
	"fmt"
	"strings"
)

// Ringing says that the agent's phone rings. It ends the set-up deadline and
// starts the ring deadline anew.
func (p *Pool) Ringing(ctx context.Context, from Origin, leg string) error {
	offer, err := offerOf(leg)
	if err != nil {
		return err
	}
	_, err = p.do(ctx, "ringing", "ringing "+leg, nil, Escape(from.Node), from.epoch(), offer, leg)
	return err
}

// Answered claims the offer for this leg: the first leg wins. One that does not
// win (its offer is closed, or another leg won) is to be hung up. Repeated for
// the winner it says again that it won.
func (p *Pool) Answered(ctx context.Context, from Origin, leg string) (Answer, error) {
	offer, err := offerOf(leg)
	if err != nil {
		return Answer{}, err
	}
	r, err := p.do(ctx, "answered", "answered "+leg, nil, Escape(from.Node), from.epoch(), offer, leg)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Won: r.at(0) == "1"}
	if a.Offer, a.Contact, err = decodePair(r.at(1), r.at(2), r.at(3)); err != nil {
		return Answer{}, err
	}
	if a.Won {
		p.tidy(ctx, a.Contact)
	}
	return a, nil
}

// Bridged says that caller and agent are in the offer's bridge.
func (p *Pool) Bridged(ctx context.Context, from Origin, offer string) error {
	_, err := p.do(ctx, "bridged", "bridged "+offer, nil, Escape(from.Node), from.epoch(), offer)
	return err
}

// LegEnded says that an agent's leg is gone, and its Q.850 cause. Before the
// answer that decides the offer's outcome; after it the call is over, unless
// the cause says that the device was lost: then the caller waits again at the
// old place. ErrNoOffer when the offer is closed already.
func (p *Pool) LegEnded(ctx context.Context, from Origin, leg string, cause int) (LegEnd, error) {
	offer, err := offerOf(leg)
	if err != nil {
		return LegEnd{}, err
	}
	r, err := p.do(ctx, "leg_ended", "leg ended "+leg, nil, Escape(from.Node), from.epoch(), offer, leg, cause)
	if err != nil {
		return LegEnd{}, err
	}
	e := LegEnd{Outcome: r.at(0), Returned: r.at(1) == "1"}
	e.Offer, e.Contact, err = decodePair(r.at(2), r.at(3), r.at(4))
	return e, err
}

// SetupFailed says that the phone of a leg could not be rung at all: the node or
// the command failed, and asking by id found no leg. leg "" is all of the offer.
// ErrRefused when it rings, or when the dialplan has it.
func (p *Pool) SetupFailed(ctx context.Context, offer, leg, reason string) error {
	_, err := p.do(ctx, "setup_failed", "set-up failed "+offer, nil, offer, leg, strings.ToValidUTF8(reason, "?"))
	return err
}

func offerOf(leg string) (string, error) {
	offer, ok := OfferOfLeg(leg)
	if !ok {
		return "", fmt.Errorf("leg %.60q: %w", leg, ErrNoOffer)
	}
	return offer, nil
}

// decodePair reads an offer and its contact, either of which may be gone ("").
func decodePair(offer, contact, domain string) (o Offer, c Contact, err error) {
	if offer != "" {
		if o, err = decodeOffer(offer, domain); err != nil {
			return o, c, err
		}
	}
	if contact != "" {
		c, err = decodeContact(contact)
	}
	return o, c, err
}
