package stasis

import (
	"context"
	"errors"

	"holdline/ari"
	"holdline/queue"
)

// examineCaller looks at one channel that is no leg of ours.
func (s *session) examineCaller(ctx context.Context, ch ari.Channel, r records, l lines) (kind, mending) {
	rec, known := r.contacts[ch.ID]
	_, leg, talks := l.call(l.in[ch.ID])
	switch {
	case !known && !l.inside[ch.ID]:
		return "", mending{} // none of our business, or about to be
	case !known && talks, known && talks && rec.contact.State == queue.Waiting && r.legs[leg.ID].pool == nil:
		return readoptedCall, s.goesOn(ctx, ch, leg, l.bridges[l.in[ch.ID]])
	case !known:
		return forgottenCaller, s.forgotten(ctx, ch, l.in[ch.ID])
	}
	s.remember(ch.ID, knownChannel(rec.pool))
	if !l.inside[ch.ID] {
		if rec.contact.State == queue.InDialplan && rec.contact.Offer != "" && l.in[ch.ID] != "" {
			return unclaimedAnswer, s.answeredThere(ctx, rec, ch.ID) // Dial's bridge: they talk
		}
		if inDialplan(rec.contact, r) || inStasis(ch) {
			return "", mending{} // where they belong, or at the application's door
		}
		return lostCaller, s.lost(ctx, rec, ch.ID)
	}
	if inDialplan(rec.contact, r) {
		return unheardReturn, s.cameBack(ctx, rec, ch)
	}
	switch rec.contact.State {
	case queue.Connected:
		return s.examineCall(ctx, rec, r, l)
	case queue.Waiting, queue.Offered:
		if bridge := l.in[ch.ID]; bridge != "" {
			if _, ours := offerOfBridge(bridge); ours && len(l.bridges[bridge].Channels) == 1 {
				return halfBuiltBridge, s.stranded(ctx, rec, bridge)
			}
			return "", mending{}
		}
		return silentCaller, s.silent(ctx, rec.pool, rec.contact.ID, ch)
	}
	return "", mending{}
}

// inDialplan says whether the dialplan has the caller because it is to.
func inDialplan(c queue.Contact, r records) bool {
	return c.State == queue.InDialplan ||
		c.State == queue.Connected && r.offers[c.Offer].offer.Connect == "dialplan"
}

// examineCall looks whether caller and winner are in their bridge.
func (s *session) examineCall(ctx context.Context, rec recorded, r records, l lines) (kind, mending) {
	o := r.offers[rec.contact.Offer].offer
	winner, present := l.channels[o.Winner]
	if o.Winner == "" || !present || winner.State != ari.StateUp {
		return "", mending{} // its end is on its way, or a difference of its own
	}
	var missing []string
	for _, id := range []string{rec.contact.Channel, o.Winner} {
		if l.in[id] != o.Bridge {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return "", mending{}
	}
	return halfBuiltBridge, s.halfBuilt(ctx, rec.pool, o, missing)
}

func (s *session) examineLeg(ctx context.Context, ch ari.Channel, r records, l lines) (kind, mending) {
	o, recorded := r.legs[ch.ID]
	pool := ""
	if !recorded {
		if pool = poolTold(&ch); !s.judges(ctx, pool) {
			return "", mending{}
		}
	}
	switch {
	case !recorded, o.offer.Winner != "" && o.offer.Winner != ch.ID:
		if caller, _, talks := l.call(l.in[ch.ID]); talks {
			rec, known := r.contacts[caller.ID]
			if !known || rec.contact.State == queue.Waiting {
				return "", mending{} // the caller's difference
			}
		}
		return closedLeg, mending{contact: contactOfLeg(ch.ID), pool: s.poolNamed(pool),
			do: func() (string, bool) { s.orphan(ctx, ch.ID, queue.ErrNoOffer); return "", true }}
	case o.offer.Winner == "" && ch.State == ari.StateUp:
		return unclaimedAnswer, mending{pool: o.pool, contact: o.offer.Contact,
			do: func() (string, bool) { s.legAnswered(ctx, ari.Event{Channel: &ch}, o.pool); return "", true }}
	}
	s.remember(ch.ID, knownChannel(o.pool))
	return "", mending{}
}

// variable reads a variable of a channel. Those that are reported are not told of a
// channel before its first change (seen on 22.10): then it is asked.
func (s *session) variable(ctx context.Context, ch ari.Channel, name string) string {
	if value, told := ch.Vars[name]; told {
		return value
	}
	value, err := s.asterisk.ChannelVariable(ctx, ch.ID, name)
	if err != nil {
		return "" // none, or the channel is gone
	}
	return value
}

// What rides on the channels, for a Redis that loses its memory: the agent on a leg,
// put there when it is made. poolVariable was the pool, in an earlier version.
const (
	poolVariable  = "HOLDLINE_POOL"
	agentVariable = "HOLDLINE_AGENT"
)

// judges says whether the records that were read hold those of the pool. One that
// was not joined is joined for the next look: its legs are not strays.
func (s *session) judges(ctx context.Context, pool string) bool {
	if pool == "" || s.poolNamed(pool) != nil {
		return true
	}
	_, err := s.join(ctx, pool)
	return errors.Is(err, ErrNoPool)
}

// contactOfLeg is who the leg was for; "" when it is no leg of ours.
func contactOfLeg(leg string) string {
	offer, ok := queue.OfferOfLeg(leg)
	if !ok {
		return ""
	}
	return queue.ContactOfOffer(offer)
}
