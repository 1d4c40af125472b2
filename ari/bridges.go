package ari

import (
	"context"
	"net/url"
)

// BridgeMixing is the type of a bridge in which everybody hears everybody.
const BridgeMixing = "mixing"

// Bridges lists every bridge of the node.
func (c *Client) Bridges(ctx context.Context) ([]Bridge, error) {
	var out []Bridge
	err := c.call(ctx, opBridges, request{}, &out)
	return out, err
}

// Bridge asks for one bridge.
func (c *Client) Bridge(ctx context.Context, id string) (Bridge, error) {
	var out Bridge
	err := c.call(ctx, opBridge, request{path: []string{id}}, &out)
	return out, err
}

// CreateBridge makes an empty bridge; ErrExists when the id is taken. Ids must never be
// used twice: traces of a bridge outlive it inside Asterisk.
func (c *Client) CreateBridge(ctx context.Context, id, typ, name string) (Bridge, error) {
	q := url.Values{}
	setIf(q, "type", typ)
	setIf(q, "bridgeId", id)
	setIf(q, "name", name)
	var out Bridge
	err := c.call(ctx, opCreateBridge, request{query: q}, &out)
	return out, err
}

// DeleteBridge ends a bridge. Its channels stay in the application.
func (c *Client) DeleteBridge(ctx context.Context, id string) error {
	return c.call(ctx, opDeleteBridge, request{path: []string{id}}, nil)
}

// AddToBridge moves channels of the application into the bridge, without telling their
// phones who is connected: that would be a re-INVITE to each.
// A channel that is not in the application is ErrNotInApplication; one that is gone, and
// a bridge that is gone, are both ErrNotFound. No error does not say that they are in it:
// one that hung up while it was waited for is not. ChannelEnteredBridge says so.
func (c *Client) AddToBridge(ctx context.Context, bridge string, channels ...string) error {
	joined, err := list(opAddToBridge, "channel", channels)
	if err != nil {
		return err
	}
	q := url.Values{"channel": {joined}, "inhibitConnectedLineUpdates": {"true"}}
	return c.call(ctx, opAddToBridge, request{path: []string{bridge}, query: q}, nil)
}

// RemoveFromBridge takes channels out; they stay in the application. A channel that is
// not in this bridge is ErrNotFound.
func (c *Client) RemoveFromBridge(ctx context.Context, bridge string, channels ...string) error {
	joined, err := list(opRemoveFromBridge, "channel", channels)
	if err != nil {
		return err
	}
	return c.call(ctx, opRemoveFromBridge, request{path: []string{bridge}, query: url.Values{"channel": {joined}}}, nil)
}

// StartBridgeMusic plays music on hold to everybody in the bridge. It survives prompts.
func (c *Client) StartBridgeMusic(ctx context.Context, bridge, class string) error {
	q := url.Values{}
	setIf(q, "mohClass", class)
	return c.call(ctx, opBridgeMusic, request{path: []string{bridge}, query: q}, nil)
}

// StopBridgeMusic ends what StartBridgeMusic began.
func (c *Client) StopBridgeMusic(ctx context.Context, bridge string) error {
	return c.call(ctx, opStopBridgeMusic, request{path: []string{bridge}}, nil)
}

// PlayOnBridge plays media to everybody in the bridge.
func (c *Client) PlayOnBridge(ctx context.Context, bridge string, r PlayRequest) (Playback, error) {
	return c.play(ctx, opPlayOnBridge, bridge, r)
}
