package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// EventKind names what happened in a call.
type EventKind string

// The events of a call. Out tells the side of those that either side can send.
const (
	EvInvite    EventKind = "invite"
	EvTrying    EventKind = "trying"
	EvRinging   EventKind = "ringing"
	EvProgress  EventKind = "progress" // 183
	EvAnswered  EventKind = "answered"
	EvAck       EventKind = "ack"
	EvMedia     EventKind = "media" // the first RTP packet came in
	EvCancel    EventKind = "cancel"
	EvRejected  EventKind = "rejected" // any final response but 2xx
	EvReinvite  EventKind = "reinvite"
	EvUpdate    EventKind = "update"
	EvDigit     EventKind = "digit"
	EvBye       EventKind = "bye"
	EvEnded     EventKind = "ended"
	EvFailed    EventKind = "failed"     // no final response, nothing could be sent
	EvHeardTone EventKind = "heard_tone" // the first whole 100 ms of a tone
)

// Event is one line of a call's timeline.
type Event struct {
	At     time.Time
	Kind   EventKind
	Out    bool // we did it
	Status int
	Text   string // Reason header, direction, digit, Hz
}

// String is the line without its time.
func (e Event) String() string {
	parts := []string{string(e.Kind)}
	if e.Out {
		parts = append(parts, "(sent)")
	}
	if e.Status != 0 {
		parts = append(parts, fmt.Sprint(e.Status))
	}
	if e.Text != "" {
		parts = append(parts, e.Text)
	}
	return strings.Join(parts, " ")
}

// EndedBy names who ended a call.
type EndedBy string

// A call ends once, for one of these reasons.
const (
	ByUs       EndedBy = "us"       // BYE, CANCEL or rejection by this phone
	ByPeer     EndedBy = "peer"     // BYE, CANCEL or rejection by the other side
	ByNoAnswer EndedBy = "no_reply" // the other side does not speak SIP any more
	ByFloor    EndedBy = "floor"    // the phone was closed
)

// End says how a call ended.
type End struct {
	By     EndedBy
	Status int    // of the final response when the call was not answered
	Reason string // Reason header of the BYE or CANCEL received
	At     time.Time
}

// Timeline renders the call's events, milliseconds since its INVITE.
func (c *Call) Timeline() string {
	c.mu.Lock()
	events := slices.Clone(c.events)
	c.mu.Unlock()
	// A tone is noted when it was heard for a while, at the time that it began.
	slices.SortStableFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
	var b strings.Builder
	dir := "to"
	if c.in {
		dir = "from"
	}
	fmt.Fprintf(&b, "phone %s, call %s %s\n", c.phone.o.User, dir, c.other)
	for _, e := range events {
		fmt.Fprintf(&b, "%8.0f ms  %s\n", float64(e.At.Sub(events[0].At).Microseconds())/1000, e)
	}
	return b.String()
}
