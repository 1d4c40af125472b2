package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Seen says whether the origin still speaks for its node: ErrStaleEpoch when
// somebody else does, and when the pool lost its memory, which is how a node's
// connection learns that its callers are to be entered again.
func (p *Pool) Seen(ctx context.Context, from Origin) error {
	_, err := p.do(ctx, "seen", "seen "+from.Node, nil, Escape(from.Node), from.epoch())
	return err
}

// Version is that of the projection that the pool works by; 0: it has none, or
// lost it.
func (p *Pool) Version(ctx context.Context) (int64, error) {
	text, err := p.get(ctx, "meta", "dir_version", redis.Nil, "version of the projection")
	if errors.Is(err, redis.Nil) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	version, _ := strconv.ParseInt(text, 10, 64)
	return version, nil
}

// Repair is one difference between the lines and the records that was mended.
type Repair struct {
	At      time.Time
	Kind    string // as holdline_repairs_total counts it
	Contact string // "" when there is none
	Channel string // or bridge
	Node    string
}

// Repaired notes a repair for people; node and time are the command's own.
func (p *Pool) Repaired(ctx context.Context, from Origin, r Repair) error {
	_, err := p.do(ctx, "repaired", "note repair "+r.Kind, nil, Escape(from.Node), from.epoch(), r.Kind, r.Contact, r.Channel)
	return err
}

// Repairs gives the last n repairs, newest first; about RepairsMax are kept.
func (p *Pool) Repairs(ctx context.Context, n int) ([]Repair, error) {
	if p.bad != nil {
		return nil, p.bad
	}
	messages, err := p.rdb.XRevRangeN(ctx, p.keys["repairs"], "+", "-", int64(n)).Result()
	if err != nil {
		return nil, fmt.Errorf("read repairs: %w", err)
	}
	repairs := make([]Repair, len(messages))
	for i, m := range messages {
		repairs[i] = decodeRepair(m)
	}
	return repairs, nil
}

func decodeRepair(m redis.XMessage) Repair {
	f := fields(m.Values)
	return Repair{At: micros(f.text("at")).time(), Kind: f.text("kind"), Contact: f.text("contact"),
		Channel: f.text("channel"), Node: f.name("node")}
}

// Adoption is a call that goes on in its bridge and of which the pool knows
// nothing, or only that its caller waits.
type Adoption struct {
	Contact  string // both are in the bridge's id
	Offer    string
	Leg      string // the agent's
	Agent    string
	Channel  string // the caller's
	Queue    string
	Need     string    // by name; empty: the queue's own
	At       time.Time // of the arrival; zero: now
	Answered time.Time // zero: now

	Priority     int
	CallerName   string
	CallerNumber string
	Language     string
}

// Readopt gives a call its contact and its offer back; the agent is busy with it
// again, and an offer that the agent got meanwhile is withdrawn when it is one too
// many. Repeated it does nothing more. ErrRefused when the records tell of another
// call, ErrNotReady until the pool has a projection.
func (p *Pool) Readopt(ctx context.Context, from Origin, a Adoption) (Contact, error) {
	what := "readopt " + a.Channel
	if len(a.Contact) != contactLen || !isHex(a.Contact) || len(a.Offer) != offerLen || a.Offer[:contactLen] != a.Contact {
		return Contact{}, fmt.Errorf("%s: offer %.40q of contact %.40q: %w", what, a.Offer, a.Contact, ErrName)
	}
	for _, name := range []string{a.Queue, a.Agent} {
		if err := ValidName(name); err != nil {
			return Contact{}, fmt.Errorf("%s: %w", what, err)
		}
	}
	r, err := p.do(ctx, "readopt", what, nil, Escape(from.Node), from.epoch(), a.Contact, a.Offer, a.Leg,
		Escape(a.Channel), a.Channel, Escape(a.Queue), Escape(a.Need), Escape(a.Agent), toMicros(a.At),
		toMicros(a.Answered), a.Priority, a.CallerName, a.CallerNumber, a.Language)
	if err != nil {
		return Contact{}, err
	}
	c, err := decodeContact(r.at(1))
	if err == nil {
		p.tidy(ctx, c)
	}
	return c, err
}
