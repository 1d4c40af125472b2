//go:build stack

package test

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What a test does to the parts. Each helper returns when it is done; a part that
// is brought back is healthy then, and counted as ready by who watches it.

// docker runs one command of the engine.
func docker(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "docker", args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// replicas are the names of a service's containers, in the order of their numbers.
func (s *stack) replicas(t *testing.T, service string) []string {
	t.Helper()
	out, err := s.compose("ps", "--all", "--format", "{{.Name}}", service)
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(string(out))
	slices.Sort(names)
	return names
}

// api is where channelapi answers: a HAProxy that lives.
func (s *stack) api(t *testing.T) string {
	t.Helper()
	ip, err := docker(t.Context(), "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
		s.replicas(t, "haproxy")[0])
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + ip + ":8081"
}

// Docker is one command to the engine; its moment is the one before it was given.
func Docker(name string, args ...string) Action {
	return Action{name, func(s *Shift) (time.Time, error) {
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
		defer cancel()
		at := time.Now()
		_, err := docker(ctx, args...)
		return at, err
	}}
}

// Kills is docker kill: SIGKILL, and nobody starts it again but the test. Its
// moment is the process's death, which the engine tells of some 100 ms later.
func Kills(container string) Action {
	return Action{container + " is killed", func(s *Shift) (time.Time, error) {
		ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
		pid, err := pidOf(ctx, container)
		if err != nil {
			cancel()
			return time.Time{}, err
		}
		told := make(chan struct{})
		go func() {
			defer close(told)
			defer cancel()
			if _, err := docker(ctx, "kill", container); err != nil {
				s.t.Error(err)
			}
		}()
		s.t.Cleanup(func() { <-told })
		err = every(ctx, time.Millisecond, func() bool { return syscall.Kill(pid, 0) != nil })
		return time.Now(), err
	}}
}

// pidOf is the container's first process, seen from the host.
func pidOf(ctx context.Context, container string) (int, error) {
	pid, err := docker(ctx, "inspect", "--format", "{{.State.Pid}}", container)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(pid)
	if err == nil && n <= 0 {
		err = fmt.Errorf("%s does not run", container)
	}
	return n, err
}

// startAgain starts a killed container and waits until it is healthy; also as a
// clean-up, since the next test counts on it. It gives the moment of the start.
func startAgain(ctx context.Context, container string) (time.Time, error) {
	if _, err := docker(ctx, "start", container); err != nil {
		return time.Time{}, err
	}
	return time.Now(), healthy(ctx, container)
}

func healthy(ctx context.Context, container string) error {
	if err := every(ctx, 100*time.Millisecond, func() bool {
		status, err := docker(ctx, "inspect", "--format", "{{.State.Health.Status}}", container)
		return err == nil && status == "healthy"
	}); err != nil {
		return fmt.Errorf("%s is not healthy again: %w", container, err)
	}
	return nil
}

// Starts brings a killed part back. Its moment is the start, its end that the part
// is healthy.
func Starts(container string) Action {
	return Action{container + " is back", func(s *Shift) (time.Time, error) {
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
		defer cancel()
		return startAgain(ctx, container)
	}}
}

// mend makes sure that the containers run when the test ends, however it ends.
func (s *Shift) mend(containers ...string) {
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		for _, c := range containers {
			if _, err := startAgain(ctx, c); err != nil {
				s.t.Error(err)
			}
		}
	})
}

// scale runs so many containers of a service. Nothing else is touched.
func (s *stack) scale(service string, n int) error {
	_, err := s.compose("up", "--detach", "--no-build", "--no-recreate", "--no-deps", "--wait", "--wait-timeout", "60",
		"--scale", fmt.Sprintf("%s=%d", service, n), service)
	return err
}

// nodesKnown waits until both Kamailios send calls to exactly so many nodes.
func (s *stack) nodesKnown(ctx context.Context, n int) error {
	for _, proxy := range []string{kamailio1, kamailio2} {
		var got int
		if err := every(ctx, 50*time.Millisecond, func() bool {
			nodes, err := s.dispatched(ctx, proxy)
			got = len(nodes)
			return err == nil && got == n
		}); err != nil {
			return fmt.Errorf("wait until %s sends calls to %d nodes (%d): %w", proxy, n, got, err)
		}
	}
	return nil
}
