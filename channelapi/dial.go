package channelapi

import (
	"context"
	"maps"
	"strconv"
	"strings"
	"time"
)

// Variables that the dialplan reads (dialplan/extensions.conf).
const (
	varCallString = "call_string"   // PJSIP/TRUNK/sip:201@domain, several joined by &
	varTrunk      = "TRUNK"         // the route that takes the place of the word
	varRing       = "HOLDLINE_RING" // seconds
)

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
	if err := of("channel", o.channel, o.asterisk.StopMusic(ctx, o.channel)); err != nil {
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
