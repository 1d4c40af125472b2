package aritest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdline/ari"
)

// Script plays one scenario and writes down what is answered and heard.
type Script struct {
	t testing.TB
	w World
	c *ari.Client // its requests are written down

	transport *http.Transport

	mu    sync.Mutex
	steps []Step
	names map[string]string // value to name

	cursor int // of the hearer's events: how many are behind us
}

// heardEvent is one event, as traces have it.
type heardEvent struct {
	subject string // of what the event is: a name
	key     string // "ChannelStateChange leg Up": what Hear waits for
	text    string // the whole of it
	body    any
}

// Play plays a scenario in a world in which nothing else happens.
func Play(t testing.TB, w World, s Scenario) Trace {
	t.Helper()
	info, err := w.Client.Info(t.Context())
	must(t, "info", err)
	w.Quiet = cmp.Or(w.Quiet, 250*time.Millisecond)
	w.Hear.Wait(t, "the application", func(e ari.Event) bool { return e.Type == ari.ApplicationRegistered })
	script := &Script{
		t: t, w: w, transport: &http.Transport{}, names: map[string]string{}, cursor: len(w.Hear.All(everything)),
	}
	defer script.transport.CloseIdleConnections()
	script.c = w.ClientOf(script, "holdline", "")
	ended := false
	defer func() {
		if !ended { // the scenario failed in the middle; the next one must not hear of it
			script.cleanUp()
		}
	}()
	s.run(script)
	ended = true
	script.over()
	version, _, _ := strings.Cut(info.Version, "~")
	return Trace{Scenario: s.Name, Asterisk: version, Steps: script.steps}
}

func everything(ari.Event) bool { return true }

// Name says what a value is called in the trace.
func (s *Script) Name(value, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names[value] = name
	return value
}

// ID is a new id with a name.
func (s *Script) ID(name string) string { return s.Name(NewID(), name) }

func (s *Script) ctx() context.Context { return s.t.Context() }

func (s *Script) add(step Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, step)
}

// RoundTrip makes the script the transport of its client.
func (s *Script) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close() // it has been read
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	step := Step{Ask: s.request(r), Status: resp.StatusCode}
	if len(body) > 0 {
		var decoded any
		if err := json.Unmarshal(body, &decoded); err != nil {
			return nil, fmt.Errorf("answer is no JSON: %w", err)
		}
		s.mu.Lock()
		step.Body = normal(s.ours(decoded), s.names)
		s.mu.Unlock()
		chance(step.Ask, step.Body)
	}
	if held, ok := r.Context().Value(holds{}).(*Step); ok {
		*held = step
	} else {
		s.add(step)
	}
	return resp, nil
}

// holds is the key of a context whose request is written down later, in a Step of its own.
type holds struct{}

// ours leaves of a list what the scenario has named: a node has other channels too.
func (s *Script) ours(v any) any {
	list, isList := v.([]any)
	if !isList {
		return v
	}
	ours := []any{}
	for _, one := range list {
		fields, _ := one.(map[string]any)
		id, _ := fields["id"].(string)
		name, _ := fields["name"].(string)
		if s.names[id] != "" || name == App {
			ours = append(ours, one)
		}
	}
	slices.SortFunc(ours, func(a, b any) int { // the list has no order
		return strings.Compare(show(normal(a, s.names)), show(normal(b, s.names)))
	})
	return ours
}

