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

type contactRecord struct {
	ID         string `json:"id"`
	State      string `json:"state"`
	Queue      string `json:"queue"`
	Need       string `json:"need"`
	Step       int    `json:"step"`
	Score      string `json:"score"`
	At         micros `json:"at"`
	Channel    string `json:"channel"`
	Node       string `json:"node"`
	Boot       string `json:"boot"`
	Priority   int    `json:"priority"`
	Name       string `json:"caller_name"`
	Number     string `json:"caller_number"`
	Language   string `json:"language"`
	TimeoutMS  int64  `json:"timeout_ms"`
	AnnounceMS int64  `json:"announce_ms"`
	Offer      string `json:"offer"`
	Agent      string `json:"agent"`
	Attempts   int    `json:"attempts"`
	Skip       string `json:"skip"`
	AnsweredAt micros `json:"answered_at"`
	Outcome    string `json:"outcome"`
	Reconnects string `json:"reconnects"`
	SaidAt     micros `json:"said_at"`
}

func decodeContact(text string) (Contact, error) {
	var r contactRecord
	if err := parse(text, &r, "contact"); err != nil {
		return Contact{}, err
	}
	need, _ := strconv.ParseInt(r.Need, 10, 64)
	return Contact{
		ID: r.ID, State: ContactState(r.State), Queue: Unescape(r.Queue), Need: need, Step: r.Step,
		Channel: r.Channel, Node: Unescape(r.Node), Boot: r.Boot, Arrived: r.At.time(), Priority: r.Priority,
		CallerName: r.Name, CallerNumber: r.Number, Language: r.Language,
		Timeout: ms(r.TimeoutMS), Announce: ms(r.AnnounceMS), Offer: r.Offer, Agent: Unescape(r.Agent),
		Attempts: r.Attempts, Skip: split(r.Skip), AnsweredAt: r.AnsweredAt.time(), Outcome: r.Outcome,
		Reconnects: r.Reconnects, Announced: r.SaidAt != "",
	}, nil
}

type offerRecord struct {
	ID       string `json:"id"`
	Contact  string `json:"contact"`
	Agent    string `json:"agent"`
	Node     string `json:"node"`
	Channel  string `json:"channel"`
	Queue    string `json:"queue"`
	Need     string `json:"need"`
	Legs     string `json:"legs"`
	Agents   string `json:"agents"`
	Winner   string `json:"winner"`
	Connect  string `json:"connect"`
	Music    string `json:"music"`
	Domain   string `json:"domain"`
	RingMS   int64  `json:"ring_ms"`
	Name     string `json:"caller_name"`
	Number   string `json:"caller_number"`
	Language string `json:"language"`
	Fence    int64  `json:"fence,string"`
	State    string `json:"state"`
	At       micros `json:"at"`
}

func decodeOffer(text string) (Offer, error) {
	var r offerRecord
	if err := parse(text, &r, "offer"); err != nil {
		return Offer{}, err
	}
	need, _ := strconv.ParseInt(r.Need, 10, 64)
	o := Offer{
		ID: r.ID, Contact: r.Contact, Agent: Unescape(r.Agent), Node: Unescape(r.Node), Channel: r.Channel,
		Queue: Unescape(r.Queue), Need: need, Legs: split(r.Legs), Winner: r.Winner, Bridge: BridgeID(r.ID),
		Connect: r.Connect, Music: r.Music,
		RingTimeout: ms(r.RingMS), CallerName: r.Name, CallerNumber: r.Number, Language: r.Language,
		Fence: r.Fence, State: OfferState(r.State), CreatedAt: r.At.time(),
	}
	to := func(agent string) string { return "sip:" + agent + "@" + r.Domain }
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

type agentRecord struct {
	Name    string `json:"name"`
	Mode    string `json:"mode"`
	Since   micros `json:"since"`
	Reason  string `json:"reason"`
	Until   micros `json:"until_at"`
	Next    string `json:"next"`
	Avail   micros `json:"avail"`
	Guard   micros `json:"guard"`
	Cap     int    `json:"cap"`
	Offer   string `json:"offer"`
	Calls   string `json:"calls"`
	Misses  int    `json:"misses"`
	Removed int    `json:"removed"`
}

func decodeAgent(id, text string) (Agent, error) {
	var r agentRecord
	if err := parse(text, &r, "agent"); err != nil {
		return Agent{}, err
	}
	return Agent{
		ID: Unescape(id), Name: r.Name, Mode: Mode(r.Mode), Since: r.Since.time(), Reason: r.Reason,
		Until: r.Until.time(), Next: Mode(r.Next), Available: r.Avail.time(), Guard: r.Guard.time(),
		Capacity: r.Cap, Offer: r.Offer, Calls: split(r.Calls), Misses: r.Misses, Leaving: r.Removed == 1,
	}, nil
}

type queueRecord struct {
	ID              int64  `json:"id"`
	Need            string `json:"need"`
	TimeoutMS       int64  `json:"timeout_ms"`
	AnnounceMS      int64  `json:"announce_ms"`
	AnnounceFirstMS int64  `json:"announce_first_ms"`
	AnnounceMinMS   int64  `json:"announce_min_ms"`
	RingMS          int64  `json:"ring_ms"`
	RetryMS         int64  `json:"retry_ms"`
	WrapUpMS        int64  `json:"wrap_up_ms"`
	RedialMS        int64  `json:"redial_ms"`
	MaxMisses       int    `json:"max_misses"`
	Connect         string `json:"connect"`
	Music           string `json:"music"`
	Strategy        string `json:"strategy"`
	Language        string `json:"language"`
	Open            bool   `json:"open"`
	Weight          int    `json:"weight"`
}

func decodeQueue(name, text string) (QueueSpec, error) {
	var r queueRecord
	if err := parse(text, &r, "queue"); err != nil {
		return QueueSpec{}, err
	}
	need, _ := strconv.ParseInt(r.Need, 10, 64)
	return QueueSpec{
		Name: Unescape(name), ID: r.ID, Need: need, Timeout: ms(r.TimeoutMS), Announce: ms(r.AnnounceMS),
		AnnounceFirst: ms(r.AnnounceFirstMS), AnnounceMin: ms(r.AnnounceMinMS), RingTimeout: ms(r.RingMS),
		Retry: ms(r.RetryMS), WrapUp: ms(r.WrapUpMS), Redial: ms(r.RedialMS), MaxMisses: r.MaxMisses, Connect: r.Connect,
		Music: r.Music, Strategy: r.Strategy, Language: r.Language, Open: r.Open, Weight: r.Weight,
	}, nil
}
