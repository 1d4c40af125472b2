package model

import (
	"errors"
	"slices"
	"time"

	"holdline/queue"
)

// What phones and the dialplan tell; see the methods of queue.Pool.

// ring gives the offer of a leg that is its, and which of its Rings it is.
func (p *Pool) ring(from queue.Origin, leg string) (o *offer, at int, err error) {
	p.tick()
	if !p.speaks(from) {
		return nil, -1, queue.ErrStaleEpoch
	}
	if id, ok := queue.OfferOfLeg(leg); ok {
		o = p.offers[id]
	}
	if o != nil {
		at = slices.IndexFunc(o.Rings, func(r queue.Ring) bool { return r.Leg == leg })
	}
	if o == nil || at < 0 {
		return nil, -1, queue.ErrNoOffer
	}
	return o, at, nil
}

// Ringing says that a phone rings.
func (p *Pool) Ringing(from queue.Origin, leg string) error {
	o, _, err := p.ring(from, leg)
	if err != nil {
		return err
	}
	if o.State == queue.OfferAnswered {
		return queue.ErrNoOffer
	}
	if o.State == queue.OfferOffered {
		o.State = queue.OfferRinging
		p.ringsOn(o)
	}
	o.rang[leg] = true
	return nil
}

// Answered claims the offer for a leg.
func (p *Pool) Answered(from queue.Origin, leg string) (queue.Answer, error) {
	o, at, err := p.ring(from, leg)
	if errors.Is(err, queue.ErrNoOffer) {
		p.Saw("answered too late")
		return queue.Answer{}, nil
	}
	if err != nil {
		return queue.Answer{}, err
	}
	if o.State != queue.OfferAnswered {
		p.answer(o, at)
	}
	return queue.Answer{Won: true, Offer: o.view(), Contact: p.contacts[o.Contact].view()}, nil
}

// Bridged says that the two are in one bridge.
func (p *Pool) Bridged(from queue.Origin, id string) error {
	p.tick()
	if !p.speaks(from) {
		return queue.ErrStaleEpoch
	}
	if o := p.offers[id]; o == nil || o.State != queue.OfferAnswered {
		return queue.ErrNoOffer
	}
	p.undue(id, "bridge")
	return nil
}

// outcomes are what causes say whether or not the phone rang; lost are those that in mid-call
// say that the device is.
var (
	outcomes = map[int]string{17: queue.OfferBusy, 21: queue.OfferReject, 1: queue.OfferUnreachable, 2: queue.OfferUnreachable,
		3: queue.OfferUnreachable, 20: queue.OfferUnreachable, 22: queue.OfferUnreachable, 27: queue.OfferUnreachable,
		28: queue.OfferUnreachable, 38: queue.OfferUnreachable}
	lost = []int{27, 38, 41, 44, 102}
)

// LegEnded says that a leg is gone.
func (p *Pool) LegEnded(from queue.Origin, leg string, cause int) (queue.LegEnd, error) {
	o, at, err := p.ring(from, leg)
	if errors.Is(err, queue.ErrNoOffer) {
		for _, a := range p.agents {
			if a.quiet == leg {
				p.Saw("silent")
				p.unguard(a)
			}
		}
	}
	if err != nil {
		return queue.LegEnd{}, err
	}
	e := queue.LegEnd{Offer: o.view(), Outcome: queue.OfferOutcomeAnswered}
	c := p.contacts[o.Contact]
	switch gone := slices.Contains(lost, cause); {
	case o.State == queue.OfferAnswered && gone:
		e.Returned = true
		p.over(o, true)
		p.back(c, false)
	case o.State == queue.OfferAnswered:
		p.over(o, false)
		p.leave(c, queue.OutcomeAnswered)
	default:
		e.Outcome = p.outcome(o, leg, cause)
		p.legFailed(o, at, e.Outcome, false)
	}
	e.Contact = c.view()
	return e, nil
}

func (p *Pool) outcome(o *offer, leg string, cause int) string {
	switch rang := o.rang[leg] || p.now.Sub(o.CreatedAt) >= o.RingTimeout; {
	case outcomes[cause] != "":
		return outcomes[cause]
	case rang:
		return queue.OfferNoAnswer
	case cause == 25: // the way there died: nobody's fault
		return queue.OfferWithdrawn
	case cause == 18 || cause == 19 || cause == 102:
		return queue.OfferUnreachable
	}
	return queue.OfferSetupFailed
}

