package channelapi

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"holdline/ari/aritest"
	"holdline/ari/fake"
	"holdline/internal/web"
)

// valid is a body that each operation takes.
func valid(operation string) string {
	id := aritest.NewID()
	return map[string]string{
		"connect":     `{"leg":"` + id + `","to":"` + testTo + `","timeout_ms":1000}`,
		"dial":        `{"to":["` + testTo + `"],"timeout_ms":1000}`,
		"bridge":      `{"bridge":"` + id + `","with":"` + aritest.NewID() + `"}`,
		"announce":    `{"position":2,"playback":"` + id + `"}`,
		"timeout":     `{"playback":"` + id + `","variables":{"A":"b"}}`,
		"continue":    `{"variables":{"A":"b"}}`,
		"variables":   `{"variables":{"A":"b"}}`,
		"play":        `{"media":["sound:hello"],"playback":"` + id + `"}`,
		"start_music": `{"class":"default"}`,
	}[operation]
}

// mishap is a way for a request to go wrong, whatever the operation.
type mishap struct {
	status  int
	code    string
	field   string
	arrange func(b *bench)
	node    string // instead of testNode
	channel func(b *bench) string
	header  []string
	query   string
	body    func(valid string) string
	skip    []string // operations that it cannot happen to
}

func always(f fake.Fault) func(*bench) {
	return func(b *bench) { b.asterisk.Fault(func(fake.Request) fake.Fault { return f }) }
}

// anyMishap are the mishaps by name. "" stands for the status of an operation's
// success, which no mishap has.
var anyMishap = map[string]mishap{
	"no token":             {status: 401, code: "unauthorized", header: []string{"Authorization", ""}},
	"another token":        {status: 401, code: "unauthorized", header: []string{"Authorization", "Bearer other"}},
	"an unknown node":      {status: 404, code: "no_node", field: "node", node: "ast-0000000000ff", skip: []string{"nodes"}},
	"a node's odd name":    {status: 400, code: "invalid_field", field: "node", node: "a%20b", skip: []string{"nodes"}},
	"a node that is off":   {status: 502, code: "node_unreachable", node: awayNode, skip: []string{"nodes"}},
	"an unknown parameter": {status: 400, code: "unknown_field", field: "colour", query: "?colour=red"},
	"a channel that is gone": {
		status: 404, code: "no_channel", channel: func(*bench) string { return "1764000000.404" }, skip: []string{"nodes"},
	},
	"a channel's odd name": {
		status: 400, code: "invalid_field", field: "channel", channel: func(*bench) string { return "a%0d%0ab" }, skip: []string{"nodes"},
	},
	"a channel that has left": {
		status: 409, code: "not_in_application", skip: []string{"nodes", "check", "hangup", "bridge", "connect"},
		channel: func(b *bench) string {
			c := b.caller()
			b.must(b.client.Continue(b.t.Context(), testNode, c.ID(), ContinueRequest{}))
			b.until("it left", func() bool { return c.State() == fake.Dialplan })
			return c.ID()
		},
	},
	"both legs of a bridge have left": {
		status: 409, code: "not_in_application", field: "with",
		skip: []string{"nodes", "check", "hangup", "answer", "connect", "dial", "announce", "timeout", "continue", "variables", "play", "start_music", "stop_music"},
		body: func(string) string { return "" }, // filled in below
	},
	"a node that does not answer in time": {
		status: 504, code: "outcome_unknown", skip: []string{"nodes"}, arrange: always(fake.Fault{Delay: 700e6}),
	},
	"a node that cannot":            {status: 502, code: "node_unreachable", skip: []string{"nodes"}, arrange: always(fake.Fault{Status: 503})},
	"a node with other credentials": {status: 502, code: "node_refused", skip: []string{"nodes"}, arrange: always(fake.Fault{Status: 401})},
	"a node that refuses it":        {status: 400, code: "refused_by_node", skip: []string{"nodes"}, arrange: always(fake.Fault{Status: 422})},
	"a list that cannot be read": {
		status: 503, code: "nodes_unknown",
		arrange: func(b *bench) { b.nodes.set(func(l *list) { l.broken = errStoreDown }) },
	},
	"a fault of the service": {
		status: 500, code: "internal",
		arrange: func(b *bench) { b.nodes.set(func(l *list) { l.nodes = nil; l.broken = panics{} }) },
	},
	"a field that does not exist": {
		status: 400, code: "unknown_field", field: "colour", skip: bodyless,
		body: func(v string) string { return strings.Replace(v, "{", `{"colour":"red",`, 1) },
	},
	"a body that is no JSON": {status: 400, code: "invalid_body", skip: bodyless, body: func(string) string { return "{" }},
	"a body that is too large": {
		status: 413, code: "body_too_large", skip: bodyless,
		body: func(string) string { return `{"variables":{"A":"` + strings.Repeat("x", web.MaxBody) + `"}}` },
	},
	"a body of another type": {
		status: 415, code: "unsupported_media_type", field: "Content-Type", skip: bodyless,
		header: []string{"Content-Type", "text/plain"},
	},
}

var bodyless = []string{"nodes", "check", "hangup", "answer", "stop_music"}

