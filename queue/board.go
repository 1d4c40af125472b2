package queue

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Board is every queue and every agent of a pool at a glance, by name.
type Board struct {
	At     time.Time     `json:"at"` // on the pool's clock
	Queues []QueueGlance `json:"queues"`
	Agents []AgentGlance `json:"agents"`
}

// QueueGlance is one queue: who is in it, who serves it, what has been since the pool began.
type QueueGlance struct {
	Queue     string           `json:"queue"`
	Open      bool             `json:"open"`
	Medium    Medium           `json:"medium"`
	Strategy  string           `json:"strategy"`
	Waiting   int              `json:"waiting"` // and offered to nobody
	Ringing   int              `json:"ringing"` // offered, also in the dialplan
	Talking   int              `json:"talking"`
	LongestMS int64            `json:"longest_wait_ms"` // of those at the head of the queue
	Agents    int              `json:"agents"`          // who serve any of its needs
	LoggedIn  int              `json:"logged_in"`
	Available int              `json:"available"`
	Entered   int64            `json:"entered"`
	Ended     map[string]int64 `json:"ended"` // by outcome
}

// AgentGlance is one agent, and what they do: as far as a medium goes of which they could
// take more, if there is one.
type AgentGlance struct {
	Agent  string   `json:"agent"`
	Name   string   `json:"name"`
	Mode   Mode     `json:"mode"`
	Served int      `json:"served"` // contacts since the login
	Misses int      `json:"misses"`
	Queues []string `json:"queues"` // that they serve
	Standing
}

// Board reads the whole directory and every agent: it is for people. ErrNotReady when the
// pool has no projection.
func (p *Pool) Board(ctx context.Context) (Board, error) {
	s, err := p.survey(ctx)
	if err != nil {
		return Board{}, err
	}
	names, err := s.fields(ctx, "queue|", "")
	if err != nil {
		return Board{}, err
	}
	ids, err := s.fields(ctx, "agent|", "")
	if err != nil {
		return Board{}, err
	}
	if len(names)+len(ids) == 0 {
		return Board{}, fmt.Errorf("pool %s: %w", p.name, ErrNotReady)
	}
	if err := s.loadPeople(ctx, ids...); err != nil {
		return Board{}, err
	}
	if err := s.loadQueues(ctx, names...); err != nil {
		return Board{}, err
	}
	b := Board{At: s.now, Queues: make([]QueueGlance, 0, len(names)), Agents: make([]AgentGlance, 0, len(ids))}
	for _, name := range names {
		if q := s.queues[name]; q != nil {
			g, err := s.glance(ctx, name, q)
			if err != nil {
				return Board{}, err
			}
			b.Queues = append(b.Queues, g)
		}
	}
	return b, s.agentsAtAGlance(ctx, ids, &b)
}

func (s *survey) glance(ctx context.Context, name string, q *queueRecord) (QueueGlance, error) {
	g := QueueGlance{Queue: Unescape(name), Open: q.Open, Medium: mediumOfLine(q.Need), Strategy: q.strategy(), Ended: map[string]int64{}}
	counted := []string{string(Offered), string(InDialplan), string(Connected), "entered"}
	for _, o := range ContactOutcomes {
		counted = append(counted, "ended|"+o)
	}
	wanted := make([]string, len(counted))
	for i, c := range counted {
		wanted[i] = name + "|" + c
	}
	found, err := s.p.rdb.HMGet(ctx, s.p.keys["counts"], wanted...).Result()
	if err != nil {
		return g, fmt.Errorf("read counts of %s: %w", g.Queue, err)
	}
	number := func(i int) int64 { return fields{"n": found[i]}.int("n") }
	g.Ringing, g.Talking, g.Entered = int(number(0)+number(1)), int(number(2)), number(3)
	for i, o := range ContactOutcomes {
		if n := number(4 + i); n > 0 {
			g.Ended[o] = n
		}
	}
	n, err := s.lexCount(ctx, "order", name)
	if err != nil {
		return g, err
	}
	g.Waiting = max(0, n-g.Ringing)
	g.LongestMS, err = s.longest(ctx, name)
	return g, err
}

// strategy is the queue's, by name.
func (q *queueRecord) strategy() string {
	if q.Strategy == "" {
		return "longest-available"
	}
	return q.Strategy
}

func (s *survey) agentsAtAGlance(ctx context.Context, ids []string, b *Board) error {
	var lines []string
	for _, id := range ids {
		if a := s.people[id]; a != nil {
			for _, place := range a.spec.Places {
				lines = append(lines, placeLine(place))
			}
		}
	}
	if err := s.loadLines(ctx, lines...); err != nil {
		return err
	}
	at := map[string]*QueueGlance{}
	for i := range b.Queues {
		at[b.Queues[i].Queue] = &b.Queues[i]
	}
	for _, id := range ids {
		a := s.people[id]
		if a == nil {
			continue
		}
		doing := s.media(a)
		g := AgentGlance{Agent: a.name(), Name: a.Name, Mode: Mode(a.Mode), Served: a.Served, Misses: a.Misses, Queues: []string{},
			Standing: doing[0].Standing}
		for _, d := range doing[1:] {
			if d.Word == StandAvailable && g.Word != StandAvailable {
				g.Standing = d.Standing
			}
		}
		for _, place := range a.spec.Places {
			l := s.lines[placeLine(place)]
			if l == nil || slices.Contains(g.Queues, Unescape(l.Queue)) {
				continue
			}
			g.Queues = append(g.Queues, Unescape(l.Queue))
			if q := at[Unescape(l.Queue)]; q != nil {
				q.Agents++
				if a.Mode != string(LoggedOut) {
					q.LoggedIn++
				}
				if s.doing(a, q.Medium).Word == StandAvailable {
					q.Available++
				}
			}
		}
		slices.Sort(g.Queues)
		b.Agents = append(b.Agents, g)
	}
	return nil
}
