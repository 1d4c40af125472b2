package stasis

import (
	"context"
	"fmt"
	"time"

	"holdline/queue"
)

// difference is one disagreement between the lines that a node has and the
// records that Redis has. It is mended only when it is seen twice, a second
// apart, because either side may be a moment ahead of the other.
type difference struct {
	kind kind
	on   string // channel or bridge
}

// kind is what disagrees, and the label of holdline_repairs_total.
type kind string

const (
	lostCaller      kind = "lost_caller"       // a record without a caller: the contact ends
	forgottenCaller kind = "forgotten_caller"  // a caller without a record: back to the place of their arrival
	silentCaller    kind = "silent_caller"     // a caller who waits and hears nothing: music
	closedLeg       kind = "closed_leg"        // a leg without an open offer: hung up
	unclaimedAnswer kind = "unclaimed_answer"  // a leg that answered, unheard: the offer is claimed
	lostLeg         kind = "lost_leg"          // a call whose agent's leg is gone: it has ended
	halfBuiltBridge kind = "half_built_bridge" // answered, and not both are in it; or over, and it is still there
	readoptedCall   kind = "readopted_call"    // a call that goes on without a record: it gets it back
	unheardReturn   kind = "unheard_return"    // a caller who is back from the dialplan, unheard: as if heard
)

// mending is how one difference goes away. It gives what the repair is told with,
// and whether there was anything left to do.
type mending struct {
	pool    *membership
	contact string // "" until it is known
	strand  string // whose order it keeps to; "" is the difference's own
	do      func() (contact string, done bool)
}

// keepComparing compares at once, whenever asked, and at intervals.
func (s *session) keepComparing(ctx context.Context) {
	ticker := time.NewTicker(s.o.CompareEvery)
	defer ticker.Stop()
	for {
		if err := s.compare(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn().Err(err).Msg("comparison failed; trying again")
			ticker.Reset(min(s.o.CompareEvery, time.Second))
		} else {
			ticker.Reset(s.o.CompareEvery)
		}
		if !pause(ctx, s.o.SightingGap) { // however much is suspected
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-s.suspected:
		case <-ticker.C:
		}
	}
}

// suspect asks for a comparison: something was seen that should not be.
func (s *session) suspect() {
	select {
	case s.suspected <- struct{}{}:
	default:
	}
}

// pause waits, and says whether ctx outlived it.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func (s *session) compare(ctx context.Context) error {
	// A node that has just started answers 503 for a moment; the caller repeats.
	if !s.filtered {
		if _, err := s.asterisk.SetEventFilter(ctx, Application, eventTypes, nil); err != nil {
			return fmt.Errorf("set event filter: %w", err)
		}
		s.filtered = true
	}
	if err := s.askClock(ctx); err != nil {
		return fmt.Errorf("ask for the node's time: %w", err)
	}
	first, err := s.sight(ctx)
	if err != nil || len(first.differences)+len(first.sent) == 0 {
		return err
	}
	for range 2 {
		if !pause(ctx, s.o.SightingGap) {
			return ctx.Err()
		}
		second, err := s.sight(ctx)
		if err != nil {
			return err
		}
		// What shows only now gets its second look, once: trouble comes in company,
		// and a busy node always has a moment's difference.
		if !s.mendSeenTwice(ctx, first, second) {
			break
		}
		first = second
	}
	return nil
}

// mendSeenTwice mends what both sightings show, and says whether the second shows more.
func (s *session) mendSeenTwice(ctx context.Context, first, second sighting) (more bool) {
	for d, m := range second.differences {
		if _, twice := first.differences[d]; twice {
			s.mend(ctx, d, m)
		} else {
			more = true
		}
	}
	for channel, now := range second.sent {
		if before, twice := first.sent[channel]; twice && before.packets == now.packets {
			s.mend(ctx, difference{silentCaller, channel}, now.mending)
		}
	}
	return more
}

// mend does what makes a difference go away, in its turn, and tells of it.
func (s *session) mend(ctx context.Context, d difference, m mending) {
	strand := m.strand
	if strand == "" {
		strand = d.on
	}
	s.strands.do(strand, func() {
		if ctx.Err() != nil {
			return // whoever has the node now looks for themselves
		}
		contact, done := m.do()
		if contact == "" {
			contact = m.contact
		}
		if done {
			s.repaired(ctx, d, m.pool, contact)
		}
	})
}

// repaired counts a repair, and tells of it.
func (s *session) repaired(ctx context.Context, d difference, pool *membership, contact string) {
	s.o.Metrics.repaired(string(d.kind))
	s.log.Warn().Str("kind", string(d.kind)).Str("contact", contact).Str("channel", d.on).Msg("mended")
	if pool == nil {
		return
	}
	err := pool.queue.Repaired(ctx, pool.origin, queue.Repair{Kind: string(d.kind), Contact: contact, Channel: d.on})
	if err != nil && ctx.Err() == nil {
		s.log.Debug().Err(err).Msg("repair not noted")
	}
}
