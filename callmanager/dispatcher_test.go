package callmanager

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"holdline/queue"
)

// rpc is the JSON-RPC side of a Kamailio with one dispatcher set, in the form
// that module dispatcher answers (dispatcher.list of Kamailio 6.1).
type rpc struct {
	mu   sync.Mutex
	uris []string
}

func (k *rpc) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer secret" {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	var call struct {
		Method string `json:"method"`
		Params []any  `json:"params"`
	}
	if err := json.NewDecoder(r.Body).Decode(&call); err != nil || call.Params == nil {
		http.Error(w, "params field is not an array or object", http.StatusBadRequest)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	var result any = map[string]any{}
	switch call.Method {
	case "dispatcher.add":
		k.uris = append(k.uris, call.Params[1].(string))
	case "dispatcher.remove":
		k.uris = slices.DeleteFunc(k.uris, func(u string) bool { return u == call.Params[1] })
	case "dispatcher.list":
		if len(k.uris) == 0 {
			_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": 500, "message": "No Destination Sets"}})
			return
		}
		targets := []any{}
		for _, u := range k.uris {
			targets = append(targets, map[string]any{"DEST": map[string]any{"URI": u, "FLAGS": "AP", "PRIORITY": 0}})
		}
		result = map[string]any{"NRSETS": 1, "RECORDS": []any{map[string]any{"SET": map[string]any{"ID": 1, "TARGETS": targets}}}}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"jsonrpc": "2.0", "id": 1, "result": result})
}

func (k *rpc) list() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Sorted(slices.Values(k.uris))
}

// nodes is a registry in memory.
type nodes struct {
	list []queue.Node
	err  error
}

func (n *nodes) Pools(context.Context) ([]string, error)     { return nil, nil }
func (n *nodes) AddPool(context.Context, string) error       { return nil }
func (n *nodes) Nodes(context.Context) ([]queue.Node, error) { return n.list, n.err }
func (n *nodes) RemoveNode(_ context.Context, id string) error {
	n.list = slices.DeleteFunc(n.list, func(x queue.Node) bool { return x.ID == id })
	return nil
}

func TestDispatcherListsFollowTheNodes(t *testing.T) {
	kamailio := &rpc{}
	server := httptest.NewServer(kamailio)
	defer server.Close()
	client, err := NewKamailio(server.URL+"/rpc", "secret")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	registry := &nodes{}
	d := &Dispatchers{
		Registry: registry, Kamailio: []Dispatcher{client}, Log: zerolog.Nop(),
		Metrics: NewMetrics(prometheus.NewRegistry()), Forget: time.Minute,
	}
	a := queue.Node{ID: "a", SIP: "sip:10.0.0.1:5060", SeenAt: now}
	b := queue.Node{ID: "b", SIP: "sip:10.0.0.2:5060", SeenAt: now}
	for _, step := range []struct {
		name  string
		nodes []queue.Node
		fault error
		want  string
	}{
		{"two nodes register and are listed", []queue.Node{a, b}, nil, a.SIP + " " + b.SIP},
		{"Redis is away: nothing is changed", nil, errors.New("away"), a.SIP + " " + b.SIP},
		{"Redis was emptied: nothing is changed", nil, nil, a.SIP + " " + b.SIP},
		{"one drains and gets no new calls", []queue.Node{a, {ID: "b", SIP: b.SIP, SeenAt: now, Draining: true}}, nil, a.SIP},
		{"one was not seen for long beside one that was", []queue.Node{a, {ID: "b", SIP: b.SIP, SeenAt: now.Add(-2 * time.Minute)}}, nil, a.SIP},
		{"none was seen for long, since no stasis lives: the last stay", []queue.Node{{ID: "a", SIP: a.SIP, SeenAt: now.Add(-time.Hour)}}, nil, a.SIP},
		{"a node came back at another address", []queue.Node{{ID: "a", SIP: "sip:10.0.0.9:5060", SeenAt: now}}, nil, "sip:10.0.0.9:5060"},
	} {
		registry.list, registry.err = step.nodes, step.fault
		d.look(t.Context())
		if got := strings.Join(kamailio.list(), " "); got != step.want {
			t.Errorf("%s: listed %q, want %q", step.name, got, step.want)
		}
	}
	kamailio.uris = nil // it restarted
	d.look(t.Context())
	if got := strings.Join(kamailio.list(), " "); got != "sip:10.0.0.9:5060" {
		t.Errorf("after a restart: listed %q", got)
	}
}

func TestKamailioErrorsAreErrors(t *testing.T) {
	server := httptest.NewServer(&rpc{})
	defer server.Close()
	wrong, err := NewKamailio(server.URL, "wrong")
	if err != nil {
		t.Fatal(err)
	}
	if err := wrong.Add(t.Context(), "sip:10.0.0.1"); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("a refused token gave %v", err)
	}
	if _, err := NewKamailio("kamailio-1", "x"); err == nil {
		t.Error("an address without a scheme was taken")
	}
	server.Close()
	if err := wrong.Add(t.Context(), "sip:10.0.0.1"); err == nil {
		t.Error("a Kamailio that is gone gave no error")
	}
}
