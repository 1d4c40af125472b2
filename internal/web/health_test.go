package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"holdline/internal/metrics"
	"holdline/internal/role"
	"holdline/internal/web"
)

func TestWhatReadinessSays(t *testing.T) {
	t.Parallel()
	errBroken := errors.New("refused")
	for name, c := range map[string]struct {
		role, bound, redis error
		status             int
		word               string
	}{
		"all is well":                       {nil, nil, nil, 200, "ready"},
		"full is alive":                     {nil, web.Full(3, 3, "nodes"), nil, 429, "full"},
		"draining finishes what it has":     {role.ErrDraining, nil, nil, 429, "draining"},
		"draining is said before full":      {role.ErrDraining, web.Full(4, 3, "nodes"), nil, 429, "draining"},
		"what is broken is worse than both": {role.ErrDraining, web.Full(4, 3, "nodes"), errBroken, 503, "not ready"},
		"a role that starts is not ready":   {role.ErrStarting, nil, nil, 503, "not ready"},
		"nor one that stops":                {role.ErrStopping, web.Full(3, 3, "nodes"), nil, 503, "not ready"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := func(name string, err error) web.Check {
				return web.Check{Name: name, Func: func(context.Context) error { return err }}
			}
			health := web.NewHealth(check("redis", c.redis), check("bound", c.bound), check("role", c.role))
			mux := http.NewServeMux()
			health.Register(mux)
			if w := call(t, mux, http.MethodGet, "/readyz", "", ""); w.Code != c.status || w.Body.String() != c.word+"\n" {
				t.Errorf("the listener says %d %q", w.Code, w.Body)
			}
			admin := web.Admin(web.AdminOptions{Registry: metrics.New("v1"), Health: health, Listen: "127.0.0.1:9090"})
			w := call(t, admin, http.MethodGet, "/readyz", "", "")
			var told struct {
				Ready  bool
				State  string
				Checks map[string]string
			}
			if err := json.Unmarshal(w.Body.Bytes(), &told); err != nil {
				t.Fatal(err)
			}
			if w.Code != c.status || told.Ready != (c.status == 200) || told.State != c.word || len(told.Checks) != 3 {
				t.Errorf("the admin listener says %d %+v", w.Code, told)
			}
			if c.bound != nil && told.Checks["bound"] != c.bound.Error() {
				t.Errorf("the bound says %q", told.Checks["bound"])
			}
		})
	}
}

func TestABoundCountsWhatIsInProgress(t *testing.T) {
	t.Parallel()
	bound := web.NewBound(2)
	entered, leave := make(chan struct{}), make(chan struct{})
	h := bound.Of(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { entered <- struct{}{}; <-leave }))
	done := make(chan struct{})
	begin := func() {
		go func() {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil))
			done <- struct{}{}
		}()
		<-entered
	}
	begin()
	if err := bound.Check(t.Context()); err != nil {
		t.Errorf("one of two: %v", err)
	}
	begin()
	if err := bound.Check(t.Context()); !errors.Is(err, web.ErrFull) || err.Error() != "full: 2 requests in progress, bound 2" {
		t.Errorf("two of two: %v", err)
	}
	leave <- struct{}{}
	<-done
	if err := bound.Check(t.Context()); err != nil {
		t.Errorf("one has ended: %v", err)
	}
	close(leave)
	<-done
	if web.NewBound(0).Check(t.Context()) != nil {
		t.Error("no bound is full")
	}
}
