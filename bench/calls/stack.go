package main

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/redis/go-redis/v9"

	"holdline/callmanager"
	"holdline/queue"
)

const poolName = "bench"

// stack is the compose project that is measured.
type stack struct {
	project, net string
	secrets      map[string]string
	engine       *engine
	db           *sql.DB
	rdb          redis.UniversalClient
	pool         *queue.Pool
	ringAll      bool // the directory knows the strategy
	baseline     bool // our roles are stopped
}

// roles are what does the work of app_queue; the rest serves both.
var roles = []string{"stasis", "channelapi", "callmanager"}

func openStack(ctx context.Context, project, net string) (*stack, error) {
	s := &stack{project: project, net: net}
	var err error
	if s.secrets, err = readSecrets(".env"); err != nil {
		return nil, err
	}
	if s.engine, err = newEngine(ctx, project); err != nil {
		return nil, err
	}
	c := mysql.NewConfig()
	c.User, c.Passwd = "migrate", s.secrets["MYSQL_MIGRATE_PASSWORD"]
	c.Net, c.Addr, c.DBName = "tcp", s.address("7")+":3306", "holdline"
	c.Timeout, c.ReadTimeout, c.WriteTimeout = 5*time.Second, 30*time.Second, 30*time.Second
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	s.db = sql.OpenDB(connector)
	s.rdb = queue.NewClient(queue.Options{
		Addrs: []string{s.address("6") + ":6379"}, User: "callmanager",
		Password: s.secrets["REDIS_CALLMANAGER_PASSWORD"], Timeout: 5 * time.Second,
	})
	s.pool = queue.Open(s.rdb, poolName)
	return s, nil
}

func (s *stack) close() error { return errors.Join(s.db.Close(), s.rdb.Close()) }

func (s *stack) address(last string) string { return s.net + "." + last }
func (s *stack) phones() string             { return s.address("128") } // the bridge's own
func (s *stack) kamailio() string           { return s.address("11") + ":5060" }

// The nodes' addresses (bench/compose.yaml).
func (s *stack) node(system string) string {
	if system == ours {
		return s.address("31") + ":5060"
	}
	return s.address("32") + ":5060"
}

func (s *stack) agentPassword() string { return s.secrets["HOLDLINE_SEED_AGENT_PASSWORD"] }

func readSecrets(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read secrets: %w", err)
	}
	defer func() { _ = f.Close() }()
	secrets := map[string]string{}
	for scan := bufio.NewScanner(f); scan.Scan(); {
		name, value, ok := strings.Cut(strings.TrimSpace(scan.Text()), "=")
		if ok && !strings.HasPrefix(name, "#") {
			secrets[name] = value
		}
	}
	return secrets, nil
}

// line is a queue of the benchmark: its extension is its name, and its members
// are the agents 1 to members.
type line struct {
	exten    string
	members  int
	strategy string
	ringTime int
}

// The lines of both systems (bench/appqueue/extensions.conf).
var lines = []line{
	{"710", 100, "longest-available", 15},
	{"750", 50, "longest-available", 15},
	{"751", 50, "ring-all", 15},
	{"752", 2, "longest-available", 5},
	{"753", 0, "longest-available", 15},
	{"720", agentCount, "longest-available", 15},
}

// fill writes the pool into the directory, as an admin would, and logs the agents
// in.
func (s *stack) fill(ctx context.Context) error {
	var pools int
	if err := s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM pools WHERE name = ?`, poolName).Scan(&pools); err != nil {
		return err
	}
	if pools == 0 {
		if err := s.insert(ctx); err != nil {
			return fmt.Errorf("fill the directory: %w", err)
		}
	}
	if err := s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM queues WHERE pool = ? AND strategy = 'ring-all'`, poolName).Scan(&pools); err != nil {
		return err
	}
	s.ringAll = pools > 0
	return until(ctx, 20*time.Second, "log the agents in", func(ctx context.Context) error {
		for n := 1; n <= agentCount; n++ {
			if _, err := s.pool.SetMode(ctx, agentID(n), queue.ModeChange{Mode: queue.Ready, By: "bench"}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *stack) insert(ctx context.Context) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if _, err := tx.ExecContext(ctx, `INSERT INTO pools (name, sip_domain) VALUES (?, ?)`, poolName, domain); err != nil {
		return err
	}
	for n := 1; n <= agentCount; n++ {
		if _, err := tx.ExecContext(ctx, `INSERT INTO agents (pool, id, sip_password) VALUES (?, ?, ?)`,
			poolName, agentID(n), s.agentPassword()); err != nil {
			return err
		}
	}
	for _, l := range lines {
		if err := insertLine(ctx, tx, l); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func insertLine(ctx context.Context, tx *sql.Tx, l line) error {
	name := l.exten + "@holdline-in"
	_, err := tx.ExecContext(ctx, `INSERT INTO queues (pool, name, strategy, announce, wrap_up, ring_time, max_misses, timeout)
		VALUES (?, ?, ?, 0, 0, ?, 0, 0)`, poolName, name, l.strategy, l.ringTime)
	if err != nil && l.strategy != "longest-available" {
		return nil // a directory that does not know it: its rows are left out
	}
	if err != nil {
		return err
	}
	for n := 1; n <= l.members; n++ {
		if _, err := tx.ExecContext(ctx, `INSERT INTO queue_members (pool, queue, agent) VALUES (?, ?, ?)`,
			poolName, name, agentID(n)); err != nil {
			return err
		}
	}
	return nil
}

func (s *stack) compose(ctx context.Context, args ...string) error {
	args = append([]string{"compose", "-p", s.project, "-f", "compose.yaml", "-f", "bench/compose.yaml"}, args...)
	cmd := exec.CommandContext(ctx, "docker", args...) //nolint:gosec // our own arguments
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("docker %v: %w: %s", args, err, out)
	}
	return nil
}

// useBaseline stops what is ours, and makes Kamailio send callers to the other
// Asterisk. It holds to the end: ours is measured first.
func (s *stack) useBaseline(ctx context.Context) error {
	if s.baseline {
		return nil
	}
	s.baseline = true
	if err := s.compose(ctx, append([]string{"kill", "asterisk", "haproxy"}, roles...)...); err != nil {
		return err
	}
	if err := s.engine.refresh(ctx); err != nil {
		return err
	}
	k, err := callmanager.NewKamailio("http://"+s.address("11")+":8090/rpc", s.secrets["KAMAILIO_RPC_TOKEN"])
	if err != nil {
		return err
	}
	have, err := k.Destinations(ctx)
	if err != nil {
		return err
	}
	for uri := range have {
		if err := k.Remove(ctx, uri); err != nil {
			return err
		}
	}
	return k.Add(ctx, "sip:"+s.node(appQueue), callmanager.Open)
}
