package queue

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// SetMode changes what an agent does. While the agent is busy the change is
// kept as the next mode, and no offer comes in between; asking for ready takes
// it back. ErrRefused when the table of moves (life.go) has no such move.
func (p *Pool) SetMode(ctx context.Context, agent string, m ModeChange) (Agent, error) {
	if err := ValidName(agent); err != nil {
		return Agent{}, fmt.Errorf("set mode: %w: %w", ErrNoAgent, err)
	}
	from := make([]string, len(m.From))
	for i, f := range m.From {
		from[i] = string(f)
	}
	id := Escape(agent)
	r, err := p.do(ctx, "set_mode", "set mode of "+agent, nil, id, string(m.Mode), strings.ToValidUTF8(m.Reason, "?"),
		max(0, m.Limit.Milliseconds()), m.By, strings.Join(from, ","))
	if err != nil {
		return Agent{}, err
	}
	return decodeAgent(id, r.at(0))
}

// ExtendWrapUp lets an agent's wrap-up end later, by so much; in all it lasts WrapUpMost
// at most. ErrRefused when there is none, or it may not last longer.
func (p *Pool) ExtendWrapUp(ctx context.Context, agent string, by time.Duration, who string) (Agent, error) {
	if err := ValidName(agent); err != nil {
		return Agent{}, fmt.Errorf("extend wrap-up: %w: %w", ErrNoAgent, err)
	}
	id := Escape(agent)
	r, err := p.do(ctx, "extend", "extend wrap-up of "+agent, nil, id, max(0, by.Milliseconds()), WrapUpMost.Milliseconds(), who)
	if err != nil {
		return Agent{}, err
	}
	return decodeAgent(id, r.at(0))
}

// WrapUpMost bounds an extended wrap-up.
const WrapUpMost = time.Hour

// Device says that the agent's device is in a call outside the queues: no offer comes.
// Unless it is said again it is believed for that long; 0 says that the call is over.
// It gives whether this is news.
func (p *Pool) Device(ctx context.Context, agent string, inUseFor time.Duration) (bool, error) {
	if err := ValidName(agent); err != nil {
		return false, fmt.Errorf("device: %w: %w", ErrNoAgent, err)
	}
	r, err := p.do(ctx, "device", "device of "+agent, nil, Escape(agent), max(0, inUseFor.Milliseconds()))
	return err == nil && r.at(0) == "1", err
}
