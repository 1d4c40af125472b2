package view

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"holdline/queue"
)

// Frame is what one look at the contact center found.
type Frame struct {
	Head     []string // what is shown, and how to get at it
	Running  time.Duration
	At       time.Time
	Stats    queue.Stats
	Queues   []string
	Agents   []queue.Agent
	Nodes    []queue.Node
	Managers []string
}

// Screen is a live view on a terminal.
type Screen struct {
	Out   io.Writer
	Size  func() (width, height int)
	Color bool
	Model *Model

	events []Line // the latest last
}

// keptEvents is more than any terminal shows.
const keptEvents = 200

// Open takes the terminal's other screen, so that what stood there comes back.
func (s *Screen) Open() { _, _ = io.WriteString(s.Out, "\x1b[?1049h\x1b[?25l\x1b[2J") }

// Close gives the terminal back.
func (s *Screen) Close() { _, _ = io.WriteString(s.Out, "\x1b[?25h\x1b[?1049l") }

// Tell adds lines to the events.
func (s *Screen) Tell(lines []Line, busy bool) {
	for _, l := range lines {
		if !l.Often || !busy {
			s.events = append(s.events, l)
		}
	}
	slices.SortStableFunc(s.events, func(a, b Line) int { return a.At.Compare(b.At) })
	if extra := len(s.events) - keptEvents; extra > 0 {
		s.events = slices.Delete(s.events, 0, extra)
	}
}

// Show paints a frame.
func (s *Screen) Show(f Frame) {
	width, height := s.Size()
	lines := slices.Concat(
		s.head(f), s.totals(f), s.queues(f, height), s.agents(f, width, height), s.nodes(f))
	room := max(height-len(lines)-1, 1)
	lines = append(lines, s.bold("LAST EVENTS")+"  and why; a star marks what was done to the demo on purpose")
	room--
	for _, e := range s.events[max(0, len(s.events)-room):] {
		lines = append(lines, s.event(e))
	}
	var b strings.Builder
	b.WriteString("\x1b[H")
	for i, l := range lines[:min(len(lines), height)] {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(cut(l, width) + "\x1b[0m\x1b[K")
	}
	b.WriteString("\x1b[J")
	_, _ = io.WriteString(s.Out, b.String())
}

func (s *Screen) paint(code, text string) string {
	if !s.Color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s *Screen) bold(text string) string { return s.paint("1", text) }

func (s *Screen) head(f Frame) []string {
	lines := slices.Clone(f.Head)
	if len(lines) > 0 {
		lines[0] = s.paint("7", lines[0])
	}
	return lines
}

func (s *Screen) totals(f Frame) []string {
	return []string{"", fmt.Sprintf("%s  %s", s.bold(clock(f.Running)), Sum(f.Stats))}
}

