package stasis

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"time"

	"holdline/ari"
	"holdline/queue"
)

// A caller gets their place when the node offers the call, beside the claim, so that
// an agent's phone rings as early as can be. Until they are in the application they
// are an arrival: a claim that fails takes the place back.

// arrival is a caller on the way to their place.
type arrival struct {
	request queue.Arrival
	found   bool // by the channel's own word: the place can be found again without a note of ours
	cancel  context.CancelFunc
	parked  chan struct{} // closed once they are answered and hear music

	done    chan struct{} // closed once the following is known
	pool    *membership
	entered queue.Entered
	err     error
}

const (
	// offerLasts is how long the shortest of the dialplan's tries goes on. Who is read of
	// later has hardly a chance of being claimed, and gets no place on trust.
	offerLasts = time.Second
	// straight is how long after its beginning, or after it reached the edge, a call may
	// enter the queue and still be in line by that: a node that is behind begins calls in
	// another order than they came, and would let others pass. A Kamailio gives a node no
	// more calls than it can begin, and lets them wait for it for up to 4 s.
	straight = 6 * time.Second
)

// offered answers the dialplan's StasisBroadcast, and gives the caller their place
// meanwhile. A call that another replica claimed (409) or that has gone (404) is no
// concern of ours.
func (s *session) offered(ctx context.Context, ev ari.Event) {
	channel := ev.Channel.ID
	early := s.arrive(ctx, ev)
	runtime.Gosched() // the place first: an agent's phone waits for it
	err := s.asterisk.Claim(ctx, channel, Application)
	if err == nil {
		return
	}
	s.log.Debug().Err(err).Str("channel", channel).Msg("call not claimed")
	switch {
	case early == nil:
	case errors.Is(err, ari.ErrNotFound): // the caller gave up, or the try is over
		s.takePlaceBack(ctx, channel, early)
	default:
		// Claimed before, or nobody knows: the call may be in the application, and its
		// beginning unheard.
		s.suspect()
	}
}

// arrive begins to enter a caller whose call is offered; nil when the call is for
// something else, or is judged when it is inside.
func (s *session) arrive(ctx context.Context, ev ari.Event) *arrival {
	a, err := enteredWith(*ev.Channel)
	if err != nil || a["queue"] == "" || a["return"] != "" || time.Since(s.offset.local(ev.Timestamp)) > offerLasts {
		return nil
	}
	return s.enter(ctx, ev, nil, a)
}

// enter begins to give a caller their place, or gives what has begun already. pool may
// be nil; then it is joined first.
func (s *session) enter(ctx context.Context, ev ari.Event, pool *membership, a args) *arrival {
	channel := ev.Channel.ID
	s.mu.Lock()
	defer s.mu.Unlock()
	if going, ok := s.arrivals[channel]; ok {
		return going
	}
	ctx, cancel := context.WithCancel(ctx)
	going := &arrival{pool: pool, cancel: cancel, done: make(chan struct{}), parked: make(chan struct{})}
	s.arrivals[channel] = going
	if going.request, going.found, going.err = s.readArrival(ev, a); going.err != nil {
		cancel()
		close(going.done)
		return going
	}
	s.strands.do("arrive "+channel, func() {
		defer close(going.done)
		defer cancel()
		going.err = s.place(ctx, going, a)
	})
	return going
}

func (s *session) place(ctx context.Context, going *arrival, a args) (err error) {
	started := time.Now()
	if going.pool == nil {
		if going.pool, err = s.poolOf(ctx, a); err != nil {
			return err
		}
	}
	err = s.persist(ctx, "enqueue", func(ctx context.Context) (err error) {
		going.entered, err = going.pool.queue.Enqueue(ctx, going.pool.origin, going.request)
		return err
	})
	if err == nil {
		s.o.Metrics.entered(time.Since(started))
	}
	return err
}

// takePlaceBack ends the contact of a caller who will not come.
func (s *session) takePlaceBack(ctx context.Context, channel string, early *arrival) {
	early.cancel()
	<-early.done
	s.arrived(channel, early)
	if early.pool != nil && !queue.IsRefusal(early.err) {
		s.callerGone(ctx, early.pool, channel)
	}
}

// arriving gives the arrival of a channel, if it is one.
func (s *session) arriving(channel string) *arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.arrivals[channel]
}

// arrived forgets an arrival: the caller is in the application, or will not come.
func (s *session) arrived(channel string, a *arrival) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.arrivals[channel] == a {
		delete(s.arrivals, channel)
	}
}

// readArrival says who came, when and for what. found: the channel itself says all of
// it, however often it is asked.
func (s *session) readArrival(ev ari.Event, a args) (r queue.Arrival, found bool, err error) {
	r = queue.Arrival{
		Channel: ev.Channel.ID, Queue: a["queue"], Need: a["need"], Language: ev.Channel.Language,
		CallerName: ev.Channel.Caller.Name, CallerNumber: ev.Channel.Caller.Number,
	}
	if r.Timeout, err = a.seconds("timeout"); err != nil {
		return r, false, err
	}
	if r.Announce, err = a.seconds("announce"); err != nil {
		return r, false, err
	}
	if r.Priority, err = a.number("priority"); err != nil {
		return r, false, err
	}
	if err = a.preferred(&r); err != nil {
		return r, false, err
	}
	if r.Contact, r.At, found, err = s.identify(*ev.Channel, a); err != nil || found {
		return r, found, err
	}
	r.Contact, r.At = queue.NewContactID(), s.offset.local(ev.Timestamp)
	return r, false, nil
}

// identify says by the arguments with which a caller came who they are, and when they
// came on our clock. Not found: the dialplan did not say when.
func (s *session) identify(ch ari.Channel, a args) (contact string, at time.Time, found bool, err error) {
	at, found, err = a.moment("at")
	if err != nil || !found {
		return "", at, false, err
	}
	try, err := a.number("try")
	if err != nil {
		return "", at, false, err
	}
	channel := ch.ID
	if try > 0 { // what an earlier try left behind is of another contact
		channel += "#" + strconv.Itoa(try)
	}
	contact = queue.ArrivalID(at, s.hello.Node, s.hello.Boot, channel)
	edge, stamped, err := a.moment("edge")
	if err != nil {
		return "", at, false, err
	}
	if lag := s.offset.local(at).Sub(edge); stamped && lag > 0 && lag < straight {
		return contact, edge, true, nil
	}
	if lag := at.Sub(ch.Created); lag > 0 && lag < straight {
		at = ch.Created
	}
	return contact, s.offset.local(at), true, nil
}
