package web_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"holdline/internal/role"
	"holdline/internal/web"
)

// serving starts a server as a role would, and returns its address.
func serving(t *testing.T, h http.Handler) (srv *web.Server, base string, drain chan struct{}, over <-chan error) {
	t.Helper()
	srv = web.NewServer(web.ServerOptions{Name: "test", Listen: "127.0.0.1:0", Handler: h, Log: zerolog.Nop()})
	drain = make(chan struct{})
	done := make(chan error, 1)
	started := make(chan struct{})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	go func() {
		done <- role.Run(ctx, zerolog.Nop(), role.Options{Name: "test", Drain: drain},
			srv.Part(), role.Part{Name: "started", Start: func(context.Context) error { close(started); return nil }})
	}()
	<-started
	over2 := make(chan error, 1)
	finished := make(chan struct{})
	go func() { over2 <- <-done; close(finished) }()
	t.Cleanup(func() { cancel(); <-finished })
	return srv, "http://" + srv.Addr(), drain, over2
}

func get(t *testing.T, target string, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func TestADrainLetsRequestsFinish(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	srv, base, drain, over := serving(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		_, _ = io.WriteString(w, "finished")
	}))
	type result struct {
		status int
		body   string
	}
	answered := make(chan result, 1)
	go func() {
		status, body := get(t, base)
		answered <- result{status, body}
	}()
	<-entered
	if got := srv.Part().Progress(); got != "1 requests" {
		t.Errorf("progress %q", got)
	}
	close(drain)
	// Nothing new is let in while the old one finishes.
	for {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			break
		}
		_ = c.Close()
	}
	close(release)
	if got := <-answered; got.status != 200 || got.body != "finished" {
		t.Errorf("the request in progress got %+v", got)
	}
	if err := <-over; err != nil {
		t.Errorf("the server ended with %v", err)
	}
	if got := srv.Part().Progress(); got != "" {
		t.Errorf("progress %q after the end", got)
	}
}

func TestAnAddressThatIsTakenFailsTheStart(t *testing.T) {
	t.Parallel()
	_, base, _, _ := serving(t, http.NotFoundHandler())
	second := web.NewServer(web.ServerOptions{Name: "second", Listen: strings.TrimPrefix(base, "http://"), Handler: http.NotFoundHandler()})
	if err := second.Start(t.Context()); err == nil {
		t.Error("two servers on one address")
	}
}

func TestReadinessAsksEachNamedCheck(t *testing.T) {
	t.Parallel()
	broken := make(chan error, 1)
	var state error
	health := web.NewHealth(
		web.Check{Name: "role", Func: func(context.Context) error { return nil }},
		web.Check{Name: "redis", Func: func(context.Context) error {
			select {
			case state = <-broken:
			default:
			}
			return state
		}},
	)
	mux := http.NewServeMux()
	health.Register(mux)
	_, base, _, _ := serving(t, mux)

	if status, body := get(t, base+"/readyz"); status != 200 || body != "ready\n" {
		t.Errorf("%d %q", status, body)
	}
	broken <- errors.New("connection refused to 10.0.0.1") //nolint:err113 // only shown
	until(t, "not ready", func() bool { s, _ := get(t, base+"/readyz"); return s == http.StatusServiceUnavailable })
	if _, body := get(t, base+"/readyz"); body != "not ready\n" {
		t.Errorf("a listener that anybody reaches says %q", body)
	}
	if status, _ := get(t, base+"/healthz"); status != 200 {
		t.Errorf("a process that lives says %d", status)
	}
	broken <- nil
	until(t, "ready again", func() bool { s, _ := get(t, base+"/readyz"); return s == 200 })
}

func TestAReadinessCheckThatHangsIsCutOff(t *testing.T) {
	t.Parallel()
	health := web.NewHealth(web.Check{Name: "stuck", Func: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }})
	began := time.Now()
	if failed := health.Ask(t.Context()).Failed; failed["stuck"] == "" {
		t.Errorf("got %v", failed)
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("took %s", took)
	}
}

// until asks until the answer is yes.
func until(t *testing.T, what string, yes func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !yes() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 10 s", what)
		}
		<-tick.C
	}
}
