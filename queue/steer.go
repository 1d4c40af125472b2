package queue

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// What people do with those who wait. Each is journalled with who did it; each gives
// ErrNoContact for one who is not live, and ErrRefused for one who waits no more.

// Withdraw takes a contact out of its queue. Its dialplan goes on, with HOLDLINE_STATUS
// WITHDRAWN and the reason. A phone that rings for it stops.
func (p *Pool) Withdraw(ctx context.Context, contact, reason, by string) (Contact, error) {
	return p.steer(ctx, "withdraw", "withdraw "+contact, contact, by, strings.ToValidUTF8(reason, "?"))
}

// Move gives a contact a place in another queue, by its arrival: its wait goes on.
// need is one of that queue's by name; "" is its own. ErrNoQueue, ErrNoNeed, ErrClosed,
// ErrFull leave it where it is.
func (p *Pool) Move(ctx context.Context, contact, queue, need, reason, by string) (Contact, error) {
	if err := ValidName(queue); err != nil {
		return Contact{}, fmt.Errorf("move %s: queue: %w", contact, err)
	}
	return p.steer(ctx, "move", "move "+contact, contact, Escape(queue), Escape(need), by, strings.ToValidUTF8(reason, "?"))
}

// Give makes a contact the next one of an agent, who needs no skill for it. When they
// have not taken it in time, refuse it, or go, its need counts again, by the steps that its
// wait has opened. ErrNoAgent,
// and ErrRefused for an agent who is neither ready nor in wrap-up.
func (p *Pool) Give(ctx context.Context, contact, agent string, limit time.Duration, by string) (Contact, error) {
	if err := ValidName(agent); err != nil {
		return Contact{}, fmt.Errorf("give %s: %w: %w", contact, ErrNoAgent, err)
	}
	return p.steer(ctx, "give", "give "+contact+" to "+agent, contact, Escape(agent), max(0, limit.Milliseconds()), by)
}

func (p *Pool) steer(ctx context.Context, script, what string, args ...any) (Contact, error) {
	r, err := p.do(ctx, script, what, nil, args...)
	if err != nil {
		return Contact{}, err
	}
	return p.steered(ctx, r.at(0))
}

// steered reads the contact, whose TTL keys go when it waits no more.
func (p *Pool) steered(ctx context.Context, text string) (Contact, error) {
	c, err := decodeContact(text)
	if err == nil {
		p.tidy(ctx, c)
	}
	return c, err
}

// Reprioritise changes a contact's priority: minutes of credit, or in a pool whose
// priority is strict -49 to 49. It gives the position that it has then.
func (p *Pool) Reprioritise(ctx context.Context, contact string, priority int, by string) (Contact, int, error) {
	r, err := p.do(ctx, "reprioritise", "reprioritise "+contact, nil, contact, priority, by)
	if err != nil {
		return Contact{}, 0, err
	}
	c, err := decodeContact(r.at(1))
	return c, int(r.int(0)), err
}

// Key says that the caller on a channel pressed a key. One of the queue's exit keys lets
// them leave, as left by key, also while a phone rings for them: then it gives true.
func (p *Pool) Key(ctx context.Context, from Origin, channel, key string) (Contact, bool, error) {
	r, err := p.do(ctx, "key", "key of "+channel, nil, Escape(from.Node), from.epoch(), Escape(channel), key)
	if err != nil {
		return Contact{}, false, err
	}
	c, err := p.steered(ctx, r.at(1))
	return c, r.at(0) == "1", err
}
