package queuetest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
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
	addr, _ := startRedis(t, options...)
	return addr
}

// startRedis gives besides what kills the server before the test is over.
func startRedis(t testing.TB, options ...string) (addr string, kill func()) {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server on this machine; set HOLDLINE_TEST_REDIS to use one elsewhere")
	}
	for range 3 { // the port found free may be taken before the server has it
		addr, kill, err := tryRedis(t, binary, options)
		if err == nil {
			return addr, kill
		}
		t.Log(err)
	}
	t.Fatal("redis-server did not start")
	return "", nil
}

func tryRedis(t testing.TB, binary string, options []string) (string, func(), error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return "", nil, err
	}
	args := append([]string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		"--dir", t.TempDir()}, options...)
	cmd := exec.Command(binary, args...) //nolint:gosec // the binary is the machine's redis-server
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
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
			kill := sync.OnceFunc(func() {
				_ = cmd.Process.Kill()
				<-drained
				_ = cmd.Wait()
			})
			t.Cleanup(kill)
			return "127.0.0.1:" + strconv.Itoa(port), kill, nil
		}
	}
	return "", nil, fmt.Errorf("redis-server on port %d ended: %w", port, cmd.Wait())
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

// Client gives a client of the address, closed with the test. It is patient: what
// is judged is what Redis answers, not how soon on a machine that is busy.
func Client(t testing.TB, addr string) redis.UniversalClient {
	t.Helper()
	rdb := queue.NewClient(queue.Options{Addrs: []string{addr}, Timeout: 10 * time.Second})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}
