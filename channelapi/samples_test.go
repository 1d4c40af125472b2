package channelapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"holdline/ari"
	"holdline/ari/fake"
	"holdline/channelapi"
	"holdline/channelapi/apitest"
	"net/http/httptest"
)

// The samples of the document, as they stand there, on the fake.
func TestSamples(t *testing.T) {
	if err := apitest.Available(); err != nil {
		t.Skip(err)
	}
	apitest.Run(t, newFakeWorld(t))
}

func TestEverySampleIsWhole(t *testing.T) {
	samples, err := apitest.Samples()
	if err != nil {
		t.Fatal(err)
	}
	succeeds, fails := map[string]bool{}, map[string]bool{}
	for _, s := range samples {
		if !strings.HasPrefix(s.Source, "curl -sS ") {
			t.Errorf("%s/%s is no curl line", s.Operation, s.Label)
		}
		if s.Succeeds() {
			succeeds[s.Operation] = true
		} else {
			fails[s.Operation] = true
		}
	}
	if len(succeeds) != 15 {
		t.Errorf("%d operations have a sample that shows how it is done, want 15", len(succeeds))
	}
	for _, operation := range []string{"check", "hangup", "connect", "dial", "bridge", "announce", "timeout", "continue", "variables", "play", "start_music"} {
		if !fails[operation] {
			t.Errorf("%s has no sample of a bad field", operation)
		}
	}
}

// fakeWorld is a service in front of a fake Asterisk.
type fakeWorld struct {
	node    *fake.Node
	direct  *ari.Client
	address string
}

const sampleToken = "a-token-for-samples"

func newFakeWorld(t *testing.T) *fakeWorld {
	t.Helper()
	node, err := fake.New(fake.Options{Node: "ast-000000000001", User: "u", Password: "p", Sound: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(node.Close)
	w := &fakeWorld{node: node, direct: ari.New(node.URL(), ari.Options{User: "u", Password: "p", Application: "holdline"})}
	t.Cleanup(w.direct.Close)
	node.Phone("answers", fake.Answer(0))
	node.Phone("rings", fake.Ring())
	w.address = serve(t, []string{"kamailio-1", "kamailio-2"}, map[string]channelapi.Telephony{
		node.Name(): w.direct,
		w.Away():    ari.New("http://127.0.0.1:1/ari", ari.Options{Timeout: time.Second}),
	})
	return w
}

func (w *fakeWorld) API() (string, string) { return w.address, sampleToken }
func (w *fakeWorld) To() string            { return "sip:rings@demo.holdline.test" }
func (w *fakeWorld) Away() string          { return "ast-00000000dead" }

func (w *fakeWorld) Caller(t testing.TB) (string, string) {
	t.Helper()
	c, err := w.node.Call(fake.CallRequest{Args: "queue=support"})
	if err == nil {
		err = w.direct.Claim(t.Context(), c.ID(), "")
	}
	if err == nil {
		err = w.direct.Answer(t.Context(), c.ID())
	}
	if err != nil {
		t.Fatal(err)
	}
	return w.node.Name(), c.ID()
}

func (w *fakeWorld) Leg(t testing.TB, _ string) string {
	t.Helper()
	return answeredLeg(t, w.direct, w.node.Wait, "PJSIP/kamailio-1/sip:answers@demo.holdline.test")
}

func (w *fakeWorld) Left(t testing.TB) (string, string) {
	t.Helper()
	node, channel := w.Caller(t)
	if err := w.direct.Continue(t.Context(), channel, ari.ContinueRequest{}); err != nil {
		t.Fatal(err)
	}
	return node, channel
}

// serve runs a service that knows the nodes, and returns its address.
func serve(t *testing.T, routes []string, nodes map[string]channelapi.Telephony) string {
	t.Helper()
	server := channelapi.New(channelapi.Options{
		Nodes: known(nodes), Application: "holdline", Routes: routes, Tokens: []string{sampleToken}, Log: zerolog.Nop(),
		Dial: func(n channelapi.Node) channelapi.Telephony { return nodes[n.Name] },
	})
	t.Cleanup(server.Close)
	h := httptest.NewServer(server)
	t.Cleanup(h.Close)
	return h.URL
}
