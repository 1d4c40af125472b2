package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdline/ari"
	"holdline/queue"
)

// Registry is what all pools share. queue.Registry satisfies it.
type Registry interface {
	Pools(ctx context.Context) ([]string, error)
	Nodes(ctx context.Context) ([]queue.Node, error)
	SetDraining(ctx context.Context, node string, draining bool) error
}

// Asterisk is what is asked of a node. ari.Client satisfies it.
type Asterisk interface {
	Channels(ctx context.Context) ([]ari.Channel, error)
	Bridges(ctx context.Context) ([]ari.Bridge, error)
	Application(ctx context.Context, name string) (ari.Application, error)
}

// Nodes lists, drains, and takes back the nodes.
type Nodes struct {
	Registry Registry
	Open     func(pool string) *queue.Pool
	// Asterisk gives the REST side of a node; nil: the nodes are not asked, and
	// calls outside the queue (voicemail, other extensions) are not counted.
	Asterisk func(rest string) Asterisk
}

// States of a node, the worst first.
const (
	NodeUnseen   = "unseen" // no stasis hears of it
	NodeDraining = "draining"
	NodeFull     = "full"
	NodeOpen     = "open"
)

// unseenAfter is several of the sightings that stasis renews each second.
const unseenAfter = 5 * time.Second

// NodeView is a node and what it holds.
type NodeView struct {
	ID      string    `json:"id"`
	Boot    string    `json:"boot"`
	REST    string    `json:"rest"`
	SIP     string    `json:"sip"`
	State   string    `json:"state"`
	SeenAt  time.Time `json:"seen_at"`
	Waiting int       `json:"waiting"`
	Ringing int       `json:"ringing"`
	Talking int       `json:"talking"`
	// Other is how many calls are on the node and not in the queue; -1: not asked.
	Other int `json:"other"`
}

// Left says what a node holds, in words; "" is nothing.
func (n NodeView) Left() string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{n.Waiting, "waiting"}, {n.Ringing, "ringing"}, {n.Talking, "talking"}, {n.Other, "elsewhere in the dialplan"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	return strings.Join(parts, ", ")
}

// List gives every node.
func (n *Nodes) List(ctx context.Context) ([]NodeView, error) {
	nodes, err := n.Registry.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	pools, err := n.Registry.Pools(ctx)
	if err != nil {
		return nil, err
	}
	views := make([]NodeView, len(nodes))
	for i, node := range nodes {
		if views[i], err = n.view(ctx, node, pools); err != nil {
			return nil, err
		}
	}
	return views, nil
}

func (n *Nodes) view(ctx context.Context, node queue.Node, pools []string) (NodeView, error) {
	v := NodeView{ID: node.ID, Boot: node.Boot, REST: node.REST, SIP: node.SIP, SeenAt: node.SeenAt, State: stateOf(node), Other: -1}
	callers := map[string]bool{}
	for _, pool := range pools {
		contacts, err := n.Open(pool).ContactsOn(ctx, node.ID)
		if err != nil {
			return v, err
		}
		for _, c := range contacts {
			callers[c.Channel] = true
			switch c.State {
			case queue.Waiting, queue.Leaving:
				v.Waiting++
			case queue.Offered:
				v.Ringing++
			default:
				v.Talking++
			}
		}
	}
	if n.Asterisk == nil || v.State == NodeUnseen {
		return v, nil
	}
	// A node that does not answer has calls that nobody can count: not asked.
	if channels, err := n.Asterisk(node.REST).Channels(ctx); err == nil {
		v.Other = 0
		for _, ch := range channels {
			if !callers[ch.ID] && !strings.HasPrefix(ch.ID, legPrefix) {
				v.Other++
			}
		}
	}
	return v, nil
}

// legPrefix begins the id of every channel that Holdline creates itself.
const legPrefix = "hl-"

func stateOf(n queue.Node) string {
	switch {
	case time.Since(n.SeenAt) > unseenAfter:
		return NodeUnseen
	case n.Draining:
		return NodeDraining
	case n.Full:
		return NodeFull
	}
	return NodeOpen
}

// ErrNoNode says that no node of that name is registered, and which are.
var ErrNoNode = errors.New("no such node")

// Drain lets a node have no new calls, or takes it back.
func (n *Nodes) Drain(ctx context.Context, name string, draining bool) error {
	nodes, err := n.Registry.Nodes(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, node := range nodes {
		names = append(names, node.ID)
	}
	if !slices.Contains(names, name) {
		return fmt.Errorf("%w: %q; registered are: %s", ErrNoNode, name, cmp.Or(strings.Join(names, ", "), "none"))
	}
	return n.Registry.SetDraining(ctx, name, draining)
}

// Empty waits until the node holds nothing, or is gone. told is called with each
// look that differs from the one before, and at least every ten seconds.
func (n *Nodes) Empty(ctx context.Context, name string, every time.Duration, told func(NodeView)) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var last string
	var at time.Time
	for {
		views, err := n.List(ctx)
		i := slices.IndexFunc(views, func(v NodeView) bool { return v.ID == name })
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return fmt.Errorf("wait until %s is empty: %w", name, err)
		case i < 0:
			return nil // its end was seen by a callmanager, and its contacts ended with it
		}
		left := views[i].Left()
		if left != last || time.Since(at) >= 10*time.Second {
			told(views[i])
			last, at = left, time.Now()
		}
		if left == "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
