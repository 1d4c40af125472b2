package standin

import (
	"fmt"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"holdline/queue"
)

// Redis is an embedded Redis. Close it.
type Redis struct {
	mini     *miniredis.Miniredis
	password string

	over    chan struct{}
	ticking sync.WaitGroup
}

// redisTime bounds one command. It is longer than in production: what waits for the
// scripts of ten thousand callers waits for them on one core, in Go.
const redisTime = 10 * time.Second

// OpenRedis listens on address.
func OpenRedis(address, password string) (*Redis, error) {
	m := miniredis.NewMiniRedis()
	m.RequireAuth(password)
	if err := m.StartAddr(address); err != nil {
		return nil, fmt.Errorf("start the embedded Redis on %s: %w", address, err)
	}
	r := &Redis{mini: m, password: password, over: make(chan struct{})}
	r.ticking.Go(r.tick)
	return r, nil
}

// ttlEvery is how exactly keys run out. Miniredis could look at every command
// (ClockTTL), and would sort all keys each time: with thousands of waiting callers
// that was an eighth of all the CPU.
const ttlEvery = 50 * time.Millisecond

// tick lets keys run out, which miniredis does not do by itself.
func (r *Redis) tick() {
	ticker := time.NewTicker(ttlEvery)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-r.over:
			return
		case now := <-ticker.C:
			r.mini.FastForward(now.Sub(last))
			last = now
		}
	}
}

// Addr is host:port.
func (r *Redis) Addr() string { return r.mini.Addr() }

// Client opens a connection such as Holdline's roles use.
func (r *Redis) Client() redis.UniversalClient {
	return queue.NewClient(queue.Options{
		Addrs: []string{r.Addr()}, Password: r.password, Timeout: redisTime, PoolSize: 128,
	})
}

// Close ends it.
func (r *Redis) Close() {
	close(r.over)
	r.ticking.Wait()
	r.mini.Close()
}
