package fake

import "time"

const timeLayout = "2006-01-02T15:04:05.000-0700" // as Asterisk writes it

type wireParty struct {
	Name   string `json:"name"`
	Number string `json:"number"`
}

type wireDialplan struct {
	Context  string `json:"context"`
	Exten    string `json:"exten"`
	Priority int    `json:"priority"`
	AppName  string `json:"app_name"`
	AppData  string `json:"app_data"`
}

type wireChannel struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	State      string            `json:"state"`
	ProtocolID string            `json:"protocol_id"`
	Caller     wireParty         `json:"caller"`
	Connected  wireParty         `json:"connected"`
	Account    string            `json:"accountcode"`
	Dialplan   wireDialplan      `json:"dialplan"`
	Created    string            `json:"creationtime"`
	Language   string            `json:"language"`
	Vars       map[string]string `json:"channelvars,omitempty"`
}

type wireBridge struct {
	ID         string   `json:"id"`
	Technology string   `json:"technology"`
	Type       string   `json:"bridge_type"`
	Class      string   `json:"bridge_class"`
	Creator    string   `json:"creator"`
	Name       string   `json:"name"`
	Channels   []string `json:"channels"`
	Created    string   `json:"creationtime"`
	Video      string   `json:"video_mode"`
}

type wirePlayback struct {
	ID        string `json:"id"`
	MediaURI  string `json:"media_uri"`
	NextURI   string `json:"next_media_uri,omitempty"`
	TargetURI string `json:"target_uri"`
	Language  string `json:"language"`
	State     string `json:"state"`
}

type wireFilter struct {
	Type string `json:"type"`
}

type wireApplication struct {
	Name       string       `json:"name"`
	Channels   []string     `json:"channel_ids"`
	Bridges    []string     `json:"bridge_ids"`
	Endpoints  []string     `json:"endpoint_ids"`
	Devices    []string     `json:"device_names"`
	Allowed    []wireFilter `json:"events_allowed"`
	Disallowed []wireFilter `json:"events_disallowed"`
}

type wireEndpoint struct {
	Technology string   `json:"technology"`
	Resource   string   `json:"resource"`
	State      string   `json:"state"`
	Channels   []string `json:"channel_ids"`
}

// wireEvent has the fields of all events that are sent.
type wireEvent struct {
	Type        string        `json:"type"`
	Timestamp   string        `json:"timestamp"`
	Args        *[]string     `json:"args,omitempty"`
	DialStatus  *string       `json:"dialstatus,omitempty"`
	DialString  *string       `json:"dialstring,omitempty"`
	Forward     *string       `json:"forward,omitempty"`
	Cause       int           `json:"cause,omitempty"`
	CauseText   string        `json:"cause_txt,omitempty"`
	TechCause   int           `json:"tech_cause,omitempty"`
	Soft        bool          `json:"soft,omitempty"`
	Digit       string        `json:"digit,omitempty"`
	DurationMS  int           `json:"duration_ms,omitempty"`
	Variable    string        `json:"variable,omitempty"`
	Value       *string       `json:"value,omitempty"`
	Bridge      *wireBridge   `json:"bridge,omitempty"`
	Channel     *wireChannel  `json:"channel,omitempty"`
	Peer        *wireChannel  `json:"peer,omitempty"`
	Playback    *wirePlayback `json:"playback,omitempty"`
	Caller      any           `json:"caller,omitempty"` // a number, or of a Dial a channel
	Called      string        `json:"called,omitempty"`
	AsteriskID  string        `json:"asterisk_id"`
	Application string        `json:"application"`
}

// causes are Asterisk's words for the Q.850 causes that occur here.
var causes = map[int]string{
	1: "Unallocated (unassigned) number", 16: "Normal Clearing", 17: "User busy",
	18: "No user responding", 19: "User alerting, no answer", 20: "Subscriber absent",
	21: "Call Rejected", 22: "Number changed", 26: "Answered elsewhere",
	27: "Destination out of order", 28: "Invalid number format", 34: "Circuit/channel congestion",
	38: "Network out of order", 58: "Bearer capability not available", 102: "Recover on timer expiry",
	127: "Interworking, unspecified",
}

// sipCauses is how a SIP refusal becomes a Q.850 cause and the status of a Dial event.
var sipCauses = map[int]struct {
	cause int
	dial  string
}{
	403: {21, "NOANSWER"}, 404: {1, "NOANSWER"}, 408: {18, "NOANSWER"}, 410: {22, "NOANSWER"}, 480: {19, "NOANSWER"},
	484: {28, "NOANSWER"}, 486: {17, "BUSY"}, 487: {127, "NOANSWER"}, 488: {58, "NOANSWER"}, 500: {38, "NOANSWER"}, 502: {27, "NOANSWER"},
	503: {34, "CONGESTION"}, 504: {102, "NOANSWER"}, 600: {17, "BUSY"}, 603: {21, "NOANSWER"},
	604: {1, "NOANSWER"}, 606: {58, "NOANSWER"},
}

func stamp(t time.Time) string { return t.UTC().Format(timeLayout) }
