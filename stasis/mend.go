package stasis

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"holdline/ari"
	"holdline/queue"
)

// What is done about each kind of difference. Records are checked again by the
// scripts, so that a mending that comes late does nothing.

// lost ends the contact of a caller who is gone, or who has left the application.
func (s *session) lost(ctx context.Context, rec recorded, channel string) mending {
	return mending{pool: rec.pool, contact: rec.contact.ID, do: func() (string, bool) {
		return "", s.callerGone(ctx, rec.pool, channel)
	}}
}

// ended reports the end of a leg that nobody heard of.
func (s *session) ended(ctx context.Context, o offered, leg string) mending {
	return mending{pool: o.pool, contact: o.offer.Contact, do: func() (string, bool) {
		s.legEnded(ctx, ari.Event{Type: ari.ChannelDestroyed, Channel: &ari.Channel{ID: leg}, Cause: normalClearing})
		return "", true
	}}
}

// normalClearing is the Q.850 cause of an ordinary end.
const normalClearing = 16

// halfBuilt brings together who should be: the offer is answered, and one of the
// two, or both, are not in its bridge. Who is in it stays: entering again clicks.
func (s *session) halfBuilt(ctx context.Context, pool *membership, o queue.Offer, missing []string) mending {
	return mending{pool: pool, contact: o.Contact, strand: o.Winner, do: func() (string, bool) {
		now, err := pool.queue.Offer(ctx, o.ID)
		if err != nil || now.State != queue.OfferAnswered {
			return "", false
		}
		// What was said is not known here, so it is stopped.
		if err := s.bridge(ctx, o, queue.Contact{Announced: true}, missing...); err != nil {
			s.log.Warn().Err(err).Str("contact", o.Contact).Str("offer", o.ID).Msg("half-built bridge not mended")
			return "", false
		}
		if err := pool.queue.Bridged(ctx, pool.origin, o.ID); err != nil {
			s.log.Debug().Err(err).Str("offer", o.ID).Msg("bridge not marked")
		}
		return "", true
	}}
}

// leftOver deletes the empty bridge of an offer that is over.
func (s *session) leftOver(ctx context.Context, bridge, offer string) mending {
	return mending{contact: contactOfLeg(queue.LegID(offer, 0)), do: func() (string, bool) {
		err := s.asterisk.DeleteBridge(ctx, bridge)
		return "", err == nil
	}}
}

// stranded takes a caller who waits out of a bridge in which nobody else is.
func (s *session) stranded(ctx context.Context, rec recorded, bridge string) mending {
	return mending{pool: rec.pool, contact: rec.contact.ID, do: func() (string, bool) {
		c, err := rec.pool.queue.Contact(ctx, rec.contact.ID)
		if err != nil || !waits(c) {
			return "", false
		}
		err = s.asterisk.RemoveFromBridge(ctx, bridge, c.Channel)
		if err != nil && !errors.Is(err, ari.ErrNotFound) {
			return "", false
		}
		return "", s.musicAgain(ctx, rec.pool, c.ID, c.Channel)
	}}
}

// waits says whether the caller is to hear music.
func waits(c queue.Contact) bool { return c.State == queue.Waiting || c.State == queue.Offered }

// silent starts the music of a caller who waits and hears nothing; and answers them
// first when whoever claimed their call came no further.
func (s *session) silent(ctx context.Context, pool *membership, contact string, ch ari.Channel) mending {
	return mending{pool: pool, contact: contact, do: func() (string, bool) {
		if ch.State != ari.StateUp {
			if err := s.asterisk.Answer(ctx, ch.ID); err != nil {
				return "", false
			}
		}
		return "", s.musicAgain(ctx, pool, contact, ch.ID)
	}}
}

// musicAgain starts music, behind whatever is being played. An agent may answer at
// that moment: the answer is written before the two are bridged, so whoever started
// music in a bridge finds it written, and takes the music back.
func (s *session) musicAgain(ctx context.Context, pool *membership, contact, channel string) bool {
	c, err := pool.queue.Contact(ctx, contact)
	if err != nil || !waits(c) {
		return false
	}
	class := ""
	if q, err := pool.queue.Queue(ctx, c.Queue); err == nil {
		class = q.Music
	}
	if err := s.asterisk.StartMusic(ctx, channel, class); err != nil {
		s.log.Debug().Err(err).Str("contact", contact).Msg("music not started")
		return false
	}
	if c, err = pool.queue.Contact(ctx, contact); err == nil && !waits(c) {
		if err := s.asterisk.StopMusic(ctx, channel); err != nil {
			s.log.Warn().Err(err).Str("contact", contact).Msg("music not stopped")
		}
		return false
	}
	return true
}

