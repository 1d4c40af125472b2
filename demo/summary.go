package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"holdline/demo/people"
	"holdline/demo/view"
	"holdline/queue"
)

// Counts are how everybody who entered ended.
type Counts struct {
	Entered      int `json:"entered"`
	Answered     int `json:"answered"`
	Abandoned    int `json:"abandoned"`
	TimedOut     int `json:"timed_out"`
	LeftByKey    int `json:"left_by_key"`
	Overflowed   int `json:"overflowed"`
	Withdrawn    int `json:"withdrawn"`
	Refused      int `json:"refused"`
	LostWithNode int `json:"lost_with_node"`
	Live         int `json:"live"`
}

// add counts n with that outcome; "" is live.
func (c *Counts) add(outcome string, n int) {
	*map[string]*int{
		"": &c.Live, queue.OutcomeAnswered: &c.Answered, queue.OutcomeAbandoned: &c.Abandoned,
		queue.OutcomeTimedOut: &c.TimedOut, queue.OutcomeLeftByKey: &c.LeftByKey,
		queue.OutcomeOverflowed: &c.Overflowed, queue.OutcomeWithdrawn: &c.Withdrawn,
		queue.OutcomeRefused: &c.Refused, queue.OutcomeLostWithNode: &c.LostWithNode,
	}[outcome] += n
}

func (c Counts) sum() int {
	return c.Answered + c.Abandoned + c.TimedOut + c.LeftByKey + c.Overflowed + c.Withdrawn + c.Refused + c.LostWithNode + c.Live
}

// Callers are the same as the simulated callers tell it.
type Callers struct {
	Counts
	Calls        int `json:"calls"`
	NeverEntered int `json:"never_entered"` // the line died or was given up at the door
	AtOnce       int `json:"at_once"`       // two things in one moment, of which Holdline named one

	wrong int // calls of which they and Holdline tell different things
}

// Summary is what the demo ends with.
type Summary struct {
	AddsUp bool `json:"adds_up"`
	Counts
	Callers  Callers  `json:"callers"`
	Problems []string `json:"problems,omitempty"` // why it does not add up

	Seconds     float64        `json:"seconds"`
	MostWaiting int            `json:"most_waiting"`
	WaitMS      Waits          `json:"wait_ms"` // of those who were answered
	Offers      int            `json:"offers"`
	OffersEnded map[string]int `json:"offers_ended"`
	Agents      int            `json:"agents"`
	StandIns    []string       `json:"stand_ins"`
}

// Waits are in milliseconds.
type Waits struct {
	P50 int64 `json:"p50"`
	P95 int64 `json:"p95"`
	Max int64 `json:"max"`
}

var standIns = []string{"miniredis for Redis", "go-mysql-server for MySQL", "three fake Asterisk nodes", "no Kamailio", "no sound"}

// summarize compares what Holdline counts, what its journal tells, and what the
// callers tell, until they agree: what happened last takes a moment to arrive. It gives
// up when they have come no closer for a while.
func (d *demo) summarize(ctx context.Context, ran time.Duration) (Summary, error) {
	d.crowd.Settle()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	var last Summary
	closest, since := math.MaxInt, time.Now()
	for {
		now, err := d.compare(ctx)
		if err == nil {
			last = now
			last.Seconds = ran.Round(time.Millisecond).Seconds()
			if last.AddsUp {
				return last, nil
			}
			if last.Callers.wrong < closest {
				closest, since = last.Callers.wrong, time.Now()
			}
		}
		if time.Since(since) > settle {
			if last.Seconds == 0 {
				return last, fmt.Errorf("nothing to sum up: %w", err)
			}
			return last, nil
		}
		<-ticker.C
	}
}

// settle is how long nothing may come closer. Holdline's own promise is that within
// five seconds nobody on the line is without a record, and no record without somebody;
// but a node may have died in the last moment, and the embedded Redis be behind.
const settle = 20 * time.Second

func (d *demo) compare(ctx context.Context) (Summary, error) {
	calls, pickedUp := d.crowd.Calls(), d.agents.PickedUp()
	stats, err := d.queue.Stats(ctx)
	if err != nil {
		return Summary{}, err
	}
	if _, err := d.model.Read(ctx); err != nil {
		return Summary{}, err
	}
	agents, err := d.queue.Agents(ctx)
	if err != nil {
		return Summary{}, err
	}
	t := d.model.Totals()
	s := Summary{
		MostWaiting: t.MostWaiting, Offers: t.Offers, OffersEnded: t.Closed, Agents: len(agents), StandIns: standIns,
		WaitMS: Waits{P50: at(t.Waits, 0.5), P95: at(t.Waits, 0.95), Max: at(t.Waits, 1)},
	}
	s.Entered, s.Live = int(stats.Entered), stats.Live
	for _, q := range stats.Queues {
		for outcome, n := range q.Ended {
			s.add(outcome, int(n))
		}
	}
	s.Callers, s.Problems = reconcile(calls, d.model.Contacts(), pickedUp)
	if s.Entered != s.sum() {
		s.problem("%d entered, but %d ended or are live", s.Entered, s.sum())
	}
	if s.Counts != s.Callers.Counts {
		s.problem("Holdline counts %+v, the callers tell %+v", s.Counts, s.Callers.Counts)
	}
	s.AddsUp = len(s.Problems) == 0
	return s, nil
}

