package sim

import (
	"sync"
	"time"
)

// A pacer calls every media session once per 20 ms from one goroutine. The
// sessions are spread over four slots of 5 ms, so that a hundred phones do not
// send in one burst.
const (
	pacerSlots = 4
	slotTime   = frameTime / pacerSlots
	// maxBehind is how far the clock may run behind before frames are given up
	// rather than sent in a burst.
	maxBehind = 200 * time.Millisecond
)

type pacer struct {
	mu    sync.Mutex
	slots [pacerSlots][]*media // guarded by mu
	count int                  // guarded by mu
	wake  chan struct{}        // a session came while there were none
	stop  chan struct{}
	done  chan struct{}
}

func newPacer() *pacer {
	p := &pacer{wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go p.run()
	return p
}

// close ends the goroutine; no session is called after it returns.
func (p *pacer) close() {
	close(p.stop)
	<-p.done
}

func (p *pacer) add(m *media) {
	p.mu.Lock()
	slot := 0
	for i := range p.slots {
		if len(p.slots[i]) < len(p.slots[slot]) {
			slot = i
		}
	}
	p.slots[slot] = append(p.slots[slot], m)
	p.count++
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *pacer) remove(m *media) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, slot := range p.slots {
		for j := range slot {
			if slot[j] == m {
				p.slots[i] = append(append([]*media{}, slot[:j]...), slot[j+1:]...)
				p.count--
				return
			}
		}
	}
}

func (p *pacer) slot(i int) []*media {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slots[i]
}

func (p *pacer) idle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count == 0
}

func (p *pacer) run() {
	defer close(p.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	start, tick := time.Now(), int64(0)
	for {
		if p.idle() {
			select {
			case <-p.stop:
				return
			case <-p.wake:
			}
			start, tick = time.Now(), 0
			continue
		}
		// Absolute times: an error of one tick is not carried into the next.
		tick++
		wait := time.Until(start.Add(time.Duration(tick) * slotTime))
		if wait < -maxBehind {
			start, tick = time.Now(), 0
			continue
		}
		if wait > 0 {
			timer.Reset(wait)
			select {
			case <-p.stop:
				return
			case <-timer.C:
			}
		} else {
			select {
			case <-p.stop:
				return
			default:
			}
		}
		for _, m := range p.slot(int(tick % pacerSlots)) {
			m.tick()
		}
	}
}
