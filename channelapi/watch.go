package channelapi

import (
	"context"
	"errors"
	"sync"
	"time"

	"holdline/ari"
)

// A leg whose next hop died in this moment rings nowhere, and Asterisk goes on
// trying for 32 s (RFC 3261, timer B). The node's probes notice within 1.6 s
// (pjsip.conf: qualify); a leg that has not rung by then is ended for that reason,
// so that whoever asked for it tries again, by another route.
const (
	watchLeg = 2500 * time.Millisecond
	// Most phones ring long before the first look, and are asked for once.
	watchFrom  = time.Second
	watchEvery = 100 * time.Millisecond
)

// watches are the legs being watched; what is under way when the process dies is
// ended by the leg's own timeout.
type watches struct {
	ctx  context.Context
	stop context.CancelFunc
	wait sync.WaitGroup
}

func newWatches() *watches {
	w := &watches{}
	w.ctx, w.stop = context.WithCancel(context.Background())
	return w
}

func (w *watches) close() {
	w.stop()
	w.wait.Wait()
}

// leg watches a new leg until it rings or has ended.
func (w *watches) leg(o order, leg, route string) {
	w.wait.Go(func() {
		ctx, cancel := context.WithTimeout(w.ctx, watchLeg)
		defer cancel()
		tick := time.NewTicker(watchFrom)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				tick.Reset(watchEvery)
			case <-ctx.Done():
				return
			}
			c, err := o.asterisk.Channel(ctx, leg)
			switch {
			case errors.Is(err, ari.ErrNotFound) || err == nil && c.State != ari.StateDown:
				return
			case err != nil || !o.routes.died(ctx, route):
				continue
			}
			_ = o.asterisk.Hangup(ctx, leg, ari.ReasonRoute) // it may have ended by itself
			return
		}
	})
}
