package aritest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"holdline/ari"
)

// Recorded is where the traces of a real Asterisk are, seen from the packages beside this one.
const Recorded = "../fake/testdata/recorded"

// Trace is what a scenario saw of an Asterisk. Two Asterisks that behave alike leave equal traces.
type Trace struct {
	Scenario string `json:"scenario"`
	Asterisk string `json:"asterisk"` // version of the one that was recorded
	Steps    []Step `json:"steps"`
}

// Step is a request with its answer, or the events that were heard up to a moment, or
// something that was done at the far end. Requests and events come over two connections:
// which of the two is seen first is chance, and so a trace does not say it.
type Step struct {
	Do     string `json:"do,omitempty"`    // at the far end
	Ask    string `json:"ask,omitempty"`   // a request
	Waits  bool   `json:"waits,omitempty"` // it is not answered until something that follows
	Status int    `json:"status,omitempty"`
	Body   any    `json:"body,omitempty"`

	Order  Order  `json:"order,omitempty"`
	Why    string `json:"why,omitempty"` // an order other than Strict
	Events []any  `json:"events,omitempty"`
}

// Order says how much of the order of a step's events is the same every time.
type Order string

// Strict is one after the other, as listed. ByChannel is each channel's as listed, but of
// two channels either may be first; who is still in a bridge that both leave is left out.
// AnyOrder is a set.
const (
	Strict    Order = "strict"
	ByChannel Order = "by channel"
	AnyOrder  Order = "in any order"
)

// left out of traces: Asterisk sends them, they depend on its dialplan and its media, and
// the product's event filter keeps every one of them away.
var untraced = []string{"ChannelVarset", "ChannelDialplan", "ChannelCallerId", "ChannelConnectedLine"}

// fields whose values differ from run to run; what is compared is that they are there, and plausible.
var volatile = map[string]struct {
	plausible *regexp.Regexp
	becomes   string
}{
	"timestamp":    {regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}$`), "<time>"},
	"creationtime": {regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}$`), "<time>"},
	"asterisk_id":  {regexp.MustCompile(`^..:..`), "<node>"},
	"protocol_id":  {regexp.MustCompile(`.`), "<sip call id>"},
	"name":         {regexp.MustCompile(`^PJSIP/(loop|wire)-[0-9a-f]{8}$`), "PJSIP/<n>"},
	"creator":      {regexp.MustCompile(`.`), "<creator>"},
	// which way two phones are joined is Asterisk's choice, made a moment later
	"technology": {regexp.MustCompile(`^(simple_bridge|native_rtp)$`), "<simple_bridge or native_rtp>"},
}

var phoneURI = regexp.MustCompile(`sip(:|%3A)[^"\\ ]*?(@|%40)[0-9.:]+`)

// normal replaces in a decoded JSON value what is different in every run.
func normal(v any, names map[string]string) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			if text, ok := value.(string); ok {
				if rule, ok := volatile[key]; ok && rule.plausible.MatchString(text) {
					out[key] = rule.becomes
					continue
				}
			}
			if key == "channel_ids" || key == "bridge_ids" {
				value = ours(value, names)
			}
			if key == "priority" { // of the dialplan, which is each world's own
				value = "<priority>"
			}
			if n, ok := value.(float64); ok && key == "duration_ms" && n > 0 {
				out[key] = "<ms>"
				continue
			}
			out[key] = normal(value, names)
		}
		dialling(out)
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = normal(v[i], names)
		}
		return out
	case string:
		return named(v, names)
	}
	return v
}

// ours leaves of a list of ids those that the scenario has named, sorted: a node has others.
func ours(v any, names map[string]string) any {
	ids, _ := v.([]any)
	kept := []any{}
	for _, id := range ids {
		if text, ok := id.(string); ok && names[text] != "" {
			kept = append(kept, id)
		}
	}
	slices.SortFunc(kept, func(a, b any) int { return strings.Compare(names[a.(string)], names[b.(string)]) })
	return kept
}

// dialling leaves out how the dialplan dials: its options are its own affair.
func dialling(body map[string]any) {
	if body["app_name"] == "Dial" {
		body["app_data"] = "<what is dialled>"
	}
}

