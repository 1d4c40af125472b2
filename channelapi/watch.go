package channelapi

import (
	"context"
	"maps"
	"sync"
	"time"

	"holdline/ari"
)

// A leg whose next hop died in this moment rings nowhere, and Asterisk goes on
// trying for 32 s (RFC 3261, timer B). The node's probes notice within 1.6 s
// (pjsip.conf: qualify); a leg that has not rung by then is ended for that reason,
// so that whoever asked for it tries again, by another route.
//
// What is asked about is the route, once for all of its young legs; the legs
// themselves only when it has died.
const (
	watchLeg   = 2500 * time.Millisecond
	watchEvery = 200 * time.Millisecond
)

// watches are the routes being watched; what is under way when the process dies is
// ended by the leg's own timeout.
type watches struct {
	ctx  context.Context
	stop context.CancelFunc
	wait sync.WaitGroup

	mu    sync.Mutex
	young map[watched]map[string]time.Time // guarded by mu; leg → when it was made
}

// watched is a route of a node.
type watched struct {
	routes *chooser
	name   string
}

func newWatches() *watches {
	w := &watches{young: map[watched]map[string]time.Time{}}
	w.ctx, w.stop = context.WithCancel(context.Background())
	return w
}

func (w *watches) close() {
	w.stop()
	w.wait.Wait()
}

// leg watches the way of a new leg while it is young.
func (w *watches) leg(o order, leg, route string) {
	if len(o.routes.routes) < 2 {
		return // there is no other way to try
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	on := watched{o.routes, route}
	legs, going := w.young[on]
	if !going {
		legs = map[string]time.Time{}
		w.young[on] = legs
		w.wait.Go(func() { w.watch(on, o.asterisk) })
	}
	legs[leg] = time.Now()
}

// watch looks at a route until it has no young legs.
func (w *watches) watch(on watched, asterisk Telephony) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-w.ctx.Done():
			return
		}
		if w.grown(on) {
			return
		}
		if on.routes.died(w.ctx, on.name) {
			w.end(on, asterisk)
		}
	}
}

// grown forgets the legs that are young no more, and says whether there are no others.
func (w *watches) grown(on watched) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	legs := w.young[on]
	maps.DeleteFunc(legs, func(_ string, made time.Time) bool { return time.Since(made) > watchLeg })
	if len(legs) == 0 {
		delete(w.young, on)
	}
	return len(legs) == 0
}

// end ends the young legs of a route that has died, those that ring left out.
func (w *watches) end(on watched, asterisk Telephony) {
	w.mu.Lock()
	legs := maps.Clone(w.young[on])
	clear(w.young[on])
	w.mu.Unlock()
	var ending sync.WaitGroup
	for leg := range legs {
		ending.Go(func() {
			if c, err := asterisk.Channel(w.ctx, leg); err == nil && c.State == ari.StateDown {
				_ = asterisk.Hangup(w.ctx, leg, ari.ReasonRoute) // it may have ended by itself
			}
		})
	}
	ending.Wait()
}
