package stasis

import (
	"context"
	"fmt"

	"holdline/ari"
	"holdline/queue"
)

// features are the codes an agent may dial, and the mode each asks for.
var features = map[string]queue.Mode{
	"login":   queue.Ready,
	"logout":  queue.LoggedOut,
	"pause":   queue.Paused,
	"unpause": queue.Ready,
}

// feature changes or tells the mode of the agent who dialled. Who that is was
// settled by Kamailio's authentication; the dialplan plays what it returns.
func (s *session) feature(ctx context.Context, ev ari.Event, pool *membership, a args) {
	agent, err := s.changeMode(ctx, pool, a)
	if err != nil {
		s.refuse(ctx, ev.Channel.ID, fmt.Errorf("feature %.20q of agent %.40q: %w", a["feature"], a["agent"], err))
		return
	}
	s.log.Info().Str("pool", pool.name).Str("agent", agent.ID).Str("mode", string(agent.Mode)).
		Str("feature", a["feature"]).Msg("feature code")
	s.leave(ctx, ev.Channel.ID, map[string]string{"HOLDLINE_STATUS": "OK", "HOLDLINE_MODE": string(agent.Mode)})
}

func (s *session) changeMode(ctx context.Context, pool *membership, a args) (agent queue.Agent, err error) {
	if a["feature"] == "state" {
		err = s.persist(ctx, "read agent", func(ctx context.Context) (err error) {
			agent, err = pool.queue.Agent(ctx, a["agent"])
			return err
		})
		return agent, err
	}
	mode, ok := features[a["feature"]]
	if !ok {
		return agent, fmt.Errorf("no such feature")
	}
	change := queue.ModeChange{Mode: mode, Reason: a["reason"], By: "phone"}
	err = s.persist(ctx, "change mode", func(ctx context.Context) (err error) {
		agent, err = pool.queue.SetMode(ctx, a["agent"], change)
		return err
	})
	return agent, err
}
