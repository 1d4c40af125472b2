package channelapi

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"
	"time"

	"holdline/ari"
)

// Variables that the dialplan reads (dialplan/extensions.conf).
const (
	varCallString = "call_string"   // PJSIP/TRUNK/sip:201@domain, several joined by &
	varTrunk      = "TRUNK"         // the route that takes the place of the word
	varRing       = "HOLDLINE_RING" // seconds
)

// A call that is being claimed may be matched before it is in the application. It is
// there within claimed, or will not come.
const (
	claimed    = time.Second
	claimEvery = 20 * time.Millisecond
)

// quietOnceInside ends the music of a channel, which may be about to enter.
func quietOnceInside(ctx context.Context, o order) error {
	over := time.Now().Add(claimed)
	tick := time.NewTicker(claimEvery)
	defer tick.Stop()
	for {
		err := o.asterisk.StopMusic(ctx, o.channel)
		if !errors.Is(err, ari.ErrNotInApplication) || time.Now().After(over) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

// dial prepares a channel to be dialled for in its dialplan. The application goes
// on hearing of the channel there: else nobody would learn who answered, nor that
// the caller has gone.
func dial(ctx context.Context, s *Server, o order, r DialRequest) (any, error) {
	if err := s.mustBeHere(ctx, o); err != nil {
		return nil, err
	}
	routes := o.routes.order(ctx)
	if len(routes) == 0 {
		return nil, errNoRoute
	}
	if err := of("channel", o.channel, o.asterisk.Subscribe(ctx, s.options.Application, o.channel)); err != nil {
		return nil, err
	}
	if err := cutShort(ctx, o, r.Playback); err != nil {
		return nil, err
	}
	if err := of("channel", o.channel, quietOnceInside(ctx, o)); err != nil {
		return nil, err
	}
	ring := (time.Duration(r.TimeoutMS)*time.Millisecond + time.Second - 1).Truncate(time.Second)
	all := map[string]string{
		varCallString: "PJSIP/" + varTrunk + "/" + strings.Join(r.To, "&PJSIP/"+varTrunk+"/"),
		varTrunk:      routes[0],
		varRing:       strconv.Itoa(int(ring.Seconds())),
	}
	maps.Copy(all, r.Variables)
	return nil, setVariables(ctx, o, all)
}
