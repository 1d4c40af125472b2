// Package haproxy_test judges haproxy.cfg on the wire: a HAProxy with this file, in a
// network of its own, and replicas of stasis and channelapi that are servers of this
// test. Only the address of the DNS is another one.
//
// It needs Docker, root (for addresses on the network's bridge) and the image:
//
//	HOLDLINE_TEST_HAPROXY=haproxy:3.2 go test ./haproxy
package haproxy_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"
)

const (
	name   = "hl-haproxy-test"
	bridge = "hlhap-in"
	subnet = "172.31.92."
	events = subnet + "5:8080"
	api    = subnet + "5:8081"
)

func TestMain(m *testing.M) {
	if os.Getenv("HOLDLINE_TEST_HAPROXY") == "" {
		goleak.VerifyTestMain(m)
		return
	}
	code := 1
	if err := bringUp(); err != nil {
		fmt.Fprintln(os.Stderr, "bring up haproxy:", err)
	} else {
		code = m.Run()
	}
	takeDown()
	os.Exit(code)
}

func run(command ...string) error {
	out, err := exec.Command(command[0], command[1:]...).CombinedOutput() //nolint:gosec // constants of this file
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

func takeDown() {
	_ = run("docker", "rm", "-f", name) // it may not be there
	_ = run("docker", "network", "rm", name)
	_ = os.RemoveAll(filepath.Join(os.TempDir(), name))
}

func bringUp() error {
	takeDown()
	for _, command := range [][]string{
		{"docker", "network", "create", "--subnet", subnet + "0/24", "-o", "com.docker.network.bridge.name=" + bridge, name},
		{"ip", "addr", "add", subnet + "101/24", "dev", bridge},
		{"ip", "addr", "add", subnet + "102/24", "dev", bridge},
	} {
		if err := run(command...); err != nil {
			return err
		}
	}
	if err := serveNames(); err != nil {
		return err
	}
	text, err := os.ReadFile("haproxy.cfg")
	if err != nil {
		return err
	}
	const dns = "nameserver engine 127.0.0.11:53"
	if strings.Count(string(text), dns) != 1 {
		return errors.New("haproxy.cfg names another DNS")
	}
	dir := filepath.Join(os.TempDir(), name)
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // haproxy's user reads it
		return err
	}
	ours := strings.Replace(string(text), dns, "nameserver engine "+subnet+"1:53", 1)
	if err := os.WriteFile(filepath.Join(dir, "haproxy.cfg"), []byte(ours), 0o644); err != nil { //nolint:gosec // the same
		return err
	}
	return run("docker", "run", "-d", "--name", name, "--network", name, "--ip", subnet+"5", "--read-only", "--cap-drop", "ALL",
		"-e", "HAPROXY_STATS_PASSWORD=x", "-v", dir+":/usr/local/etc/haproxy:ro", os.Getenv("HOLDLINE_TEST_HAPROXY"))
}

// serveNames answers every question for an address with both replicas (RFC 1035, 4.1).
func serveNames() error {
	conn, err := net.ListenPacket("udp", subnet+"1:53") //nolint:noctx // for the life of the test
	if err != nil {
		return err
	}
	go func() {
		buffer := make([]byte, 8192)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			end := 12 + bytes.IndexByte(buffer[12:n], 0) + 5 // the name, its type and class
			if n < 17 || end > n {
				continue
			}
			answer := slices.Concat(buffer[:2], []byte{0x84, 0, 0, 1, 0, 2, 0, 0, 0, 0}, buffer[12:end])
			if binary.BigEndian.Uint16(buffer[end-4:]) != 1 {
				answer[7] = 0 // only IPv4 addresses
			} else {
				for _, last := range []byte{101, 102} {
					answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 172, 31, 92, last)
				}
			}
			_, _ = conn.WriteTo(answer, from)
		}
	}()
	return nil
}

// replica is one of a role: it says what it is told to say of itself, and who it is.
type replica struct {
	name   string
	status atomic.Int32
	asked  chan struct{} // a token for each look at /readyz
}

func newReplica(t *testing.T, last, port string) *replica {
	t.Helper()
	r := &replica{name: last, asked: make(chan struct{}, 1)}
	r.status.Store(http.StatusOK)
	mux := http.NewServeMux()
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(r.status.Load()))
		select {
		case r.asked <- struct{}{}:
		default:
		}
	})
	mux.HandleFunc("/events", func(w http.ResponseWriter, req *http.Request) {
		conn, err := websocket.Accept(w, req, nil)
		if err != nil {
			return
		}
		for { // says its name until the other side goes
			if _, _, err := conn.Read(req.Context()); err != nil {
				return
			}
			if err := conn.Write(req.Context(), websocket.MessageText, []byte(r.name)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(r.name)) })
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	listener, err := net.Listen("tcp", subnet+last+":"+port) //nolint:noctx // for the life of the test
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return r
}

// says changes what the replica says of itself, and waits until HAProxy must know:
// more looks than any of its thresholds, of both backends.
func (r *replica) says(t *testing.T, status int) {
	t.Helper()
	r.status.Store(int32(status)) //nolint:gosec // a status
	for range 10 {
		select {
		case <-r.asked:
		case <-time.After(10 * time.Second):
			t.Fatalf("replica %s is not looked at", r.name)
		}
	}
}

func need(t *testing.T) {
	t.Helper()
	if os.Getenv("HOLDLINE_TEST_HAPROXY") == "" {
		t.Skip("HOLDLINE_TEST_HAPROXY names no image: haproxy.cfg is judged on a real HAProxy only")
	}
}

// within asks until the answer is yes.
func within(t *testing.T, d time.Duration, what string, yes func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	over := time.After(d)
	for !yes() {
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("not within %s: %s", d, what)
		}
	}
}

// node dials as an Asterisk does; nil when it is refused.
func node(t *testing.T) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, "ws://"+events+"/events?node=a", nil)
	if err != nil {
		if resp != nil && resp.Body != nil {
			_ = resp.Body.Close()
		}
		return nil
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

// on says which replica holds the connection; "" when it was cut.
func on(conn *websocket.Conn) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if conn == nil || conn.Write(ctx, websocket.MessageText, []byte("who")) != nil {
		return ""
	}
	_, who, err := conn.Read(ctx)
	if err != nil {
		return ""
	}
	return string(who)
}
