package web_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"holdline/internal/logging"
	"holdline/internal/metrics"
	"holdline/internal/web"
)

var errAway = errors.New("dial 10.0.0.9: refused")

func admin(t *testing.T, listen, token string) http.Handler {
	t.Helper()
	_, level, err := logging.New(logging.Options{Output: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	return web.Admin(web.AdminOptions{
		Role: "stasis", Version: "v1", Registry: metrics.New("v1"), Level: level, Listen: listen, Token: token,
		Health: web.NewHealth(web.Check{Name: "redis", Func: func(context.Context) error { return errAway }}),
		Pages: []web.Page{{Path: "/debug/nodes", Text: "the nodes", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "ast-1")
		})}},
	})
}

func call(t *testing.T, h http.Handler, method, path, token, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestWhoSeesTheInside(t *testing.T) {
	t.Parallel()
	inside := []string{"/metrics", "/debug/pprof/", "/debug/pprof/heap", "/debug/nodes", "/debug/log-level"}
	for name, c := range map[string]struct {
		listen, token, sent string
		status              int
	}{
		"on the loopback everybody":               {"127.0.0.1:9090", "", "", 200},
		"on the loopback by IPv6":                 {"[::1]:9090", "", "", 200},
		"on localhost":                            {"localhost:9090", "secret", "", 200},
		"beyond it who has the token":             {":9090", "secret", "Bearer secret", 200},
		"whatever the case of the scheme":         {":9090", "secret", "bearer secret", 200},
		"nobody without it":                       {":9090", "secret", "", 401},
		"nobody with another":                     {"0.0.0.0:9090", "secret", "Bearer secreT", 401},
		"nobody with another scheme":              {":9090", "secret", "Basic secret", 401},
		"nobody at all when none is set":          {"10.0.0.1:9090", "", "Bearer ", 403},
		"nobody with an empty one when none is":   {":9090", "", "", 403},
		"nobody when the address is not readable": {"nonsense", "", "", 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := admin(t, c.listen, c.token)
			for _, path := range inside {
				if w := call(t, h, http.MethodGet, path, c.sent, ""); w.Code != c.status {
					t.Errorf("%s: %d, want %d", path, w.Code, c.status)
				}
			}
			if w := call(t, h, http.MethodGet, "/healthz", "", ""); w.Code != 200 {
				t.Errorf("/healthz: %d", w.Code)
			}
			w := call(t, h, http.MethodGet, "/readyz", c.sent, "")
			if w.Code != http.StatusServiceUnavailable {
				t.Errorf("/readyz: %d", w.Code)
			}
			if told := strings.Contains(w.Body.String(), "10.0.0.9"); told != (c.status == 200) {
				t.Errorf("/readyz says %s", w.Body)
			}
		})
	}
}

func TestTheHomePageListsEverything(t *testing.T) {
	t.Parallel()
	h := admin(t, "127.0.0.1:9090", "")
	for _, home := range []string{"/", "/debug/"} {
		body := call(t, h, http.MethodGet, home, "", "").Body.String()
		for _, want := range []string{"/metrics", "/healthz", "/readyz", "/debug/pprof/", "/debug/log-level", "/debug/nodes", "the nodes", "stasis", "v1"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s lacks %s", home, want)
			}
		}
	}
	if w := call(t, h, http.MethodGet, "/other", "", ""); w.Code != 404 {
		t.Errorf("another path: %d", w.Code)
	}
}

func TestTheLogLevelCanBeChanged(t *testing.T) {
	t.Parallel()
	h := admin(t, "127.0.0.1:9090", "")
	for _, c := range []struct {
		method, body string
		status       int
		says         string
	}{
		{http.MethodGet, "", 200, "info\n"},
		{http.MethodPut, "debug\n", 200, "debug\n"},
		{http.MethodGet, "", 200, "debug\n"},
		{http.MethodPut, "loud", 400, "loud"},
		{http.MethodGet, "", 200, "debug\n"},
		{http.MethodDelete, "", 405, "GET or PUT"},
	} {
		w := call(t, h, c.method, "/debug/log-level", "", c.body)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s %q: %d %q", c.method, c.body, w.Code, w.Body)
		}
	}
}

func TestBearer(t *testing.T) {
	t.Parallel()
	b := web.NewBearer("", "old", "new")
	h := b.Require(func(http.ResponseWriter, *http.Request) error { return nil })
	for header, want := range map[string]bool{
		"Bearer old": true, "Bearer new": true, "Bearer other": false, "Bearer ": false, "": false, "old": false, "Bearer old ": false,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header.Set("Authorization", header)
		if err := h(httptest.NewRecorder(), r); (err == nil) != want {
			t.Errorf("%q: %v", header, err)
		}
	}
	if web.NewBearer("").Allows(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)) {
		t.Error("without tokens, anybody is let in")
	}
}
