package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"holdline/internal/role"
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

// ErrFull is what a check gives for a role that works, and can take no more.
var ErrFull = errors.New("full")

// Answer is what the checks say together, as /readyz says it.
type Answer struct {
	// Status is 200, ready; 429, no new work, while what it has goes on: it is full,
	// or it drains; or 503, not ready.
	Status int
	Word   string            // ready, full, draining, not ready
	Failed map[string]string // the reason of each check that gave one
}

// Health answers /healthz and /readyz.
type Health struct {
	checks []Check
	mu     sync.Mutex // held while asking: askers wait for the one that asks
	asked  time.Time
	last   Answer
}

// NewHealth takes what must work for the role to be ready. The role's own
// readiness is usually the first check.
func NewHealth(checks ...Check) *Health { return &Health{checks: checks} }

// Ask runs the checks.
func (h *Health) Ask(ctx context.Context) Answer {
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
	h.last, h.asked = h.judge(reasons), time.Now()
	return h.last
}

// judge takes the worst of the reasons. A draining role is not dead: a balancer that
// thought so would cut what the role is letting run out.
func (h *Health) judge(reasons []error) Answer {
	a := Answer{Status: http.StatusOK, Word: "ready", Failed: map[string]string{}}
	for i, err := range reasons {
		if err == nil {
			continue
		}
		a.Failed[h.checks[i].Name] = err.Error()
		switch {
		case a.Status == http.StatusServiceUnavailable:
		case errors.Is(err, role.ErrDraining):
			a.Status, a.Word = http.StatusTooManyRequests, "draining"
		case errors.Is(err, ErrFull):
			if a.Status == http.StatusOK {
				a.Status, a.Word = http.StatusTooManyRequests, "full"
			}
		default:
			a.Status, a.Word = http.StatusServiceUnavailable, "not ready"
		}
	}
	return a
}

// Register adds GET /healthz and GET /readyz in the form for a listener that
// anybody can reach: a status and a word, no data.
func (h *Health) Register(mux interface {
	HandleFunc(string, func(http.ResponseWriter, *http.Request))
}) {
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", h.plain)
}

func (h *Health) plain(w http.ResponseWriter, r *http.Request) {
	a := h.Ask(r.Context())
	text(w, a.Status, a.Word+"\n")
}

// detailed answers /readyz with each check by name.
func (h *Health) detailed(w http.ResponseWriter, r *http.Request) {
	a := h.Ask(r.Context())
	body := struct {
		Ready  bool              `json:"ready"`
		State  string            `json:"state"`
		Checks map[string]string `json:"checks"`
	}{Ready: a.Status == http.StatusOK, State: a.Word, Checks: map[string]string{}}
	for _, c := range h.checks {
		body.Checks[c.Name] = "ok"
		if why, bad := a.Failed[c.Name]; bad {
			body.Checks[c.Name] = why
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.Status)
	_ = json.NewEncoder(w).Encode(body)
}

func alive(w http.ResponseWriter, _ *http.Request) { text(w, http.StatusOK, "alive\n") }

func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}
