package channelapi

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// routesFresh is how long the state of the routes is believed. The node itself
	// probes them every few seconds.
	routesFresh = time.Second
	// routesWait bounds the question: a leg goes out without the answer rather
	// than late.
	routesWait = 300 * time.Millisecond
)

// chooser puts the routes of one node in the order in which a leg should try
// them: those that answer the node's probes first, in turn.
type chooser struct {
	asterisk Legs
	routes   []string
	turn     atomic.Uint32

	mu    sync.Mutex // held while asking: who comes meanwhile waits for the answer
	asked time.Time
	rank  []int // of each route: 0 online, 1 not known, 2 offline
}

func newChooser(asterisk Legs, routes []string) *chooser {
	return &chooser{asterisk: asterisk, routes: routes, rank: make([]int, len(routes))}
}

// order is all the routes, the best first. Offline ones are last, not left out:
// a probe may be wrong, and a try costs less than a caller who is not served.
func (c *chooser) order(ctx context.Context) []string {
	rank := c.ranks(ctx)
	indexes := make([]int, len(c.routes))
	for i := range indexes {
		// Unsigned: the counter may wrap round.
		indexes[i] = int((uint(c.turn.Load()) + uint(i)) % uint(len(c.routes)))
	}
	c.turn.Add(1)
	slices.SortStableFunc(indexes, func(a, b int) int { return rank[a] - rank[b] })
	ordered := make([]string, len(indexes))
	for i, index := range indexes {
		ordered[i] = c.routes[index]
	}
	return ordered
}

// ranks asks for the state of every route, unless it is known.
func (c *chooser) ranks(ctx context.Context) []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.asked) < routesFresh || len(c.routes) < 2 {
		return c.rank
	}
	ctx, cancel := context.WithTimeout(ctx, routesWait)
	defer cancel()
	rank := make([]int, len(c.routes))
	var wait sync.WaitGroup
	for i, route := range c.routes {
		wait.Go(func() { rank[i] = rankOf(ctx, c.asterisk, route) })
	}
	wait.Wait()
	c.rank, c.asked = rank, time.Now()
	return rank
}

// died says that the route is offline while another one is online.
func (c *chooser) died(ctx context.Context, route string) bool {
	if len(c.routes) < 2 || rankOf(ctx, c.asterisk, route) != 2 {
		return false
	}
	c.mu.Lock()
	c.asked = time.Time{} // what was believed is not true any more
	c.mu.Unlock()
	return slices.ContainsFunc(c.routes, func(other string) bool {
		return other != route && rankOf(ctx, c.asterisk, other) == 0
	})
}

func rankOf(ctx context.Context, asterisk Legs, route string) int {
	e, err := asterisk.Endpoint(ctx, "PJSIP", route)
	switch {
	case err != nil:
		return 1
	case e.State == "online":
		return 0
	case e.State == "offline":
		return 2
	}
	return 1
}
