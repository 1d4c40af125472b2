package queue

import "context"

// Connect mode dialplan: the caller leaves the application, the dialplan dials
// the agents and, when it has done so, brings the caller back.

// Dialling says that the caller is about to leave for the dialplan, which dials
// the offer's agents. It is said before the channel is sent on: from now on
// CallerLeft is no end, and a deadline watches. It may be repeated.
func (p *Pool) Dialling(ctx context.Context, offer string) error {
	_, err := p.do(ctx, "dialling", "dialling "+offer, nil, offer)
	return err
}

// Dialled says that the agent has answered in the dialplan; "" will do when only
// one was dialled. ErrNoOffer when the offer is closed, or another agent's.
func (p *Pool) Dialled(ctx context.Context, from Origin, channel, agent string) (Contact, error) {
	r, err := p.do(ctx, "dialled", "dialled "+channel, nil, Escape(from.Node), from.epoch(), Escape(channel), Escape(agent))
	if err != nil {
		return Contact{}, err
	}
	c, err := decodeContact(r.at(0))
	if err == nil {
		p.tidy(ctx, c)
	}
	return c, err
}

// DialResult is what came of dialling in the dialplan.
type DialResult struct {
	Offer  string
	Status string // DIALSTATUS
	Cause  int    // HANGUPCAUSE, Q.850; Dial's status tells no reject from nobody there. 0: not known
	Agent  string // who answered, if that is known
}

// Returned says that the caller is back in the application from the dialplan.
// After ANSWER the contact leaves, answered; otherwise it waits at its old place,
// and a work entry starts its music. ErrNoContact when there is none (any more):
// it is an arrival then.
func (p *Pool) Returned(ctx context.Context, from Origin, channel string, d DialResult) (Contact, error) {
	r, err := p.do(ctx, "returned", "returned "+channel, nil, Escape(from.Node), from.epoch(), Escape(channel),
		d.Offer, d.Status, d.Cause, Escape(d.Agent))
	if err != nil {
		return Contact{}, err
	}
	return decodeContact(r.at(0))
}
