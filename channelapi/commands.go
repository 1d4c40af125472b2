package channelapi

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// path of a command to a channel.
func path(node, channel, command string) string {
	p := "/v1/nodes/" + url.PathEscape(node) + "/channels/" + url.PathEscape(channel)
	if command != "" {
		p += "/" + command
	}
	return p
}

func (c *Client) put(ctx context.Context, node, channel, command string, body any) error {
	return c.send(ctx, command, http.MethodPut, path(node, channel, command), nil, body, nil)
}

// Nodes lists the nodes that commands can go to.
func (c *Client) Nodes(ctx context.Context) ([]string, error) {
	var out NodeList
	err := c.send(ctx, "nodes", http.MethodGet, "/v1/nodes", nil, nil, &out)
	return out.Nodes, err
}

// Check asks the node for the channel.
func (c *Client) Check(ctx context.Context, node, channel string) (State, error) {
	var out State
	err := c.send(ctx, "check", http.MethodGet, path(node, channel, ""), nil, nil, &out)
	return out, err
}

// Connect rings a device beside the channel.
func (c *Client) Connect(ctx context.Context, node, channel string, r ConnectRequest) error {
	body := connectBody{
		Leg: r.Leg, To: r.To, TimeoutMS: r.Timeout.Milliseconds(),
		// What strangers call themselves must never keep a call from being
		// offered: it is cleaned here, where the server would refuse it.
		CallerName: printable(r.CallerName, maxCallerName), CallerNumber: printable(r.CallerNumber, maxCallerNumber),
		Headers: r.Headers, Account: r.Account, Variables: r.Variables, AppArgs: r.AppArgs,
	}
	return c.put(ctx, node, channel, "connect", body)
}

// Dial prepares the channel to be dialled for in its dialplan, where Continue
// sends it.
func (c *Client) Dial(ctx context.Context, node, channel string, r DialRequest) error {
	return c.put(ctx, node, channel, "dial", r)
}

// Announce says the position, after which music goes on.
func (c *Client) Announce(ctx context.Context, node, channel string, r AnnounceRequest) error {
	return c.put(ctx, node, channel, "announce", r)
}

// Timeout plays an apology and lets the channel go on in the dialplan.
func (c *Client) Timeout(ctx context.Context, node, channel string, r LeaveRequest) error {
	return c.put(ctx, node, channel, "timeout", r)
}

// Continue lets the channel go on in the dialplan.
func (c *Client) Continue(ctx context.Context, node, channel string, r ContinueRequest) error {
	return c.put(ctx, node, channel, "continue", r)
}

// SetVariables sets channel variables.
func (c *Client) SetVariables(ctx context.Context, node, channel string, variables map[string]string) error {
	return c.put(ctx, node, channel, "variables", VariablesRequest{Variables: variables})
}

// Play plays media.
func (c *Client) Play(ctx context.Context, node, channel string, r PlayRequest) error {
	return c.put(ctx, node, channel, "play", r)
}

// Answer answers the channel.
func (c *Client) Answer(ctx context.Context, node, channel string) error {
	return c.send(ctx, "answer", http.MethodPut, path(node, channel, "answer"), nil, nil, nil)
}

// StartMusic starts music on hold.
func (c *Client) StartMusic(ctx context.Context, node, channel string, r MusicRequest) error {
	return c.send(ctx, "start_music", http.MethodPut, path(node, channel, "music"), nil, r, nil)
}

// StopMusic ends music on hold.
func (c *Client) StopMusic(ctx context.Context, node, channel string) error {
	return c.Quiet(ctx, node, channel, "")
}

// Quiet ends music on hold, and before it the playback, unless it is "".
//
// It undoes an announcement that came too late: one that was sent while its
// caller was being connected may have started music in the middle of the call.
func (c *Client) Quiet(ctx context.Context, node, channel, playback string) error {
	var query url.Values
	if playback != "" {
		query = url.Values{"playback": {playback}}
	}
	return c.send(ctx, "stop_music", http.MethodDelete, path(node, channel, "music"), query, nil, nil)
}

// Bridge connects the channel with another leg.
func (c *Client) Bridge(ctx context.Context, node, channel string, r BridgeRequest) error {
	return c.put(ctx, node, channel, "bridge", r)
}

// Hangup ends the channel; reason is one of the Hangup constants, "" is normal.
func (c *Client) Hangup(ctx context.Context, node, channel, reason string) error {
	var query url.Values
	if reason != "" {
		query = url.Values{"reason": {reason}}
	}
	return c.send(ctx, "hangup", http.MethodDelete, path(node, channel, ""), query, nil, nil)
}

// printable leaves out what cannot stand in a header: control characters and
// broken encoding. It keeps at most limit characters.
func printable(s string, limit int) string {
	clean := []rune(strings.Map(func(r rune) rune {
		if !allowedInText(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "")))
	return string(clean[:min(len(clean), limit)])
}

// toRequest is the body as a request.
func (b connectBody) toRequest() ConnectRequest {
	return ConnectRequest{
		Leg: b.Leg, To: b.To, Timeout: time.Duration(b.TimeoutMS) * time.Millisecond,
		CallerName: b.CallerName, CallerNumber: b.CallerNumber,
		Headers: b.Headers, Account: b.Account, Variables: b.Variables, AppArgs: b.AppArgs,
	}
}
