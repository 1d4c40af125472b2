package web

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// Check asks whether one thing that the role needs can be used.
type Check struct {
	Name string
	Func func(context.Context) error
}

// Limits of a readiness question.
const (
	checkTimeout = 2 * time.Second        // for all checks, which run side by side
	checkFresh   = 250 * time.Millisecond // an answer this old is given again, whoever asks how often
)

// Health answers /healthz and /readyz.
type Health struct {
	checks []Check
	mu     sync.Mutex // held while asking: askers wait for the one that asks
	asked  time.Time
	last   map[string]string
}

// NewHealth takes what must work for the role to be ready. The role's own
// readiness is usually the first check.
func NewHealth(checks ...Check) *Health { return &Health{checks: checks} }

// Ask runs the checks. failed holds a reason for each that failed.
func (h *Health) Ask(ctx context.Context) (failed map[string]string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.asked) < checkFresh {
		return h.last
	}
	// Not the asker's context: who waits in line behind it wants the answer too.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	reasons := make([]error, len(h.checks))
	var wait sync.WaitGroup
	for i, c := range h.checks {
		wait.Go(func() { reasons[i] = c.Func(ctx) })
	}
	wait.Wait()
	failed = map[string]string{}
	for i, err := range reasons {
		if err != nil {
			failed[h.checks[i].Name] = err.Error()
		}
	}
	h.last, h.asked = failed, time.Now()
	return failed
}

// Register adds GET /healthz and GET /readyz in the form for a listener that
// anybody can reach: a status and a word, no data.
func (h *Health) Register(mux interface {
	HandleFunc(string, func(http.ResponseWriter, *http.Request))
}) {
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if len(h.Ask(r.Context())) > 0 {
			text(w, http.StatusServiceUnavailable, "not ready\n")
			return
		}
		text(w, http.StatusOK, "ready\n")
	})
}

// detailed answers /readyz with each check by name.
func (h *Health) detailed(w http.ResponseWriter, r *http.Request) {
	failed := h.Ask(r.Context())
	answer := struct {
		Ready  bool              `json:"ready"`
		Checks map[string]string `json:"checks"`
	}{Ready: len(failed) == 0, Checks: map[string]string{}}
	for _, c := range h.checks {
		answer.Checks[c.Name] = "ok"
		if why, bad := failed[c.Name]; bad {
			answer.Checks[c.Name] = why
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if !answer.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func alive(w http.ResponseWriter, _ *http.Request) { text(w, http.StatusOK, "alive\n") }

func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}
