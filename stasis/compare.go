package stasis

import (
	"context"
	"errors"
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
	kind    string // lost_caller, forgotten_caller, closed_leg
	channel string
}

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
			s.log.Warn().Str("kind", d.kind).Str("channel", d.channel).Msg("mending")
			s.o.Metrics.repaired(d.kind)
			s.strands.do(d.channel, mend)
		}
	}
	return nil
}

// differences gives what disagrees now, and how each is mended.
func (s *session) differences(ctx context.Context) (map[difference]func(), error) {
	// The records are read first: a caller who enters between the two readings
	// then looks like a forgotten one for a moment, and never like a lost one.
	contacts := map[string]*membership{}
	for _, pool := range s.memberships() {
		list, err := pool.queue.ContactsOn(ctx, s.hello.Node)
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			contacts[c.Channel] = pool
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
		if d, mend := s.examine(ctx, ch, contacts); mend != nil {
			out[d] = mend
		}
	}
	for channel, pool := range contacts {
		if !present[channel] {
			out[difference{"lost_caller", channel}] = func() { s.callerGone(ctx, pool, channel) }
		}
	}
	return out, nil
}

// examine looks at one channel of the node.
func (s *session) examine(ctx context.Context, ch ari.Channel, contacts map[string]*membership) (difference, func()) {
	if strings.HasPrefix(ch.ID, legPrefix) {
		pool := s.poolOfLeg(ctx, &ch)
		if pool == nil || s.closedLeg(ctx, pool, ch.ID) {
			return difference{"closed_leg", ch.ID}, func() { s.orphan(ctx, ch.ID, queue.ErrNoOffer) }
		}
		return difference{}, nil
	}
	pool, recorded := contacts[ch.ID]
	if recorded {
		s.remember(ch.ID, known{pool: pool})
		return difference{}, nil
	}
	inside := strings.HasPrefix(ch.Dialplan.AppName, "Stasis")
	_, rest, ours := strings.Cut(ch.Dialplan.AppData, Application)
	if !inside || !ours {
		return difference{}, nil
	}
	return difference{"forgotten_caller", ch.ID}, func() { s.readmit(ctx, ch, rest) }
}

func (s *session) closedLeg(ctx context.Context, pool *membership, leg string) bool {
	id, ok := queue.OfferOfLeg(leg)
	if !ok {
		return true
	}
	_, err := pool.queue.Offer(ctx, id)
	return errors.Is(err, queue.ErrNoOffer)
}

// readmit gives a caller without a record the place of their arrival: the one
// kept on the channel, or the channel's own beginning.
func (s *session) readmit(ctx context.Context, ch ari.Channel, appData string) {
	ev := ari.Event{Type: "StasisStart", Channel: &ch, Args: []string{broadcastArgs(appData)}, Timestamp: ch.Created}
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