// panics is an error that panics when it is looked at: a fault inside.
type panics struct{}

func (panics) Error() string { panic("a fault inside") }
func (panics) Is(error) bool { panic("a fault inside") }

// Every mishap happens to every operation that it can happen to; what comes of
// it is what the document says, and all that the document says comes about.
func TestEveryErrorOfEveryOperation(t *testing.T) {
	t.Parallel()
	_, documents := readDocument(t)
	for _, r := range routes {
		t.Run(r.operation, func(t *testing.T) {
			t.Parallel()
			seen := map[string]bool{"200": r.answer != nil, "204": r.answer == nil}
			maps.DeleteFunc(seen, func(_ string, yes bool) bool { return !yes })
			for _, name := range slices.Sorted(maps.Keys(anyMishap)) {
				m := anyMishap[name]
				if slices.Contains(m.skip, r.operation) {
					continue
				}
				seen[fmt.Sprint(m.status)] = true
				t.Run(name, func(t *testing.T) { suffer(t, r, m) })
			}
			documented := slices.Sorted(maps.Keys(documents[r.operation].Responses))
			if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, documented) {
				t.Errorf("the document lists %q, the tests saw %q", documented, got)
			}
		})
	}
}

func suffer(t *testing.T, r route, m mishap) {
	b := newBench(t)
	node, channel := testNode, ""
	switch {
	case m.channel != nil:
		channel = m.channel(b)
	case r.operation != "nodes":
		channel = b.caller().ID()
	}
	if m.node != "" {
		node = m.node
	}
	body := valid(r.operation)
	if r.operation == "bridge" && m.body != nil && m.body(body) == "" {
		left := anyMishap["a channel that has left"].channel(b)
		body = `{"bridge":"` + aritest.NewID() + `","with":"` + left + `"}`
	} else if m.body != nil {
		body = m.body(body)
	}
	if m.arrange != nil {
		m.arrange(b)
	}
	target := strings.NewReplacer("{node}", node, "{channel}", channel).Replace(r.path) + m.query
	a := b.raw(r.method, target, body, append([]string{"X-Request-Id", "abc", "Idempotency-Key", "k-1"}, m.header...)...)
	if a.status != m.status || a.problem.Code != m.code {
		t.Errorf("answered %d %s, want %d %s (%s)", a.status, a.problem.Code, m.status, m.code, a.body)
	}
	if m.field != "" && a.problem.Field != m.field {
		t.Errorf("names field %q, want %q", a.problem.Field, m.field)
	}
	if a.problem.Message == "" || a.problem.Remedy == "" || a.problem.RequestID != "abc" {
		t.Errorf("the problem lacks something: %s", a.body)
	}
	if a.header.Get("X-Request-Id") != "abc" || a.header.Get("Idempotency-Key") != "k-1" {
		t.Errorf("not echoed: %v", a.header)
	}
	if retry := a.header.Get("Retry-After"); (retry == "1") != (m.status >= 502) {
		t.Errorf("Retry-After %q", retry)
	}
	if strings.Contains(a.body, "store is down") || strings.Contains(a.body, "127.0.0.1") {
		t.Errorf("the client was told of the inside: %s", a.body)
	}
}

// The server's errors come out of the client as they went in.
func TestEveryErrorCrossesTheWire(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]error{
		"no token":                            ErrUnauthorized,
		"an unknown node":                     ErrNoNode,
		"a node that is off":                  ErrNodeUnreachable,
		"a channel that is gone":              ErrNoChannel,
		"a channel's odd name":                ErrInvalid,
		"a channel that has left":             ErrNotInApplication,
		"a node that does not answer in time": ErrOutcomeUnknown,
		"a node that cannot":                  ErrNodeUnreachable,
		"a node with other credentials":       ErrNodeUnreachable,
		"a node that refuses it":              ErrInvalid,
		"a list that cannot be read":          ErrNodesUnknown,
		"a fault of the service":              ErrInternal,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, m, node := newBench(t), anyMishap[name], testNode
			var channel string
			if m.channel != nil {
				channel = strings.ReplaceAll(m.channel(b), "%0d%0a", "\r\n")
			} else {
				channel = b.caller().ID()
			}
			if m.node != "" {
				node = m.node
			}
			if m.arrange != nil {
				m.arrange(b)
			}
			client := b.client
			if m.status == http.StatusUnauthorized {
				client = NewClient(b.url, "other", 0)
				t.Cleanup(client.Close)
			}
			err := client.StartMusic(t.Context(), node, channel, MusicRequest{})
			if !errors.Is(err, want) {
				t.Fatalf("got %v, want %v", err, want)
			}
			var e *Error
			if !errors.As(err, &e) || e.Status != m.status || e.Operation != "start_music" || e.RequestID == "" {
				t.Errorf("details: %+v", e)
			}
			for _, other := range []error{
				ErrNoChannel, ErrNotInApplication, ErrNoNode, ErrNodeUnreachable, ErrOutcomeUnknown, ErrNodesUnknown,
				ErrInvalid, ErrUnauthorized, ErrUnavailable, ErrInternal,
			} {
				if !errors.Is(other, want) && errors.Is(err, other) {
					t.Errorf("it is also %v", other)
				}
			}
		})
	}
}