func (s *Summary) problem(format string, args ...any) {
	s.Problems = append(s.Problems, fmt.Sprintf(format, args...))
}

// shownProblems are enough to know where to look.
const shownProblems = 20

// reconcile holds each call, as its caller tells it, against the contact that the
// journal tells of.
func reconcile(calls []people.Call, contacts map[string][]view.Contact, pickedUp map[string][]time.Time) (Callers, []string) {
	t := Callers{Calls: len(calls)}
	var problems []string
	problem := func(format string, args ...any) {
		t.wrong++
		if len(problems) < shownProblems {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	for _, call := range calls {
		key := call.Channel + " on " + call.Node
		found := contacts[key]
		delete(contacts, key)
		if len(found) > 1 {
			problem("%s has %d contacts for one call", call.Number, len(found))
		}
		if call.Fate == people.NoAnswer || len(found) == 0 {
			t.NeverEntered++
			if call.Inside && call.Fate != people.LineDead || len(found) > 0 {
				problem("%s says %s, and Holdline knows of %d contacts", call.Number, call.Fate, len(found))
			}
			continue
		}
		t.Entered++
		c := found[len(found)-1]
		if call.Fate == people.OnTheLine {
			t.Live++
			if c.Outcome != "" {
				problem("%s is on the line, and Holdline says %s", call.Number, c.Outcome)
			}
			continue
		}
		picked := slices.ContainsFunc(pickedUp[call.Number], func(at time.Time) bool {
			return !at.Before(call.Begun) && !at.After(call.Ended.Add(time.Second))
		})
		may := call.Outcomes(picked, timeouts[call.Queue])
		switch i := slices.Index(may, c.Outcome); {
		case c.Outcome == "" || i < 0:
			problem("%s says %s %s, and Holdline says %q", call.Number, call.Fate, call.Status, c.Outcome)
			continue
		case i > 0 && c.Outcome != queue.OutcomeAbandoned:
			t.AtOnce++
		}
		t.add(c.Outcome, 1)
	}
	for channel := range contacts {
		problem("nobody called on %s, and Holdline has a contact there", channel)
	}
	return t, problems
}

func at(ascending []time.Duration, part float64) int64 {
	if len(ascending) == 0 {
		return 0
	}
	return ascending[min(len(ascending)-1, int(part*float64(len(ascending))))].Milliseconds()
}

// write says it for people.
func (s Summary) write(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\nAfter %.1f s, with %d agents:\n\n%-20s %10s %14s\n", s.Seconds, s.Agents, "", "Holdline", "the callers")
	row := func(name string, holdline, callers int) {
		fmt.Fprintf(&b, "%-20s %10d %14d\n", name, holdline, callers)
	}
	h, c := s.Counts, s.Callers
	row("entered", h.Entered, c.Entered)
	row("= answered", h.Answered, c.Answered)
	row("+ abandoned", h.Abandoned, c.Abandoned)
	row("+ timed out", h.TimedOut, c.TimedOut)
	row("+ lost with node", h.LostWithNode, c.LostWithNode)
	if h.LeftByKey+h.Overflowed+h.Withdrawn+h.Refused > 0 || c.LeftByKey+c.Overflowed+c.Withdrawn+c.Refused > 0 {
		row("+ left by key", h.LeftByKey, c.LeftByKey)
		row("+ overflowed", h.Overflowed, c.Overflowed)
		row("+ withdrawn", h.Withdrawn, c.Withdrawn)
		row("+ refused", h.Refused, c.Refused)
	}
	row("+ live at the end", h.Live, c.Live)
	if c.AtOnce > 0 {
		fmt.Fprintf(&b, "\n%d callers did two things in one moment (hung up as an agent picked up, say); Holdline named one of them.\n", c.AtOnce)
	}
	if c.NeverEntered > 0 {
		fmt.Fprintf(&b, "\n%d callers never got in: they gave up, or their line broke, at the door.\n", c.NeverEntered)
	}
	fmt.Fprintf(&b, "\nAnswered after: half of them within %.1f s, 95 of 100 within %.1f s, the last %.1f s. Waiting at one time: at most %d. Offers: %d",
		float64(s.WaitMS.P50)/1000, float64(s.WaitMS.P95)/1000, float64(s.WaitMS.Max)/1000, s.MostWaiting, s.Offers)
	for _, o := range []string{queue.OfferNoAnswer, queue.OfferUnreachable, queue.OfferCallerGone, queue.OfferSetupFailed} {
		if n := s.OffersEnded[o]; n > 0 {
			fmt.Fprintf(&b, ", %s %d", strings.ReplaceAll(o, "_", " "), n)
		}
	}
	b.WriteString(".\nStand-ins: " + strings.Join(s.StandIns, ", ") + ".\n")
	if s.AddsUp {
		b.WriteString("It adds up.\n")
	} else {
		b.WriteString("It DOES NOT add up:\n  " + strings.Join(s.Problems, "\n  ") + "\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}