// goesOn gives a call its contact and its offer back. The channels say whose it is.
func (s *session) goesOn(ctx context.Context, caller, leg ari.Channel, bridge ari.Bridge) mending {
	offer, _ := queue.OfferOfLeg(leg.ID)
	contact := contactOfLeg(leg.ID)
	m := mending{contact: contact}
	m.do = func() (string, bool) {
		a, err := callerArgs(caller)
		if err != nil {
			return "", false
		}
		pool, err := s.poolOf(ctx, args{"pool": poolTold(&leg)})
		if err != nil {
			return "", false
		}
		priority, _ := a.number("priority")
		adoption := queue.Adoption{
			Contact: contact, Offer: offer, Leg: leg.ID, Agent: s.variable(ctx, leg, agentVariable), Channel: caller.ID,
			Queue: a["queue"], Need: a["need"], At: s.offset.local(caller.Created), Answered: s.offset.local(bridge.Created),
			Priority: priority, CallerName: caller.Caller.Name, CallerNumber: caller.Caller.Number, Language: caller.Language,
		}
		if kept, ok := s.readKept(ctx, caller); ok && kept.contact == contact {
			adoption.At = kept.at
		} else if told, at, found, _ := s.identify(caller, a); found && told == contact {
			adoption.At = at
		}
		err = s.persist(ctx, "readopt call", func(ctx context.Context) error {
			_, err := pool.queue.Readopt(ctx, pool.origin, adoption)
			return err
		})
		if err != nil {
			s.log.Warn().Err(err).Str("contact", contact).Str("channel", caller.ID).Msg("call not readopted")
			return "", false
		}
		s.remember(caller.ID, knownChannel(pool))
		s.remember(leg.ID, knownChannel(pool))
		s.repaired(ctx, difference{readoptedCall, caller.ID}, pool, contact)
		return "", false // told already, of the pool that was found
	}
	return m
}

// forgotten gives a caller without a record the place of their arrival: the one
// kept on the channel, or the channel's own beginning.
func (s *session) forgotten(ctx context.Context, ch ari.Channel, bridge string) mending {
	return mending{do: func() (string, bool) {
		a, err := callerArgs(ch)
		if err != nil {
			s.refuse(ctx, ch.ID, err)
			return "", false
		}
		pool, err := s.poolOf(ctx, a)
		if err != nil {
			s.refuse(ctx, ch.ID, err)
			return "", false
		}
		ev := ari.Event{Type: ari.StasisStart, Channel: &ch, Timestamp: ch.Created}
		if a["feature"] != "" {
			s.feature(ctx, ev, pool, a)
			return "", false
		}
		if bridge != "" { // of a call that is over; nothing else would take them out
			if err := s.asterisk.RemoveFromBridge(ctx, bridge, ch.ID); err != nil {
				s.log.Debug().Err(err).Str("channel", ch.ID).Msg("caller not taken out of the bridge")
			}
		}
		contact := s.readmit(ctx, ev, pool, a)
		if contact != "" {
			s.repaired(ctx, difference{forgottenCaller, ch.ID}, pool, contact)
		}
		return "", false
	}}
}

// enteredWith are the arguments with which a channel entered the application, or is
// about to, found in the dialplan's StasisBroadcast(timeout,regex,args) or
// Stasis(app,args).
func enteredWith(ch ari.Channel) (args, error) {
	_, rest, _ := strings.Cut(ch.Dialplan.AppData, Application)
	fields := strings.Split(strings.Trim(rest, "$,"), ",")
	return parseArgs(fields[:1])
}

// callerArgs are those of an arrival: whatever a caller came back from is forgotten
// with their record.
func callerArgs(ch ari.Channel) (args, error) {
	a, err := enteredWith(ch)
	delete(a, "return")
	return a, err
}

// kept is what the caller's channel holds for a Redis that loses its memory, where it
// is not what the channel's arguments say: the place is of a call before, or the
// dialplan did not tell when they came.
type kept struct {
	contact string
	at      time.Time // the arrival, by the order; of a redial that of the call before
	since   time.Time // what the timeout counts from
}

// arrivalVariable is where it is held: contact|µs|µs.
const arrivalVariable = "HOLDLINE_ARRIVAL"

func (k kept) String() string {
	return k.contact + "|" + strconv.FormatInt(k.at.UnixMicro(), 10) + "|" + strconv.FormatInt(k.since.UnixMicro(), 10)
}

func (s *session) readKept(ctx context.Context, ch ari.Channel) (k kept, ok bool) {
	parts := strings.Split(s.variable(ctx, ch, arrivalVariable), "|")
	if len(parts) != 3 {
		return k, false
	}
	at, err1 := strconv.ParseInt(parts[1], 10, 64)
	since, err2 := strconv.ParseInt(parts[2], 10, 64)
	return kept{parts[0], time.UnixMicro(at), time.UnixMicro(since)}, err1 == nil && err2 == nil
}