// SetupFailed says that a phone, or none of an offer's, could be rung.
func (p *Pool) SetupFailed(id, leg string) error {
	p.tick()
	o := p.offers[id]
	if o == nil || o.State == queue.OfferAnswered {
		return queue.ErrNoOffer
	}
	at := slices.IndexFunc(o.Rings, func(r queue.Ring) bool { return r.Leg == leg })
	switch c := p.contacts[o.Contact]; {
	case leg != "" && at < 0:
		return queue.ErrNoOffer
	case c.State == queue.InDialplan || o.rang[leg] || leg == "" && o.State == queue.OfferRinging:
		return queue.ErrRefused
	case leg == "":
		p.hangup(o, queue.OfferSetupFailed, o.Legs...)
		p.failed(o, queue.OfferSetupFailed, false)
	default:
		p.hangup(o, queue.OfferSetupFailed, leg)
		p.legFailed(o, at, queue.OfferSetupFailed, false)
	}
	return nil
}

// Dialling says that the caller is about to leave for the dialplan.
func (p *Pool) Dialling(id string) error {
	p.tick()
	o := p.offers[id]
	if o == nil || o.State == queue.OfferAnswered {
		return queue.ErrNoOffer
	}
	if o.Connect != "dialplan" {
		return queue.ErrRefused
	}
	if c := p.contacts[o.Contact]; c.State == queue.Offered {
		c.State = queue.InDialplan
		p.undue(id, "setup", "ring")
		p.due("dialplan", id, p.now.Add(o.RingTimeout+queue.DialplanGraceMS*time.Millisecond))
	}
	return nil
}

// Dialled says that an agent has answered in the dialplan.
func (p *Pool) Dialled(from queue.Origin, channel, agent string) (queue.Contact, error) {
	c, err := p.caller(from, channel)
	if err != nil {
		return queue.Contact{}, err
	}
	o := p.offers[c.Offer]
	if o == nil || o.Connect != "dialplan" {
		return queue.Contact{}, queue.ErrNoOffer
	}
	at := slices.IndexFunc(o.Rings, func(r queue.Ring) bool { return r.Agent == agent || agent == "" && len(o.Rings) == 1 })
	if at < 0 {
		return queue.Contact{}, queue.ErrNoOffer
	}
	if c.State == queue.InDialplan {
		p.answer(o, at)
	}
	return c.view(), nil
}

var statuses = map[string]string{"BUSY": queue.OfferBusy, "NOANSWER": queue.OfferNoAnswer, "CANCEL": queue.OfferNoAnswer,
	"CHANUNAVAIL": queue.OfferUnreachable, "CONGESTION": queue.OfferUnreachable, "DONTCALL": queue.OfferReject, "TORTURE": queue.OfferReject}

// Returned says that the caller is back from the dialplan.
func (p *Pool) Returned(from queue.Origin, channel string, d queue.DialResult) (queue.Contact, error) {
	c, err := p.caller(from, channel)
	if err != nil {
		return queue.Contact{}, err
	}
	o := p.offers[c.Offer]
	if o != nil && o.ID != d.Offer {
		d.Status = "" // it says nothing of this offer
	}
	switch answered := d.Status == "ANSWER"; {
	case c.State == queue.InDialplan && answered:
		if o != nil { // nobody heard the answer
			p.answer(o, max(0, slices.Index(names(o.Rings), d.Agent)))
			p.over(o, false)
		}
		p.leave(c, queue.OutcomeAnswered)
	case c.State == queue.InDialplan && o != nil:
		outcome := statuses[d.Status]
		if outcome == "" {
			outcome = queue.OfferSetupFailed
		}
		if outcome == queue.OfferUnreachable && d.Cause == 21 {
			outcome = queue.OfferReject
		}
		p.failed(o, outcome, false)
	case c.State == queue.InDialplan:
		p.back(c, true)
	case c.State == queue.Connected && o.Connect == "dialplan":
		p.over(o, false)
		p.leave(c, queue.OutcomeAnswered)
	}
	return c.view(), nil
}
