package aritest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdline/ari"

	"github.com/rs/zerolog"
)

// Patience bounds every wait of the suite.
const Patience = 10 * time.Second

// Hearer is the other end of event connections: it keeps everything that it hears.
type Hearer struct {
	server *ari.EventServer
	http   *http.Server
	url    string
	away   atomic.Bool

	mu       sync.Mutex
	events   []ari.Event
	sessions []url.Values
	looked   map[string]bool // types of events that somebody asked for and got
	changed  chan struct{}   // closed and replaced at each change
}

// NewHearer listens at address (":0" for any port) for connections of user, until the test ends.
func NewHearer(t testing.TB, address, user, password string) *Hearer {
	t.Helper()
	h := &Hearer{looked: map[string]bool{}, changed: make(chan struct{})}
	h.server = ari.NewEventServer(ari.EventServerOptions{
		Authenticate: func(u, p string) bool { return u == user && p == password },
		Serve:        h.serve,
		PingEvery:    500 * time.Millisecond,
		PingTimeout:  3 * time.Second,
		Log:          zerolog.Nop(),
	})
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatalf("listen for events: %v", err)
	}
	h.url = "ws://" + listener.Addr().String() + "/events"
	h.http = &http.Server{ReadHeaderTimeout: Patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.away.Load() {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		h.server.ServeHTTP(w, r)
	})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := h.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve events: %v", err)
		}
	}()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		if err := h.http.Shutdown(ctx); err != nil {
			t.Errorf("stop serving events: %v", err)
		}
		if err := h.server.Close(ctx); err != nil {
			t.Errorf("close event server: %v", err)
		}
		<-done
	})
	return h
}

// URL is where a node dials.
func (h *Hearer) URL() string { return h.url }

// Away closes the connections of user, waits until they are over, and refuses new ones.
func (h *Hearer) Away(t testing.TB, user string) {
	t.Helper()
	h.away.Store(true)
	h.server.Disconnect(user, errAway)
	Eventually(t, "connections are over", func() bool { return h.server.Stats().Sessions == 0 })
}

var errAway = errors.New("away")

// Back accepts connections again.
func (h *Hearer) Back() { h.away.Store(false) }

func (h *Hearer) serve(_ context.Context, s *ari.Session) {
	h.change(func() { h.sessions = append(h.sessions, s.Query()) })
	for {
		e, err := s.Next(context.Background()) // it ends with the session
		if err != nil {
			return
		}
		h.change(func() { h.events = append(h.events, e) })
	}
}

func (h *Hearer) change(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
	close(h.changed)
	h.changed = make(chan struct{})
}

// Connected waits until n connections have been made, and returns the query of the last.
func (h *Hearer) Connected(t testing.TB, n int) url.Values {
	t.Helper()
	var query url.Values
	h.until(t, fmt.Sprintf("connection %d", n), func() bool {
		if len(h.sessions) < n {
			return false
		}
		query = h.sessions[len(h.sessions)-1]
		return true
	})
	return query
}

// Sessions is how many connections there have been.
func (h *Hearer) Sessions() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.sessions)
}

// Wait returns the first event, past or to come, that matches.
func (h *Hearer) Wait(t testing.TB, what string, match func(ari.Event) bool) ari.Event {
	t.Helper()
	var found ari.Event
	next := 0
	h.until(t, what, func() bool {
		for ; next < len(h.events); next++ {
			if match(h.events[next]) {
				found = h.events[next]
				h.looked[found.Type] = true
				return true
			}
		}
		return false
	})
	return found
}

// Channel waits for an event of a type about a channel.
func (h *Hearer) Channel(t testing.TB, eventType, id string) ari.Event {
	t.Helper()
	return h.Wait(t, eventType+" of "+id, func(e ari.Event) bool {
		return e.Type == eventType && e.ChannelID() == id
	})
}

// All returns every event heard so far that matches, in order.
func (h *Hearer) All(match func(ari.Event) bool) []ari.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []ari.Event
	for _, e := range h.events {
		if match(e) {
			all = append(all, e)
			h.looked[e.Type] = true
		}
	}
	return all
}

// Types lists what was heard about a channel: "StasisStart", "ChannelStateChange Up"...
func (h *Hearer) Types(id string) []string {
	var types []string
	for _, e := range h.All(func(e ari.Event) bool { return concerns(e, id) }) {
		switch e.Type {
		case ari.ChannelStateChange:
			types = append(types, e.Type+" "+e.Channel.State)
		case ari.Dial:
			types = append(types, e.Type+" "+e.DialStatus)
		case ari.ChannelDestroyed:
			types = append(types, fmt.Sprintf("%s %d", e.Type, e.Cause))
		case ari.ChannelHangupRequest:
			types = append(types, fmt.Sprintf("%s %d soft=%t", e.Type, e.Cause, e.Soft))
		case ari.PlaybackStarted, ari.PlaybackFinished:
			types = append(types, e.Type+" "+e.Playback.State)
		default:
			types = append(types, e.Type)
		}
	}
	return types
}

func concerns(e ari.Event, id string) bool {
	return e.ChannelID() == id || e.Peer != nil && e.Peer.ID == id || e.Bridge != nil && e.Bridge.ID == id ||
		e.Playback != nil && (e.Playback.TargetURI == "channel:"+id || e.Playback.TargetURI == "bridge:"+id)
}

// until calls check, with the lock held, after every change until it is satisfied.
func (h *Hearer) until(t testing.TB, what string, check func() bool) {
	t.Helper()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	for {
		h.mu.Lock()
		ok, changed := check(), h.changed
		h.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline.C:
			t.Fatalf("%s: not within %s", what, Patience)
		}
	}
}
