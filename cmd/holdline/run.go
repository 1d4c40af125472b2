package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"holdline/ari"
	"holdline/internal/logging"
	"holdline/internal/metrics"
	"holdline/internal/role"
	"holdline/internal/web"
	"holdline/queue"
)

// node is one process: its log, its metrics, and the parts of the roles it runs.
type node struct {
	*process
	log      zerolog.Logger
	level    *logging.Level
	registry *prometheus.Registry
	ready    role.Ready
	checks   []web.Check
	parts    []role.Part
	closers  []func() error
}

func newNode(p *process) (*node, error) {
	lines := logging.NewLines(os.Stderr)
	log, level, err := logging.New(logging.Options{Level: p.common.LogLevel, Output: lines})
	if err != nil {
		return nil, fmt.Errorf("start log: %w", err)
	}
	logging.Drivers(log)
	n := &node{process: p, log: log, level: level, registry: metrics.New(version), closers: []func() error{lines.Close}}
	n.checks = []web.Check{{Name: "role", Func: n.ready.Check}}
	return n, nil
}

// serve runs everything that was added, under the admin listener, to its end.
func (n *node) serve(name string) error {
	health := web.NewHealth(n.checks...)
	admin := web.NewServer(web.ServerOptions{
		Name: "admin", Listen: n.common.AdminListen, Log: n.log,
		// A profile of half a minute is the longest answer.
		WriteTimeout: time.Minute,
		Handler: web.Admin(web.AdminOptions{
			Role: name, Version: version, Registry: n.registry, Health: health, Level: n.level,
			Listen: n.common.AdminListen, Token: n.secrets.MetricsToken,
		}),
	})
	parts := append([]role.Part{admin.AdminPart()}, n.parts...)
	err := role.Run(n.ctx, n.log, role.Options{
		Name: name, Drain: n.drain, Ready: &n.ready, ReadyDelay: readyDelay,
	}, parts...)
	for _, closing := range n.closers {
		if failed := closing(); failed != nil {
			n.log.Debug().Err(failed).Msg("connection not closed in order")
		}
	}
	return err
}

// readyDelay is how long a draining role still takes work: HAProxy needs two
// failed checks, half a second apart, to send it elsewhere.
const readyDelay = 1500 * time.Millisecond

// open gives the connection to Redis that all roles of the process share.
func (n *node) open(f RedisFlags) redis.UniversalClient {
	rdb := f.client(n.secrets)
	n.closers = append(n.closers, rdb.Close)
	return rdb
}

// client connects to Redis.
func (f RedisFlags) client(s secrets) redis.UniversalClient {
	return queue.NewClient(queue.Options{
		Addrs: f.RedisAddrs, Master: f.RedisMaster, User: f.RedisUser, Password: s.RedisPassword,
		PoolSize: 128,
	})
}

// asterisk gives the REST side of a node.
func (n *node) asterisk(f ARIFlags, commands *prometheus.HistogramVec) func(rest string) *ari.Client {
	return func(rest string) *ari.Client {
		return ari.New(rest, ari.Options{
			User: f.ARIUser, Password: n.secrets.ARIPassword, Application: application,
			Timeout: 2 * time.Second,
			Observe: func(op string, took time.Duration, err error) {
				result := "ok"
				if err != nil {
					result = "error"
				}
				commands.WithLabelValues(op, result).Observe(took.Seconds())
			},
		})
	}
}

// application is the name under which Asterisk knows us.
const application = "holdline"

// replica names this process among its like: the container's or host's name, and
// the process.
func replica() string {
	host, err := os.Hostname()
	if err != nil {
		host = "host"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}

func ping(rdb redis.UniversalClient) func(context.Context) error {
	return func(ctx context.Context) error { return rdb.Ping(ctx).Err() }
}
