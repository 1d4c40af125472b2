package queue

import (
	"context"
	"fmt"
	"strings"
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
