package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"holdline/internal/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errSecret = errors.New("password of the store is 1234")
	errGone   = errors.New("no such thing")
)

// declared is the map of errors of the service under test.
func declared(err error) *web.Problem {
	if errors.Is(err, errGone) {
		return &web.Problem{Status: 404, Code: "gone", Message: "it is gone", Remedy: "forget it"}
	}
	return nil
}

// logLine is what the tests look at in the log.
type logLine struct {
	Level     string `json:"level"`
	Status    int    `json:"status"`
	Route     string `json:"route"`
	Thing     string `json:"thing"`
	Key       string `json:"idempotency_key"`
	Error     string `json:"error"`
	RequestID string `json:"request_id"`
}

// bench is a router with one route, and what came of a request to it.
type bench struct {
	answer *httptest.ResponseRecorder
	body   web.Problem
	log    logLine
	reg    *prometheus.Registry
}

func ask(t *testing.T, h web.Handler, change func(*http.Request)) bench {
	t.Helper()
	var out bytes.Buffer
	b := bench{answer: httptest.NewRecorder(), reg: prometheus.NewRegistry()}
	rt := web.NewRouter(web.RouterOptions{
		Log: zerolog.New(&out), Registerer: b.reg, Problem: declared, LogValues: []string{"thing"},
	})
	rt.Handle("PUT /v1/things/{thing}", h)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/v1/things/lamp", nil)
	if change != nil {
		change(r)
	}
	rt.ServeHTTP(b.answer, r)
	if b.answer.Code >= 400 && b.answer.Body.Len() > 0 {
		if err := json.Unmarshal(b.answer.Body.Bytes(), &b.body); err != nil {
			t.Fatalf("the body is no problem: %v: %s", err, b.answer.Body)
		}
	}
	if err := json.Unmarshal(out.Bytes(), &b.log); err != nil {
		t.Fatalf("the log is not one line: %v: %s", err, out.String())
	}
	return b
}

func TestFunnel(t *testing.T) {
	t.Parallel()
	none := func(http.ResponseWriter, *http.Request) error { return nil }
	give := func(err error) web.Handler { return func(http.ResponseWriter, *http.Request) error { return err } }
	for name, c := range map[string]struct {
		handler web.Handler
		change  func(*http.Request)
		status  int    // of the log; of the answer too, unless nothing was sent
		code    string // "" : no problem body
		level   string
		logged  string // a part of the log's error
	}{
		"an empty answer is a 200": {none, nil, 200, "", "debug", ""},
		"a handler's own status stands": {func(w http.ResponseWriter, _ *http.Request) error {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}, nil, 204, "", "debug", ""},
		"a problem is answered as it says": {give(web.BadField("to", "x", "no", "yes")), nil, 400, "invalid_field", "info", "invalid_field"},
		"a wrapped problem keeps what was wrapped around it": {
			give(fmt.Errorf("ring: %w", web.BadField("to", "x", "no", "yes"))), nil, 400, "invalid_field", "info", "ring:",
		},
		"a declared error is mapped": {give(fmt.Errorf("find: %w", errGone)), nil, 404, "gone", "info", "find: no such thing"},
		"an undeclared error is a 500 that says nothing": {
			give(errSecret), nil, 500, "internal", "error", "1234",
		},
		"running out of time is a 504": {give(context.DeadlineExceeded), nil, 504, "internal", "error", "deadline"},
		"a panic is a 500":             {func(http.ResponseWriter, *http.Request) error { panic("boom") }, nil, 500, "internal", "error", "panic: boom"},
		"a client that left is a 499": {give(context.Canceled), func(r *http.Request) {
			ctx, cancel := context.WithCancel(r.Context())
			cancel()
			*r = *r.WithContext(ctx)
		}, 499, "", "info", "canceled"},
		"an error after the answer began changes nothing": {func(w http.ResponseWriter, _ *http.Request) error {
			_, _ = w.Write([]byte("half"))
			return errSecret
		}, nil, 200, "", "error", "after the answer had begun"},
		"another path is a 404":   {none, func(r *http.Request) { r.URL.Path = "/v2" }, 404, "no_such_route", "info", "no_such_route"},
		"another method is a 405": {none, func(r *http.Request) { r.Method = http.MethodPost }, 405, "method_not_allowed", "info", "POST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := ask(t, c.handler, c.change)
			if b.log.Status != c.status || b.log.Level != c.level {
				t.Errorf("logged %s %d, want %s %d", b.log.Level, b.log.Status, c.level, c.status)
			}
			if c.status != web.StatusClientGone && b.answer.Code != c.status {
				t.Errorf("answered %d, want %d", b.answer.Code, c.status)
			}
			if b.body.Code != c.code {
				t.Errorf("code %q, want %q", b.body.Code, c.code)
			}
			if !strings.Contains(b.log.Error, c.logged) {
				t.Errorf("logged %q, want %q in it", b.log.Error, c.logged)
			}
			if strings.Contains(b.answer.Body.String(), "1234") {
				t.Error("the client was told what only the log may know")
			}
			if c.code != "" && (b.body.RequestID == "" || b.body.RequestID != b.log.RequestID ||
				b.body.RequestID != b.answer.Header().Get(web.HeaderRequestID)) {
				t.Errorf("the request has several names: body %q, log %q, header %q",
					b.body.RequestID, b.log.RequestID, b.answer.Header().Get(web.HeaderRequestID))
			}
			if c.code != "" && b.body.Remedy == "" {
				t.Error("no remedy")
			}
		})
	}
}

