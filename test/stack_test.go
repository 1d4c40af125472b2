//go:build stack

package test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"holdline/queue"
)

// stack is the running contact center.
type stack struct {
	root    string
	secrets secrets
	db      *sql.DB
	rdb     *redis.Client
	demo    tenant
	http    *http.Client
}

// theStack is opened once for all tests of the package.
var theStack *stack

func TestMain(m *testing.M) {
	s, err := openStack()
	if err != nil {
		fmt.Fprintf(os.Stderr, "the stack is not reachable; `make up` starts it: %v\n", err)
		os.Exit(1)
	}
	theStack = s
	// One suite at a time: a test stops MySQL.
	lock, err := exclusive(s.root)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer func() { _ = lock.Close() }()
	goleak.VerifyTestMain(suite{m, s})
}

// exclusive waits until no other suite runs on this stack; closing the file lets
// the next one.
func exclusive(root string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Join(root, "build"), 0o750); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(root, "build", "test-stack.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		fmt.Println("another suite runs on this stack: waiting for it")
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
		}
	}
	return f, nil
}

// suite closes the stack before the leak check.
type suite struct {
	m *testing.M
	s *stack
}

func (s suite) Run() int {
	if err := os.RemoveAll(reportDir(s.s.root)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := s.m.Run()
	if err := summarise(s.s.root); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := errors.Join(s.s.db.Close(), s.s.rdb.Close()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func openStack() (*stack, error) {
	s := &stack{http: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}}
	var err error
	if s.root, err = root(); err != nil {
		return nil, err
	}
	if s.secrets, err = readSecrets(s.root); err != nil {
		return nil, err
	}
	c := mysql.NewConfig()
	c.User, c.Passwd = "migrate", s.secrets["MYSQL_MIGRATE_PASSWORD"]
	c.Net, c.Addr, c.DBName = "tcp", mysqlAddr, "holdline"
	c.Timeout, c.ReadTimeout, c.WriteTimeout = 5*time.Second, 10*time.Second, 10*time.Second
	c.Collation = "utf8mb4_bin"
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	s.db = sql.OpenDB(connector)
	s.rdb = redis.NewClient(&redis.Options{
		Addr: redisAddr, Username: "operator", Password: s.secrets["REDIS_OPERATOR_PASSWORD"], DisableIdentity: true,
	})
	s.demo = tenant{poolName, sipDomain, queue.Open(s.rdb, poolName)}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.db.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("mysql: %w", err)
	}
	if err := s.rdb.Ping(ctx).Err(); err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	return s, nil
}

// until polls a condition that nothing tells of, and gives up with ctx.
func until(ctx context.Context, ok func() bool) error { return every(ctx, 5*time.Millisecond, ok) }

// every is until for what is dear to ask.
func every(ctx context.Context, pause time.Duration, ok func() bool) error {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
