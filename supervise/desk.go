package supervise

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdline/queue"
)

// Desk is a supervisor's, of one pool.
type Desk struct {
	Pool *queue.Pool
	By   string // who sits there, for the journal
}

// Kind says what a refusal means for who asked.
type Kind int

// The kinds of refusals.
const (
	Wrong Kind = iota + 1 // it was asked for something that is not there, or makes no sense
	No                    // the queue says no, as things stand
)

// Refusal is an error that names the field, the value and the remedy.
type Refusal struct {
	Kind Kind
	text string
	err  error
}

func (r *Refusal) Error() string { return r.text }

// Unwrap gives the queue's own error, if it was one.
func (r *Refusal) Unwrap() error { return r.err }

func wrong(err error, format string, args ...any) error {
	return &Refusal{Wrong, fmt.Sprintf(format, args...), err}
}

// asked is what a command was about, for its refusals.
type asked struct{ contact, agent, queue, need string }

// refusal turns the queue's errors into those of the desk. Others stay as they are.
func (d *Desk) refusal(err error, a asked) error {
	if err == nil {
		return nil
	}
	what := map[error]string{
		queue.ErrNoContact: fmt.Sprintf("contact %q: nobody by that id is live in pool %s; `holdline contact list` has those who are", a.contact, d.Pool.Name()),
		queue.ErrNoAgent:   fmt.Sprintf("agent %q: pool %s has none of that name; `holdline agent list` has them all", a.agent, d.Pool.Name()),
		queue.ErrNoQueue:   fmt.Sprintf("queue %q: pool %s has none of that name; `holdline queue list` has them all", a.queue, d.Pool.Name()),
		queue.ErrNoNeed:    fmt.Sprintf("need %q: queue %q has none of that name; its needs are in the directory, table needs", a.need, a.queue),
		queue.ErrName:      fmt.Sprintf("name: %v; a name has 1 to 80 printable bytes", err),
		queue.ErrNotReady:  fmt.Sprintf("pool %q: nothing is there: look at --pool, or whether a callmanager runs, which brings the directory", d.Pool.Name()),
	}
	for is, text := range what {
		if errors.Is(err, is) {
			return &Refusal{Wrong, text, err}
		}
	}
	no := map[error]string{
		queue.ErrClosed: fmt.Sprintf("queue %q: it is closed; open it in the directory (queues.open), or choose another", a.queue),
		queue.ErrFull:   fmt.Sprintf("queue %q: as many wait as may (queues.max_waiting); choose another, or try again", a.queue),
	}
	for is, text := range no {
		if errors.Is(err, is) {
			return &Refusal{No, text, err}
		}
	}
	if errors.Is(err, queue.ErrRefused) {
		return &Refusal{No, fmt.Sprintf("%v; `explain` says how it stands", err), err}
	}
	return err
}

// Board is every queue and agent at a glance.
func (d *Desk) Board(ctx context.Context) (queue.Board, error) {
	b, err := d.Pool.Board(ctx)
	return b, d.refusal(err, asked{})
}

// Contacts are those who are live, by arrival: of one queue, or of all when it is "".
func (d *Desk) Contacts(ctx context.Context, name string) ([]ContactView, error) {
	b, err := d.Board(ctx)
	if err != nil {
		return nil, err
	}
	if name != "" && !slices.ContainsFunc(b.Queues, func(q queue.QueueGlance) bool { return q.Queue == name }) {
		return nil, d.refusal(queue.ErrNoQueue, asked{queue: name})
	}
	all, err := d.Pool.Contacts(ctx)
	if err != nil {
		return nil, err
	}
	views := []ContactView{}
	for _, c := range all {
		if name == "" || c.Queue == name {
			views = append(views, viewOf(c, b.At))
		}
	}
	return views, nil
}

// Contact is one who is live.
func (d *Desk) Contact(ctx context.Context, id string) (ContactView, error) {
	c, err := d.Pool.Contact(ctx, id)
	if err != nil {
		return ContactView{}, d.refusal(err, asked{contact: id})
	}
	return d.view(ctx, c)
}

// view is a contact with its position.
func (d *Desk) view(ctx context.Context, c queue.Contact) (ContactView, error) {
	at, err := d.Pool.Now(ctx)
	if err != nil {
		return ContactView{}, err
	}
	v := viewOf(c, at)
	v.Position, err = d.Pool.Position(ctx, c.ID)
	if errors.Is(err, queue.ErrNoContact) {
		return v, nil // over by now
	}
	return v, err
}

