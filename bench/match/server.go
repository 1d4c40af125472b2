package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"holdline/queue"
)

// server is a redis-server of this run alone.
type server struct {
	redis.UniversalClient
	cmd *exec.Cmd
	dir string
}

func startServer(ctx context.Context) (*server, error) {
	dir, err := os.MkdirTemp("", "bench-match-")
	if err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "redis-server", "--port", strconv.Itoa(port), "--bind", "127.0.0.1", //nolint:gosec // the machine's redis-server
		"--save", "", "--appendonly", "no", "--dir", dir,
		"--slowlog-log-slower-than", "1000", "--slowlog-max-len", "10000")
	words, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start redis-server (Debian package redis-server): %w", err)
	}
	lines := bufio.NewScanner(words)
	for lines.Scan() && !strings.Contains(lines.Text(), "Ready to accept connections") {
	}
	go func() { // a full pipe would stop the server; it ends with the server
		for lines.Scan() {
		}
	}()
	rdb := queue.NewClient(queue.Options{Addrs: []string{addr}, Timeout: 30 * time.Second})
	if err := rdb.Ping(ctx).Err(); err != nil {
		return nil, err
	}
	return &server{UniversalClient: rdb, cmd: cmd, dir: dir}, nil
}

func (s *server) stop() {
	_ = s.Close()
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	_ = os.RemoveAll(s.dir)
}

// What a measurement is of: calls of scripts and nothing else, or also, or only,
// plain commands.
const (
	scriptsAlone = iota
	everything
)

// spent gives Redis's own time of what f does, in microseconds. INFO and the
// reset are not in it.
func (s *server) spent(ctx context.Context, what int, f func() error) (float64, error) {
	if err := s.ConfigResetStat(ctx).Err(); err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	info, err := s.Info(ctx, "commandstats").Result()
	if err != nil {
		return 0, err
	}
	var scripts, commands float64
	for line := range strings.Lines(info) {
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":")
		switch {
		case !ok || strings.HasPrefix(name, "config") || name == "info":
		case strings.HasPrefix(name, "eval"):
			scripts += field(rest, "usec")
		default:
			commands += field(rest, "usec")
		}
	}
	// What a script calls is counted under its own name too, and is in the script's time.
	if what == scriptsAlone {
		return scripts, nil
	}
	return scripts + commands, nil
}

func field(stats, name string) float64 {
	for part := range strings.SplitSeq(stats, ",") {
		if v, ok := strings.CutPrefix(part, name+"="); ok {
			n, _ := strconv.ParseFloat(v, 64)
			return n
		}
	}
	return 0
}

// slowest is the longest script of the slow log, in milliseconds; 0 when none was logged.
func (s *server) slowest(ctx context.Context) (ms float64, what string, err error) {
	log, err := s.Do(ctx, "slowlog", "get", "-1").Slice()
	if err != nil {
		return 0, "", err
	}
	for _, entry := range log {
		e, ok := entry.([]any)
		if !ok || len(e) < 4 {
			continue
		}
		args, _ := e[3].([]any)
		name, _ := args[0].(string)
		us, _ := e[2].(int64)
		if strings.HasPrefix(strings.ToLower(name), "eval") && float64(us)/1000 > ms {
			ms = float64(us) / 1000
			what, _ = args[1].(string)
			what = cmp.Or(queue.ScriptNames()[what], what)
		}
	}
	return ms, what, nil
}

// memory is what the data take, in bytes.
func (s *server) memory(ctx context.Context) (float64, error) {
	info, err := s.Info(ctx, "memory").Result()
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(line, "used_memory:"); ok {
			return strconv.ParseFloat(strings.TrimSpace(v), 64)
		}
	}
	return 0, fmt.Errorf("INFO memory has no used_memory")
}
