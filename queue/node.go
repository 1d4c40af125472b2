package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Origin says for which node, and by which right, a command about a channel is given.
type Origin struct {
	Node  string
	Epoch int64 // from NodeUp; a tick of the pool's clock, so it rises also after a flush
}

func (o Origin) epoch() string { return strconv.FormatInt(o.Epoch, 10) }

// NodeUp begins the next epoch of a node: whoever held the one before is
// refused from now on. A boot that is new ends every contact of the node's
// earlier boots (lost with node), in batches; it may be repeated after an error.
func (p *Pool) NodeUp(ctx context.Context, node, boot string) (Origin, error) {
	if err := ValidName(node); err != nil {
		return Origin{}, fmt.Errorf("node up: %w", err)
	}
	r, err := p.do(ctx, "node_up", "node up "+node, nil, Escape(node), boot)
	if err != nil {
		return Origin{}, err
	}
	from := Origin{Node: node, Epoch: r.int(0)}
	for _, whom := range []string{"waiting", "all"} {
		if err := p.lose(ctx, from, whom); err != nil {
			return Origin{}, err
		}
	}
	return from, nil
}

// lose ends the contacts of the node's earlier boots.
func (p *Pool) lose(ctx context.Context, from Origin, whom string) error {
	for after := ""; ; {
		r, err := p.do(ctx, "lose", "end lost contacts of "+from.Node, nil, Escape(from.Node), from.epoch(), after, LostPerRun, whom)
		if err != nil {
			return err
		}
		for _, text := range r[1:] {
			if c, err := decodeContact(text); err == nil {
				p.tidy(ctx, c)
			}
		}
		if after = r.at(0); after == "" {
			return nil
		}
	}
}

// Node is one Asterisk, as all pools see it.
type Node struct {
	ID, Boot, REST, SIP string
	SeenAt              time.Time
	Full                bool // it has as many callers as it may have; as of SeenAt
	Draining            bool // by SetDraining alone: PutNode does not write it
}

// Registry is what all pools share: the nodes, and the names of the pools.
type Registry struct{ rdb redis.UniversalClient }

const (
	registryNodes    = "holdline:nodes"    // hash: id → JSON
	registryPools    = "holdline:pools"    // set
	registryDraining = "holdline:draining" // set: ids; an operator's word, kept apart from what a node says
)

// NewRegistry gives the registry; nothing is read or written yet.
func NewRegistry(rdb redis.UniversalClient) *Registry { return &Registry{rdb: rdb} }

type nodeRecord struct {
	Boot   string `json:"boot"`
	REST   string `json:"rest"`
	SIP    string `json:"sip"`
	SeenAt int64  `json:"seen_at,string"`
	Full   bool   `json:"full"`
}

// Pools lists the pools by name.
func (r *Registry) Pools(ctx context.Context) ([]string, error) {
	pools, err := r.rdb.SMembers(ctx, registryPools).Result()
	if err != nil {
		return nil, fmt.Errorf("list pools: %w", err)
	}
	slices.Sort(pools)
	return pools, nil
}

// AddPool makes pools known, all at one instant: whoever finds one finds them all.
// Repeating it does nothing.
func (r *Registry) AddPool(ctx context.Context, pools ...string) error {
	members := make([]any, len(pools))
	for i, pool := range pools {
		if err := ValidPool(pool); err != nil {
			return fmt.Errorf("add pool: %w", err)
		}
		members[i] = pool
	}
	if len(members) == 0 {
		return nil
	}
	if err := r.rdb.SAdd(ctx, registryPools, members...).Err(); err != nil {
		return fmt.Errorf("add pools %s: %w", strings.Join(pools, ", "), err)
	}
	return nil
}

// PutNode writes what a node says of itself; SeenAt zero means now. Whether it
// drains is not its word: Draining is passed over.
func (r *Registry) PutNode(ctx context.Context, n Node) error {
	if err := ValidName(n.ID); err != nil {
		return fmt.Errorf("put node: %w", err)
	}
	if n.SeenAt.IsZero() {
		n.SeenAt = time.Now()
	}
	text, err := json.Marshal(nodeRecord{n.Boot, n.REST, n.SIP, n.SeenAt.UnixMicro(), n.Full})
	if err != nil {
		return fmt.Errorf("put node %s: %w", n.ID, err)
	}
	if err := r.rdb.HSet(ctx, registryNodes, n.ID, text).Err(); err != nil {
		return fmt.Errorf("put node %s: %w", n.ID, err)
	}
	return nil
}

// SetDraining says whether a node is to get new calls. It outlives the node's
// reconnects and restarts, and waits for a node that is not registered yet.
// Repeating it does nothing.
func (r *Registry) SetDraining(ctx context.Context, id string, draining bool) error {
	if err := ValidName(id); err != nil {
		return fmt.Errorf("drain node: %w", err)
	}
	write := r.rdb.SRem
	if draining {
		write = r.rdb.SAdd
	}
	if err := write(ctx, registryDraining, id).Err(); err != nil {
		return fmt.Errorf("drain node %s: %w", id, err)
	}
	return nil
}

// Node gives one node, or ErrNoNode.
func (r *Registry) Node(ctx context.Context, id string) (Node, error) {
	nodes, err := r.Nodes(ctx)
	if err != nil {
		return Node{}, err
	}
	i := slices.IndexFunc(nodes, func(n Node) bool { return n.ID == id })
	if i < 0 {
		return Node{}, fmt.Errorf("node %s: %w", id, ErrNoNode)
	}
	return nodes[i], nil
}

// Nodes lists them by id.
func (r *Registry) Nodes(ctx context.Context) ([]Node, error) {
	pipe := r.rdb.Pipeline() // one round trip; in a cluster the two keys are apart
	all, draining := pipe.HGetAll(ctx, registryNodes), pipe.SMembersMap(ctx, registryDraining)
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	nodes := make([]Node, 0, len(all.Val()))
	for id, text := range all.Val() {
		n, err := decodeNode(id, text)
		if err != nil {
			return nil, err
		}
		_, n.Draining = draining.Val()[id]
		nodes = append(nodes, n)
	}
	slices.SortFunc(nodes, func(a, b Node) int { return strings.Compare(a.ID, b.ID) })
	return nodes, nil
}

// RemoveNode forgets a node, and not that it drains: it may come back.
func (r *Registry) RemoveNode(ctx context.Context, id string) error {
	if err := r.rdb.HDel(ctx, registryNodes, id).Err(); err != nil {
		return fmt.Errorf("remove node %s: %w", id, err)
	}
	return nil
}

func decodeNode(id, text string) (Node, error) {
	var n nodeRecord
	if err := parse(text, &n, "node "+id); err != nil {
		return Node{}, err
	}
	return Node{ID: id, Boot: n.Boot, REST: n.REST, SIP: n.SIP, SeenAt: time.UnixMicro(n.SeenAt), Full: n.Full}, nil
}
