package stasis

import (
	"sync"
	"time"
)

// strands runs functions of one key in the order they came and functions of
// different keys beside each other. A goroutine works only while its key has
// work, so ten thousand quiet callers cost nothing.
type strands struct {
	mu     sync.Mutex
	queued map[string][]func() // guarded by mu; a present key has a running goroutine
	wg     sync.WaitGroup

	// A goroutine that has run out of work waits a while for another key's: its stack
	// has grown to what the work needs.
	keys chan string
	over chan struct{}
}

// linger is how long a goroutine without work is kept.
const linger = time.Second

func newStrands() *strands {
	return &strands{queued: map[string][]func(){}, keys: make(chan string), over: make(chan struct{})}
}

// do queues f behind everything of key. It never blocks.
func (s *strands) do(key string, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, running := s.queued[key]
	s.queued[key] = append(q, f)
	if running {
		return
	}
	select {
	case s.keys <- key:
	default:
		s.wg.Go(func() { s.work(key) })
	}
}

func (s *strands) work(key string) {
	timer := time.NewTimer(linger)
	defer timer.Stop()
	for {
		s.run(key)
		timer.Reset(linger)
		select {
		case key = <-s.keys:
		case <-timer.C:
			return
		case <-s.over:
			return
		}
	}
}

func (s *strands) run(key string) {
	for {
		s.mu.Lock()
		q := s.queued[key]
		if len(q) == 0 {
			delete(s.queued, key)
			s.mu.Unlock()
			return
		}
		s.queued[key] = q[1:]
		s.mu.Unlock()
		q[0]()
	}
}

// wait returns when nothing is left to run. The owner stops calling do first, but for
// what runs.
func (s *strands) wait() {
	close(s.over)
	s.wg.Wait()
}
