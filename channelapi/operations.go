package channelapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"holdline/ari"
	"holdline/internal/web"
)

// nodes lists where commands can go.
func nodes(ctx context.Context, s *Server, _ order) (any, error) {
	all, err := s.options.Nodes.Nodes(ctx)
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w: %w", ErrNodesUnknown, err)
	}
	list := NodeList{Nodes: []string{}}
	for _, n := range all {
		list.Nodes = append(list.Nodes, n.Name)
	}
	slices.Sort(list.Nodes)
	return list, nil
}

// check asks the node for the channel.
func check(ctx context.Context, s *Server, o order) (any, error) {
	c, err := o.asterisk.Channel(ctx, o.channel)
	if err != nil {
		return nil, err
	}
	return State{
		Channel: c.ID, Node: o.node, State: c.State, InApplication: s.holds(c),
		Name: c.Name, Language: c.Language,
	}, nil
}

// holds says whether the channel is in the application. A channel that came by
// StasisBroadcast is there under that name.
func (s *Server) holds(c ari.Channel) bool {
	switch c.Dialplan.AppName {
	case "Stasis":
		app, _, _ := strings.Cut(c.Dialplan.AppData, ",")
		return app == s.options.Application
	case "StasisBroadcast":
		return true
	}
	return false
}

// mustBeThere is nil when the node has the channel.
func (s *Server) mustBeThere(ctx context.Context, o order) error {
	_, err := o.asterisk.Channel(ctx, o.channel)
	return of("channel", o.channel, err)
}

// mustBeHere is nil when the channel is in the application.
func (s *Server) mustBeHere(ctx context.Context, o order) error {
	c, err := o.asterisk.Channel(ctx, o.channel)
	switch {
	case err != nil:
		return of("channel", o.channel, err)
	case !s.holds(c):
		return of("channel", o.channel, ErrNotInApplication)
	}
	return nil
}

// reasons are the words for Q.850 causes.
var reasons = map[string]ari.Reason{
	HangupNormal:            ari.ReasonNormal,
	HangupBusy:              ari.ReasonBusy,
	HangupNoAnswer:          ari.ReasonNoAnswer,
	HangupRejected:          ari.ReasonRejected,
	HangupAnsweredElsewhere: ari.ReasonAnsweredElsewhere,
	HangupUnreachable:       ari.ReasonSubscriberAbsent,
	HangupCongestion:        ari.ReasonCongestion,
	HangupFailure:           ari.ReasonFailure,
}

// hangup ends a channel, in the application or not: a leg that still rings is
// in none.
func hangup(query url.Values) (step, error) {
	name := HangupNormal
	if query.Has("reason") {
		name = query.Get("reason")
	}
	reason, ok := reasons[name]
	if !ok {
		return nil, web.BadField("reason", name, "there is no such reason",
			"use one of "+strings.Join(slices.Sorted(maps.Keys(reasons)), ", "))
	}
	return func(ctx context.Context, _ *Server, o order) (any, error) {
		return nil, of("channel", o.channel, o.asterisk.Hangup(ctx, o.channel, reason))
	}, nil
}

func answer(ctx context.Context, _ *Server, o order) (any, error) {
	return nil, of("channel", o.channel, o.asterisk.Answer(ctx, o.channel))
}

func variables(ctx context.Context, _ *Server, o order, r VariablesRequest) (any, error) {
	return nil, setVariables(ctx, o, r.Variables)
}

// setVariables waits, on the node, until nothing is being played to the channel.
func setVariables(ctx context.Context, o order, values map[string]string) error {
	if len(values) == 0 {
		return nil
	}
	return of("channel", o.channel, o.asterisk.SetChannelVariables(ctx, o.channel, values))
}

// proceed lets the channel go on in the dialplan, which reads the variables.
func proceed(ctx context.Context, _ *Server, o order, r ContinueRequest) (any, error) {
	if err := cutShort(ctx, o, r.Playback); err != nil {
		return nil, err
	}
	if err := setVariables(ctx, o, r.Variables); err != nil {
		return nil, err
	}
	return nil, of("channel", o.channel, o.asterisk.Continue(ctx, o.channel, ari.ContinueRequest{
		Context: r.Context, Extension: r.Extension, Priority: r.Priority, Label: r.Label,
	}))
}

// bridge connects the channel and the other leg. A backstop may repeat it while
// they already talk, so who is in the bridge is left where they are.
func bridge(ctx context.Context, _ *Server, o order, r BridgeRequest) (any, error) {
	missing := []string{o.channel, r.With}
	_, err := o.asterisk.CreateBridge(ctx, r.Bridge, ari.BridgeMixing, r.Bridge)
	switch {
	case errors.Is(err, ari.ErrExists):
		there, err := o.asterisk.Bridge(ctx, r.Bridge)
		if err != nil {
			return nil, of("bridge", r.Bridge, err)
		}
		missing = slices.DeleteFunc(missing, func(c string) bool { return slices.Contains(there.Channels, c) })
	case err != nil:
		return nil, of("bridge", r.Bridge, err)
	}
	if len(missing) == 0 {
		return nil, nil
	}
	if slices.Contains(missing, o.channel) {
		// A channel that hears something joins only when that has ended.
		if err := cutShort(ctx, o, r.Playback); err != nil {
			return nil, err
		}
		if err := o.asterisk.StopMusic(ctx, o.channel); err != nil {
			return nil, of("channel", o.channel, err)
		}
	}
	return nil, blame(ctx, o, r.With, o.asterisk.AddToBridge(ctx, r.Bridge, missing...))
}

// blame finds out which of the two a refused bridge is about.
func blame(ctx context.Context, o order, with string, refused error) error {
	if !errors.Is(refused, ari.ErrNotFound) && !errors.Is(refused, ari.ErrNotInApplication) {
		return refused
	}
	if _, err := o.asterisk.Channel(ctx, with); errors.Is(err, ari.ErrNotFound) {
		return of("with", with, errors.Join(ErrNoChannel, refused))
	}
	if _, err := o.asterisk.Channel(ctx, o.channel); errors.Is(err, ari.ErrNotFound) {
		return of("channel", o.channel, errors.Join(ErrNoChannel, refused))
	}
	// Both live, so one of them is not answered yet or has left.
	return of("with", with, errors.Join(ErrNotInApplication, refused))
}