func TestMetricsKnowTheRouteNotThePath(t *testing.T) {
	t.Parallel()
	b := ask(t, func(http.ResponseWriter, *http.Request) error { return errGone }, nil)
	families, err := b.reg.Gather()
	if err != nil || len(families) != 1 {
		t.Fatalf("%v %v", families, err)
	}
	if got := families[0].String(); !strings.Contains(got, "PUT /v1/things/{thing}") || strings.Contains(got, "lamp") {
		t.Errorf("labels: %s", got)
	}
	if b.log.Route != "PUT /v1/things/{thing}" || b.log.Thing != "lamp" {
		t.Errorf("log: %+v", b.log)
	}
}

func TestNamesOfRequests(t *testing.T) {
	t.Parallel()
	none := func(_ http.ResponseWriter, r *http.Request) error {
		if web.RequestID(r.Context()) == "" {
			t.Error("the handler cannot see the request's name")
		}
		return nil
	}
	for sent, kept := range map[string]bool{
		"abc-123": true, "": false, "a b": false, "a\"b": false, strings.Repeat("x", 65): false,
	} {
		b := ask(t, none, func(r *http.Request) {
			r.Header.Set(web.HeaderRequestID, sent)
			r.Header.Set(web.HeaderIdempotencyKey, sent)
		})
		if got := b.answer.Header().Get(web.HeaderRequestID); (got == sent) != kept || got == "" {
			t.Errorf("X-Request-Id %q became %q", sent, got)
		}
		if got := b.answer.Header().Get(web.HeaderIdempotencyKey); (got == sent && got != "") != kept {
			t.Errorf("Idempotency-Key %q became %q", sent, got)
		}
		if (b.log.Key == sent && sent != "") != kept {
			t.Errorf("Idempotency-Key %q was logged as %q", sent, b.log.Key)
		}
	}
}

func TestHeadersOfProblems(t *testing.T) {
	t.Parallel()
	b := ask(t, func(http.ResponseWriter, *http.Request) error {
		return &web.Problem{Status: 502, Code: "away", Message: "away", RetryAfter: 1500 * time.Millisecond}
	}, nil)
	if got := b.answer.Header().Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After %q, want whole seconds, rounded up", got)
	}
	if got := b.answer.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q", got)
	}
	b = ask(t, func(http.ResponseWriter, *http.Request) error { return nil }, func(r *http.Request) { r.Method = http.MethodGet })
	if got := b.answer.Header().Get("Allow"); got != "PUT" {
		t.Errorf("Allow %q", got)
	}
}

func TestALongValueIsEchoedInPart(t *testing.T) {
	t.Parallel()
	b := ask(t, func(http.ResponseWriter, *http.Request) error {
		return web.BadField("to", "x"+strings.Repeat("é", 1000), "no", "yes")
	}, nil)
	if len(b.body.Value) > 140 || strings.ContainsRune(b.body.Value, '\uFFFD') {
		t.Errorf("%d bytes came back: %q", len(b.body.Value), b.body.Value)
	}
}
