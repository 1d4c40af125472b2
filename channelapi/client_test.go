package channelapi

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"holdline/internal/web"
)

// replica is a stand-in for one replica of the service, that notes what it gets.
type replica struct {
	*httptest.Server
	mu   sync.Mutex
	keys []string
}

func newReplica(t *testing.T, answer http.HandlerFunc) *replica {
	t.Helper()
	r := &replica{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.keys = append(r.keys, req.Header.Get(web.HeaderIdempotencyKey)+" "+req.Header.Get(web.HeaderRequestID))
		r.mu.Unlock()
		answer(w, req)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *replica) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func breaks(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func TestACommandIsSentOnceMoreToAnotherReplica(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, second http.HandlerFunc
		tries         int
		want          error
	}{
		"what went well is not repeated":          {status(204), status(500), 1, nil},
		"a proxy without replicas":                {status(503), status(204), 2, nil},
		"a node that is unreachable from here":    {status(502), status(204), 2, nil},
		"a connection that broke":                 {breaks, status(204), 2, nil},
		"twice is enough":                         {status(502), status(502), 2, ErrUnavailable},
		"the second answer counts":                {status(503), status(409), 2, ErrInvalid},
		"both broke":                              {breaks, breaks, 2, ErrUnavailable},
		"what nobody knows is not repeated":       {status(504), status(204), 1, ErrOutcomeUnknown},
		"a fault inside is not repeated":          {status(500), status(204), 1, ErrInternal},
		"a refusal is not repeated":               {status(400), status(204), 1, ErrInvalid},
		"a redirection is not followed":           {status(307), status(204), 1, ErrInternal},
		"a token that is wrong is wrong for good": {status(401), status(204), 1, ErrUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second := newReplica(t, c.first), newReplica(t, c.second)
			client := NewClient(first.URL+"/, "+second.URL, testToken, time.Minute)
			t.Cleanup(client.Close)
			err := client.Answer(t.Context(), testNode, "1764000000.1")
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			got := append(append([]string{}, first.got()...), second.got()...)
			if len(got) != c.tries {
				t.Errorf("sent %d times, want %d", len(got), c.tries)
			}
			if len(got) == 2 && got[0] != got[1] {
				t.Errorf("the repetition has another name: %q", got)
			}
		})
	}
}

func TestTheSecondReplicaTakesOverWhenTheFirstIsDead(t *testing.T) {
	t.Parallel()
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	second := newReplica(t, status(204))
	client := NewClient(dead.URL+","+second.URL, testToken, time.Minute)
	t.Cleanup(client.Close)
	if err := client.Answer(t.Context(), testNode, "1764000000.1"); err != nil {
		t.Error(err)
	}
	alone := NewClient(dead.URL, testToken, time.Minute)
	t.Cleanup(alone.Close)
	if err := alone.Answer(t.Context(), testNode, "1764000000.1"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v, want unavailable", err)
	}
}

func TestACommandEndsInTime(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	slow := newReplica(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	client := NewClient(slow.URL, testToken, 50*time.Millisecond)
	t.Cleanup(client.Close)
	began := time.Now()
	err := client.Answer(t.Context(), testNode, "1764000000.1")
	if !errors.Is(err, ErrOutcomeUnknown) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 2*time.Second || len(slow.got()) != 1 {
		t.Errorf("took %s, sent %d times", took, len(slow.got()))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := client.Answer(ctx, testNode, "1764000000.1"); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that has gone gets %v", err)
	}
}

func TestAnswersThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"that is no JSON": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"that ends early": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("{"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReplica(t, answer)
			client := NewClient(r.URL, testToken, time.Minute)
			t.Cleanup(client.Close)
			if _, err := client.Check(t.Context(), testNode, "1764000000.1"); !errors.Is(err, ErrOutcomeUnknown) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTheTextOfAnErrorSaysWhatIsNeeded(t *testing.T) {
	t.Parallel()
	e := &Error{
		Operation: "connect", Status: 400, Code: "invalid_field", Field: "to", Value: "201",
		Message: "to is not usable", RequestID: "abc", kind: ErrInvalid,
	}
	want := `connect: invalid command (status 400 invalid_field): to = "201": to is not usable [request abc]`
	if e.Error() != want {
		t.Errorf("got  %s\nwant %s", e, want)
	}
}
