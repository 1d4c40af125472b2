package ari

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

var kinds = []error{ErrNotFound, ErrExists, ErrNotInApplication, ErrClaimed, ErrInvalid, ErrDenied, ErrUnavailable, ErrUnknown}

// TestErrorMeaning goes through every operation and every status that Asterisk declares
// or that something between us and it may send.
func TestErrorMeaning(t *testing.T) {
	t.Parallel()
	general := map[int]error{
		301: ErrUnknown, 400: ErrInvalid, 401: ErrDenied, 403: ErrDenied, 404: ErrNotFound, 405: ErrInvalid,
		409: ErrNotInApplication, 412: ErrInvalid, 413: ErrInvalid, 422: ErrInvalid, 429: ErrInvalid,
		500: ErrUnavailable, 502: ErrUnavailable, 503: ErrUnavailable, 504: ErrUnavailable,
	}
	special := map[string]map[int]error{
		"channels.originate":     {409: ErrExists},
		"channels.create":        {409: ErrExists},
		"bridges.create":         {409: ErrExists},
		"bridges.delete":         {409: ErrNotFound},
		"bridges.add":            {400: ErrNotFound, 422: ErrNotInApplication},
		"bridges.remove":         {400: ErrNotFound, 422: ErrNotFound},
		"events.claim":           {409: ErrClaimed},
		"endpoints.get":          {400: ErrNotFound},
		"applications.subscribe": {422: ErrNotFound},
		"channels.answer":        {500: ErrNotInApplication},
		"playbacks.stop":         {500: ErrInvalid},
	}
	var status int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"message":"what it said"}`)
	}))
	defer server.Close()
	client := New(server.URL+"/ari", Options{Application: "holdline"})
	defer client.Close()
	for _, op := range Operations() {
		for status = range general {
			want := general[status]
			if s, ok := special[op.Name][status]; ok {
				want = s
			}
			err := every[op.Name](t.Context(), client)
			var got *Error
			if !errors.As(err, &got) {
				t.Errorf("%s with %d: %v is no Error", op.Name, status, err)
				continue
			}
			if got.Operation != op.Name || got.Endpoint != op.Method+" "+op.Path || got.Status != status || got.Message != "what it said" {
				t.Errorf("%s with %d: %+v", op.Name, status, got)
			}
			for _, kind := range kinds {
				if is, should := errors.Is(err, kind), errors.Is(want, kind); is != should {
					t.Errorf("%s with %d: is %q: %t, want %q", op.Name, status, kind, is, want)
				}
			}
		}
	}
}

func TestEveryOperationIsCalled(t *testing.T) {
	t.Parallel()
	var names []string
	for _, op := range Operations() {
		names = append(names, op.Name)
		if every[op.Name] == nil {
			t.Errorf("%s: no call in the tests", op.Name)
		}
	}
	slices.Sort(names)
	if unique := slices.Compact(slices.Clone(names)); len(unique) != len(names) || len(names) != len(every) {
		t.Errorf("%d operations, %d names, %d calls", len(names), len(unique), len(every))
	}
}

func TestErrorBodies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, want string }{
		{"message", `{"message":"Channel not found"}`, "Channel not found"},
		{"error", `{"error":"Allocation failed"}`, "Allocation failed"},
		{"both", `{"message":"m","error":"e"}`, "m"},
		{"nothing", ``, ""},
		{"no JSON", `<html>502</html>`, ""},
		{"no string", `{"message":{"a":1}}`, ""},
		{"lines", `{"message":"a\nforged: line\u001b[31m"}`, "a forged: line [31m"},
		{"long", `{"message":"` + strings.Repeat("ä", 500) + `"}`, strings.Repeat("ä", 200) + "…"},
		{"endless", `{"message":"` + strings.Repeat("x", maxRefusal), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusConflict)
				_, _ = io.WriteString(w, c.body)
			}))
			defer server.Close()
			client := New(server.URL, Options{})
			defer client.Close()
			var got *Error
			if err := client.Answer(t.Context(), "c"); !errors.As(err, &got) {
				t.Fatalf("%v is no Error", err)
			}
			if got.Message != c.want {
				t.Errorf("message %q, want %q", got.Message, c.want)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	err := &Error{Operation: "channels.hangup", Endpoint: "DELETE /channels/{channelId}", Status: 404, Message: "Channel not found", kind: ErrNotFound}
	if got, want := err.Error(), "ari channels.hangup (DELETE /channels/{channelId}): status 404: not found: Channel not found"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	wrapped := fmt.Errorf("hang up: %w", transportError(opHangup, context.DeadlineExceeded, true))
	if !errors.Is(wrapped, ErrUnknown) || !errors.Is(wrapped, context.DeadlineExceeded) {
		t.Errorf("%v is neither unknown nor a deadline", wrapped)
	}
}

// TestOutcome tells what is certain not to have happened from what is not.
func TestOutcome(t *testing.T) {
	t.Parallel()
	refused, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := "http://" + refused.Addr().String()
	_ = refused.Close()

	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer silent.Close()
	defer close(release)
	breaks := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer breaks.Close()
	half := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"id":`)
	}))
	defer half.Close()
	nonsense := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `[1]`) }))
	defer nonsense.Close()

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	originate := every["channels.originate"]
	for _, c := range []struct {
		name  string
		base  string
		ctx   context.Context //nolint:containedctx // rows of a table
		want  error
		cause error
	}{
		{"connection refused", dead, t.Context(), ErrUnavailable, nil},
		{"no such host", "http://host.invalid:1", t.Context(), ErrUnavailable, nil},
		{"no answer", silent.URL, t.Context(), ErrUnknown, context.DeadlineExceeded},
		{"connection broke", breaks.URL, t.Context(), ErrUnknown, nil},
		{"answer broke off", half.URL, t.Context(), ErrUnknown, io.ErrUnexpectedEOF},
		{"answer is nonsense", nonsense.URL, t.Context(), ErrUnknown, nil},
		{"cancelled before", silent.URL, cancelled, ErrUnavailable, context.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := New(c.base, Options{Timeout: 200 * time.Millisecond})
			defer client.Close()
			err := originate(c.ctx, client)
			if !errors.Is(err, c.want) || c.cause != nil && !errors.Is(err, c.cause) {
				t.Errorf("%v, want %v, %v", err, c.want, c.cause)
			}
			if strings.Contains(err.Error(), "callerId") {
				t.Errorf("%v repeats values of the request", err)
			}
		})
	}
}

// TestBusyPool: a request that waits for one of the connections has not left.
func TestBusyPool(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	arrived := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-release
	}))
	defer server.Close()
	client := New(server.URL, Options{Timeout: 30 * time.Second, Transport: &http.Transport{MaxConnsPerHost: 1}})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = client.Ping(t.Context())
	}()
	<-arrived
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := client.Answer(ctx, "c"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%v, want %v", err, ErrUnavailable)
	}
	close(release)
	<-done
	client.Close()
}
