package apitest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// World is what the samples need to be true.
type World interface {
	// API is the address of the service and a valid token.
	API() (address, token string)
	// Caller makes somebody who is in the application, answered.
	Caller(t testing.TB) (node, channel string)
	// Leg makes another answered leg in the application, on the node. A second
	// caller will do, where a leg without an offer would be hung up.
	Leg(t testing.TB, node string) (channel string)
	// Left makes a channel that lives and is not in the application.
	Left(t testing.TB) (node, channel string)
	// To is the SIP address of a device that can be rung.
	To() string
	// Away is a node that is known, and not there; "" when there can be none.
	Away() string
}

// NewID is an id as the samples use for legs, bridges and playbacks.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return "hl-" + hex.EncodeToString(b[:])[:31]
}

// Available says whether this machine can run the samples.
func Available() error {
	for _, program := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("the samples need %s: %w", program, err)
		}
	}
	return nil
}

// Answer is what a command line brought.
type Answer struct {
	Status int
	Header textproto.MIMEHeader
	Body   []byte
	Code   string // of the problem body
	Field  string
}

// wait bounds one command line. It is above what the service takes.
const wait = 20 * time.Second

// Curl runs a command line of the document with the variables.
func Curl(t testing.TB, source string, variables map[string]string) Answer {
	t.Helper()
	dir := t.TempDir()
	head, body := filepath.Join(dir, "head"), filepath.Join(dir, "body")
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	// The line runs as it stands; only where its output goes is decided here.
	script := `set -u; curl() { command curl -o "$OUT_BODY" -D "$OUT_HEAD" -w '%{http_code}' "$@"; }` + "\n" + source
	command := exec.CommandContext(ctx, "sh", "-c", script) //nolint:gosec // the document's own lines
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "OUT_HEAD=" + head, "OUT_BODY=" + body}
	for name, value := range variables {
		command.Env = append(command.Env, name+"="+value)
	}
	var out, fault bytes.Buffer
	command.Stdout, command.Stderr = &out, &fault
	if err := command.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", source, err, &out, &fault)
	}
	status, err := strconv.Atoi(out.String())
	if err != nil {
		t.Fatalf("%s: said %q instead of a status", source, &out)
	}
	a := Answer{Status: status, Header: readHead(t, head)}
	if a.Body, err = os.ReadFile(body); err != nil && !os.IsNotExist(err) { //nolint:gosec // made above
		t.Fatal(err)
	}
	if strings.HasPrefix(a.Header.Get("Content-Type"), "application/problem+json") {
		var p struct{ Code, Field, Remedy string }
		if err := json.Unmarshal(a.Body, &p); err != nil {
			t.Errorf("the problem cannot be read: %v: %s", err, a.Body)
		}
		a.Code, a.Field = p.Code, p.Field
	}
	return a
}

func readHead(t testing.TB, file string) textproto.MIMEHeader {
	t.Helper()
	text, err := os.ReadFile(file) //nolint:gosec // made by Curl
	if err != nil {
		t.Fatal(err)
	}
	header := textproto.MIMEHeader{}
	for line := range strings.SplitSeq(string(text), "\n") {
		if name, value, found := strings.Cut(strings.TrimSpace(line), ": "); found {
			header.Add(name, value)
		}
	}
	return header
}

// Run runs every sample of the document in the world.
func Run(t *testing.T, w World) {
	if err := Available(); err != nil {
		t.Fatal(err)
	}
	samples, err := Samples()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		t.Run(s.Operation+"/"+s.Label, func(t *testing.T) {
			variables := variablesFor(t, w, s)
			once := Curl(t, s.Source, variables)
			expect(t, "once", once, s.Status)
			expect(t, "again", Curl(t, s.Source, variables), s.Again...)
		})
		if s.Succeeds() {
			t.Run(s.Operation+"/"+s.Label+" fails", func(t *testing.T) { mishaps(t, w, s) })
		}
	}
}

// variablesFor gives every variable of the samples a value of its own.
func variablesFor(t testing.TB, w World, s Sample) map[string]string {
	t.Helper()
	address, token := w.API()
	v := map[string]string{
		"API": address, "TOKEN": token, "TO": w.To(), "NODE": "", "CHANNEL": "", "WITH": "",
		"LEG": NewID(), "BRIDGE": NewID(), "PLAYBACK": NewID(),
	}
	if strings.Contains(s.Path, "{node}") {
		v["NODE"], v["CHANNEL"] = w.Caller(t)
	}
	if strings.Contains(s.Source, "$WITH") {
		v["WITH"] = w.Leg(t, v["NODE"])
	}
	return v
}

// mishaps runs a sample that succeeds with one thing wrong at a time.
func mishaps(t *testing.T, w World, s Sample) {
	good := variablesFor(t, w, s)
	with := func(changes ...string) map[string]string {
		v := map[string]string{}
		for name, value := range good {
			v[name] = value
		}
		for i := 0; i+1 < len(changes); i += 2 {
			v[changes[i]] = changes[i+1]
		}
		return v
	}
	for _, m := range []struct {
		name      string
		status    int
		code      string
		variables func() map[string]string // nil: this world cannot show it
	}{
		{"a wrong token", 401, "unauthorized", func() map[string]string { return with("TOKEN", "wrong") }},
		{"an unknown node", 404, "no_node", func() map[string]string { return with("NODE", "ast-0123456789ab") }},
		{"an unknown channel", 404, "no_channel", func() map[string]string { return with("CHANNEL", "1764000000.404404") }},
		{"a channel that has left", 409, "not_in_application", func() map[string]string {
			node, channel := w.Left(t)
			if node != good["NODE"] && good["WITH"] != "" {
				return with("NODE", node, "CHANNEL", channel, "WITH", w.Leg(t, node))
			}
			return with("NODE", node, "CHANNEL", channel)
		}},
		{"a node that is not there", 502, "node_unreachable", func() map[string]string {
			if w.Away() == "" {
				return nil
			}
			return with("NODE", w.Away())
		}},
	} {
		if !slices.Contains(s.Documented, m.status) {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			variables := m.variables()
			if variables == nil {
				t.Skip("this world has no node that is not there")
			}
			a := Curl(t, s.Source, variables)
			expect(t, m.name, a, m.status)
			if a.Code != m.code {
				t.Errorf("code %q, want %q", a.Code, m.code)
			}
			if m.status == 502 && a.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		})
	}
}

// expect judges an answer: its status, and that an error is a whole problem.
func expect(t testing.TB, what string, a Answer, statuses ...int) {
	t.Helper()
	if !slices.Contains(statuses, a.Status) {
		t.Errorf("%s: answered %d, want %v: %s", what, a.Status, statuses, a.Body)
	}
	if a.Status >= 400 && a.Code == "" {
		t.Errorf("%s: the answer is no problem body: %s", what, a.Body)
	}
	if a.Header.Get("X-Request-Id") == "" {
		t.Errorf("%s: the answer has no X-Request-Id", what)
	}
}
