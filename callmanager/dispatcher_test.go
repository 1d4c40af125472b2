package callmanager

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
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

// rpc is the JSON-RPC side of a Kamailio with one dispatcher set and a list of agents'
// calls, in the form that the modules dispatcher and htable of Kamailio 6.1 answer.
type rpc struct {
	mu    sync.Mutex
	flags map[string]string // by address
	calls []string          // pool|agent
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
		k.flags[call.Params[1].(string)] = "AX"
		if len(call.Params) == 3 && call.Params[2] == 12.0 {
			k.flags[call.Params[1].(string)] = "DP"
		}
	case "dispatcher.set_state":
		k.flags[call.Params[2].(string)] = strings.ToUpper(call.Params[0].(string))
	case "dispatcher.remove":
		delete(k.flags, call.Params[1].(string))
	case "htable.dump":
		slots := []any{} // an empty table is an empty list
		for i, c := range k.calls {
			call := map[string]any{"name": strings.Repeat("0", 31) + string(rune('0'+i)), "value": c, "type": "str"}
			slots = append(slots, map[string]any{"entry": i, "size": 1, "slot": []any{call}})
		}
		result = slots
	case "dispatcher.list":
		if len(k.flags) == 0 {
			_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": 500, "message": "No Destination Sets"}})
			return
		}
		targets := []any{}
		for u, f := range k.flags {
			targets = append(targets, map[string]any{"DEST": map[string]any{"URI": u, "FLAGS": f, "PRIORITY": 0}})
		}
		result = map[string]any{"NRSETS": 1, "RECORDS": []any{map[string]any{"SET": map[string]any{"ID": 1, "TARGETS": targets}}}}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"jsonrpc": "2.0", "id": 1, "result": result})
}

// list gives the addresses; those that take no new calls in brackets.
func (k *rpc) list() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []string
	for _, uri := range slices.Sorted(maps.Keys(k.flags)) {
		if k.flags[uri] == "DP" {
			uri = "(" + uri + ")"
		}
		all = append(all, uri)
	}
	return strings.Join(all, " ")
}

// nodes is a registry in memory.
type nodes struct {
	list []queue.Node
	err  error
}

func (n *nodes) Pools(context.Context) ([]string, error)     { return nil, nil }
func (n *nodes) AddPool(context.Context, ...string) error    { return nil }
func (n *nodes) Nodes(context.Context) ([]queue.Node, error) { return n.list, n.err }
func (n *nodes) RemoveNode(_ context.Context, id string) error {
	n.list = slices.DeleteFunc(n.list, func(x queue.Node) bool { return x.ID == id })
	return nil
}

func TestDispatcherListsFollowTheNodes(t *testing.T) {
	kamailio := &rpc{flags: map[string]string{}}
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
	drains := func(n queue.Node) queue.Node { n.Draining = true; return n }
	full := func(n queue.Node) queue.Node { n.Full = true; return n }
	for _, step := range []struct {
		name  string
		nodes []queue.Node
		fault error
		want  string
	}{
		{"two nodes register and are listed", []queue.Node{a, b}, nil, a.SIP + " " + b.SIP},
		{"Redis is away: nothing is changed", nil, errors.New("away"), a.SIP + " " + b.SIP},
		{"Redis was emptied: nothing is changed", nil, nil, a.SIP + " " + b.SIP},
		{"one drains: it keeps its calls and gets no new ones", []queue.Node{a, drains(b)}, nil, a.SIP + " (" + b.SIP + ")"},
		{"it is taken back", []queue.Node{a, b}, nil, a.SIP + " " + b.SIP},
		{"one is full", []queue.Node{full(a), b}, nil, "(" + a.SIP + ") " + b.SIP},
		{"all are full: none is left out", []queue.Node{full(a), full(b)}, nil, a.SIP + " " + b.SIP},
		{"one drains, the other is full", []queue.Node{full(a), drains(b)}, nil, a.SIP + " (" + b.SIP + ")"},
		{"one drains and is full, the other is open", []queue.Node{a, full(drains(b))}, nil, a.SIP + " (" + b.SIP + ")"},
		{"all drain: there are no new calls", []queue.Node{drains(a), drains(b)}, nil, "(" + a.SIP + ") (" + b.SIP + ")"},
		{"one was not seen for long beside one that was", []queue.Node{a, {ID: "b", SIP: b.SIP, SeenAt: now.Add(-2 * time.Minute)}}, nil, a.SIP},
		{"none was seen for long, since no stasis lives: the last stay", []queue.Node{{ID: "a", SIP: a.SIP, SeenAt: now.Add(-time.Hour)}}, nil, a.SIP},
		{"a node came back at another address", []queue.Node{{ID: "a", SIP: "sip:10.0.0.9:5060", SeenAt: now}}, nil, "sip:10.0.0.9:5060"},
	} {
		registry.list, registry.err = step.nodes, step.fault
		d.look(t.Context())
		if got := kamailio.list(); got != step.want {
			t.Errorf("%s: listed %q, want %q", step.name, got, step.want)
		}
	}
	registry.list = []queue.Node{a, drains(b)}
	clear(kamailio.flags) // it restarted
	d.look(t.Context())
	if got, want := kamailio.list(), a.SIP+" ("+b.SIP+")"; got != want {
		t.Errorf("after a restart during a drain: listed %q, want %q", got, want)
	}
}

func TestKamailioErrorsAreErrors(t *testing.T) {
	server := httptest.NewServer(&rpc{flags: map[string]string{}})
	defer server.Close()
	wrong, err := NewKamailio(server.URL, "wrong")
	if err != nil {
		t.Fatal(err)
	}
	if err := wrong.Add(t.Context(), "sip:10.0.0.1", Open); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("a refused token gave %v", err)
	}
	if _, err := NewKamailio("kamailio-1", "x"); err == nil {
		t.Error("an address without a scheme was taken")
	}
	server.Close()
	if err := wrong.Add(t.Context(), "sip:10.0.0.1", Open); err == nil {
		t.Error("a Kamailio that is gone gave no error")
	}
}
