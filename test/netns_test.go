//go:build stack

package test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"holdline/sim"
)

// A host beyond this one: a network namespace at the end of a cable. Only this
// machine's own end of the cable is reachable from it.
const (
	hostName  = "holdline-outside"
	cableHere = "hlout0"
	addrHere  = "10.177.30.1"
	addrThere = "10.177.30.2"
)

// anotherHost makes the namespace, and takes it away when the test ends.
func anotherHost(t *testing.T) sim.ListenFunc {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a network namespace needs root")
	}
	ip := func(args ...string) error {
		out, err := exec.Command("ip", args...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
		}
		return nil
	}
	_ = ip("netns", "delete", hostName) // of a run that was killed
	t.Cleanup(func() {
		if err := ip("netns", "delete", hostName); err != nil { // its end of the cable goes with it
			t.Error(err)
		}
	})
	for _, command := range []string{
		"netns add " + hostName,
		"link add " + cableHere + " type veth peer name hlout1 netns " + hostName,
		"addr add " + addrHere + "/24 dev " + cableHere,
		"link set " + cableHere + " up",
		"-n " + hostName + " addr add " + addrThere + "/24 dev hlout1",
		"-n " + hostName + " link set hlout1 up",
	} {
		if err := ip(strings.Fields(command)...); err != nil {
			t.Fatal(err)
		}
	}
	return listenThere
}

// listenThere opens a socket in the namespace: a socket stays where it was made,
// whoever uses it.
func listenThere(network, address string) (conn *net.UDPConn, err error) {
	there, err := os.Open(filepath.Join("/run/netns", hostName))
	if err != nil {
		return nil, err
	}
	defer func() { _ = there.Close() }()
	done := make(chan struct{})
	// The thread is not given back: it ends with its goroutine, and so no other
	// goroutine can find itself on another host.
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if err = unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
			err = fmt.Errorf("enter %s: %w", hostName, err)
			return
		}
		var at *net.UDPAddr
		if at, err = net.ResolveUDPAddr(network, address); err == nil {
			conn, err = net.ListenUDP(network, at)
		}
	}()
	<-done
	return conn, err
}

// publishAt starts the edge anew with another external address, and back.
func publishAt(t *testing.T, s *stack, address string) {
	t.Helper()
	t.Cleanup(func() {
		if err := s.edgeAnew(context.Background()); err != nil {
			t.Errorf("publish at the usual address again: %v", err)
		}
	})
	if err := s.edgeAnew(t.Context(), "EXTERNAL_IP="+address, "LISTEN_IP="+address); err != nil {
		t.Fatal(err)
	}
}

// edgeAnew starts the edge with this environment, and waits until it takes calls. The media
// relay is first: a Kamailio that did not find it looks again two seconds later.
func (s *stack) edgeAnew(ctx context.Context, env ...string) error {
	for _, services := range [][]string{{"rtpengine"}, {"kamailio-1", "kamailio-2"}} {
		up := []string{"up", "--detach", "--no-deps", "--no-build", "--wait", "--wait-timeout", "60"}
		if _, err := s.composeWith(env, append(up, services...)...); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	return s.nodesKnown(ctx, 2)
}
