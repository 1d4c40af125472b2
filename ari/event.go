package ari

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Types of events. Asterisk may send others; they are delivered all the same.
const (
	ApplicationRegistered = "ApplicationRegistered"
	ApplicationReplaced   = "ApplicationReplaced"
	CallBroadcast         = "CallBroadcast"
	CallClaimed           = "CallClaimed"
	StasisStart           = "StasisStart"
	StasisEnd             = "StasisEnd"

	ChannelCreated         = "ChannelCreated"
	ChannelDestroyed       = "ChannelDestroyed"
	ChannelStateChange     = "ChannelStateChange"
	ChannelHangupRequest   = "ChannelHangupRequest"
	ChannelDtmfReceived    = "ChannelDtmfReceived"
	ChannelVarset          = "ChannelVarset"
	ChannelDialplan        = "ChannelDialplan"
	ChannelCallerID        = "ChannelCallerId"
	ChannelConnectedLine   = "ChannelConnectedLine"
	ChannelHold            = "ChannelHold"
	ChannelUnhold          = "ChannelUnhold"
	ChannelEnteredBridge   = "ChannelEnteredBridge"
	ChannelLeftBridge      = "ChannelLeftBridge"
	ChannelTransfer        = "ChannelTransfer"
	ChannelUserevent       = "ChannelUserevent"
	Dial                   = "Dial"
	BridgeCreated          = "BridgeCreated"
	BridgeDestroyed        = "BridgeDestroyed"
	BridgeMerged           = "BridgeMerged"
	BridgeBlindTransfer    = "BridgeBlindTransfer"
	BridgeAttendedTransfer = "BridgeAttendedTransfer"
	PlaybackStarted        = "PlaybackStarted"
	PlaybackContinuing     = "PlaybackContinuing"
	PlaybackFinished       = "PlaybackFinished"
	EndpointStateChange    = "EndpointStateChange"

	// EventsDropped is ours: Dropped events that had arrived were thrown away, because
	// their consumer was too slow. Nothing is known any more: take a snapshot.
	EventsDropped = "EventsDropped"
	// EventMalformed is ours: a frame arrived that is no event of Asterisk's. Raw holds
	// it, Err says what is wrong. It may have been any event.
	EventMalformed = "EventMalformed"
)

// types are all of the above: what a metric may be labelled with.
var types = map[string]bool{
	ApplicationRegistered: true, ApplicationReplaced: true, CallBroadcast: true, CallClaimed: true,
	StasisStart: true, StasisEnd: true, ChannelCreated: true, ChannelDestroyed: true, ChannelStateChange: true,
	ChannelHangupRequest: true, ChannelDtmfReceived: true, ChannelVarset: true, ChannelDialplan: true,
	ChannelCallerID: true, ChannelConnectedLine: true, ChannelHold: true, ChannelUnhold: true,
	ChannelEnteredBridge: true, ChannelLeftBridge: true, ChannelTransfer: true, ChannelUserevent: true,
	Dial: true, BridgeCreated: true, BridgeDestroyed: true, BridgeMerged: true, BridgeBlindTransfer: true,
	BridgeAttendedTransfer: true, PlaybackStarted: true, PlaybackContinuing: true, PlaybackFinished: true,
	EndpointStateChange: true, EventsDropped: true, EventMalformed: true,
}

// Event is one thing that happened on a node. Fields that a type does not have are empty.
type Event struct {
	Type        string
	Application string
	Timestamp   time.Time // the node's clock, when it happened
	Received    time.Time // our clock, when it arrived
	AsteriskID  string

	Channel        *Channel // the channel it is about; for ChannelTransfer the one that sent the REFER
	Peer           *Channel // Dial: the leg that is rung
	Caller         *Channel // Dial: on whose behalf
	ReplaceChannel *Channel // StasisStart: the channel whose place this one takes
	Args           []string // StasisStart: arguments of the application
	Bridge         *Bridge
	Playback       *Playback
	Endpoint       *Endpoint

	Cause     int // ChannelDestroyed, ChannelHangupRequest: Q.850
	TechCause int // SIP status, where there was one
	CauseText string
	Soft      bool // ChannelHangupRequest: asked for by Asterisk itself

	Digit        string // ChannelDtmfReceived
	DurationMS   int
	Variable     string // ChannelVarset
	Value        string
	DialString   string // Dial, the first of a leg: what was dialled, "kamailio-1/sip:201@demo.holdline.test"
	DialStatus   string // Dial: "", RINGING, PROGRESS, ANSWER, BUSY, CANCEL, CHANUNAVAIL, CONGESTION, NOANSWER
	MusicClass   string // ChannelHold
	CallerNumber string // CallBroadcast
	CalledNumber string
	WinnerApp    string // CallClaimed

	Dropped int // EventsDropped: how many events were thrown away
	Err     string
	Raw     json.RawMessage // as it arrived
}

