package ari

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Reason is a Q.850 cause given to a hangup. PJSIP turns it into a SIP status or,
// for a ringing phone, into the Reason header of its CANCEL.
type Reason int

// Reasons that we give, and causes that ChannelDestroyed reports.
const (
	ReasonUnallocated       Reason = 1
	ReasonNormal            Reason = 16
	ReasonBusy              Reason = 17
	ReasonNoUserResponse    Reason = 18
	ReasonNoAnswer          Reason = 19
	ReasonSubscriberAbsent  Reason = 20
	ReasonRejected          Reason = 21
	ReasonRoute             Reason = 25 // exchange routing error: the next hop is gone
	ReasonAnsweredElsewhere Reason = 26
	ReasonCongestion        Reason = 34
	ReasonFailure           Reason = 38
	ReasonInterworking      Reason = 127
)

// OriginateRequest asks for a leg that enters the application once it is answered.
type OriginateRequest struct {
	ID          string // ours, of fixed length; the leg's channel id
	Endpoint    string // "PJSIP/kamailio-1/sip:201@demo.holdline.test"
	CallerID    string // `"Name" <number>`
	Timeout     time.Duration
	Application string // default Options.Application
	AppArgs     string // comma-separated arguments of its StasisStart
	Variables   map[string]string
	// Reported are variables that ride in every event and answer about the channel (Channel.Vars).
	Reported   map[string]string
	Originator string // channel that this leg is for: gives codecs and linked id
	Formats    string // codecs, where there is no Originator
}

// CreateRequest asks for a leg that enters the application at once and is dialled later.
type CreateRequest struct {
	ID, Endpoint         string
	Application, AppArgs string
	Variables, Reported  map[string]string
	Originator, Formats  string
}

// ContinueRequest says where in the dialplan a channel goes on; empty: where it left.
type ContinueRequest struct {
	Context, Extension string
	Priority           int
	Label              string
}

// PlayRequest plays media one after the other. Playing twice with one ID plays twice.
// PlaybackFinished may never come: when the last media is a recording that does not
// exist, a number that is none, or of a scheme that Asterisk does not know.
type PlayRequest struct {
	ID       string   // playback id; empty: Asterisk's
	Media    []string // "sound:queue-thankyou", "number:3", "digits:42", "tone:ring"
	Language string
}

// Channels lists every channel of the node, in the application or not.
func (c *Client) Channels(ctx context.Context) ([]Channel, error) {
	var out []Channel
	err := c.call(ctx, opChannels, request{}, &out)
	return out, err
}

// Channel asks for one channel.
func (c *Client) Channel(ctx context.Context, id string) (Channel, error) {
	var out Channel
	err := c.call(ctx, opChannel, request{path: []string{id}}, &out)
	return out, err
}

// Originate rings an endpoint. StasisStart comes when it answers, ChannelDestroyed with
// the cause when it does not. A second one with the same ID is ErrExists while the leg lives.
// Timeout is required: Asterisk itself must stop the ringing when everybody else is dead.
func (c *Client) Originate(ctx context.Context, r OriginateRequest) (Channel, error) {
	if r.Timeout <= 0 {
		return Channel{}, invalid(opOriginate, "timeout is required")
	}
	if hasControl(r.CallerID) || hasControl(r.Endpoint) {
		return Channel{}, invalid(opOriginate, "control character in endpoint or caller id")
	}
	body, err := variablesBody(opOriginate, r.Variables, r.Reported)
	if err != nil {
		return Channel{}, err
	}
	q := url.Values{"endpoint": {r.Endpoint}, "timeout": {seconds(r.Timeout)}}
	setIf(q, "app", c.application(r.Application))
	setIf(q, "appArgs", r.AppArgs)
	setIf(q, "callerId", r.CallerID)
	setIf(q, "channelId", r.ID)
	setIf(q, "originator", r.Originator)
	setIf(q, "formats", r.Formats)
	var out Channel
	err = c.call(ctx, opOriginate, request{query: q, body: body}, &out)
	return out, err
}

// Create makes a leg and puts it into the application; Dial rings it.
func (c *Client) Create(ctx context.Context, r CreateRequest) (Channel, error) {
	if hasControl(r.Endpoint) {
		return Channel{}, invalid(opCreate, "control character in endpoint")
	}
	body, err := variablesBody(opCreate, r.Variables, r.Reported)
	if err != nil {
		return Channel{}, err
	}
	q := url.Values{"endpoint": {r.Endpoint}}
	setIf(q, "app", c.application(r.Application))
	setIf(q, "appArgs", r.AppArgs)
	setIf(q, "channelId", r.ID)
	setIf(q, "originator", r.Originator)
	setIf(q, "formats", r.Formats)
	var out Channel
	err = c.call(ctx, opCreate, request{query: q, body: body}, &out)
	return out, err
}

