package channelapi

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// addressFresh is how long an address is used before it is asked for again. A
// node that starts anew may have another one.
const addressFresh = time.Second

// addresses keeps the client of each node that has been asked for. When nobody
// can say where nodes are, those that were known go on being used: a list that
// cannot be read says nothing about the nodes.
type addresses struct {
	nodes  Nodes
	dial   func(Node) Telephony
	routes []string

	mu    sync.Mutex
	known map[string]*address
}

type address struct {
	node     Node
	asked    time.Time
	asterisk Telephony
	routes   *chooser
}

func newAddresses(nodes Nodes, dial func(Node) Telephony, routes []string) *addresses {
	return &addresses{nodes: nodes, dial: dial, routes: routes, known: map[string]*address{}}
}

// find gives the client of a node, and its routes.
func (a *addresses) find(ctx context.Context, name string) (Telephony, *chooser, error) {
	a.mu.Lock()
	old := a.known[name]
	if old != nil {
		if time.Since(old.asked) < addressFresh {
			a.mu.Unlock()
			return old.asterisk, old.routes, nil
		}
		// Who comes while this one asks takes what is known, and does not ask too.
		old.asked = time.Now()
	}
	a.mu.Unlock()

	node, err := a.nodes.Node(ctx, name)
	switch {
	case errors.Is(err, ErrNoNode):
		a.forget(name)
		return nil, nil, of("node", name, ErrNoNode)
	case err != nil && old != nil:
		return old.asterisk, old.routes, nil
	case err != nil:
		return nil, nil, fmt.Errorf("look up node %s: %w: %w", name, ErrNodesUnknown, err)
	}
	found := a.keep(node)
	return found.asterisk, found.routes, nil
}

// keep makes the client of a node that is new or has moved.
func (a *addresses) keep(node Node) *address {
	a.mu.Lock()
	defer a.mu.Unlock()
	if old := a.known[node.Name]; old != nil {
		if old.node.URL == node.URL {
			old.asked = time.Now()
			return old
		}
		closeClient(old.asterisk)
	}
	found := &address{node: node, asked: time.Now(), asterisk: a.dial(node)}
	found.routes = newChooser(found.asterisk, a.routes)
	a.known[node.Name] = found
	return found
}

func (a *addresses) forget(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if old := a.known[name]; old != nil {
		closeClient(old.asterisk)
		delete(a.known, name)
	}
}

func (a *addresses) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, old := range a.known {
		closeClient(old.asterisk)
	}
	clear(a.known)
}

// closeClient ends a client's idle connections; commands under way go on.
func closeClient(t Telephony) {
	if c, ok := t.(interface{ Close() }); ok {
		c.Close()
	}
}
