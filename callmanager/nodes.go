package callmanager

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"holdline/channelapi"
	"holdline/queue"
)

// NodeWatch ends the contacts of a node that has died. A node that no stasis has
// seen for a while and that answers no command either is taken for dead: its
// contacts end as lost with it, and their agents are free. Should it live after
// all, cut off from us alone, its next connection takes a new epoch and the
// comparison gives its callers their places back.
type NodeWatch struct {
	Registry  Registry
	Open      func(pool string) Queue
	Telephony interface {
		Check(ctx context.Context, node, channel string) (channelapi.State, error)
	}
	Log     zerolog.Logger
	Metrics *Metrics
	// Every is the pause between two looks; default 500 ms.
	Every time.Duration
	// Silent is how long a node may go unseen before it is asked; default 2.5 s,
	// which outlasts the change from one stasis to another.
	Silent time.Duration

	unreachable map[string]int // node and boot → looks in a row
}

// asks is how many questions in a row a node must leave unanswered.
const asks = 2

// Run looks until ctx ends.
func (w *NodeWatch) Run(ctx context.Context) error {
	if w.Every <= 0 {
		w.Every = 500 * time.Millisecond
	}
	if w.Silent <= 0 {
		w.Silent = 2500 * time.Millisecond
	}
	w.unreachable = map[string]int{}
	repeat(ctx, w.Every, func(ctx context.Context) {
		nodes, err := w.Registry.Nodes(ctx)
		if err != nil {
			return // without Redis nothing can be ended, and nothing is known
		}
		for _, n := range nodes {
			w.look(ctx, n)
		}
	})
	return nil
}

func (w *NodeWatch) look(ctx context.Context, n queue.Node) {
	run := n.ID + " " + n.Boot
	if time.Since(n.SeenAt) < w.Silent || !w.unanswered(ctx, n.ID) {
		delete(w.unreachable, run)
		return
	}
	w.unreachable[run]++
	if w.unreachable[run] != asks {
		return
	}
	w.Log.Warn().Str("node", n.ID).Str("boot", n.Boot).Time("seen", n.SeenAt).Msg("node is dead; its contacts end")
	w.Metrics.nodesLost.Inc()
	if err := w.lose(ctx, n); err != nil {
		w.Log.Warn().Err(err).Str("node", n.ID).Msg("contacts of a dead node not ended; trying again")
		w.unreachable[run]--
	}
}

// unanswered asks the node for a channel that it cannot have. Only channelapi's
// own word that the node was not reached counts: when channelapi is away, nothing
// is known of the node.
func (w *NodeWatch) unanswered(ctx context.Context, node string) bool {
	ctx, cancel := context.WithTimeout(ctx, 6*time.Second)
	defer cancel()
	_, err := w.Telephony.Check(ctx, node, "hl-is-anybody-there")
	return errors.Is(err, channelapi.ErrNodeUnreachable)
}

// lose begins a boot of the node that has no contacts, in every pool, and forgets
// the node, so that no Kamailio sends calls to whoever gets its address next.
func (w *NodeWatch) lose(ctx context.Context, n queue.Node) error {
	pools, err := w.Registry.Pools(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, pool := range pools {
		_, err := w.Open(pool).NodeUp(ctx, n.ID, "dead-"+n.Boot)
		failed = append(failed, err)
	}
	if err := errors.Join(failed...); err != nil {
		return err
	}
	return w.Registry.RemoveNode(ctx, n.ID)
}
