package fake

import (
	"net/http"
	"time"
)

// Faults are what goes wrong with a node until other ones are set. The zero Faults is
// nothing. What is wrong for a request alone is [Node.Fault]'s; a node that stands still
// is [Node.Freeze], one that is dead [Node.Crash].
type Faults struct {
	Latency      time.Duration // of every answer; the request is carried out before it
	EventLatency time.Duration // of every event; their order stays
	// Errors is the share of requests that are refused, and not carried out, with Status
	// (default 503). They are spread evenly, not at random: of a hundred requests at 0.03
	// the 34th, the 67th and the 100th fail.
	Errors float64
	Status int
	Losses float64 // share of requests that are carried out and never answered: the connection breaks
}

// SetFaults sets what is wrong from now on, with requests and events under way too.
func (n *Node) SetFaults(f Faults) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults, n.errors, n.losses = f, share{}, share{}
	if n.events != nil {
		n.events.wake()
	}
}

// Disconnect breaks the event connection, and lets the node try again only after a time.
// What was written to it last may have been lost on the way.
func (n *Node) Disconnect(stayAway time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.events != nil {
		n.events.disconnect(stayAway)
	}
}

// share counts out a part of many, evenly.
type share struct{ due float64 }

func (s *share) next(part float64) bool {
	s.due += part
	if s.due < 1-1e-9 { // a hundred hundredths are not quite one
		return false
	}
	s.due--
	return true
}

// faultOf is what happens to a request now.
func (n *Node) faultOf(r Request) (fault Fault, latency time.Duration) {
	n.mu.Lock()
	judge, f := n.fault, n.faults
	if n.errors.next(f.Errors) {
		fault.Status = f.Status
		if fault.Status == 0 {
			fault.Status = http.StatusServiceUnavailable
		}
	} else if n.losses.next(f.Losses) {
		fault.Lose = true
	}
	n.mu.Unlock()
	if judge != nil {
		if asked := judge(r); asked != (Fault{}) {
			fault = asked
		}
	}
	return fault, f.Latency
}

// pause waits, unless the node ends before.
func (n *Node) pause(d time.Duration) (ended bool) {
	if d <= 0 {
		return false
	}
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-wait.C:
		return false
	case <-n.ctx.Done():
		return true
	}
}
