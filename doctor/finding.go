package doctor

import (
	"cmp"
	"slices"
	"strings"

	"holdline/queue"
)

// Finding is one thing that is not as it should be, in words, with whom it is about.
type Finding struct {
	Kind string `json:"kind"`
	// Note: worth knowing, and nothing wrong.
	Note    bool   `json:"note"`
	Pool    string `json:"pool,omitempty"`
	Queue   string `json:"queue,omitempty"`
	Contact string `json:"contact,omitempty"`
	Channel string `json:"channel,omitempty"`
	Offer   string `json:"offer,omitempty"`
	Agent   string `json:"agent,omitempty"`
	Node    string `json:"node,omitempty"`
	Text    string `json:"text"`
	Remedy  string `json:"remedy"`
}

// Remedies. A comparison runs on each connect of a node, on suspicion, and every
// minute, and needs two sightings (package stasis).
const (
	mendsItself   = "mended by itself within 62 s, by the comparison; if it stays, look at the logs of stasis"
	matchPasses   = "harmless: the next match passes it over and removes it"
	lookAtManager = "a callmanager takes it over within 1 s: if none does, look whether one runs and reaches Redis"
	unforeseen    = "nothing mends this by itself: keep this output and report it; a log-out and log-in of the agent, or a new call of the caller, gets round it"
)

var poolRemedies = map[queue.FaultKind]string{
	queue.FaultMissing:   unforeseen,
	queue.FaultHeld:      unforeseen,
	queue.FaultUnknown:   "its deadline closes an offer that nobody answers; for a call: " + mendsItself,
	queue.FaultStale:     matchPasses,
	queue.FaultOverdue:   lookAtManager,
	queue.FaultUndone:    lookAtManager,
	queue.FaultUnserved:  "let an agent who serves the queue log in, or give one the skill",
	queue.FaultDirectory: "a callmanager finishes it within 2 s: if none does, look at its log for rows of the directory that it cannot take",
}

// Report is what one visit found.
type Report struct {
	Healthy  bool      `json:"healthy"`
	Looked   []string  `json:"looked_at"`
	Findings []Finding `json:"findings"`
}

// key tells findings apart between two sightings: what it says may count on.
func (f Finding) key() string {
	whom := []string{f.Kind, f.Pool, f.Queue, f.Contact, f.Channel, f.Offer, f.Agent, f.Node}
	if strings.Join(whom[2:], "") == "" {
		whom = append(whom, f.Text)
	}
	return strings.Join(whom, "\x00")
}

// twice keeps of the second sighting what the first one had.
func twice(first, second []Finding) []Finding {
	seen := map[string]bool{}
	for _, f := range first {
		seen[f.key()] = true
	}
	return slices.DeleteFunc(second, func(f Finding) bool { return !seen[f.key()] })
}

func report(looked []string, findings []Finding) Report {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		if a.Note != b.Note { // what is wrong comes first
			if b.Note {
				return -1
			}
			return 1
		}
		return cmp.Or(strings.Compare(a.Pool, b.Pool), strings.Compare(a.Kind, b.Kind))
	})
	healthy := !slices.ContainsFunc(findings, func(f Finding) bool { return !f.Note })
	if findings == nil {
		findings = []Finding{}
	}
	return Report{Healthy: healthy, Looked: looked, Findings: findings}
}
