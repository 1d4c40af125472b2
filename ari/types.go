package ari

import (
	"bytes"
	"encoding/json"
	"time"
)

// Channel is one leg as Asterisk describes it in answers and events.
type Channel struct {
	ID         string
	ProtocolID string // SIP Call-ID
	Name       string // "PJSIP/kamailio-1-00000007"
	State      string // one of the State constants
	Caller     CallerID
	Connected  CallerID
	Account    string
	Dialplan   Dialplan
	Created    time.Time
	Language   string
	Vars       map[string]string // variables that were set to be reported
}

// CallerID is a name and number as the other side sent them: any bytes at all.
type CallerID struct {
	Name   string `json:"name"`
	Number string `json:"number"`
}

// Dialplan is where a channel is. While an application holds it, AppName is "Stasis"
// and AppData its name and arguments, comma-separated.
type Dialplan struct {
	Context  string `json:"context"`
	Exten    string `json:"exten"`
	Priority int    `json:"priority"`
	AppName  string `json:"app_name"`
	AppData  string `json:"app_data"`
}

// States of a channel. Ring is an inbound channel that nobody answered yet, Ringing an
// outbound one whose phone rings.
const (
	StateDown    = "Down"
	StateRing    = "Ring"
	StateRinging = "Ringing"
	StateUp      = "Up"
	StateBusy    = "Busy"
)

// Bridge is one mixing of channels.
type Bridge struct {
	ID         string    `json:"id"`
	Technology string    `json:"technology"`
	Type       string    `json:"bridge_type"`
	Class      string    `json:"bridge_class"`
	Creator    string    `json:"creator"`
	Name       string    `json:"name"`
	Channels   []string  `json:"channels"`
	Created    time.Time `json:"-"`
}

// Playback is media being played to a channel or a bridge.
type Playback struct {
	ID        string `json:"id"`
	MediaURI  string `json:"media_uri"`
	NextURI   string `json:"next_media_uri,omitempty"`
	TargetURI string `json:"target_uri"` // "channel:<id>" or "bridge:<id>"
	Language  string `json:"language,omitempty"`
	State     string `json:"state"` // queued, playing, continuing, done, failed
}

// Application is a Stasis application as its node knows it.
type Application struct {
	Name       string        `json:"name"`
	Channels   []string      `json:"channel_ids"`
	Bridges    []string      `json:"bridge_ids"`
	Endpoints  []string      `json:"endpoint_ids"`
	Devices    []string      `json:"device_names"`
	Allowed    []EventFilter `json:"events_allowed"`
	Disallowed []EventFilter `json:"events_disallowed"`
}

// EventFilter names one event type that is let through or held back.
type EventFilter struct {
	Type string `json:"type"`
}

// Endpoint is something that can be dialled.
type Endpoint struct {
	Technology string   `json:"technology"`
	Resource   string   `json:"resource"`
	State      string   `json:"state,omitempty"` // unknown, offline, online
	Channels   []string `json:"channel_ids"`
}

// Info is what is worth knowing of a node.
type Info struct {
	Version  string    // "22.10.1~dfsg+~cs6.15.60671435-1"
	EntityID string    // asterisk_id of its events
	Name     string    // systemname of asterisk.conf
	Started  time.Time // changes with every run of Asterisk
}

// timeLayouts: Asterisk writes the first; others are accepted.
var timeLayouts = []string{"2006-01-02T15:04:05.999999999-0700", time.RFC3339Nano}

// wireTime never refuses: an event with an odd time is still an event.
type wireTime struct{ time.Time }

func (t *wireTime) UnmarshalJSON(data []byte) error {
	text := string(bytes.Trim(data, `"`))
	for _, layout := range timeLayouts {
		if parsed, err := time.Parse(layout, text); err == nil {
			t.Time = parsed
			return nil
		}
	}
	t.Time = time.Time{}
	return nil
}

// wireChannel is a Channel as Asterisk sends it.
type wireChannel struct {
	ID         string   `json:"id"`
	ProtocolID string   `json:"protocol_id"`
	Name       string   `json:"name"`
	State      string   `json:"state"`
	Caller     CallerID `json:"caller"`
	Connected  CallerID `json:"connected"`
	Account    string   `json:"accountcode"`
	Dialplan   Dialplan `json:"dialplan"`
	Created    wireTime `json:"creationtime"`
	Language   string   `json:"language"`
	Vars       wireVars `json:"channelvars"`
}

// UnmarshalJSON reads the form that Asterisk sends.
func (c *Channel) UnmarshalJSON(data []byte) error {
	var w wireChannel
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*c = Channel{
		ID: w.ID, ProtocolID: w.ProtocolID, Name: w.Name, State: w.State,
		Caller: w.Caller, Connected: w.Connected, Account: w.Account,
		Dialplan: w.Dialplan, Created: w.Created.Time, Language: w.Language, Vars: w.Vars,
	}
	return nil
}

// UnmarshalJSON reads the form that Asterisk sends.
func (b *Bridge) UnmarshalJSON(data []byte) error {
	type plain Bridge
	w := struct {
		*plain
		Created wireTime `json:"creationtime"`
	}{plain: (*plain)(b)}
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	b.Created = w.Created.Time
	return nil
}

// wireVars reads variables; their values are strings, but nothing promises it.
type wireVars map[string]string

func (v *wireVars) UnmarshalJSON(data []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	if len(raw) == 0 {
		return nil
	}
	*v = make(wireVars, len(raw))
	for name, value := range raw {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		(*v)[name] = text
	}
	return nil
}
