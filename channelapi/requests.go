package channelapi

import "time"

// The bodies of the commands. JSON names are snake_case; durations are
// milliseconds, and their names say so.

// ConnectRequest rings a device beside a channel: a new leg, which enters the
// application with AppArgs when it is answered.
type ConnectRequest struct {
	Leg          string            // channel id of the new leg; required
	To           string            // sip:user@domain; required
	Timeout      time.Duration     // how long the device rings; required, at most MaxRing
	CallerName   string            // what the device shows
	CallerNumber string            //
	Headers      map[string]string // SIP headers of the INVITE; names begin with X-
	Account      string            // account code of the new leg: every event about it tells it
	Variables    map[string]string // variables of the new leg
	AppArgs      string            // arguments of the leg's StasisStart, comma-separated
}

// MaxRing bounds ConnectRequest.Timeout.
const MaxRing = 10 * time.Minute

// connectBody is ConnectRequest on the wire.
type connectBody struct {
	Leg          string            `json:"leg"`
	To           string            `json:"to"`
	TimeoutMS    int64             `json:"timeout_ms"`
	CallerName   string            `json:"caller_name,omitempty"`
	CallerNumber string            `json:"caller_number,omitempty"`
	Headers      map[string]string `json:"headers,omitempty"`
	Account      string            `json:"account,omitempty"`
	Variables    map[string]string `json:"variables,omitempty"`
	AppArgs      string            `json:"app_args,omitempty"`
}

// DialRequest prepares a channel to be dialled for in its dialplan: once it goes
// on there (ContinueRequest), the dialplan finds the call string and dials.
type DialRequest struct {
	To        []string          `json:"to"`                  // sip:user@domain each, rung all at once; required
	TimeoutMS int64             `json:"timeout_ms"`          // how long the devices ring; required, at most MaxRing
	Variables map[string]string `json:"variables,omitempty"` // what else the dialplan is to know
	Playback  string            `json:"playback,omitempty"`  // an announcement to cut short
}

// ConnectAnswer says how a connect was carried out.
type ConnectAnswer struct {
	Leg      string `json:"leg"`
	Route    string `json:"route,omitempty"` // endpoint it went out by; "" when repeated
	Repeated bool   `json:"repeated"`        // the leg was there already
}

// AnnounceRequest says a position in a line, after which music goes on.
type AnnounceRequest struct {
	Position int    `json:"position"`          // 1 is next; required
	Waiting  int    `json:"waiting,omitempty"` // how many wait in all; for media of one's own
	Language string `json:"language,omitempty"`
	Music    string `json:"music,omitempty"` // class; "" is the channel's own
	Playback string `json:"playback"`        // id of the playback; required
}

// LeaveRequest plays an apology and then lets the channel go on in the
// dialplan with the variables.
type LeaveRequest struct {
	Media     []string          `json:"media,omitempty"` // none is DefaultApology
	Language  string            `json:"language,omitempty"`
	Playback  string            `json:"playback"` // id of the playback; required
	Variables map[string]string `json:"variables,omitempty"`
}

// LeaveAnswer says how a timeout was carried out. The channel goes on either way.
type LeaveAnswer struct {
	Said bool `json:"said"` // the apology was taken
}

// ContinueRequest lets the channel go on in the dialplan with the variables.
// Where it goes on: what is left out is as it was when it entered; with nothing
// given it goes on after the application.
type ContinueRequest struct {
	Variables map[string]string `json:"variables,omitempty"`
	Context   string            `json:"context,omitempty"`
	Extension string            `json:"extension,omitempty"`
	Priority  int               `json:"priority,omitempty"`
	Label     string            `json:"label,omitempty"`
	Playback  string            `json:"playback,omitempty"` // an announcement to cut short
}

// VariablesRequest sets channel variables.
type VariablesRequest struct {
	Variables map[string]string `json:"variables"`
}

// PlayRequest plays media to the channel, one after the other.
type PlayRequest struct {
	Media    []string `json:"media"`
	Language string   `json:"language,omitempty"`
	Playback string   `json:"playback"` // id of the playback; required
}

// MusicRequest starts music on hold.
type MusicRequest struct {
	Class string `json:"class,omitempty"` // "" is the channel's own
}

// BridgeRequest connects the channel with another leg.
type BridgeRequest struct {
	Bridge   string `json:"bridge"`             // id of the bridge, made when it is not there; required
	With     string `json:"with"`               // the other leg; required
	Playback string `json:"playback,omitempty"` // an announcement to cut short
}

// State is what the node says of a channel.
type State struct {
	Channel       string `json:"channel"`
	Node          string `json:"node"`
	State         string `json:"state"` // Down, Ring, Ringing, Up, Busy
	InApplication bool   `json:"in_application"`
	Name          string `json:"name"` // Asterisk's own name of it
	Language      string `json:"language,omitempty"`
}

// NodeList is the nodes that commands can go to.
type NodeList struct {
	Nodes []string `json:"nodes"`
}

// Reasons of a hangup; what the other side is told.
const (
	HangupNormal            = "normal"
	HangupBusy              = "busy"
	HangupNoAnswer          = "no_answer"
	HangupRejected          = "rejected"
	HangupAnsweredElsewhere = "answered_elsewhere"
	HangupUnreachable       = "unreachable"
	HangupCongestion        = "congestion"
	HangupFailure           = "failure"
)