// ChannelID is the id of the channel an event is about, or empty.
func (e *Event) ChannelID() string {
	if e.Channel == nil {
		return ""
	}
	return e.Channel.ID
}

// wireEvent is the union of the fields of all events.
type wireEvent struct {
	Type           string          `json:"type"`
	Application    string          `json:"application"`
	Timestamp      wireTime        `json:"timestamp"`
	AsteriskID     string          `json:"asterisk_id"`
	Channel        *Channel        `json:"channel"`
	Peer           json.RawMessage `json:"peer"`   // a channel in Dial, else something else
	Caller         json.RawMessage `json:"caller"` // a channel in Dial, a number in CallBroadcast
	Called         string          `json:"called"`
	ReplaceChannel *Channel        `json:"replace_channel"`
	Args           []string        `json:"args"`
	Bridge         *Bridge         `json:"bridge"`
	Playback       *Playback       `json:"playback"`
	Endpoint       *Endpoint       `json:"endpoint"`
	Cause          json.RawMessage `json:"cause"` // a number of channels, a word of peers
	TechCause      int             `json:"tech_cause"`
	CauseText      string          `json:"cause_txt"`
	Soft           bool            `json:"soft"`
	Digit          string          `json:"digit"`
	DurationMS     int             `json:"duration_ms"`
	Variable       string          `json:"variable"`
	Value          string          `json:"value"`
	DialStatus     string          `json:"dialstatus"`
	DialString     string          `json:"dialstring"`
	MusicClass     string          `json:"musicclass"`
	WinnerApp      string          `json:"winner_app"`
	ReferredBy     struct {
		SourceChannel *Channel `json:"source_channel"`
	} `json:"referred_by"`
}

var (
	errNoType   = errors.New("no event type")
	errReserved = errors.New("event type is reserved")
)

// DecodeEvent reads one frame. What is not an event gives an Event of type EventMalformed
// and an error.
func DecodeEvent(frame []byte) (Event, error) {
	e, err := decodeEvent(frame)
	if err != nil {
		err = fmt.Errorf("decode event: %w", err)
		return Event{Type: EventMalformed, Err: err.Error(), Raw: frame}, err
	}
	return e, nil
}

func decodeEvent(frame []byte) (Event, error) {
	var w wireEvent
	if err := json.Unmarshal(frame, &w); err != nil {
		return Event{}, err
	}
	switch w.Type {
	case "":
		return Event{}, errNoType
	case EventsDropped, EventMalformed:
		return Event{}, errReserved
	}
	e := Event{
		Type: w.Type, Application: w.Application, Timestamp: w.Timestamp.Time, AsteriskID: w.AsteriskID,
		Channel: w.Channel, ReplaceChannel: w.ReplaceChannel, Args: w.Args,
		Bridge: w.Bridge, Playback: w.Playback, Endpoint: w.Endpoint,
		TechCause: w.TechCause, CauseText: w.CauseText, Soft: w.Soft,
		Digit: w.Digit, DurationMS: w.DurationMS, Variable: w.Variable, Value: w.Value,
		DialStatus: w.DialStatus, DialString: w.DialString, MusicClass: w.MusicClass,
		CalledNumber: w.Called, WinnerApp: w.WinnerApp, Raw: frame,
	}
	if w.Channel == nil {
		e.Channel = w.ReferredBy.SourceChannel
	}
	switch w.Type {
	case Dial:
		return e, errors.Join(optional(w.Peer, &e.Peer), optional(w.Caller, &e.Caller))
	case CallBroadcast:
		return e, optional(w.Caller, &e.CallerNumber)
	case ChannelDestroyed, ChannelHangupRequest:
		return e, optional(w.Cause, &e.Cause)
	}
	return e, nil
}

func optional(raw json.RawMessage, into any) error {
	if len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, into)
}
