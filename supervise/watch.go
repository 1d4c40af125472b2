package supervise

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"holdline/queue"
)

// Watch shows again and again what look gives, until the context is over: at once, then
// at each tick. A look that fails after the first is said to complain, and tried again.
func Watch(ctx context.Context, tick <-chan time.Time, look func(context.Context) error, complain func(error)) error {
	for first := true; ; first = false {
		err := look(ctx)
		if err != nil && ctx.Err() == nil {
			if first {
				return err
			}
			complain(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick:
		}
	}
}

// Lines writes rows as JSON, one a line: of those that were written before only what has
// changed since. What merely counts on with time is no change.
type Lines struct {
	w    io.Writer
	seen map[string]string
}

// NewLines gives Lines that write there.
func NewLines(w io.Writer) *Lines { return &Lines{w: w, seen: map[string]string{}} }

// Queues writes those queues that differ from when they were written last.
func (l *Lines) Queues(at time.Time, all []queue.QueueGlance) error {
	for _, q := range all {
		still := q
		still.LongestMS = 0
		if err := l.row(q.Queue, still, struct {
			At time.Time `json:"at"`
			queue.QueueGlance
		}{at, q}); err != nil {
			return err
		}
	}
	return nil
}

// Agents writes those agents who differ from when they were written last.
func (l *Lines) Agents(at time.Time, all []queue.AgentGlance) error {
	for _, a := range all {
		still := a
		still.Text, still.ForMS, still.OverMS = "", 0, 0
		if err := l.row(a.Agent, still, struct {
			At time.Time `json:"at"`
			queue.AgentGlance
		}{at, a}); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lines) row(name string, still, row any) error {
	key, err := json.Marshal(still)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if l.seen[name] == string(key) {
		return nil
	}
	l.seen[name] = string(key)
	return json.NewEncoder(l.w).Encode(row)
}