func (s *Script) request(r *http.Request) string {
	_, path, _ := strings.Cut(r.URL.Path, "/ari")
	query := r.URL.Query()
	var parameters []string
	for name, values := range query {
		if name != "inhibitConnectedLineUpdates" {
			parameters = append(parameters, name+"="+strings.Join(values, ","))
		}
	}
	slices.Sort(parameters)
	if len(parameters) > 0 {
		path += "?" + strings.Join(parameters, "&")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return r.Method + " " + named(path, s.names)
}

// Go makes a request that is not answered at once. The returned function waits for the
// answer and writes it down.
func (s *Script) Go(ask func(context.Context) error) (answered func()) {
	s.t.Helper()
	done, held := make(chan struct{}), new(Step)
	go func() {
		defer close(done)
		_ = ask(context.WithValue(s.ctx(), holds{}, held)) // what it came to is written down
	}()
	select {
	case <-done:
		s.t.Errorf("answered at once: %s", show(held))
	case <-time.After(150 * time.Millisecond): // it has arrived by then
		s.add(Step{Do: "a request is made", Waits: true})
	}
	return func() {
		s.t.Helper()
		select {
		case <-done:
			s.add(*held)
		case <-time.After(Patience):
			s.t.Fatal("never answered")
		}
	}
}

// Do is something at the far end.
func (s *Script) Do(what string, do func()) {
	s.add(Step{Do: what})
	do()
}

// Hear waits for events and writes down everything up to the last of them, in order.
func (s *Script) Hear(until ...string) { s.t.Helper(); s.hear(Strict, "", until) }

// HearLoose is Hear, where not all of the order is the same every time, and why.
func (s *Script) HearLoose(order Order, why string, until ...string) {
	s.t.Helper()
	s.hear(order, why, until)
}

func (s *Script) hear(order Order, why string, until []string) {
	s.t.Helper()
	events := s.await(until)
	s.add(Step{Order: order, Why: why, Events: arrange(events, order)})
}

func (s *Script) await(until []string) []heardEvent {
	s.t.Helper()
	deadline := time.Now().Add(Patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		raw := s.w.Hear.All(everything)[s.cursor:]
		events := make([]heardEvent, 0, len(raw))
		missing, end, read := slices.Clone(until), 0, 0
		for i, e := range raw {
			if slices.Contains(untraced, e.Type) {
				continue
			}
			events = append(events, s.heard(e))
			key := events[len(events)-1].key
			if at := slices.IndexFunc(missing, func(m string) bool { return key == m || strings.HasPrefix(key, m+" ") }); at >= 0 {
				missing = slices.Delete(missing, at, at+1)
				end, read = len(events), i+1
			}
		}
		if len(missing) == 0 {
			s.cursor += read
			return events[:end]
		}
		if time.Now().After(deadline) {
			var keys []string
			for _, e := range events {
				keys = append(keys, e.key)
			}
			s.t.Fatalf("not heard within %s: %q; heard %q", Patience, missing, keys)
		}
		<-tick.C
	}
}

func (s *Script) heard(e ari.Event) heardEvent {
	var decoded any
	if err := json.Unmarshal(e.Raw, &decoded); err != nil {
		s.t.Fatalf("event is no JSON: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h := heardEvent{body: normal(decoded, s.names)}
	chance("", h.body)
	h.text = show(h.body)
	subject, more := "", ""
	switch {
	case e.Channel != nil:
		subject, more = e.Channel.ID, e.Channel.State
	case e.Peer != nil:
		subject, more = e.Peer.ID, e.DialStatus
	case e.Playback != nil:
		subject, more = e.Playback.ID, ""
	case e.Bridge != nil:
		subject = e.Bridge.ID
	}
	h.subject = s.names[subject]
	if e.Playback != nil { // of its channel
		_, target, _ := strings.Cut(e.Playback.TargetURI, ":")
		h.subject = s.names[target]
		more = ""
	}
	h.key = strings.TrimSpace(e.Type + " " + s.names[subject])
	if more != "" {
		h.key += " " + more
	}
	return h
}

// over waits until nothing more comes, and leaves the node as it was.
func (s *Script) over() {
	s.t.Helper()
	if late := s.late(); len(late) > 0 {
		s.t.Errorf("%d more events came, that the scenario does not wait for: %s", len(late), show(arrange(late, Strict)))
	}
	s.cleanUp()
}

// cleanUp hangs up whoever is left, unwritten, and waits until they are gone.
func (s *Script) cleanUp() {
	s.t.Helper()
	present := func() (all []string) {
		channels, err := s.w.Client.Channels(s.ctx())
		must(s.t, "list", err)
		application, err := s.w.Client.Application(s.ctx(), App)
		must(s.t, "application", err)
		for _, ch := range channels {
			application.Channels = append(application.Channels, ch.ID)
		}
		return slices.DeleteFunc(application.Channels, func(id string) bool { return s.names[id] == "" })
	}
	for _, id := range present() {
		_ = s.w.Client.Hangup(s.ctx(), id, ari.ReasonNormal) // it may just have gone
	}
	Eventually(s.t, "everybody is gone", func() bool { return len(present()) == 0 })
	bridges, err := s.w.Client.Bridges(s.ctx())
	must(s.t, "list bridges", err)
	for _, b := range bridges {
		if s.names[b.ID] != "" {
			must(s.t, "delete bridge", s.w.Client.DeleteBridge(s.ctx(), b.ID))
		}
	}
	s.late()
}

// late reads on until nothing comes for a while.
func (s *Script) late() []heardEvent {
	s.t.Helper()
	var late []heardEvent
	for last := time.Now(); time.Since(last) < s.w.Quiet; {
		if n := len(s.w.Hear.All(everything)); n > s.cursor {
			for _, e := range s.w.Hear.All(everything)[s.cursor:n] {
				if !slices.Contains(untraced, e.Type) {
					late = append(late, s.heard(e))
					last = time.Now()
				}
			}
			s.cursor = n
		}
		<-time.After(5 * time.Millisecond)
	}
	return late
}
