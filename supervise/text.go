package supervise

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"holdline/queue"
)

// safe is a text from outside as a terminal may have it.
func safe(s string) string {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return strconv.Quote(s)
		}
	}
	return s
}

func span(ms int64) string { return (time.Duration(ms) * time.Millisecond).Round(time.Second).String() }

// or is the text, or a dash for none.
func or(s string) string {
	if s == "" {
		return "-"
	}
	return safe(s)
}

// table writes rows in columns; cells are made safe.
func table(w io.Writer, head string, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, strings.ReplaceAll(head, " ", "\t")) // Flush tells
	for _, row := range rows {
		for i := range row {
			row[i] = or(row[i])
		}
		_, _ = fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

// WriteQueues writes the list of queues.
func WriteQueues(w io.Writer, all []queue.QueueGlance) error {
	var rows [][]string
	for _, q := range all {
		open := "open"
		if !q.Open {
			open = "closed"
		}
		longest := ""
		if q.Waiting > 0 {
			longest = span(q.LongestMS)
		}
		rows = append(rows, []string{q.Queue, open, strconv.Itoa(q.Waiting), longest, strconv.Itoa(q.Ringing), strconv.Itoa(q.Talking),
			fmt.Sprintf("%d/%d/%d", q.Available, q.LoggedIn, q.Agents), q.Strategy,
			strconv.FormatInt(q.Entered, 10), strconv.FormatInt(q.Ended[queue.OutcomeAnswered], 10), strconv.FormatInt(q.Ended[queue.OutcomeAbandoned], 10)})
	}
	return table(w, "QUEUE STATE WAITING LONGEST RINGING TALKING AVAILABLE/LOGGED-IN/AGENTS STRATEGY ENTERED ANSWERED ABANDONED", rows)
}

// WriteAgents writes the list of agents.
func WriteAgents(w io.Writer, all []queue.AgentGlance) error {
	var rows [][]string
	for _, a := range all {
		rows = append(rows, []string{a.Agent, a.Name, string(a.Mode), strings.Join(a.Queues, ","), strconv.Itoa(a.Served), strconv.Itoa(a.Misses), a.Text})
	}
	return table(w, "AGENT NAME MODE QUEUES SERVED MISSES DOES", rows)
}

// WriteContacts writes the list of those who are live.
func WriteContacts(w io.Writer, all []ContactView) error {
	var rows [][]string
	for _, c := range all {
		with := c.Agent
		if c.Prefers != "" {
			with = "for " + c.Prefers
		}
		rows = append(rows, []string{c.Contact, c.Queue, string(c.State), span(c.WaitMS), strconv.Itoa(c.Priority), with, c.Number, c.CallerName, c.Node})
	}
	return table(w, "CONTACT QUEUE STATE WAIT PRIORITY AGENT NUMBER NAME NODE", rows)
}

// WriteContact writes one contact.
func WriteContact(w io.Writer, c ContactView) error {
	position := ""
	if c.Position > 0 {
		position = fmt.Sprintf(", position %d", c.Position)
	}
	_, err := fmt.Fprintf(w, "%s is %s in %s after %s%s\n", safe(c.Contact), safe(string(c.State)), safe(c.Queue), span(c.WaitMS), position)
	if err != nil {
		return err
	}
	return table(w, "FIELD VALUE", [][]string{
		{"caller", strings.TrimSpace(c.CallerName + " " + c.Number)}, {"channel", c.Channel}, {"node", c.Node}, {"language", c.Language},
		{"arrived", c.Arrived.UTC().Format(time.RFC3339)}, {"medium", string(c.Medium)}, {"step of its need", strconv.Itoa(c.Step)},
		{"priority", strconv.Itoa(c.Priority)}, {"credit", span(c.CreditMS)}, {"agent", c.Agent}, {"for alone", c.Prefers},
		{"offers so far", strconv.Itoa(c.Attempts)}, {"skips", strings.Join(c.Skip, ", ")}, {"came to", c.CameTo}, {"outcome", c.Outcome}, {"reason", c.Reason},
	})
}

// WriteContactExplained writes why a contact stands where it stands.
func WriteContactExplained(w io.Writer, e queue.ContactExplanation) error {
	head := fmt.Sprintf("%s: %s in %s", e.Contact, e.State, e.Queue)
	if e.Need != "" {
		head += fmt.Sprintf(" (need %s, %s)", e.Need, e.Strategy)
	}
	head += ", wait " + span(e.WaitMS)
	if p := e.Place; p != nil {
		head += fmt.Sprintf(", position %d", p.Position)
		if p.Without != p.Position {
			head += fmt.Sprintf(" (by arrival %d: priority %d, credit %s)", p.Without, p.Priority, span(p.CreditMS))
		}
	}
	if _, err := fmt.Fprintf(w, "%s\n%s\n", safe(head), safe(e.Why)); err != nil {
		return err
	}
	var agents, steps, offers, story [][]string
	for _, a := range e.Agents {
		turn := ""
		if a.Turn > 0 {
			turn = strconv.Itoa(a.Turn)
		}
		agents = append(agents, []string{turn, a.Agent, strconv.Itoa(a.Tier), strconv.Itoa(a.Step), a.Text})
	}
	for _, s := range e.Steps {
		opens := "open"
		if !s.Open {
			opens = "in " + span(s.InMS)
		}
		steps = append(steps, []string{strconv.Itoa(s.Step), span(s.AfterMS), opens, strings.Join(s.Admits, " "), s.Asks})
	}
	for _, o := range e.Offers {
		outcome := o.Outcome
		if outcome == "" {
			outcome = "open"
		}
		offers = append(offers, []string{o.Agent, span(o.WaitMS), strconv.Itoa(o.Tier), strconv.Itoa(o.Step), outcome, o.Reason, strings.Join(o.Behind, " ")})
	}
	for _, t := range e.Story {
		story = append(story, []string{t.At.UTC().Format("2006-01-02T15:04:05.000Z"), t.Text})
	}
	for _, part := range []struct {
		head string
		rows [][]string
	}{
		{"TURN AGENT PENALTY STEP DOES", agents}, {"STEP AFTER OPENS ADMITS ASKS", steps},
		{"OFFERED-TO AFTER PENALTY STEP OUTCOME REASON NEXT-IN-TURN", offers}, {"AT HAPPENED", story},
	} {
		if len(part.rows) == 0 {
			continue
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
		if err := table(w, part.head, part.rows); err != nil {
			return err
		}
	}
	return nil
}

// passedShown is how many contacts of a queue the text of an agent shows.
const passedShown = 10

// WriteAgentExplained writes what an agent does, and why.
func WriteAgentExplained(w io.Writer, e queue.AgentExplanation) error {
	if _, err := fmt.Fprintf(w, "%s (%s), %s, served %d\n%s\n\n", safe(e.Agent), safe(e.Name), safe(string(e.Mode)), e.Served, safe(e.Why)); err != nil {
		return err
	}
	var media, passed [][]string
	for _, d := range e.Doing {
		media = append(media, []string{string(d.Medium), fmt.Sprintf("%d/%d", d.Held, d.Capacity), d.Text})
	}
	if err := table(w, "MEDIUM HOLDS DOES", media); err != nil {
		return err
	}
	for _, q := range e.Queues {
		need := ""
		for _, n := range q.Needs {
			need += fmt.Sprintf("%s (penalty %d, step %d) ", n.Need, n.Tier, n.Step)
		}
		passed = append(passed, []string{q.Queue, strings.TrimSpace(need), strconv.Itoa(q.Waiting) + " wait", "", ""})
		for i, c := range q.Contacts {
			if i == passedShown {
				passed = append(passed, []string{q.Queue, "", fmt.Sprintf("and %d more", len(q.Contacts)-i), "", ""})
				break
			}
			passed = append(passed, []string{q.Queue, "", c.Waiting, span(c.WaitMS), c.Text})
		}
	}
	if len(passed) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return table(w, "QUEUE NEED CONTACT WAIT BETWEEN", passed)
}

// WriteQueueExplained writes whether a queue would take a caller, and who serves it.
func WriteQueueExplained(w io.Writer, e queue.QueueExplanation) error {
	if _, err := fmt.Fprintf(w, "%s: %s\n\n", safe(e.Queue), safe(e.Why)); err != nil {
		return err
	}
	most := "no bound"
	if e.MaxWaiting > 0 {
		most = strconv.Itoa(e.MaxWaiting)
	}
	rows := [][]string{{"need", e.Need}, {"medium", string(e.Medium)}, {"strategy", e.Strategy}, {"waiting", strconv.Itoa(e.Waiting)},
		{"may wait", most}, {"longest wait", span(e.LongestMS)}, {"agents", strconv.Itoa(e.Agents)}, {"available", strconv.Itoa(e.Available)}}
	for _, m := range []queue.Mode{queue.Ready, queue.WrapUp, queue.Paused, queue.NotResponding} {
		rows = append(rows, []string{string(m), strconv.Itoa(e.Modes[m])})
	}
	return table(w, "FIELD VALUE", rows)
}
