package queuetest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdline/queue"
)

// StartRedis starts a redis-server on a free port with the given further
// options, for as long as the test lasts, and gives its address. The test is
// skipped when the machine has none.
func StartRedis(t testing.TB, options ...string) string {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server on this machine; set HOLDLINE_TEST_REDIS to use one elsewhere")
	}
	for range 3 { // the port found free may be taken before the server has it
		addr, err := startRedis(t, binary, options)
		if err == nil {
			return addr
		}
		t.Log(err)
	}
	t.Fatal("redis-server did not start")
	return ""
}

func startRedis(t testing.TB, binary string, options []string) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return "", err
	}
	args := append([]string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		"--dir", t.TempDir()}, options...)
	cmd := exec.Command(binary, args...) //nolint:gosec // the binary is the machine's redis-server
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			drained := make(chan struct{})
			go func() { // a full pipe would stop the server
				defer close(drained)
				for lines.Scan() { //nolint:revive // its words are of no use
				}
			}()
			t.Cleanup(func() {
				_ = cmd.Process.Kill()
				<-drained
				_ = cmd.Wait()
			})
			return "127.0.0.1:" + strconv.Itoa(port), nil
		}
	}
	return "", fmt.Errorf("redis-server on port %d ended: %w", port, cmd.Wait())
}

// RealRedis gives a client of a real Redis: the one HOLDLINE_TEST_REDIS names,
// or one started for the test.
func RealRedis(t testing.TB) redis.UniversalClient {
	t.Helper()
	return Client(t, RedisAddr(t))
}

// RedisAddr gives the address of a real Redis: what HOLDLINE_TEST_REDIS names, or one
// started for the test.
func RedisAddr(t testing.TB) string {
	t.Helper()
	if addr := os.Getenv("HOLDLINE_TEST_REDIS"); addr != "" {
		return addr
	}
	return StartRedis(t)
}

// ClusterRedis gives a cluster client of a Redis Cluster of one node, which has
// every slot and refuses keys of two slots in one script.
func ClusterRedis(t testing.TB) redis.UniversalClient {
	t.Helper()
	addr := StartRedis(t, "--cluster-enabled", "yes", "--cluster-config-file", filepath.Join(t.TempDir(), "nodes.conf"))
	one := Client(t, addr)
	ctx := context.Background()
	if err := one.Do(ctx, "cluster", "addslotsrange", 0, 16383).Err(); err != nil {
		t.Skipf("this redis-server makes no cluster of one: %v", err)
	}
	Eventually(t, "the cluster is up", func() bool {
		info, err := one.Do(ctx, "cluster", "info").Text()
		return err == nil && strings.Contains(info, "cluster_state:ok")
	})
	cluster := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{addr}, MaxRedirects: 1, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = cluster.Close() })
	return cluster
}

// Client gives a client of the address, closed with the test. It is patient: what
// is judged is what Redis answers, not how soon on a machine that is busy.
func Client(t testing.TB, addr string) redis.UniversalClient {
	t.Helper()
	rdb := queue.NewClient(queue.Options{Addrs: []string{addr}, Timeout: 10 * time.Second})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}
