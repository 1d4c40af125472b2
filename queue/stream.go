package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// workGroup is the consumer group of the work stream; callmanagers are its consumers.
const workGroup = "callmanagers"

// Take gives up to n work entries that nobody has taken yet, waiting up to
// block for the first. An entry is this consumer's until Done, or until another
// one takes it over.
func (p *Pool) Take(ctx context.Context, consumer string, block time.Duration, n int) ([]Work, error) {
	if p.bad != nil {
		return nil, p.bad
	}
	if block <= 0 {
		block = -1 // go-redis: do not block
	}
	args := &redis.XReadGroupArgs{Group: workGroup, Consumer: consumer, Streams: []string{p.keys["work"], ">"},
		Count: int64(n), Block: block}
	streams, err := p.rdb.XReadGroup(ctx, args).Result()
	if noGroup(err) {
		if err = p.makeGroup(ctx); err == nil {
			streams, err = p.rdb.XReadGroup(ctx, args).Result()
		}
	}
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("take work: %w", err)
	}
	var work []Work
	for _, s := range streams {
		work = append(work, decodeWorks(s.Messages)...)
	}
	return work, nil
}

// Takeover gives up to n entries that their consumer has neither done nor
// renewed for idle, to this consumer.
func (p *Pool) Takeover(ctx context.Context, consumer string, idle time.Duration, n int) ([]Work, error) {
	if p.bad != nil {
		return nil, p.bad
	}
	messages, _, err := p.rdb.XAutoClaim(ctx, &redis.XAutoClaimArgs{Stream: p.keys["work"], Group: workGroup,
		Consumer: consumer, MinIdle: idle, Start: "0-0", Count: int64(n)}).Result()
	if noGroup(err) {
		return nil, p.makeGroup(ctx)
	}
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("take over work: %w", err)
	}
	return decodeWorks(messages), nil
}

// Done ends a work entry. The offers that were made for it are taken to be set
// up: from now on the ring deadline watches them. It gives their legs, of those that are
// open or answered: a leg that was made for one and is not among them is to be hung up.
func (p *Pool) Done(ctx context.Context, workID string) (legs map[string][]string, err error) {
	r, err := p.do(ctx, "done", "work done "+workID, nil, workID)
	if err != nil {
		return nil, err
	}
	legs = make(map[string][]string, len(r)/2)
	for i := 0; i+1 < len(r); i += 2 {
		legs[r[i]] = split(r[i+1])
	}
	return legs, nil
}

func noGroup(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "NOGROUP") }

// makeGroup starts at 0: work that came before the first callmanager counts.
func (p *Pool) makeGroup(ctx context.Context) error {
	err := p.rdb.XGroupCreateMkStream(ctx, p.keys["work"], workGroup, "0").Err()
	if err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") {
		return fmt.Errorf("make work group: %w", err)
	}
	return nil
}

func decodeWorks(messages []redis.XMessage) []Work {
	var work []Work
	for _, m := range messages {
		if len(m.Values) > 0 { // an entry deleted while pending comes empty
			work = append(work, decodeWork(m))
		}
	}
	return work
}

func decodeWork(m redis.XMessage) Work {
	f := fields(m.Values)
	w := Work{
		ID: m.ID, Kind: WorkKind(f.text("kind")), Contact: f.text("contact"), Offer: f.text("offer"),
		Agent: f.name("agent"), Line: f.text("need"), Node: f.name("node"), Channel: f.text("channel"),
		Queue: f.name("queue"), Legs: split(f.text("legs")), Position: int(f.int("position")),
		Waiting: int(f.int("waiting")), Outcome: f.text("outcome"), Reason: f.text("reason"),
		Language: f.text("language"), MusicClass: f.text("music"), WaitMS: f.int("wait_ms"), Key: f.text("key"),
	}
	if w.Kind == WorkLeave {
		w.Vars = map[string]string{"HOLDLINE_STATUS": Status(w.Outcome), "HOLDLINE_REASON": w.Reason, "HOLDLINE_AGENT": w.Agent,
			"HOLDLINE_KEY": w.Key, "HOLDLINE_WAIT_MS": strconv.FormatInt(w.WaitMS, 10),
			// What stasis keeps on the channel is of this stay: the next has an arrival of its own.
			"HOLDLINE_ARRIVAL": ""}
	}
	return w
}

// Entry is one line of the journal: one move of a contact, an offer or an agent.
type Entry struct {
	ID      string // of the stream; Journal goes on after it
	At      time.Time
	Fence   int64
	Event   string // entered widened moved reprioritised given offered ringing dialling answered bridged closed returned leaving ended readopted mode next_mode device node_up
	Contact string
	Channel string
	Offer   string
	Agent   string
	Queue   string
	Node    string
	Need    string
	Outcome string
	Mode    Mode
	Reason  string
	By      string
	Until   time.Time // the bound of a mode
	WaitMS  int64

	Reconnects string // of an entered: the contact whose place it took

	From     string // of a moved: the queue that it left
	Tier     int    // of an offered: the agent's penalty tier
	Step     int    // of an offered: the step that admits the agent; of a widened: the contact's
	Behind   []string
	Priority int // of a reprioritised
}

// Journal gives up to n entries after the one of that id ("" begins). It is
// trimmed to about JournalMax entries.
func (p *Pool) Journal(ctx context.Context, after string, n int) ([]Entry, error) {
	if p.bad != nil {
		return nil, p.bad
	}
	start := "-"
	if after != "" {
		start = "(" + after
	}
	messages, err := p.rdb.XRangeN(ctx, p.keys["journal"], start, "+", int64(n)).Result()
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	entries := make([]Entry, len(messages))
	for i, m := range messages {
		entries[i] = decodeEntry(m)
	}
	return entries, nil
}

func decodeEntry(m redis.XMessage) Entry {
	f := fields(m.Values)
	return Entry{
		ID: m.ID, At: micros(f.text("at")).time(), Fence: f.int("fence"), Event: f.text("event"),
		Contact: f.text("contact"), Channel: f.text("channel"), Offer: f.text("offer"), Agent: f.name("agent"),
		Queue: f.name("queue"), Node: f.name("node"), Need: f.text("need"), Outcome: f.text("outcome"),
		Mode: Mode(f.text("mode")), Reason: f.text("reason"), By: f.text("by"), WaitMS: f.int("wait_ms"),
		Until: micros(f.text("until")).time(), Reconnects: f.text("reconnects"), From: f.name("from"),
		Tier: int(f.int("tier")), Step: int(f.int("step")), Behind: split(f.text("behind")),
		Priority: int(f.int("priority")),
	}
}

// JournalEnd is the id of the last entry; "" when there is none.
func (p *Pool) JournalEnd(ctx context.Context) (string, error) {
	if p.bad != nil {
		return "", p.bad
	}
	last, err := p.rdb.XRevRangeN(ctx, p.keys["journal"], "+", "-", 1).Result()
	if err != nil {
		return "", fmt.Errorf("find end of journal: %w", err)
	}
	if len(last) == 0 {
		return "", nil
	}
	return last[0].ID, nil
}

// fields of a stream's entry. What is absent or no number reads as nothing.
type fields map[string]any

func (f fields) text(k string) string { s, _ := f[k].(string); return s }
func (f fields) name(k string) string { return Unescape(f.text(k)) }
func (f fields) int(k string) int64   { n, _ := strconv.ParseInt(f.text(k), 10, 64); return n }
