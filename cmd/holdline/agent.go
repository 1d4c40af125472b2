package main

import (
	"context"
	"os"
	"slices"
	"time"

	"holdline/queue"
	"holdline/supervise"
)

type agentCmd struct {
	DeskFlags

	List    agentListCmd    `cmd:"" help:"List the agents, and what they do."`
	Show    agentExplainCmd `cmd:"" help:"The same as explain."`
	Explain agentExplainCmd `cmd:"" help:"Say what an agent does; if idle, why none of those who wait is for them."`
	Watch   agentWatchCmd   `cmd:"" help:"Show the agents until Ctrl-C."`
	Set     agentSetCmd     `cmd:"" help:"Change an agent's mode; of a busy one it comes when they are done."`
	Extend  agentExtendCmd  `cmd:"" help:"Let an agent's wrap-up end later."`
}

// AgentFilter narrows a list of agents.
type AgentFilter struct {
	Queue string `help:"Only those who serve this queue."`
}

func (f AgentFilter) of(b queue.Board) []queue.AgentGlance {
	return slices.DeleteFunc(b.Agents, func(a queue.AgentGlance) bool { return f.Queue != "" && !slices.Contains(a.Queues, f.Queue) })
}

type agentListCmd struct{ AgentFilter }

// Run lists the agents.
func (l *agentListCmd) Run(p *process, c *agentCmd) error {
	return show(c.DeskFlags, p, func(ctx context.Context, d *supervise.Desk) ([]queue.AgentGlance, error) {
		b, err := d.Board(ctx)
		return l.of(b), err
	}, supervise.WriteAgents)
}

type agentExplainCmd struct {
	ID string `arg:"" help:"The agent."`
}

// Run explains one agent.
func (e *agentExplainCmd) Run(p *process, c *agentCmd) error {
	return show(c.DeskFlags, p, func(ctx context.Context, d *supervise.Desk) (queue.AgentExplanation, error) {
		return d.ExplainAgent(ctx, e.ID)
	}, supervise.WriteAgentExplained)
}

type agentWatchCmd struct {
	AgentFilter
	Every time.Duration `default:"2s" help:"How often it looks."`
}

// Run shows the agents until somebody ends it.
func (w *agentWatchCmd) Run(p *process, c *agentCmd) error {
	lines := supervise.NewLines(os.Stdout)
	return c.watch(p, w.Every, func(b queue.Board) error { return supervise.WriteAgents(os.Stdout, w.of(b)) },
		func(b queue.Board) error { return lines.Agents(b.At, w.of(b)) })
}

type agentSetCmd struct {
	ID     string        `arg:"" help:"The agent."`
	Mode   string        `arg:"" enum:"ready,paused,logged_out" help:"ready, paused or logged_out."`
	Reason string        `help:"Of a pause."`
	Limit  time.Duration `help:"Of a pause; when it is over the agent is ready."`
}

// Run changes the agent's mode.
func (s *agentSetCmd) Run(p *process, c *agentCmd) error {
	return show(c.DeskFlags, p, func(ctx context.Context, d *supervise.Desk) (queue.AgentExplanation, error) {
		return d.Set(ctx, s.ID, queue.ModeChange{Mode: queue.Mode(s.Mode), Reason: s.Reason, Limit: s.Limit})
	}, supervise.WriteAgentExplained)
}

type agentExtendCmd struct {
	ID string        `arg:"" help:"The agent."`
	To time.Duration `arg:"" name:"duration" help:"By how much, as 30s; in all a wrap-up lasts an hour at most."`
}

// Run extends the agent's wrap-up.
func (e *agentExtendCmd) Run(p *process, c *agentCmd) error {
	return show(c.DeskFlags, p, func(ctx context.Context, d *supervise.Desk) (queue.AgentExplanation, error) {
		return d.Extend(ctx, e.ID, e.To)
	}, supervise.WriteAgentExplained)
}
