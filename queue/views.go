package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Views read; nothing may be decided from what they give, since it may be over
// by the time it is read.

// Contact gives a live contact, or ErrNoContact.
func (p *Pool) Contact(ctx context.Context, id string) (Contact, error) {
	text, err := p.get(ctx, "contacts", id, ErrNoContact, "contact "+id)
	if err != nil {
		return Contact{}, err
	}
	return decodeContact(text)
}

// Contacts gives every live contact, by arrival.
func (p *Pool) Contacts(ctx context.Context) ([]Contact, error) {
	all, err := scan(ctx, p, "contacts", func(_, text string) (Contact, error) { return decodeContact(text) })
	slices.SortFunc(all, func(a, b Contact) int { return a.Arrived.Compare(b.Arrived) })
	return all, err
}

// Agent gives an agent, or ErrNoAgent.
func (p *Pool) Agent(ctx context.Context, id string) (Agent, error) {
	text, err := p.get(ctx, "agents", Escape(id), ErrNoAgent, "agent "+id)
	if err != nil {
		return Agent{}, err
	}
	return decodeAgent(Escape(id), text)
}

// Agents gives every agent, by id.
func (p *Pool) Agents(ctx context.Context) ([]Agent, error) {
	all, err := scan(ctx, p, "agents", decodeAgent)
	slices.SortFunc(all, func(a, b Agent) int { return strings.Compare(a.ID, b.ID) })
	return all, err
}

// Offer gives an offer that is open or whose call lasts, or ErrNoOffer.
func (p *Pool) Offer(ctx context.Context, id string) (Offer, error) {
	text, err := p.get(ctx, "offers", id, ErrNoOffer, "offer "+id)
	if err != nil {
		return Offer{}, err
	}
	domain, err := p.Domain(ctx)
	if err != nil {
		return Offer{}, err
	}
	return decodeOffer(text, domain)
}

// Offers gives every offer that is open or whose call lasts, by fence.
func (p *Pool) Offers(ctx context.Context) ([]Offer, error) {
	domain, err := p.Domain(ctx)
	if err != nil {
		return nil, err
	}
	all, err := scan(ctx, p, "offers", func(_, text string) (Offer, error) { return decodeOffer(text, domain) })
	slices.SortFunc(all, func(a, b Offer) int { return int(a.Fence - b.Fence) })
	return all, err
}

// Queue gives a queue's settings, or ErrNoQueue.
func (p *Pool) Queue(ctx context.Context, name string) (QueueSpec, error) {
	if p.bad != nil {
		return QueueSpec{}, p.bad
	}
	id := Escape(name)
	both, err := p.rdb.HMGet(ctx, p.keys["dir"], "queue|"+id, "ring|"+id).Result()
	if err != nil {
		return QueueSpec{}, fmt.Errorf("queue %s: %w", name, err)
	}
	record, is := both[0].(string)
	ring, rings := both[1].(string)
	if !is || !rings {
		return QueueSpec{}, fmt.Errorf("queue %s: %w", name, ErrNoQueue)
	}
	return decodeQueue(id, record, ring)
}

// Domain is the domain of the agents' SIP addresses.
func (p *Pool) Domain(ctx context.Context) (string, error) {
	s, err := p.get(ctx, "meta", "domain", redis.Nil, "domain")
	if errors.Is(err, redis.Nil) { // no projection yet
		return "", nil
	}
	return s, err
}

// ByChannel gives the contact of a channel, or ErrNoContact.
func (p *Pool) ByChannel(ctx context.Context, channel, node string) (Contact, error) {
	prefix := Escape(node) + "|" + Escape(channel) + "|"
	ids, err := p.elements(ctx, prefix, 1)
	if err != nil {
		return Contact{}, err
	}
	if len(ids) == 0 {
		return Contact{}, fmt.Errorf("contact of %s on %s: %w", channel, node, ErrNoContact)
	}
	return p.Contact(ctx, ids[0])
}

// ContactsOn gives the live contacts whose channels are on the node.
func (p *Pool) ContactsOn(ctx context.Context, node string) ([]Contact, error) {
	ids, err := p.elements(ctx, Escape(node)+"|", 0)
	if err != nil {
		return nil, err
	}
	var all []Contact
	for part := range slices.Chunk(ids, 500) {
		texts, err := p.rdb.HMGet(ctx, p.keys["contacts"], part...).Result()
		if err != nil {
			return nil, fmt.Errorf("contacts on %s: %w", node, err)
		}
		for _, t := range texts {
			if text, ok := t.(string); ok {
				c, err := decodeContact(text)
				if err != nil {
					return nil, err
				}
				all = append(all, c)
			}
		}
	}
	return all, nil
}

