package channelapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"holdline/ari"
	"holdline/ari/aritest"
	"holdline/ari/fake"
	"holdline/internal/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testToken = "a-token-for-tests"
	testNode  = "ast-000000000001"
	awayNode  = "ast-00000000dead" // known, and nobody there
	testTo    = "sip:201@demo.holdline.test"
)

// list is a list of nodes in memory that can be broken.
type list struct {
	mu     sync.Mutex
	nodes  map[string]string
	broken error
	asked  int
}

func (l *list) Node(_ context.Context, name string) (Node, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	if l.broken != nil {
		return Node{}, l.broken
	}
	url, ok := l.nodes[name]
	if !ok {
		return Node{}, ErrNoNode
	}
	return Node{Name: name, URL: url}, nil
}

func (l *list) Nodes(ctx context.Context) ([]Node, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return nil, l.broken
	}
	var all []Node
	for name, url := range l.nodes {
		all = append(all, Node{Name: name, URL: url})
	}
	return all, ctx.Err()
}

func (l *list) set(change func(*list)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(l)
}

var errStoreDown = errors.New("store is down")

// bench is a service in front of a fake Asterisk.
type bench struct {
	t        *testing.T
	asterisk *fake.Node
	direct   *ari.Client // straight to the node, as somebody else
	nodes    *list
	server   *Server
	registry *prometheus.Registry
	url      string
	client   *Client
}

func newBench(t *testing.T) *bench {
	t.Helper()
	node, err := fake.New(fake.Options{Node: testNode, User: "channelapi", Password: "secret", Sound: 40 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(node.Close)
	direct := ari.New(node.URL(), ari.Options{User: "channelapi", Password: "secret", Application: "holdline"})
	t.Cleanup(direct.Close)
	b := &bench{
		t: t, asterisk: node, direct: direct, registry: prometheus.NewRegistry(),
		nodes: &list{nodes: map[string]string{testNode: node.URL(), awayNode: "http://127.0.0.1:1/ari"}},
	}
	b.server = New(Options{
		Nodes: b.nodes, Application: "holdline", Routes: []string{"kamailio-1", "kamailio-2"},
		Tokens: []string{testToken}, Log: zerolog.Nop(), Registerer: b.registry, Timeout: 2 * time.Second,
		Dial: func(n Node) Telephony {
			return ari.New(n.URL, ari.Options{User: "channelapi", Password: "secret", Timeout: 500 * time.Millisecond})
		},
	})
	t.Cleanup(b.server.Close)
	h := httptest.NewServer(b.server)
	t.Cleanup(h.Close)
	b.url = h.URL
	b.client = NewClient(h.URL, testToken, 0)
	t.Cleanup(b.client.Close)
	return b
}

// caller is somebody in the application, answered, who hears music.
func (b *bench) caller() *fake.Caller {
	b.t.Helper()
	c, err := b.asterisk.Call(fake.CallRequest{Args: "queue=support", Name: "Ann", Number: "155"})
	if err != nil {
		b.t.Fatal(err)
	}
	b.must(b.direct.Claim(b.t.Context(), c.ID(), ""))
	b.must(b.direct.Answer(b.t.Context(), c.ID()))
	b.must(b.direct.StartMusic(b.t.Context(), c.ID(), "default"))
	return c
}

// leg is an answered leg in the application.
func (b *bench) leg() string {
	b.t.Helper()
	b.asterisk.Phone("answers", fake.Answer(0))
	id := aritest.NewID()
	_, err := b.direct.Originate(b.t.Context(), ari.OriginateRequest{
		ID: id, Endpoint: "PJSIP/kamailio-1/sip:answers@demo.holdline.test", Timeout: time.Minute,
	})
	b.must(err)
	b.until("the leg is answered", func() bool {
		c, err := b.direct.Channel(b.t.Context(), id)
		return err == nil && c.State == ari.StateUp && c.Dialplan.AppName == "Stasis"
	})
	return id
}

func (b *bench) until(what string, yes func() bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 5*time.Second)
	defer cancel()
	if err := b.asterisk.Wait(ctx, yes); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// count is how often the node was sent a command.
func (b *bench) count(method, path string) int {
	n := 0
	for _, r := range b.asterisk.Requests() {
		if r.Method == method && r.Path == path {
			n++
		}
	}
	return n
}

// answer of a raw request.
type rawAnswer struct {
	status  int
	header  http.Header
	problem web.Problem
	body    string
}

func (b *bench) raw(method, path, body string, header ...string) rawAnswer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader(body))
	b.must(err)
	r.Header.Set("Authorization", "Bearer "+testToken)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	b.must(err)
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	b.must(err)
	a := rawAnswer{status: resp.StatusCode, header: resp.Header, body: string(content)}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/problem") {
		b.must(json.Unmarshal(content, &a.problem))
	}
	return a
}
