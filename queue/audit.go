package queue

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// FaultKind says what inside a pool does not fit together.
type FaultKind string

// The kinds of Fault. The first three make somebody wait in vain, the stale ones
// are hints that a match passes over and removes.
const (
	FaultMissing   FaultKind = "index_missing"   // a record that an index lacks: nobody finds it
	FaultHeld      FaultKind = "held_by_nothing" // an agent or a contact whose offer is gone, or another's
	FaultUnknown   FaultKind = "offer_unknown"   // an offer of which its contact or an agent does not know
	FaultStale     FaultKind = "index_stale"     // a member of an index without a record that says so
	FaultOverdue   FaultKind = "deadline_overdue"
	FaultUndone    FaultKind = "work_undone"
	FaultUnserved  FaultKind = "nobody_serves"  // somebody waits, and nobody who is logged in may serve them
	FaultDirectory FaultKind = "directory_half" // a version of the directory that was begun and not finished
)

// Fault is one thing that does not fit, and whom it is about.
type Fault struct {
	Kind                         FaultKind
	Contact, Offer, Agent, Queue string
	Text                         string
}

// Audit is what a pool holds, and what in it does not fit together.
type Audit struct {
	At       time.Time // by Redis's clock
	Version  int64     // of the directory that the pool works by
	Contacts []Contact
	Offers   []Offer
	Agents   []Agent
	Faults   []Fault
}

// auditLate is how long after its time a deadline or a work entry is late, and
// auditMax how many of either are named.
const (
	auditLate = time.Second
	auditMax  = 50
)

// Audit reads the whole pool, in pieces, and holds the records against each other
// and against the indexes. It writes nothing and runs no script. The pieces are
// not of one moment: what is seen once only may have been on its way.
func (p *Pool) Audit(ctx context.Context) (Audit, error) {
	if p.bad != nil {
		return Audit{}, p.bad
	}
	s := shelf{dir: map[string]string{}, heads: map[string]string{}, index: map[string][]string{}}
	now, err := p.serverTime(ctx)
	if err != nil {
		return Audit{}, fmt.Errorf("audit %s: %w", p.name, err)
	}
	if s.late, err = p.late(ctx, now); err != nil {
		return Audit{}, err
	}
	// Indexes first: what enters between the two readings is then missing for a
	// moment, as the second sighting tells.
	for _, key := range []string{"elements", "waiting", "order", "available"} {
		if s.index[key], err = p.members(ctx, key); err != nil {
			return Audit{}, err
		}
	}
	for key, into := range map[string]map[string]string{"dir": s.dir, "heads": s.heads} {
		if _, err = scan(ctx, p, key, func(field, text string) (int, error) { into[field] = text; return 0, nil }); err != nil {
			return Audit{}, err
		}
	}
	if s.agents, err = scan(ctx, p, "agents", readAuditAgent); err != nil {
		return Audit{}, err
	}
	if s.offers, err = p.Offers(ctx); err != nil {
		return Audit{}, err
	}
	if s.contacts, err = scan(ctx, p, "contacts", readAuditContact); err != nil {
		return Audit{}, err
	}
	a := Audit{At: now, Offers: s.offers, Faults: s.faults()}
	for _, c := range s.contacts {
		a.Contacts = append(a.Contacts, c.contact)
	}
	for _, agent := range s.agents {
		a.Agents = append(a.Agents, agent.agent)
	}
	meta, err := p.rdb.HMGet(ctx, p.keys["meta"], "dir_version", "dir_target").Result()
	if err != nil {
		return Audit{}, fmt.Errorf("audit %s: %w", p.name, err)
	}
	version, _ := meta[0].(string)
	target, _ := meta[1].(string)
	a.Version, _ = strconv.ParseInt(version, 10, 64)
	if target != "" && target != version {
		a.Faults = append(a.Faults, Fault{Kind: FaultDirectory,
			Text: "the directory's version " + target + " is begun, the pool works by " + cmp.Or(version, "none")})
	}
	slices.SortStableFunc(a.Faults, func(x, y Fault) int { return strings.Compare(string(x.Kind)+x.Text, string(y.Kind)+y.Text) })
	return a, nil
}

// members reads a whole sorted set in pieces.
func (p *Pool) members(ctx context.Context, key string) ([]string, error) {
	var all []string
	for cursor := uint64(0); ; {
		found, next, err := p.rdb.ZScan(ctx, p.keys[key], cursor, "", 500).Result()
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", key, err)
		}
		for i := 0; i+1 < len(found); i += 2 { // member, score
			all = append(all, found[i])
		}
		if cursor = next; cursor == 0 {
			slices.Sort(all)
			return slices.Compact(all), nil
		}
	}
}

// late gives the deadlines that are overdue and the work entries that are undone.
func (p *Pool) late(ctx context.Context, now time.Time) ([]Fault, error) {
	var faults []Fault
	bound := now.Add(-auditLate)
	due, err := p.rdb.ZRangeByScoreWithScores(ctx, p.keys["deadlines"],
		&redis.ZRangeBy{Min: "-inf", Max: strconv.FormatInt(bound.UnixMicro(), 10), Count: auditMax}).Result()
	if err != nil {
		return nil, fmt.Errorf("list overdue deadlines: %w", err)
	}
	for _, d := range due {
		member, _ := d.Member.(string)
		faults = append(faults, Fault{Kind: FaultOverdue,
			Text: fmt.Sprintf("the deadline %s was due at %s", member, time.UnixMicro(int64(d.Score)).UTC().Format(time.TimeOnly))})
	}
	entries, err := p.rdb.XRangeN(ctx, p.keys["work"], "-", strconv.FormatInt(bound.UnixMilli(), 10), auditMax).Result()
	if err != nil {
		return nil, fmt.Errorf("list undone work: %w", err)
	}
	for _, w := range decodeWorks(entries) {
		faults = append(faults, Fault{Kind: FaultUndone, Contact: w.Contact, Offer: w.Offer, Agent: w.Agent, Queue: w.Queue,
			Text: fmt.Sprintf("the work entry %s (%s) is not done", w.ID, w.Kind)})
	}
	return faults, nil
}
