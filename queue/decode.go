package queue

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What stands in Redis, and how it becomes ours. Times are strings of digits
// there, since a Lua JSON encoder keeps 14 digits of a number; lists are joined
// by commas, since an empty Lua table has no type; names are escaped.

type micros string

func (m micros) time() time.Time {
	n, err := strconv.ParseInt(string(m), 10, 64)
	if err != nil || n <= 0 {
		return time.Time{}
	}
	return time.UnixMicro(n)
}

func toMicros(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMicro(), 10)
}

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

func split(list string) []string {
	if list == "" {
		return nil
	}
	out := strings.Split(list, ",")
	for i, s := range out {
		out[i] = Unescape(s)
	}
	return out
}

func parse(text string, into any, what string) error {
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("%s: %w: %w", what, ErrRecord, err)
	}
	return nil
}

// contactRecord is an array: what every contact has, by place, and what only some have.
type contactRecord struct {
	ID, State, Queue, Need string
	Step                   int
	Score                  string
	At                     micros
	Channel, Node, Boot    string
	Name, Number, Language string
	TimeoutMS, AnnounceMS  int64
	Attempts               int
	contactSome
}

type contactSome struct {
	Since      micros `json:"since"` // the time of the wait counts from; the arrival when empty
	Line       string `json:"line"`
	Offer      string `json:"offer"`
	Agent      string `json:"agent"`
	Skip       string `json:"skip"`
	AgainAt    micros `json:"again_at"` // from when on those whom it skips may be asked again
	SaidAt     micros `json:"said_at"`
	AnsweredAt micros `json:"answered_at"`
	Outcome    string `json:"outcome"`
	Reason     string `json:"reason"`
	By         string `json:"by"`
	Key        string `json:"key"`
	Reconnects string `json:"reconnects"`
	CreditMS   int64  `json:"credit_ms"`
	Priority   int    `json:"priority"`
	Prefer     string `json:"prefer"`
	Given      int    `json:"given"`
	Element    string `json:"element"`
	CameTo     string `json:"came_to"`
}

// contactFields is how many a record has that every contact has.
const contactFields = 16

func (r *contactRecord) UnmarshalJSON(b []byte) error {
	var all []json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	if len(all) < contactFields {
		return fmt.Errorf("%d fields", len(all))
	}
	into := []any{&r.ID, &r.State, &r.Queue, &r.Need, &r.Step, &r.Score, &r.At, &r.Channel, &r.Node, &r.Boot, &r.Name,
		&r.Number, &r.Language, &r.TimeoutMS, &r.AnnounceMS, &r.Attempts, &r.contactSome}
	for i := range min(len(all), len(into)) {
		if err := json.Unmarshal(all[i], into[i]); err != nil {
			return fmt.Errorf("field %d: %w", i+1, err)
		}
	}
	return nil
}

func readContact(text string) (r contactRecord, err error) {
	return r, parse(text, &r, "contact")
}

func (r contactRecord) contact() Contact {
	need, _ := needOfLine(r.Need)
	return Contact{
		ID: r.ID, State: ContactState(r.State), Queue: Unescape(r.Queue), Need: need, Medium: mediumOfLine(r.Need), Step: r.Step,
		Channel: r.Channel, Node: Unescape(r.Node), Boot: r.Boot, Arrived: r.At.time(), Priority: r.Priority, Credit: ms(r.CreditMS),
		CallerName: r.Name, CallerNumber: r.Number, Language: r.Language,
		Timeout: ms(r.TimeoutMS), Announce: ms(r.AnnounceMS), Offer: r.Offer, Agent: Unescape(r.Agent),
		Attempts: r.Attempts, Skip: split(r.Skip), AnsweredAt: r.AnsweredAt.time(), Outcome: r.Outcome, Reason: r.Reason,
		Reconnects: r.Reconnects, Announced: r.SaidAt != "", Prefers: Unescape(r.Prefer), Given: r.Given == 1,
		CameTo: Unescape(r.CameTo),
	}
}

func decodeContact(text string) (Contact, error) {
	r, err := readContact(text)
	return r.contact(), err
}

