package sim

import (
	"sync"
	"time"
)

// inflight counts the requests that the SIP stack has read and not yet handed to
// their handler. The stack handles each in a goroutine that nobody can wait for,
// and one that finds its socket gone opens another, which nobody would close: so
// a phone waits for them before it closes the socket.
type inflight struct {
	mu      sync.Mutex
	open    map[string]struct{}
	invites map[string]struct{} // branches, whose ACK or CANCEL gets to no handler
	silent  time.Time           // when the last of those was read
	empty   chan struct{}       // closed when open becomes empty; nil if nobody waits
}

const (
	maxInvites = 10_000
	drainTime  = time.Second
	// settleTime is given to a message whose handling nothing tells of.
	settleTime = 100 * time.Millisecond
)

func (f *inflight) read(p Packet) {
	if p.Status != 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open == nil || len(f.invites) > maxInvites {
		f.open, f.invites = map[string]struct{}{}, map[string]struct{}{}
	}
	_, known := f.invites[p.Branch]
	switch {
	case p.Again:
		f.silent = p.At
		return
	case p.Method == "INVITE":
		f.invites[p.Branch] = struct{}{}
	case known && (p.Method == "ACK" || p.Method == "CANCEL"):
		f.silent = p.At
		return
	}
	f.open[p.Method+p.Branch] = struct{}{}
}

func (f *inflight) handled(method, branch string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, method+branch)
	if len(f.open) == 0 && f.empty != nil {
		close(f.empty)
		f.empty = nil
	}
}

// drain waits until all are handled. It is bounded because the stack drops what
// it cannot parse.
func (f *inflight) drain() {
	f.mu.Lock()
	settled := time.After(settleTime - time.Since(f.silent))
	empty := make(chan struct{})
	if len(f.open) == 0 {
		close(empty)
	} else {
		f.empty = empty
	}
	f.mu.Unlock()
	select {
	case <-empty:
	case <-time.After(drainTime):
	}
	<-settled
}