// Sum is the promise that everybody who entered is accounted for.
func Sum(stats queue.Stats) string {
	ended := map[string]int64{}
	for _, q := range stats.Queues {
		for outcome, n := range q.Ended {
			ended[outcome] += n
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "entered %d = ", stats.Entered)
	for _, o := range queue.ContactOutcomes {
		if n := ended[o]; n > 0 || slices.Contains(usual, o) {
			fmt.Fprintf(&b, "%s %d + ", strings.ReplaceAll(o, "_", " "), n)
		}
	}
	fmt.Fprintf(&b, "live %d", stats.Live)
	return b.String()
}

var usual = []string{queue.OutcomeAnswered, queue.OutcomeAbandoned, queue.OutcomeTimedOut, queue.OutcomeLostWithNode}

func (s *Screen) queues(f Frame, height int) []string {
	lines := []string{"", s.bold(fmt.Sprintf("%-14s %8s %8s %8s %8s   %s", "QUEUE", "waiting", "longest", "ringing", "talking", "in front, and how long they have waited"))}
	for _, name := range f.Queues {
		q := f.Stats.Queues[name]
		waiting := s.Model.Waiting(name)
		longest, front := "-", []string{}
		for i, c := range waiting {
			wait := f.At.Sub(c.Entered)
			if i == 0 {
				longest = clock(wait)
			}
			if i < 5 && height > 0 {
				word := fmt.Sprintf("#%d %s", c.Number, clock(wait))
				if c.State == queue.Offered {
					word += " (ringing " + c.Agent + ")"
				}
				front = append(front, word)
			}
		}
		lines = append(lines, fmt.Sprintf("%-14s %8d %8s %8d %8d   %s", name, q.Waiting+q.Offered, longest, q.Offered, q.Connected, strings.Join(front, ", ")))
	}
	return lines
}

// state is how an agent appears: derived from load and mode.
func state(a queue.Agent, with Contact, at time.Time) (word, code string) {
	lasting := func(since time.Time) string {
		if since.IsZero() {
			return ""
		}
		return " " + clock(at.Sub(since))
	}
	switch {
	case len(a.Calls) > 0:
		return fmt.Sprintf("talking #%d%s", with.Number, lasting(with.Answered)), "32"
	case a.Offer != "":
		return fmt.Sprintf("ringing #%d", with.Number), "33"
	case a.Mode == queue.Paused:
		return "paused" + lasting(a.Since) + " " + a.Reason, "35"
	case a.Mode == queue.NotResponding:
		return "not responding" + lasting(a.Since), "31"
	case a.Mode == queue.LoggedOut:
		return "logged out", "2"
	case a.Mode == queue.WrapUp:
		return "wrap-up" + lasting(a.Since), "36"
	case a.Guard.After(at):
		return "ready, phone is not", "31"
	}
	return "ready" + lasting(a.Available), ""
}

// cell is the width of one agent on the screen.
const cell = 40

func (s *Screen) agents(f Frame, width, height int) []string {
	with := s.Model.With()
	count := map[string]int{}
	type shown struct {
		text string
		rank int
	}
	var cells []shown
	for _, a := range f.Agents {
		word, code := state(a, with[a.ID], f.At)
		kind, _, _ := strings.Cut(word, " ")
		count[kind]++
		text := fmt.Sprintf("%-5s%-10s %s", a.ID, cut(a.Name, 10), word)
		text = cut(text, cell-2) + strings.Repeat(" ", max(0, cell-utf8.RuneCountInString(text)))
		rank := 0
		switch {
		case a.Mode == queue.NotResponding || a.Mode == queue.Paused:
			rank = -1 // what a supervisor looks for, when not all fit
		case kind == "ready":
			rank = 1
		}
		cells = append(cells, shown{s.paint(cmp.Or(code, "0"), text), rank})
	}
	var sums []string
	for _, kind := range []string{"ready", "ringing", "talking", "wrap-up", "paused", "not", "logged"} {
		if count[kind] > 0 {
			name := map[string]string{"not": "not responding", "logged": "logged out"}[kind]
			sums = append(sums, fmt.Sprintf("%s %d", cmp.Or(name, kind), count[kind]))
		}
	}
	lines := []string{"", s.bold("AGENTS") + "  " + strings.Join(sums, ", ")}
	columns := max(1, width/cell)
	rows := min((len(cells)+columns-1)/columns, max(3, height/4))
	if len(cells) > rows*columns {
		slices.SortStableFunc(cells, func(a, b shown) int { return a.rank - b.rank })
	}
	for r := range rows {
		var b strings.Builder
		for c := range columns {
			if i := r*columns + c; i < len(cells) {
				b.WriteString(cells[i].text)
			}
		}
		lines = append(lines, b.String())
	}
	return lines
}

func (s *Screen) nodes(f Frame) []string {
	on := s.Model.On()
	var words []string
	for _, n := range f.Nodes {
		word := fmt.Sprintf("%s %s, %d callers", n.ID, n.Boot, on[n.ID])
		if silent := f.At.Sub(n.SeenAt); silent > 2*time.Second {
			word = s.paint("31", word+", silent "+clock(silent))
		}
		words = append(words, word)
	}
	return []string{"", s.bold("NODES") + "  " + strings.Join(words, " | ") + "   " + s.bold("CALLMANAGERS") + "  " + strings.Join(f.Managers, ", "), ""}
}

func (s *Screen) event(e Line) string {
	text := e.At.Format("15:04:05.000 ") + Text(e)
	if e.Stage {
		return s.paint("1;33", text)
	}
	return text
}

// Text is a line without its time.
func Text(l Line) string {
	if l.Stage {
		return "* " + l.Text
	}
	return "  " + l.Text
}

func clock(d time.Duration) string {
	d = max(0, d).Truncate(time.Second)
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// cut shortens to n runes; what colours does not count.
func cut(text string, n int) string {
	var b strings.Builder
	seen, escape := 0, false
	for _, r := range text {
		switch {
		case r == '\x1b':
			escape = true
		case escape:
			escape = r != 'm'
		default:
			if seen++; seen > n {
				return b.String()
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}
