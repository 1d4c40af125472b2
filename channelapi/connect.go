package channelapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"holdline/ari"
)

// connect rings a device beside the channel, by the best route.
func connect(ctx context.Context, s *Server, o order, b connectBody) (any, error) {
	r := b.toRequest()
	request := ari.OriginateRequest{
		ID: r.Leg, CallerID: callerID(r.CallerName, r.CallerNumber), Timeout: r.Timeout,
		Application: s.options.Application, AppArgs: r.AppArgs, Originator: o.channel,
		Variables: legVariables(r),
	}
	err := errNoRoute
	for _, route := range o.routes.order(ctx) {
		request.Endpoint = "PJSIP/" + route + "/" + r.To
		_, err = o.asterisk.Originate(ctx, request)
		switch {
		case err == nil:
			s.watches.leg(o, r.Leg, route)
			return ConnectAnswer{Leg: r.Leg, Route: route}, nil
		case errors.Is(err, ari.ErrExists):
			return ConnectAnswer{Leg: r.Leg, Repeated: true}, nil
		case errors.Is(err, ari.ErrUnknown):
			return askForLeg(ctx, o, r.Leg, route, err)
		case errors.Is(err, ari.ErrInvalid):
			// A node that knows the new leg but not the channel it is for says no more
			// than this.
			return nil, errors.Join(s.mustBeThere(ctx, o), err)
		case !answered(err):
			return nil, err // the node is away, whatever the route
		}
	}
	return nil, err
}

// errNoRoute is a server that was given no routes.
var errNoRoute = fmt.Errorf("no route is configured: %w", ErrNodeUnreachable)

// answered says whether the node itself said no.
func answered(err error) bool {
	var e *ari.Error
	return errors.As(err, &e) && e.Status != 0
}

// askWait bounds a question asked because a command had no answer in time.
const askWait = time.Second

// askForLeg finds out whether a leg came about whose command got no answer. Not
// there is no proof: the node may be about to make it.
func askForLeg(ctx context.Context, o order, leg, route string, unknown error) (any, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askWait)
	defer cancel()
	if _, err := o.asterisk.Channel(ctx, leg); err != nil {
		return nil, of("leg", leg, fmt.Errorf("%w; asked for the leg: %w", unknown, &hidden{err}))
	}
	return ConnectAnswer{Leg: leg, Route: route}, nil
}

// hidden keeps the text of an error, and hides its meaning from errors.Is.
type hidden struct{ error }

// Unwrap ends the chain.
func (*hidden) Unwrap() error { return nil }

// legVariables are the leg's variables, headers and account code in the form in which
// a node takes them. None is a reported variable: for a channel that has one, Asterisk
// makes its description anew with every variable that is set, twenty times a call. The
// account code rides in every event anyway, so that whoever reads the events knows
// whose the leg is before it enters the application.
func legVariables(r ConnectRequest) map[string]string {
	all := make(map[string]string, len(r.Headers)+len(r.Variables)+1)
	for name, value := range r.Headers {
		all["PJSIP_HEADER(add,"+name+")"] = value
	}
	maps.Copy(all, r.Variables)
	if r.Account != "" {
		all["CHANNEL(accountcode)"] = r.Account
	}
	return all
}

// callerID is what the device shows, in Asterisk's form. What would end the
// name's quotes, or the number's brackets, is left out.
func callerID(name, number string) string {
	name = without(printable(name, maxCallerName), `"\<>`)
	number = without(printable(number, maxCallerNumber), `"\<>(), ;`)
	switch {
	case name == "" && number == "":
		return ""
	case name == "":
		return "<" + number + ">"
	}
	return `"` + name + `" <` + number + `>`
}

func without(s, chars string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(chars, r) {
			return -1
		}
		return r
	}, s)
}
