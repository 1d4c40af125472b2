package queue

import (
	"context"
	"encoding/json"
	"errors"
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

// lostBatch bounds the contacts that one script ends.
const lostBatch = 50

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
	for after := ""; ; {
		r, err := p.do(ctx, "lose", "end lost contacts of "+node, nil, Escape(node), from.epoch(), after, lostBatch)
		if err != nil {
			return Origin{}, err
		}
		for _, text := range r[1:] {
			if c, err := decodeContact(text); err == nil {
				p.tidy(ctx, c)
			}
		}
		if after = r.at(0); after == "" {
			return from, nil
		}
	}
}

// Node is one Asterisk, as all pools see it.
type Node struct {
	ID, Boot, REST, SIP string
	SeenAt              time.Time
	Draining            bool
}

// Registry is what all pools share: the nodes, and the names of the pools.
type Registry struct{ rdb redis.UniversalClient }

const (
	registryNodes = "holdline:nodes" // hash: id → JSON
	registryPools = "holdline:pools" // set
)

// NewRegistry gives the registry; nothing is read or written yet.
func NewRegistry(rdb redis.UniversalClient) *Registry { return &Registry{rdb: rdb} }

type nodeRecord struct {
	Boot     string `json:"boot"`
	REST     string `json:"rest"`
	SIP      string `json:"sip"`
	SeenAt   int64  `json:"seen_at,string"`
	Draining bool   `json:"draining"`
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

// AddPool makes the pool known. Repeating it does nothing.
func (r *Registry) AddPool(ctx context.Context, pool string) error {
	if err := ValidPool(pool); err != nil {
		return fmt.Errorf("add pool: %w", err)
	}
	if err := r.rdb.SAdd(ctx, registryPools, pool).Err(); err != nil {
		return fmt.Errorf("add pool %s: %w", pool, err)
	}
	return nil
}

// PutNode writes what is known of a node; SeenAt zero means now.
func (r *Registry) PutNode(ctx context.Context, n Node) error {
	if err := ValidName(n.ID); err != nil {
		return fmt.Errorf("put node: %w", err)
	}
	if n.SeenAt.IsZero() {
		n.SeenAt = time.Now()
	}
	text, err := json.Marshal(nodeRecord{n.Boot, n.REST, n.SIP, n.SeenAt.UnixMicro(), n.Draining})
	if err != nil {
		return fmt.Errorf("put node %s: %w", n.ID, err)
	}
	if err := r.rdb.HSet(ctx, registryNodes, n.ID, text).Err(); err != nil {
		return fmt.Errorf("put node %s: %w", n.ID, err)
	}
	return nil
}

// Node gives one node, or ErrNoNode.
func (r *Registry) Node(ctx context.Context, id string) (Node, error) {
	text, err := r.rdb.HGet(ctx, registryNodes, id).Result()
	if errors.Is(err, redis.Nil) {
		return Node{}, fmt.Errorf("node %s: %w", id, ErrNoNode)
	}
	if err != nil {
		return Node{}, fmt.Errorf("node %s: %w", id, err)
	}
	return decodeNode(id, text)
}

// Nodes lists them by id.
func (r *Registry) Nodes(ctx context.Context) ([]Node, error) {
	all, err := r.rdb.HGetAll(ctx, registryNodes).Result()
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	nodes := make([]Node, 0, len(all))
	for id, text := range all {
		n, err := decodeNode(id, text)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	slices.SortFunc(nodes, func(a, b Node) int { return strings.Compare(a.ID, b.ID) })
	return nodes, nil
}

// RemoveNode forgets a node.
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
	return Node{ID: id, Boot: n.Boot, REST: n.REST, SIP: n.SIP, SeenAt: time.UnixMicro(n.SeenAt), Draining: n.Draining}, nil
}
