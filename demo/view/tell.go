package view

import (
	"cmp"
	"fmt"
	"strings"
	"sync"
	"time"

	"holdline/queue"
)

// Line is something that happened, and why.
type Line struct {
	At    time.Time
	Text  string
	Stage bool // done to the demo, not by Holdline
	Often bool // happens with every call
}

// Told are the stage directions: what was done to the demo on purpose.
type Told struct {
	mu    sync.Mutex
	fresh []Line
}

// Say adds one.
func (t *Told) Say(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fresh = append(t.fresh, Line{At: time.Now(), Text: fmt.Sprintf(format, args...), Stage: true})
}

// Take gives those that were not taken yet.
func (t *Told) Take() []Line {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := t.fresh
	t.fresh = nil
	return lines
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// agent is the name and number of one. Called with the lock held.
func (m *Model) agent(id string) string {
	if name := m.names[id]; name != "" && !strings.HasSuffix(name, id) {
		return name + " (" + id + ")"
	}
	return "agent " + id
}

// tell puts an entry into words. Called with the lock held, before it is taken over.
func (m *Model) tell(e queue.Entry, c *Contact) (Line, bool) {
	caller := fmt.Sprintf("#%d", c.Number)
	wait := time.Duration(e.WaitMS) * time.Millisecond
	line := Line{At: e.At, Often: true}
	switch e.Event {
	case "entered":
		line.Text = fmt.Sprintf("%s enters %s on %s", caller, e.Queue, e.Node)
		if e.Reconnects != "" {
			line.Often = false
			line.Text += fmt.Sprintf(": called again, and has the place of #%d back", m.number(e.Reconnects))
		}
	case "offered":
		line.Text = fmt.Sprintf("%s of %s rings %s: longest available of those who may", caller, e.Queue, m.agent(e.Agent))
	case "answered":
		line.Text = fmt.Sprintf("%s answers %s of %s, who waited %s", m.agent(e.Agent), caller, e.Queue, seconds(wait))
	case "closed":
		words, known := closings[e.Outcome]
		if !known {
			return line, false
		}
		line.Often = false
		line.Text = fmt.Sprintf("%s: %s %s", caller, m.agent(e.Agent), words)
		if e.Reason != "" {
			line.Text += " (" + e.Reason + ")"
		}
	case "returned":
		line.Often = false
		line.Text = fmt.Sprintf("%s of %s waits again, at the old place", caller, e.Queue)
	case "leaving":
		if e.Outcome != queue.OutcomeTimedOut {
			return line, false
		}
		line.Often = false
		line.Text = fmt.Sprintf("%s leaves %s: waited %s, the queue's timeout; the dialplan decides what next", caller, e.Queue, seconds(wait))
	case "ended":
		return m.tellEnd(e, c, caller, wait)
	case "mode":
		return m.tellMode(e)
	case "next_mode":
		line.Often = false
		line.Text = fmt.Sprintf("%s will be %s after this call%s", m.agent(e.Agent), e.Mode, because(e))
	case "readopted":
		line.Often = false
		line.Text = fmt.Sprintf("%s: the call with %s goes on", caller, m.agent(e.Agent))
	case "node_up":
		line.Often = false
		line.Text = fmt.Sprintf("%s is connected (%s)", e.Node, e.Reason)
		if boot, dead := strings.CutPrefix(e.Reason, "dead-"); dead {
			line.Text = fmt.Sprintf("%s is dead: no stasis hears of it, and it answers no command; the calls of %s are lost, and no others", e.Node, boot)
		} else if was := m.rebooted[e.Node]; was != "" && was != e.Reason {
			line.Text += ": a new boot has none of the calls of the one before"
		}
	default:
		return line, false
	}
	return line, true
}

// closings are what an offer's outcome means. An answered one is told by its call.
var closings = map[string]string{
	queue.OfferNoAnswer:    "does not answer; the caller keeps the place, somebody else rings",
	queue.OfferBusy:        "is busy; somebody else rings",
	queue.OfferReject:      "declines; the caller keeps the place, somebody else rings",
	queue.OfferUnreachable: "has no phone registered; somebody else rings",
	queue.OfferSetupFailed: "could not be rung",
	queue.OfferCallerGone:  "stops ringing: the caller is gone",
	queue.OfferLostRace:    "stops ringing: answered elsewhere",
	queue.OfferWithdrawn:   "stops ringing: withdrawn",
}

func (m *Model) tellEnd(e queue.Entry, c *Contact, caller string, wait time.Duration) (Line, bool) {
	line := Line{At: e.At}
	switch e.Outcome {
	case queue.OutcomeAnswered:
		line.Often = true
		line.Text = fmt.Sprintf("%s and %s have talked for %s", caller, m.agent(cmp.Or(e.Agent, c.Agent)), seconds(e.At.Sub(c.Answered)))
	case queue.OutcomeAbandoned:
		line.Text = fmt.Sprintf("%s hangs up in %s, after %s of waiting", caller, e.Queue, seconds(wait))
	case queue.OutcomeTimedOut:
		return line, false // told when it left
	case queue.OutcomeLostWithNode:
		line.Text = fmt.Sprintf("%s of %s is lost with %s", caller, e.Queue, e.Node)
	default:
		line.Text = strings.TrimRight(fmt.Sprintf("%s of %s ends: %s %s", caller, e.Queue, strings.ReplaceAll(e.Outcome, "_", " "), e.Reason), " ")
	}
	return line, true
}

func (m *Model) tellMode(e queue.Entry) (Line, bool) {
	line := Line{At: e.At}
	who := m.agent(e.Agent)
	switch e.Mode {
	case queue.WrapUp:
		return line, false
	case queue.Ready:
		if e.By == "" { // wrap-up is over, or a pause's limit
			return line, false
		}
		line.Text = who + " is ready" + because(e)
	case queue.NotResponding:
		line.Text = who + " is not responding, and is rung no more until they say that they are back" + because(e)
	default:
		line.Text = who + " is " + strings.ReplaceAll(string(e.Mode), "_", " ") + because(e)
	}
	return line, true
}

// because is the reason of a mode, and who asked for it.
func because(e queue.Entry) string {
	switch {
	case e.Reason != "" && e.By != "":
		return ": " + e.Reason + ", by " + e.By
	case e.Reason != "":
		return ": " + e.Reason
	case e.By != "":
		return ", by " + e.By
	}
	return ""
}

func (m *Model) number(contact string) int {
	if c := m.contacts[contact]; c != nil {
		return c.Number
	}
	return 0
}