func (p *Pool) elements(ctx context.Context, prefix string, limit int64) ([]string, error) {
	if p.bad != nil {
		return nil, p.bad
	}
	members, err := p.rdb.ZRangeByLex(ctx, p.keys["elements"],
		&redis.ZRangeBy{Min: "[" + prefix, Max: "(" + prefix[:len(prefix)-1] + "}", Count: limit}).Result()
	if err != nil {
		return nil, fmt.Errorf("elements %s: %w", prefix, err)
	}
	for i, m := range members {
		members[i] = m[strings.LastIndexByte(m, '|')+1:]
	}
	return members, nil
}

// Position is the contact's place in its queue: 1 is next, 0 is in no queue any more.
func (p *Pool) Position(ctx context.Context, contact string) (int, error) {
	text, err := p.get(ctx, "contacts", contact, ErrNoContact, "position of "+contact)
	if err != nil {
		return 0, err
	}
	r, err := readContact(text)
	if err != nil {
		return 0, err
	}
	if !ContactState(r.State).Placed() {
		return 0, nil
	}
	n, err := p.rdb.ZLexCount(ctx, p.keys["order"], "["+r.Queue+"|", "["+r.Queue+"|"+r.Score+"|"+contact).Result()
	if err != nil {
		return 0, fmt.Errorf("position of %s: %w", contact, err)
	}
	return int(n), nil
}

// Stats are the pool's numbers: what stands now, and what has been since the
// pool began. Entered = Ended + Live, always.
type Stats struct {
	At      time.Time
	Live    int
	Entered int64
	Ended   int64
	Queues  map[string]QueueStats
}

// QueueStats are the numbers of one queue.
type QueueStats struct {
	Waiting, Offered, InDialplan, Connected, Leaving int64
	Entered, MovedIn, MovedOut                       int64            // Entered + MovedIn = ended + MovedOut + live
	Ended                                            map[string]int64 // by outcome
}

// Stats reads them in one script, so that they agree with each other.
func (p *Pool) Stats(ctx context.Context) (Stats, error) {
	r, err := p.do(ctx, "stats", "stats", nil)
	if err != nil {
		return Stats{}, err
	}
	return decodeStats(r), nil
}

func decodeStats(r reply) Stats {
	s := Stats{At: micros(r.at(0)).time(), Live: int(r.int(1)), Queues: map[string]QueueStats{}}
	for i := 2; i+1 < len(r); i += 2 {
		n, _ := strconv.ParseInt(r[i+1], 10, 64)
		part := strings.Split(r[i], "|")
		if len(part) < 2 {
			continue
		}
		name := Unescape(part[0])
		q := s.Queues[name]
		switch part[1] {
		case "waiting":
			q.Waiting = n
		case "offered":
			q.Offered = n
		case "in_dialplan":
			q.InDialplan = n
		case "connected":
			q.Connected = n
		case "leaving":
			q.Leaving = n
		case "entered":
			q.Entered, s.Entered = n, s.Entered+n
		case "moved_in":
			q.MovedIn = n
		case "moved_out":
			q.MovedOut = n
		case "ended":
			if len(part) < 3 {
				continue
			}
			if q.Ended == nil {
				q.Ended = map[string]int64{}
			}
			q.Ended[part[2]], s.Ended = n, s.Ended+n
		}
		s.Queues[name] = q
	}
	return s
}

// scan reads a whole hash in pieces.
func scan[T any](ctx context.Context, p *Pool, key string, decode func(field, text string) (T, error)) ([]T, error) {
	if p.bad != nil {
		return nil, p.bad
	}
	seen := map[string]bool{} // a scan may give a field twice
	var all []T
	for cursor := uint64(0); ; {
		found, next, err := p.rdb.HScan(ctx, p.keys[key], cursor, "", 500).Result()
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", key, err)
		}
		for i := 0; i+1 < len(found); i += 2 {
			if seen[found[i]] {
				continue
			}
			seen[found[i]] = true
			v, err := decode(found[i], found[i+1])
			if err != nil {
				return nil, err
			}
			all = append(all, v)
		}
		if cursor = next; cursor == 0 {
			return all, nil
		}
	}
}

// Now is the pool's time, without taking a tick of it.
func (p *Pool) Now(ctx context.Context) (time.Time, error) {
	s, err := p.survey(ctx)
	if err != nil {
		return time.Time{}, err
	}
	return s.now, nil
}
