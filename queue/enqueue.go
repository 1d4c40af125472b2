package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Enqueue gives an arrival its place: the record, the place in its need and in
// the queue's order, its deadlines, one journal entry, and a work entry when an
// agent stands ready. Repeated for the same channel it gives the place back
// that the channel has. A caller who was lost with their node and calls again in
// time takes the place they had. A queue that is closed, full, or has nobody to serve
// gives its callers to the one that it overflows to. ErrNoQueue, ErrNoNeed, ErrClosed,
// ErrFull and ErrEmpty are journalled as refused: entered and ended at once; told again
// within a minute, they are refused again and counted once, for the reason that holds then
// or, when none does, with ErrClosed. ErrNotReady until the pool has a projection.
func (p *Pool) Enqueue(ctx context.Context, from Origin, a Arrival) (Entered, error) {
	what := "enqueue " + a.Channel
	if a.Contact == "" {
		a.Contact = NewContactID()
	}
	if len(a.Contact) != contactLen || !isHex(a.Contact) {
		return Entered{}, fmt.Errorf("%s: contact %.40q: %w", what, a.Contact, ErrName)
	}
	if err := ValidName(a.Queue); err != nil {
		return Entered{}, fmt.Errorf("%s: queue: %w", what, err)
	}
	if a.Channel == "" {
		return Entered{}, fmt.Errorf("%s: channel: %w", what, ErrName)
	}
	c, err := p.enqueue(ctx, what, from, a)
	if a.Back && errors.Is(err, ErrNoContact) {
		// The contact was given up and has its end: they go on as another one.
		a.Contact = NewContactID()
		c, err = p.enqueue(ctx, what, from, a)
	}
	return c, err
}

func (p *Pool) enqueue(ctx context.Context, what string, from Origin, a Arrival) (Entered, error) {
	queue, back := Escape(a.Queue), ""
	if a.Back {
		back = "back"
	}
	r, err := p.do(ctx, "enqueue", what, []string{p.timeoutKey(queue, a.Contact), p.announceKey(queue, a.Contact)},
		Escape(from.Node), from.epoch(), a.Contact, Escape(a.Channel), a.Channel, queue, Escape(a.Need), toMicros(a.At),
		optionalMS(a.Timeout), optionalMS(a.Announce), a.Priority, a.CallerName, a.CallerNumber, a.Language,
		toMicros(a.Since), back, a.Credit.Milliseconds(), Escape(a.Prefer), a.PreferFor.Milliseconds())
	if err != nil {
		return Entered{}, err
	}
	c, err := decodeContact(r.at(2))
	return Entered{New: r.at(0) == "1", Position: int(r.int(1)), Contact: c}, err
}

func optionalMS(d *time.Duration) string {
	if d == nil {
		return ""
	}
	return strconv.FormatInt(max(0, d.Milliseconds()), 10)
}

// CallerGone says that the channel has died. What that means follows from where
// the contact stands: it is abandoned, or its outcome was decided before.
// ErrNoContact when the channel has no contact (any more).
func (p *Pool) CallerGone(ctx context.Context, from Origin, channel string) (Ended, error) {
	return p.gone(ctx, from, channel, "gone")
}

// CallerLeft says that the channel has left the application. That is its end,
// unless it left for the dialplan to be dialled there: then Live is true, and
// Returned or CallerGone will come.
func (p *Pool) CallerLeft(ctx context.Context, from Origin, channel string) (Ended, error) {
	return p.gone(ctx, from, channel, "left")
}

func (p *Pool) gone(ctx context.Context, from Origin, channel, how string) (Ended, error) {
	r, err := p.do(ctx, "gone", "caller "+how+" "+channel, nil, Escape(from.Node), from.epoch(), Escape(channel), how)
	if err != nil {
		return Ended{}, err
	}
	c, err := decodeContact(r.at(0))
	if err != nil {
		return Ended{}, err
	}
	e := Ended{Contact: c, Wait: ms(r.int(1)), Live: r.at(2) == "0"}
	if !e.Live {
		p.tidy(ctx, c)
	}
	return e, nil
}
