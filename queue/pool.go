package queue

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Options say where Redis is.
type Options struct {
	Addrs          []string // one: single or, with Master, a sentinel; several: sentinels or a cluster
	Master         string   // name of the sentinels' master
	User, Password string
	TLS            *tls.Config
	Timeout        time.Duration // of a dial, a read, a write; 0: 500 ms
	PoolSize       int           // 0: go-redis's own
}

// NewClient makes a client fit for Pool: a lost reply must never run a script
// a second time (MaxRetries -1), and a context's deadline must hold
// (ContextTimeoutEnabled). Any other redis.UniversalClient with the same two
// settings will do. On a Redis Cluster go-redis counts a broken connection among the
// redirects, of which there must be some, and asks again: there a script whose reply
// was lost may run twice, which does what once does.
func NewClient(o Options) redis.UniversalClient {
	if o.Timeout == 0 {
		o.Timeout = 500 * time.Millisecond
	}
	options := &redis.UniversalOptions{
		Addrs: o.Addrs, MasterName: o.Master, Username: o.User, Password: o.Password, TLSConfig: o.TLS,
		DialTimeout: o.Timeout, ReadTimeout: o.Timeout, WriteTimeout: o.Timeout, PoolSize: o.PoolSize,
		MaxRetries: -1, ContextTimeoutEnabled: true, DialerRetries: 1,
		// The handshake for maintenance notices costs a round trip that plain Redis answers with an error.
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if o.Master == "" && len(o.Addrs) > 1 {
		cluster := options.Cluster()
		// Of a master that does not answer nobody says that another has its slots: it would be asked for a minute.
		cluster.ClusterStateReloadInterval = time.Second
		return redis.NewClusterClient(cluster)
	}
	return redis.NewUniversalClient(options)
}

// Pool is the queue of one pool. It holds no state: any number of processes
// may open the same pool.
type Pool struct {
	rdb  redis.UniversalClient
	name string
	keys map[string]string
	bad  error // the name's fault, given back by every call
}

// Open gives the pool of that name; nothing is read or written yet. A name
// that ValidPool refuses makes every call return ErrName.
func Open(rdb redis.UniversalClient, pool string) *Pool {
	p := &Pool{rdb: rdb, name: pool, keys: make(map[string]string, len(keyNames)), bad: ValidPool(pool)}
	for _, k := range keyNames {
		p.keys[k] = "{" + pool + "}:" + k
	}
	return p
}

// serverTime is the time of the server that has the pool. On a cluster go-redis asks any
// node what has no key, also one that is away.
func (p *Pool) serverTime(ctx context.Context) (time.Time, error) {
	if cluster, ok := p.rdb.(*redis.ClusterClient); ok {
		master, err := cluster.MasterForKey(ctx, p.keys["meta"])
		if err != nil {
			return time.Time{}, err
		}
		return master.Time(ctx).Result()
	}
	return p.rdb.Time(ctx).Result()
}

// Name is the pool's.
func (p *Pool) Name() string { return p.name }

func (p *Pool) timeoutKey(queue, contact string) string {
	return "{" + p.name + "}:timeout:" + queue + "::" + contact
}

func (p *Pool) announceKey(queue, contact string) string {
	return "{" + p.name + "}:announce:" + queue + "::" + contact
}

// tidy removes the TTL keys of those contacts that wait no more. A script may not
// do it, since it learns the queue's name too late to have declared the keys;
// when this is lost the keys expire by themselves, and an expiry that names no
// waiting contact is harmless.
func (p *Pool) tidy(ctx context.Context, contacts ...Contact) {
	keys := make([]string, 0, 2*len(contacts))
	for _, c := range contacts {
		if c.ID != "" && !c.State.Placed() {
			keys = append(keys, p.timeoutKey(Escape(c.Queue), c.ID), p.announceKey(Escape(c.Queue), c.ID))
		}
	}
	if len(keys) > 0 {
		_ = p.rdb.Unlink(ctx, keys...).Err()
	}
}

func (p *Pool) get(ctx context.Context, key, field string, none error, what string) (string, error) {
	if p.bad != nil {
		return "", p.bad
	}
	s, err := p.rdb.HGet(ctx, p.keys[key], field).Result()
	if errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("%s: %w", what, none)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	return s, nil
}