// chance replaces the two states that are a matter of which of Asterisk's threads was first:
// a leg that is told to ring may be seen to ring a moment later, and a playback may have
// begun, and even failed, when the request for it is answered.
func chance(what string, body any) {
	fields, _ := body.(map[string]any)
	var between []string
	switch status, _ := fields["dialstatus"].(string); {
	case status == "RINGING":
		fields, _ = fields["peer"].(map[string]any)
		between = []string{ari.StateDown, ari.StateRinging}
	case strings.HasPrefix(what, "POST ") && strings.Contains(what, "/play?"):
		between = []string{"queued", "playing", "failed"}
	}
	if state, ok := fields["state"].(string); ok && slices.Contains(between, state) {
		fields["state"] = "<" + strings.Join(between, " or ") + ">"
	}
}

// named replaces ids and numbers by what the scenario calls them, the longest first.
func named(text string, names map[string]string) string {
	values := slices.SortedFunc(maps.Keys(names), func(a, b string) int { return len(b) - len(a) })
	for _, value := range values {
		text = strings.ReplaceAll(text, value, "<"+names[value]+">")
	}
	return phoneURI.ReplaceAllString(text, "<phone>")
}

// arrange puts events into the one order that stands for all that may occur.
func arrange(events []heardEvent, order Order) []any {
	events = slices.Clone(events)
	switch order {
	case ByChannel:
		for _, e := range events {
			if bridge, ok := e.body.(map[string]any)["bridge"].(map[string]any); ok {
				bridge["channels"] = "<who is left>"
			}
		}
		slices.SortStableFunc(events, func(a, b heardEvent) int { return strings.Compare(a.subject, b.subject) })
	case AnyOrder:
		slices.SortStableFunc(events, func(a, b heardEvent) int { return strings.Compare(a.text, b.text) })
	}
	out := make([]any, len(events))
	for i, e := range events {
		out[i] = e.body
	}
	return out
}

// Differences says where two traces of one scenario differ: the Asterisks' versions may.
func Differences(want, got Trace) []string {
	var all []string
	for i := range max(len(want.Steps), len(got.Steps)) {
		switch {
		case i >= len(want.Steps):
			all = append(all, fmt.Sprintf("step %d is too many:\n%s", i+1, show(got.Steps[i])))
		case i >= len(got.Steps):
			all = append(all, fmt.Sprintf("step %d is missing:\n%s", i+1, show(want.Steps[i])))
		default:
			if w, g := show(want.Steps[i]), show(got.Steps[i]); w != g {
				all = append(all, fmt.Sprintf("step %d (- recorded, + now):\n%s", i+1, lineDiff(w, g)))
			}
		}
	}
	return all
}

func show(v any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(v); err != nil {
		panic(err) // it came from JSON
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// lineDiff shows the lines that differ, by their longest common subsequence.
func lineDiff(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []string
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			if strings.Contains(a[i], `"type"`) || strings.Contains(a[i], `"ask"`) {
				out = append(out, "  "+a[i])
			}
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out = append(out, "- "+a[i])
			i++
		default:
			out = append(out, "+ "+b[j])
			j++
		}
	}
	return strings.Join(out, "\n")
}

func tracePath(dir, scenario string) string {
	return filepath.Join(dir, strings.ReplaceAll(strings.ReplaceAll(scenario, ",", ""), " ", "-")+".json")
}

// LoadTrace reads what was recorded of a scenario.
func LoadTrace(t testing.TB, dir, scenario string) Trace {
	t.Helper()
	raw, err := os.ReadFile(tracePath(dir, scenario))
	if err != nil {
		t.Fatalf("nothing is recorded: %v (make record-asterisk)", err)
	}
	var trace Trace
	if err := json.Unmarshal(raw, &trace); err != nil {
		t.Fatalf("recorded %s: %v", scenario, err)
	}
	return trace
}

// SaveTrace writes a recording.
func SaveTrace(t testing.TB, dir string, trace Trace) {
	t.Helper()
	must(t, "make the directory", os.MkdirAll(dir, 0o755))
	must(t, "write the trace", os.WriteFile(tracePath(dir, trace.Scenario), []byte(show(trace)+"\n"), 0o644))
}
