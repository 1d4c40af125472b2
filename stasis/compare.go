package stasis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdline/ari"
	"holdline/queue"
)

// difference is one disagreement between the channels that a node has and the
// records that Redis has. It is mended only when it is seen twice, a second
// apart, because either side may be a moment ahead of the other.
type difference struct {
	kind    kind
	channel string
}

// kind is what disagrees, and the label of holdline_repairs_total.
type kind string

const (
	lostCaller      kind = "lost_caller"      // a record without a caller: the contact ends
	forgottenCaller kind = "forgotten_caller" // a caller without a record: back to the place of their arrival
	closedLeg       kind = "closed_leg"       // a leg without an open offer: hung up
	unclaimedAnswer kind = "unclaimed_answer" // a leg that answered, unheard: the offer is claimed
	lostLeg         kind = "lost_leg"         // a call whose agent's leg is gone: it has ended
)

// keepComparing compares at once, whenever asked, and at intervals.
func (s *session) keepComparing(ctx context.Context, asked <-chan struct{}) {
	ticker := time.NewTicker(s.o.CompareEvery)
	defer ticker.Stop()
	for {
		if err := s.compare(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn().Err(err).Msg("comparison failed; trying again")
			ticker.Reset(min(s.o.CompareEvery, time.Second))
		} else {
			ticker.Reset(s.o.CompareEvery)
		}
		select {
		case <-ctx.Done():
			return
		case <-asked:
		case <-ticker.C:
		}
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
	first, err := s.differences(ctx)
	if err != nil || len(first) == 0 {
		return err
	}
	timer := time.NewTimer(s.o.SightingGap)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	}
	second, err := s.differences(ctx)
	if err != nil {
		return err
	}
	for d, mend := range second {
		if _, twice := first[d]; twice {
			s.log.Warn().Str("kind", string(d.kind)).Str("channel", d.channel).Msg("mending")
			s.o.Metrics.repaired(string(d.kind))
			s.strands.do(d.channel, mend)
		}
	}
	return nil
}

// differences gives what disagrees now, and how each is mended.
func (s *session) differences(ctx context.Context) (map[difference]func(), error) {
	// The records are read first: a caller who enters between the two readings
	// then looks like a forgotten one for a moment, and never like a lost one.
	books := records{contacts: map[string]*membership{}, legs: map[string]offered{}}
	for _, pool := range s.memberships() {
		if err := books.read(ctx, pool, s.hello.Node); err != nil {
			return nil, err
		}
	}
	channels, err := s.asterisk.Channels(ctx)
	if err != nil {
		return nil, err
	}
	out := map[difference]func(){}
	present := map[string]bool{}
	for _, ch := range channels {
		present[ch.ID] = true
		if kind, mend := s.examine(ctx, ch, books); mend != nil {
			out[difference{kind, ch.ID}] = mend
		}
	}
	for channel, pool := range books.contacts {
		if !present[channel] {
			out[difference{lostCaller, channel}] = func() { s.callerGone(ctx, pool, channel) }
		}
	}
	for leg, o := range books.legs {
		if o.offer.Winner == leg && !present[leg] {
			gone := ari.Event{Type: ari.ChannelDestroyed, Channel: &ari.Channel{ID: leg}, Cause: normalClearing}
			out[difference{lostLeg, leg}] = func() { s.legEnded(ctx, gone) }
		}
	}
	return out, nil
}

// normalClearing is the Q.850 cause of an ordinary end.
const normalClearing = 16

// records are what Redis has of one node: contacts by the caller's channel, and
// the legs of offers that are open or whose call lasts.
type records struct {
	contacts map[string]*membership
	legs     map[string]offered
}

type offered struct {
	pool  *membership
	offer queue.Offer
}

func (r records) read(ctx context.Context, pool *membership, node string) error {
	contacts, err := pool.queue.ContactsOn(ctx, node)
	if err != nil {
		return err
	}
	for _, c := range contacts {
		r.contacts[c.Channel] = pool
	}
	offers, err := pool.queue.Offers(ctx)
	if err != nil {
		return err
	}
	for _, o := range offers {
		if o.Node != node {
			continue
		}
		for _, leg := range o.Legs {
			r.legs[leg] = offered{pool, o}
		}
	}
	return nil
}

// examine looks at one channel of the node.
func (s *session) examine(ctx context.Context, ch ari.Channel, books records) (kind, func()) {
	if strings.HasPrefix(ch.ID, legPrefix) {
		return s.examineLeg(ctx, ch, books)
	}
	if pool, recorded := books.contacts[ch.ID]; recorded {
		s.remember(ch.ID, known{pool: pool})
		return "", nil
	}
	inside := strings.HasPrefix(ch.Dialplan.AppName, "Stasis")
	_, rest, ours := strings.Cut(ch.Dialplan.AppData, Application)
	if !inside || !ours {
		return "", nil
	}
	return forgottenCaller, func() { s.readmit(ctx, ch, rest) }
}

func (s *session) examineLeg(ctx context.Context, ch ari.Channel, books records) (kind, func()) {
	o, recorded := books.legs[ch.ID]
	switch {
	case !recorded, o.offer.Winner != "" && o.offer.Winner != ch.ID:
		return closedLeg, func() { s.orphan(ctx, ch.ID, queue.ErrNoOffer) }
	case o.offer.Winner == "" && ch.State == ari.StateUp:
		return unclaimedAnswer, func() { s.legAnswered(ctx, ari.Event{Channel: &ch}, o.pool) }
	}
	s.remember(ch.ID, known{pool: o.pool})
	return "", nil
}

// readmit gives a caller without a record the place of their arrival: the one
// kept on the channel, or the channel's own beginning.
func (s *session) readmit(ctx context.Context, ch ari.Channel, appData string) {
	ev := ari.Event{Type: ari.StasisStart, Channel: &ch, Args: []string{broadcastArgs(appData)}, Timestamp: ch.Created}
	if _, raw, ok := strings.Cut(ch.Vars["HOLDLINE_ARRIVAL"], "|"); ok {
		if us, err := strconv.ParseInt(raw, 10, 64); err == nil {
			ev.Timestamp = time.UnixMicro(us)
		}
	}
	s.started(ctx, ev)
}

// broadcastArgs finds the application's arguments in the data of the dialplan's
// StasisBroadcast(timeout,regex,args) or Stasis(app,args) call.
func broadcastArgs(data string) string {
	fields := strings.Split(strings.Trim(data, "$,"), ",")
	return fields[0]
}