// ExplainContact says why a contact stands where it stands.
func (d *Desk) ExplainContact(ctx context.Context, id string) (queue.ContactExplanation, error) {
	e, err := d.Pool.ExplainContact(ctx, id)
	if errors.Is(err, queue.ErrNoContact) {
		return e, wrong(err, "%v; `holdline contact list` has those who are live", err)
	}
	return e, d.refusal(err, asked{contact: id})
}

// ExplainAgent says why an agent does what they do.
func (d *Desk) ExplainAgent(ctx context.Context, id string) (queue.AgentExplanation, error) {
	e, err := d.Pool.ExplainAgent(ctx, id)
	return e, d.refusal(err, asked{agent: id})
}

// ExplainQueue says whether a queue would take a caller.
func (d *Desk) ExplainQueue(ctx context.Context, name string) (queue.QueueExplanation, error) {
	e, err := d.Pool.ExplainQueue(ctx, name)
	return e, d.refusal(err, asked{queue: name})
}

// Set changes an agent's mode. It gives a sentence about what became of it.
func (d *Desk) Set(ctx context.Context, id string, m queue.ModeChange) (queue.AgentExplanation, error) {
	if m.Mode != queue.Paused && (m.Limit != 0 || m.Reason != "") {
		return queue.AgentExplanation{}, wrong(nil, "mode %q: --reason and --limit are of a pause; leave them out, or ask for paused", m.Mode)
	}
	if m.Limit < 0 {
		return queue.AgentExplanation{}, wrong(nil, "limit %s: a pause lasts longer than that; leave it out for one without a bound", m.Limit)
	}
	m.By = d.By
	if _, err := d.Pool.SetMode(ctx, id, m); err != nil {
		return queue.AgentExplanation{}, d.refusal(err, asked{agent: id})
	}
	return d.ExplainAgent(ctx, id)
}

// Extend lets an agent's wrap-up end later.
func (d *Desk) Extend(ctx context.Context, id string, by time.Duration) (queue.AgentExplanation, error) {
	if by <= 0 {
		return queue.AgentExplanation{}, wrong(nil, "duration %s: wrap-up can be extended only; `holdline agent set %s ready` ends it", by, id)
	}
	if _, err := d.Pool.ExtendWrapUp(ctx, id, by, d.By); err != nil {
		return queue.AgentExplanation{}, d.refusal(err, asked{agent: id})
	}
	return d.ExplainAgent(ctx, id)
}

// Move gives a contact a place in another queue, or for another need of its own.
func (d *Desk) Move(ctx context.Context, id, name, need, reason string) (ContactView, error) {
	c, err := d.Pool.Move(ctx, id, name, need, reason, d.By)
	return d.after(ctx, c, err, asked{contact: id, queue: name, need: need})
}

// priorityMost bounds a priority in minutes, on either side: a week.
const priorityMost = 7 * 24 * 60

// Prioritise changes a contact's priority.
func (d *Desk) Prioritise(ctx context.Context, id string, priority int) (ContactView, error) {
	if priority < -priorityMost || priority > priorityMost {
		return ContactView{}, wrong(nil, "priority %d: it is minutes of credit, at most %d either way; in a pool whose priority is strict -49 to 49", priority, priorityMost)
	}
	c, _, err := d.Pool.Reprioritise(ctx, id, priority, d.By)
	return d.after(ctx, c, err, asked{contact: id})
}

// Give makes a contact the next one of an agent.
func (d *Desk) Give(ctx context.Context, id, agent string, within time.Duration) (ContactView, error) {
	if within <= 0 {
		return ContactView{}, wrong(nil, "within %s: the agent needs a time to take it; give one above 0, as 20s", within)
	}
	c, err := d.Pool.Give(ctx, id, agent, within, d.By)
	return d.after(ctx, c, err, asked{contact: id, agent: agent})
}

// Withdraw takes a contact out of its queue.
func (d *Desk) Withdraw(ctx context.Context, id, reason string) (ContactView, error) {
	if strings.TrimSpace(reason) == "" {
		return ContactView{}, wrong(nil, "reason %q: the dialplan and the journal say why; give one", reason)
	}
	c, err := d.Pool.Withdraw(ctx, id, reason, d.By)
	return d.after(ctx, c, err, asked{contact: id})
}

func (d *Desk) after(ctx context.Context, c queue.Contact, err error, a asked) (ContactView, error) {
	if err != nil {
		return ContactView{}, d.refusal(err, a)
	}
	return d.view(ctx, c)
}
