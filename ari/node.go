package ari

import (
	"context"
	"net/url"
	"time"
)

// Ping asks whether the node's interface answers.
func (c *Client) Ping(ctx context.Context) error {
	return c.call(ctx, opPing, request{}, nil)
}

// Clock asks for the time on the node's clock, to the millisecond.
func (c *Client) Clock(ctx context.Context) (time.Time, error) {
	var out struct{ Timestamp wireTime }
	err := c.call(ctx, opPing, request{}, &out)
	return out.Timestamp.Time, err
}

// Info says what runs on the node and since when.
func (c *Client) Info(ctx context.Context) (Info, error) {
	var out struct {
		System struct {
			Version  string `json:"version"`
			EntityID string `json:"entity_id"`
		} `json:"system"`
		Config struct {
			Name string `json:"name"`
		} `json:"config"`
		Status struct {
			Started wireTime `json:"startup_time"`
		} `json:"status"`
	}
	err := c.call(ctx, opInfo, request{}, &out)
	return Info{Version: out.System.Version, EntityID: out.System.EntityID, Name: out.Config.Name, Started: out.Status.Started.Time}, err
}

// Variable reads a global variable; one that is not set is empty.
func (c *Client) Variable(ctx context.Context, name string) (string, error) {
	var out struct{ Value string }
	err := c.call(ctx, opVariable, request{query: url.Values{"variable": {name}}}, &out)
	return out.Value, err
}

// SetVariable sets a global variable.
func (c *Client) SetVariable(ctx context.Context, name, value string) error {
	if err := checkVariable(opSetVariable, name, value); err != nil {
		return err
	}
	return c.call(ctx, opSetVariable, request{query: url.Values{"variable": {name}, "value": {value}}}, nil)
}

// Playback asks for a playback that is queued or running.
func (c *Client) Playback(ctx context.Context, id string) (Playback, error) {
	var out Playback
	err := c.call(ctx, opPlayback, request{path: []string{id}}, &out)
	return out, err
}

// StopPlayback ends a playback that runs, or takes one back that waits; PlaybackFinished
// follows when its turn comes. What says a number (number:, digits:, characters:) cannot
// be stopped: ErrInvalid when the list began with it, and otherwise no error and no
// effect. Sounds can; so build numbers from sounds.
func (c *Client) StopPlayback(ctx context.Context, id string) error {
	return c.call(ctx, opStopPlayback, request{path: []string{id}}, nil)
}

// Applications lists the node's applications.
func (c *Client) Applications(ctx context.Context) ([]Application, error) {
	var out []Application
	err := c.call(ctx, opApplications, request{}, &out)
	return out, err
}

// Application asks for one application: which channels, bridges and endpoints it hears of.
func (c *Client) Application(ctx context.Context, name string) (Application, error) {
	var out Application
	err := c.call(ctx, opApplication, request{path: []string{name}}, &out)
	return out, err
}

// SetEventFilter lets through only the allowed types (none named: all) and holds back the
// disallowed ones. It replaces the filter that was.
func (c *Client) SetEventFilter(ctx context.Context, app string, allowed, disallowed []string) (Application, error) {
	body := map[string]any{"allowed": filters(allowed), "disallowed": filters(disallowed)}
	var out Application
	err := c.call(ctx, opEventFilter, request{path: []string{app}, body: body}, &out)
	return out, err
}

// Subscribe lets the application hear of a channel also while it does not hold it: its
// end, and the Dial events of what it dials. Once is enough; it lasts as long as the channel.
func (c *Client) Subscribe(ctx context.Context, app, channel string) error {
	q := url.Values{"eventSource": {"channel:" + channel}}
	return c.call(ctx, opSubscribe, request{path: []string{c.application(app)}, query: q}, nil)
}

// Claim takes a call that StasisBroadcast offers (event CallBroadcast); StasisStart follows.
// ErrClaimed: another application was first. ErrNotFound: no such call is offered (any more).
func (c *Client) Claim(ctx context.Context, channel, app string) error {
	q := url.Values{"channelId": {channel}, "application": {c.application(app)}}
	return c.call(ctx, opClaim, request{query: q}, nil)
}

// Endpoint asks for one endpoint: ("PJSIP", "kamailio-1"). Its state follows the qualify probes.
func (c *Client) Endpoint(ctx context.Context, tech, resource string) (Endpoint, error) {
	var out Endpoint
	err := c.call(ctx, opEndpoint, request{path: []string{tech, resource}}, &out)
	return out, err
}

func filters(types []string) []EventFilter {
	out := make([]EventFilter, 0, len(types)) // never null: Asterisk refuses it
	for _, t := range types {
		out = append(out, EventFilter{Type: t})
	}
	return out
}