// Dial rings a created channel on behalf of caller (a channel id, may be empty). Before the
// created channel's StasisStart it is ErrNotInApplication; so is a second dial.
func (c *Client) Dial(ctx context.Context, id, caller string, timeout time.Duration) error {
	if timeout <= 0 {
		return invalid(opDial, "timeout is required")
	}
	q := url.Values{"timeout": {seconds(timeout)}}
	setIf(q, "caller", caller)
	return c.call(ctx, opDial, request{path: []string{id}, query: q}, nil)
}

// Answer answers a caller. Answering an answered channel does nothing.
func (c *Client) Answer(ctx context.Context, id string) error {
	return c.call(ctx, opAnswer, request{path: []string{id}}, nil)
}

// Hangup ends a channel, in the application or not.
func (c *Client) Hangup(ctx context.Context, id string, reason Reason) error {
	if reason <= 0 || reason > 127 {
		return invalid(opHangup, fmt.Sprintf("no reason %d in Q.850", reason))
	}
	q := url.Values{"reason_code": {strconv.Itoa(int(reason))}}
	return c.call(ctx, opHangup, request{path: []string{id}, query: q}, nil)
}

// Continue lets a channel leave the application and go on in the dialplan.
func (c *Client) Continue(ctx context.Context, id string, r ContinueRequest) error {
	q := url.Values{}
	setIf(q, "context", r.Context)
	setIf(q, "extension", r.Extension)
	if r.Priority > 0 {
		q.Set("priority", strconv.Itoa(r.Priority))
	}
	setIf(q, "label", r.Label)
	return c.call(ctx, opContinue, request{path: []string{id}, query: q}, nil)
}

// Ring sends ringing to a caller who is not answered.
func (c *Client) Ring(ctx context.Context, id string) error {
	return c.call(ctx, opRing, request{path: []string{id}}, nil)
}

// StopRing ends what Ring began.
func (c *Client) StopRing(ctx context.Context, id string) error {
	return c.call(ctx, opStopRing, request{path: []string{id}}, nil)
}

// SendDTMF plays digits (0-9 A-D * #, w waits half a second) to the channel.
func (c *Client) SendDTMF(ctx context.Context, id, digits string) error {
	if digits == "" {
		return invalid(opDTMF, "digits are required")
	}
	return c.call(ctx, opDTMF, request{path: []string{id}, query: url.Values{"dtmf": {digits}}}, nil)
}

// StartMusic starts music on hold on a channel; class empty: the channel's own. Behind a
// playback it waits its turn; a playback that comes later ends it.
func (c *Client) StartMusic(ctx context.Context, id, class string) error {
	q := url.Values{}
	setIf(q, "mohClass", class)
	return c.call(ctx, opStartMusic, request{path: []string{id}, query: q}, nil)
}

// StopMusic ends what StartMusic began.
func (c *Client) StopMusic(ctx context.Context, id string) error {
	return c.call(ctx, opStopMusic, request{path: []string{id}}, nil)
}

// Play queues media on a channel. Until it is over the channel does nothing else: Answer,
// AddToBridge, RemoveFromBridge and setting variables are answered only then (and are
// carried out then, also when their caller gave up); StartMusic and Continue are answered
// at once and wait.
func (c *Client) Play(ctx context.Context, channel string, r PlayRequest) (Playback, error) {
	return c.play(ctx, opPlay, channel, r)
}

// TransferProgress answers a ChannelTransfer event: channel_progress, channel_answered,
// channel_unavailable or channel_declined.
func (c *Client) TransferProgress(ctx context.Context, id, state string) error {
	return c.call(ctx, opTransferProgress, request{path: []string{id}, query: url.Values{"states": {state}}}, nil)
}

func (c *Client) play(ctx context.Context, op *Operation, target string, r PlayRequest) (Playback, error) {
	media, err := list(op, "media", r.Media)
	if err != nil {
		return Playback{}, err
	}
	q := url.Values{"media": {media}}
	setIf(q, "lang", r.Language)
	setIf(q, "playbackId", r.ID)
	var out Playback
	err = c.call(ctx, op, request{path: []string{target}, query: q}, &out)
	return out, err
}

func (c *Client) application(name string) string {
	if name != "" {
		return name
	}
	return c.options.Application
}

// seconds is Asterisk's unit of time-outs. Rounded up: a phone may ring a little longer,
// never shorter than was asked.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}

func setIf(q url.Values, key, value string) {
	if value != "" {
		q.Set(key, value)
	}
}

// list joins values for a parameter that Asterisk splits at commas.
func list(op *Operation, name string, values []string) (string, error) {
	if len(values) == 0 {
		return "", invalid(op, name+" is required")
	}
	for _, v := range values {
		if v == "" || strings.ContainsRune(v, ',') {
			return "", invalid(op, name+" is empty or contains a comma")
		}
	}
	return strings.Join(values, ","), nil
}

func hasControl(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) >= 0
}
