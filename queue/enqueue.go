package queue

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Enqueue gives an arrival its place: the record, the place in its need and in
// the queue's order, its deadlines, one journal entry, and a work entry when an
// agent stands ready. Repeated for the same channel it gives the place back
// that the channel has. ErrNoQueue, ErrNoNeed and ErrClosed are journalled as
// refused: entered and ended at once.
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
	queue := Escape(a.Queue)
	r, err := p.do(ctx, "enqueue", what, []string{p.timeoutKey(queue, a.Contact), p.announceKey(queue, a.Contact)},
		Escape(from.Node), from.epoch(), a.Contact, Escape(a.Channel), a.Channel, queue, Escape(a.Need), toMicros(a.At),
		optionalMS(a.Timeout), optionalMS(a.Announce), a.Priority, a.CallerName, a.CallerNumber, a.Language)
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

// CallerGone says that the channel has left the application or died. What that
// means follows from where the contact stands: it is abandoned, or its outcome
// was decided before. ErrNoContact when the channel has no contact (any more).
func (p *Pool) CallerGone(ctx context.Context, from Origin, channel string) (Ended, error) {
	r, err := p.do(ctx, "gone", "caller gone "+channel, nil, Escape(from.Node), from.epoch(), Escape(channel))
	if err != nil {
		return Ended{}, err
	}
	c, err := decodeContact(r.at(0))
	if err != nil {
		return Ended{}, err
	}
	p.tidy(ctx, c)
	return Ended{Contact: c, Wait: ms(r.int(1))}, nil
}
