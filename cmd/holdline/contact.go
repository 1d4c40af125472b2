package main

import (
	"context"
	"time"

	"holdline/queue"
	"holdline/supervise"
)

type contactCmd struct {
	DeskFlags

	List     contactListCmd     `cmd:"" help:"List those who wait, ring or talk."`
	Show     contactShowCmd     `cmd:"" help:"Show one of them."`
	Explain  contactExplainCmd  `cmd:"" help:"Say why a contact waits, why it is with this agent, or how it ended."`
	Move     contactMoveCmd     `cmd:"" help:"Give a contact a place in another queue; its wait goes on."`
	Priority contactPriorityCmd `cmd:"" help:"Change a contact's priority. A negative one stands behind --."`
	Give     contactGiveCmd     `cmd:"" help:"Make a contact the next one of an agent."`
	Withdraw contactWithdrawCmd `cmd:"" help:"Take a contact out of its queue; its dialplan goes on."`
}

// one does something to a contact, and shows it as it stands then.
func (c *contactCmd) one(p *process, do func(context.Context, *supervise.Desk) (supervise.ContactView, error)) error {
	return show(c.DeskFlags, p, do, supervise.WriteContact)
}

// ContactArg is the contact that a command is about.
type ContactArg struct {
	ID string `arg:"" help:"The contact, as list names it."`
}

type contactListCmd struct {
	Queue string `help:"Only those of this queue."`
}

// Run lists the contacts.
func (l *contactListCmd) Run(p *process, c *contactCmd) error {
	return show(c.DeskFlags, p, func(ctx context.Context, d *supervise.Desk) ([]supervise.ContactView, error) {
		return d.Contacts(ctx, l.Queue)
	}, supervise.WriteContacts)
}

type contactShowCmd struct{ ContactArg }

// Run shows one contact.
func (s *contactShowCmd) Run(p *process, c *contactCmd) error {
	return c.one(p, func(ctx context.Context, d *supervise.Desk) (supervise.ContactView, error) {
		return d.Contact(ctx, s.ID)
	})
}

type contactExplainCmd struct{ ContactArg }

// Run explains one contact.
func (e *contactExplainCmd) Run(p *process, c *contactCmd) error {
	return show(c.DeskFlags, p, func(ctx context.Context, d *supervise.Desk) (queue.ContactExplanation, error) {
		return d.ExplainContact(ctx, e.ID)
	}, supervise.WriteContactExplained)
}

type contactMoveCmd struct {
	ContactArg
	Queue  string `required:"" help:"Where to."`
	Need   string `help:"What it asks there; else the queue's own need."`
	Reason string `help:"Why, for the journal."`
}

// Run moves the contact.
func (m *contactMoveCmd) Run(p *process, c *contactCmd) error {
	return c.one(p, func(ctx context.Context, d *supervise.Desk) (supervise.ContactView, error) {
		return d.Move(ctx, m.ID, m.Queue, m.Need, m.Reason)
	})
}

type contactPriorityCmd struct {
	ContactArg
	Priority int `arg:"" help:"Minutes of credit; in a pool whose priority is strict -49 to 49."`
}

// Run changes the contact's priority.
func (r *contactPriorityCmd) Run(p *process, c *contactCmd) error {
	return c.one(p, func(ctx context.Context, d *supervise.Desk) (supervise.ContactView, error) {
		return d.Prioritise(ctx, r.ID, r.Priority)
	})
}

type contactGiveCmd struct {
	ContactArg
	Agent  string        `arg:"" help:"To whom; they need no skill for it."`
	Within time.Duration `default:"20s" help:"When they have not taken it by then, its need counts again."`
}

// Run gives the contact to the agent.
func (g *contactGiveCmd) Run(p *process, c *contactCmd) error {
	return c.one(p, func(ctx context.Context, d *supervise.Desk) (supervise.ContactView, error) {
		return d.Give(ctx, g.ID, g.Agent, g.Within)
	})
}

type contactWithdrawCmd struct {
	ContactArg
	Reason string `required:"" help:"Why, for the dialplan (HOLDLINE_REASON) and the journal."`
}

// Run withdraws the contact.
func (w *contactWithdrawCmd) Run(p *process, c *contactCmd) error {
	return c.one(p, func(ctx context.Context, d *supervise.Desk) (supervise.ContactView, error) {
		return d.Withdraw(ctx, w.ID, w.Reason)
	})
}
