package stasis

import "sync"

// strands runs functions of one key in the order they came and functions of
// different keys beside each other. A goroutine exists only while its key has
// work, so ten thousand quiet callers cost nothing.
type strands struct {
	mu     sync.Mutex
	queued map[string][]func() // guarded by mu; a present key has a running goroutine
	wg     sync.WaitGroup
}

func newStrands() *strands {
	return &strands{queued: map[string][]func(){}}
}

// do queues f behind everything of key. It never blocks.
func (s *strands) do(key string, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, running := s.queued[key]
	s.queued[key] = append(q, f)
	if !running {
		s.wg.Go(func() { s.run(key) })
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

// wait returns when nothing is left to run. The owner stops calling do first.
func (s *strands) wait() { s.wg.Wait() }
