package standin

import (
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"holdline/queue"
)

// Redis is an embedded Redis. Close it.
type Redis struct {
	mini     *miniredis.Miniredis
	password string
}

// redisTime bounds one command. It is longer than in production: what waits for the
// scripts of ten thousand callers waits for them on one core, in Go.
const redisTime = 10 * time.Second

// OpenRedis listens on address, with TTLs that run by the clock.
func OpenRedis(address, password string) (*Redis, error) {
	m := miniredis.NewMiniRedis()
	m.RequireAuth(password)
	m.ClockTTL(true)
	if err := m.StartAddr(address); err != nil {
		return nil, fmt.Errorf("start the embedded Redis on %s: %w", address, err)
	}
	return &Redis{mini: m, password: password}, nil
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
func (r *Redis) Close() { r.mini.Close() }
