package stasis

import (
	"context"
	"strings"

	"golang.org/x/sync/errgroup"

	"holdline/ari"
	"holdline/queue"
)

// A sighting is what disagrees at one moment, and what callers who should hear
// something have been sent until then.
type sighting struct {
	differences map[difference]mending
	sent        map[string]packets // by channel
}

type packets struct {
	packets int64
	mending mending
}

// sight looks once at the records and at the lines.
func (s *session) sight(ctx context.Context) (sighting, error) {
	// The records are read first: a caller who enters between the two readings
	// then looks like a forgotten one for a moment, and never like a lost one.
	r, err := s.readRecords(ctx)
	if err != nil {
		return sighting{}, err
	}
	l, err := s.readLines(ctx)
	if err != nil {
		return sighting{}, err
	}
	found := sighting{differences: map[difference]mending{}, sent: map[string]packets{}}
	waiting := map[string]mending{}
	for id, ch := range l.channels {
		var kind kind
		var m mending
		if strings.HasPrefix(id, legPrefix) {
			kind, m = s.examineLeg(ctx, ch, r, l)
		} else {
			kind, m = s.examineCaller(ctx, ch, r, l)
		}
		switch {
		case kind == silentCaller:
			waiting[id] = m
		case kind != "":
			found.differences[difference{kind, id}] = m
		}
	}
	for channel, rec := range r.contacts {
		if _, present := l.channels[channel]; !present {
			found.differences[difference{lostCaller, channel}] = s.lost(ctx, rec, channel)
		}
	}
	for leg, o := range r.legs {
		if _, present := l.channels[leg]; o.offer.Winner == leg && !present {
			found.differences[difference{lostLeg, leg}] = s.ended(ctx, o, leg)
		}
	}
	for id, b := range l.bridges {
		if offer, ours := offerOfBridge(id); ours && len(b.Channels) == 0 && r.offers[offer].pool == nil {
			found.differences[difference{halfBuiltBridge, id}] = s.leftOver(ctx, id, offer)
		}
	}
	s.count(ctx, waiting, found.sent)
	return found, ctx.Err()
}

// counters bounds the questions for sent packets that are asked at a time.
const counters = 8

// count asks what each caller has been sent. Who cannot be asked is not judged.
func (s *session) count(ctx context.Context, waiting map[string]mending, into map[string]packets) {
	var asking errgroup.Group
	asking.SetLimit(counters)
	type answer struct {
		channel string
		sent    int64
	}
	answers := make(chan answer, len(waiting))
	for channel := range waiting {
		asking.Go(func() error {
			stats, err := s.asterisk.RTPStatistics(ctx, channel)
			if err == nil {
				answers <- answer{channel, stats.Sent}
			}
			return nil
		})
	}
	_ = asking.Wait() // nobody gives one
	close(answers)
	for a := range answers {
		into[a.channel] = packets{a.sent, waiting[a.channel]}
	}
}

// records are what Redis has of one node: contacts by the caller's channel, and
// offers that are open or whose call lasts, by their id and by their legs.
type records struct {
	contacts map[string]recorded
	offers   map[string]offered
	legs     map[string]offered
}

type recorded struct {
	pool    *membership
	contact queue.Contact
}

type offered struct {
	pool  *membership
	offer queue.Offer
}

func (s *session) readRecords(ctx context.Context) (records, error) {
	r := records{contacts: map[string]recorded{}, offers: map[string]offered{}, legs: map[string]offered{}}
	for _, pool := range s.memberships() {
		contacts, err := pool.queue.ContactsOn(ctx, s.hello.Node)
		if err != nil {
			return r, err
		}
		for _, c := range contacts {
			r.contacts[c.Channel] = recorded{pool, c}
		}
		offers, err := pool.queue.Offers(ctx)
		if err != nil {
			return r, err
		}
		for _, o := range offers {
			if o.Node != s.hello.Node {
				continue
			}
			r.offers[o.ID] = offered{pool, o}
			for _, leg := range o.Legs {
				r.legs[leg] = offered{pool, o}
			}
		}
	}
	return r, nil
}

// lines are what the node has.
type lines struct {
	channels map[string]ari.Channel
	inside   map[string]bool // channels in the application
	bridges  map[string]ari.Bridge
	in       map[string]string // channel → its bridge
}

func (s *session) readLines(ctx context.Context) (lines, error) {
	l := lines{channels: map[string]ari.Channel{}, inside: map[string]bool{}, bridges: map[string]ari.Bridge{}, in: map[string]string{}}
	channels, err := s.asterisk.Channels(ctx)
	if err != nil {
		return l, err
	}
	app, err := s.asterisk.Application(ctx, Application)
	if err != nil {
		return l, err
	}
	bridges, err := s.asterisk.Bridges(ctx)
	if err != nil {
		return l, err
	}
	for _, ch := range channels {
		l.channels[ch.ID] = ch
	}
	// A call that waits to be claimed looks like one that is inside, and the
	// application hears of calls that have left it: inside are those that both say.
	for _, id := range app.Channels {
		l.inside[id] = inStasis(l.channels[id])
	}
	for _, b := range bridges {
		l.bridges[b.ID] = b
		for _, channel := range b.Channels {
			l.in[channel] = b.ID
		}
	}
	return l, nil
}

// inStasis says whether the channel's dialplan stands at Stasis or StasisBroadcast.
func inStasis(ch ari.Channel) bool { return strings.HasPrefix(ch.Dialplan.AppName, "Stasis") }

// call gives the leg and the caller who are in the bridge of the leg's own offer,
// alone with each other.
func (l lines) call(bridge string) (caller, leg ari.Channel, ok bool) {
	offer, ours := offerOfBridge(bridge)
	b := l.bridges[bridge]
	if !ours || len(b.Channels) != 2 {
		return caller, leg, false
	}
	for _, id := range b.Channels {
		of, isLeg := queue.OfferOfLeg(id)
		switch {
		case !isLeg:
			caller = l.channels[id]
		case of == offer:
			leg = l.channels[id]
		}
	}
	return caller, leg, caller.ID != "" && leg.ID != ""
}

// offerOfBridge takes the offer's id out of a bridge's; false when it is none of ours.
func offerOfBridge(bridge string) (string, bool) {
	offer, isBridge := strings.CutSuffix(bridge, "-br")
	if !isBridge {
		return "", false
	}
	return queue.OfferOfLeg(offer + "-00")
}