type offerRecord struct {
	ID      string `json:"id"`
	Contact string `json:"contact"`
	Agent   string `json:"agent"`
	Node    string `json:"node"`
	Channel string `json:"channel"`
	Queue   string `json:"queue"`
	Need    string `json:"need"`
	Legs    string `json:"legs"`
	Agents  string `json:"agents"`
	Winner  string `json:"winner"`
	Connect string `json:"connect"`
	Music   string `json:"music"`
	RingMS  int64  `json:"ring_ms"`
	Fence   int64  `json:"fence,string"`
	State   string `json:"state"`
	At      micros `json:"at"`
}

// decodeOffer reads an offer; domain is that of the agents.
func decodeOffer(text, domain string) (Offer, error) {
	var r offerRecord
	if err := parse(text, &r, "offer"); err != nil {
		return Offer{}, err
	}
	need, _ := needOfLine(r.Need)
	o := Offer{
		ID: r.ID, Contact: r.Contact, Agent: Unescape(r.Agent), Node: Unescape(r.Node), Channel: r.Channel,
		Queue: Unescape(r.Queue), Need: need, Medium: mediumOfLine(r.Need), Legs: split(r.Legs), Winner: r.Winner, Bridge: BridgeID(r.ID),
		Connect: r.Connect, Music: r.Music,
		RingTimeout: ms(r.RingMS), Fence: r.Fence, State: OfferState(r.State), CreatedAt: r.At.time(),
	}
	to := func(agent string) string { return "sip:" + agent + "@" + domain }
	for i, agent := range split(cmp.Or(r.Agents, r.Agent)) {
		ring := Ring{Agent: agent, To: to(agent)}
		if i < len(o.Legs) { // connect mode dialplan has none
			ring.Leg = o.Legs[i]
		}
		o.Rings = append(o.Rings, ring)
	}
	if o.Agent != "" {
		o.To = to(o.Agent)
	}
	return o, nil
}

// of adds what an offer shows of its contact.
func (o Offer) of(c Contact) Offer {
	o.CallerName, o.CallerNumber, o.Language = c.CallerName, c.CallerNumber, c.Language
	return o
}

type agentRecord struct {
	Name    string `json:"name"`
	Mode    string `json:"mode"`
	Since   micros `json:"since"`
	Reason  string `json:"reason"`
	Until   micros `json:"until_at"`
	Next    string `json:"next"`
	Avail   micros `json:"avail"`
	Guard   micros `json:"guard"`
	Quiet   string `json:"quiet"` // the leg that is to fall silent, when that is the guard's reason
	Device  micros `json:"device"`
	CapV    int    `json:"cap_v"`
	CapC    int    `json:"cap_c"`
	Held    int    `json:"held"`
	HeldV   int    `json:"held_v"`
	HeldC   int    `json:"held_c"`
	Offer   string `json:"offer"`
	Calls   string `json:"calls"`
	Misses  int    `json:"misses"`
	Removed int    `json:"removed"`
	Index   string `json:"ix"`
	Served  int    `json:"served"`
	Fair    string `json:"fair"`
}

func decodeAgent(id, text string) (Agent, error) {
	var r agentRecord
	if err := parse(text, &r, "agent"); err != nil {
		return Agent{}, err
	}
	fair, _ := strconv.ParseFloat(r.Fair, 64)
	return Agent{
		ID: Unescape(id), Name: r.Name, Mode: Mode(r.Mode), Since: r.Since.time(), Reason: r.Reason,
		Until: r.Until.time(), Next: Mode(r.Next), Available: r.Avail.time(), Guard: r.Guard.time(), DeviceInUse: r.Device.time(),
		Capacity: map[Medium]int{Voice: r.CapV, Chat: r.CapC}, Held: map[Medium]int{Voice: r.HeldV, Chat: r.HeldC},
		Offer: r.Offer, Calls: split(r.Calls), Misses: r.Misses, Leaving: r.Removed == 1, Served: r.Served,
		Worked: time.Duration(fair * float64(time.Second)),
	}, nil
}
