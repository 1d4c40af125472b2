package queue

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Picture renders the tables of moves and effects for people (docs/matching.md).
func Picture() string {
	var b strings.Builder
	for _, l := range []struct {
		name string
		life []Move
	}{{"contact", ContactLife}, {"offer", OfferLife}, {"agent", AgentLife}} {
		fmt.Fprintf(&b, "\n### %s\n\n```mermaid\nstateDiagram-v2\n", l.name)
		for _, m := range l.life {
			for _, from := range m.From {
				if from != m.To { // what changes nothing is allowed, and no line
					fmt.Fprintf(&b, "    %s --> %s: %s\n", end(from), end(m.To), m.On)
				}
			}
		}
		b.WriteString("```\n\n| event | " + strings.Join(states(l.life), " | ") + " |\n|---|" +
			strings.Repeat("---|", len(states(l.life))) + "\n")
		var events []string
		for _, m := range l.life {
			if !slices.Contains(events, m.On) {
				events = append(events, m.On)
			}
		}
		for _, on := range events {
			b.WriteString("| " + on)
			for _, s := range states(l.life) {
				next, _ := to(l.life, on, s)
				b.WriteString(" | " + next)
			}
			b.WriteString(" |\n")
		}
	}
	b.WriteString("\n### what the outcome of an offer does\n\n| outcome | agent's availability | a miss | the contact skips the agent |\n|---|---|---|---|\n")
	yes := map[bool]string{true: "yes"}
	for _, e := range OfferEffects {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", e.Outcome, e.Availability, yes[e.Miss], yes[e.Skip])
	}
	return b.String()
}

// Commands renders the headers of the scripts: what each is for, gives and costs.
func Commands() string {
	var b strings.Builder
	b.WriteString("\n| script | for | cost |\n|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(scripts)) {
		text, err := luaFiles.ReadFile("lua/" + name + ".lua")
		if err != nil {
			panic(err) // embedded
		}
		head := headOf(string(text))
		what := strings.TrimPrefix(head[:strings.Index(head, " KEYS ")], name+": ")
		cost := head[strings.LastIndex(head, "O("):]
		cost, _, _ = strings.Cut(cost, ". ")
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, strings.ReplaceAll(what, "|", "\\|"), cost)
	}
	return b.String()
}

// headOf is the comment that a script begins with, down to its cost, as one line.
func headOf(text string) string {
	var head []string
	for line := range strings.Lines(text) {
		comment, is := strings.CutPrefix(strings.TrimSpace(line), "--")
		if !is {
			break
		}
		head = append(head, strings.TrimSpace(comment))
		if strings.Contains(comment, "O(") {
			break
		}
	}
	return strings.Join(head, " ")
}

func end(state string) string {
	if state == none || state == over {
		return "[*]"
	}
	return state
}

// states lists what can be left, in order of appearance.
func states(life []Move) []string {
	var all []string
	for _, m := range life {
		for _, from := range m.From {
			if !slices.Contains(all, from) {
				all = append(all, from)
			}
		}
	}
	return all
}
