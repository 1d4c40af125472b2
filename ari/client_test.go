package ari

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// seen is what arrived, as Asterisk would read it.
type seen struct {
	method, path, query, body, user, password, contentType string
	values                                                 url.Values
}

// listen answers everything with answer and says what came.
func listen(t *testing.T, answer string) (*Client, func() seen) {
	t.Helper()
	var last seen
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		last = seen{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(body), user, password, r.Header.Get("Content-Type"), r.URL.Query()}
		_, _ = io.WriteString(w, answer)
	}))
	client := New(server.URL+"/ari/", Options{User: "stasis", Password: "p:w", Application: "holdline"})
	t.Cleanup(func() {
		client.Close()
		server.Close()
	})
	return client, func() seen { return last }
}

// TestRequests fixes what goes over the wire.
func TestRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		call func(context.Context, *Client) error
		want seen
	}{
		{"hangup", func(ctx context.Context, c *Client) error { return c.Hangup(ctx, "1795.1", ReasonAnsweredElsewhere) },
			seen{method: "DELETE", path: "/ari/channels/1795.1", query: "reason_code=26"}},
		{"originate", func(ctx context.Context, c *Client) error {
			return second(c.Originate(ctx, OriginateRequest{
				ID: "hl-1", Endpoint: "PJSIP/kamailio-1/sip:201@demo.test", CallerID: `"Ann & Bob" <4711>`, Timeout: 1500 * time.Millisecond,
				AppArgs: "leg=hl-1", Variables: map[string]string{"PJSIP_HEADER(add,X-Foo)": "b&r"}, Reported: map[string]string{"R": "1"}, Originator: "o",
			}))
		}, seen{method: "POST", path: "/ari/channels", contentType: "application/json",
			query: "app=holdline&appArgs=leg%3Dhl-1&callerId=%22Ann+%26+Bob%22+%3C4711%3E&channelId=hl-1&endpoint=PJSIP%2Fkamailio-1%2Fsip%3A201%40demo.test&originator=o&timeout=2",
			body:  `{"variables":{"PJSIP_HEADER(add,X-Foo)":"b\u0026r","R":{"report_events":true,"value":"1"}}}`}},
		{"variable", func(ctx context.Context, c *Client) error {
			return c.SetChannelVariable(ctx, "c", "PJSIP_HEADER(add,X-Foo)", "a b+c&d=e")
		}, seen{method: "POST", path: "/ari/channels/c/variable", query: "value=a+b%2Bc%26d%3De&variable=PJSIP_HEADER%28add%2CX-Foo%29"}},
		{"play", func(ctx context.Context, c *Client) error {
			return second(c.Play(ctx, "c", PlayRequest{ID: "p", Media: []string{"sound:a", "number:3"}, Language: "de"}))
		}, seen{method: "POST", path: "/ari/channels/c/play", query: "lang=de&media=sound%3Aa%2Cnumber%3A3&playbackId=p"}},
		{"continue nowhere", func(ctx context.Context, c *Client) error { return c.Continue(ctx, "c", ContinueRequest{}) },
			seen{method: "POST", path: "/ari/channels/c/continue"}},
		{"add", func(ctx context.Context, c *Client) error { return c.AddToBridge(ctx, "b", "c", "d") },
			seen{method: "POST", path: "/ari/bridges/b/addChannel", query: "channel=c%2Cd&inhibitConnectedLineUpdates=true"}},
		{"filter", func(ctx context.Context, c *Client) error {
			return second(c.SetEventFilter(ctx, "holdline", nil, []string{"ChannelVarset"}))
		}, seen{method: "PUT", path: "/ari/applications/holdline/eventFilter", contentType: "application/json",
			body: `{"allowed":[],"disallowed":[{"type":"ChannelVarset"}]}`}},
		{"claim", func(ctx context.Context, c *Client) error { return c.Claim(ctx, "1.2", "") },
			seen{method: "POST", path: "/ari/events/claim", query: "application=holdline&channelId=1.2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client, last := listen(t, `{}`)
			if err := c.call(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			got := last()
			if got.user != "stasis" || got.password != "p:w" {
				t.Errorf("authenticated as %q, %q", got.user, got.password)
			}
			got.user, got.password, got.values = "", "", nil
			if got.method != c.want.method || got.path != c.want.path || got.query != c.want.query || got.body != c.want.body || got.contentType != c.want.contentType {
				t.Errorf("sent %+v\nwant %+v", got, c.want)
			}
		})
	}
}

// TestEscaping: whatever is in an id or a value arrives as it is.
func TestEscaping(t *testing.T) {
	t.Parallel()
	client, last := listen(t, `{"value":""}`)
	for _, text := range []string{
		"plain", "a b", "a+b", "a/b", "../../asterisk/modules", "a?b=c&d", "a#b", "50%", "100%25", "ä日🎧", "'\"", "\r\n", "a;b", "{x}", ".hidden", "...",
	} {
		if err := client.SetChannelVariable(t.Context(), text, "V", text); err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got := last()
		segment := strings.TrimSuffix(strings.TrimPrefix(got.path, "/ari/channels/"), "/variable")
		if strings.ContainsAny(segment, "/+ ") {
			t.Errorf("%q: path %s has what Asterisk splits at or turns into a space", text, got.path)
		}
		if back, err := url.PathUnescape(segment); err != nil || back != text {
			t.Errorf("%q: path arrived as %q", text, back)
		}
		if back := got.values.Get("value"); back != text {
			t.Errorf("%q: value arrived as %q", text, back)
		}
	}
}

// TestRefusedBeforeSending: what Asterisk would take for something else never leaves.
func TestRefusedBeforeSending(t *testing.T) {
	t.Parallel()
	client, last := listen(t, `{}`)
	ctx := t.Context()
	long := OriginateRequest{ID: "i", Endpoint: "PJSIP/r", Timeout: time.Second}
	with := func(change func(*OriginateRequest)) error {
		r := long
		change(&r)
		return second(client.Originate(ctx, r))
	}
	for name, err := range map[string]error{
		"empty id":                 client.Answer(ctx, ""),
		"dot":                      client.Answer(ctx, "."),
		"dots":                     client.Answer(ctx, ".."),
		"NUL in an id":             client.Answer(ctx, "a\x00b"),
		"NUL in a value":           client.SetChannelVariable(ctx, "c", "V", "a\x00b"),
		"NUL in digits":            client.SendDTMF(ctx, "c", "1\x002"),
		"no digits":                client.SendDTMF(ctx, "c", ""),
		"no variable name":         client.SetChannelVariable(ctx, "c", "", "v"),
		"line in a variable name":  client.SetChannelVariable(ctx, "c", "V\n", "v"),
		"line in a header":         client.SetChannelVariable(ctx, "c", "pjsip_header(add,X)", "a\r\nEvil: yes"),
		"line in a leg's header":   with(func(r *OriginateRequest) { r.Variables = map[string]string{"PJSIP_HEADER(add,X)": "a\nb"} }),
		"line in reported header":  with(func(r *OriginateRequest) { r.Reported = map[string]string{"PJSIP_HEADER(add,X)": "a\nb"} }),
		"line in a caller id":      with(func(r *OriginateRequest) { r.CallerID = "a\r\nb" }),
		"line in an endpoint":      with(func(r *OriginateRequest) { r.Endpoint = "PJSIP/a\nb" }),
		"no timeout":               with(func(r *OriginateRequest) { r.Timeout = 0 }),
		"no timeout of a dial":     client.Dial(ctx, "c", "", 0),
		"line in create":           second(client.Create(ctx, CreateRequest{Endpoint: "a\nb"})),
		"variable in create":       second(client.Create(ctx, CreateRequest{Endpoint: "a", Variables: map[string]string{"": "b"}})),
		"no media":                 second(client.Play(ctx, "c", PlayRequest{})),
		"two media in one":         second(client.Play(ctx, "c", PlayRequest{Media: []string{"sound:a,sound:b"}})),
		"two channels in one":      client.AddToBridge(ctx, "b", "c,d"),
		"no channel":               client.RemoveFromBridge(ctx, "b"),
		"no reason":                client.Hangup(ctx, "c", 0),
		"no such reason":           client.Hangup(ctx, "c", 128),
		"no variables":             second(client.ChannelVariables(ctx, "c")),
		"a variable without name":  client.SetChannelVariables(ctx, "c", map[string]string{"": "x"}),
		"NUL in a global variable": client.SetVariable(ctx, "V", "\x00"),
	} {
		var refused *Error
		if !errors.Is(err, ErrInvalid) || !errors.As(err, &refused) || refused.Status != 0 {
			t.Errorf("%s: %v, want it refused", name, err)
		}
	}
	if got := last(); got.method != "" {
		t.Errorf("%s %s was sent", got.method, got.path)
	}
	if err := client.SetChannelVariables(ctx, "c", nil); err != nil || last().method != "" {
		t.Errorf("setting nothing: %v, and sent %q", err, last().method)
	}
}

// TestTableBinds: what the table does not declare cannot be sent, so that the contract
// test, which compares the table with Asterisk's declarations, misses nothing.
func TestTableBinds(t *testing.T) {
	t.Parallel()
	client, last := listen(t, `{}`)
	op := &Operation{Name: "test", Method: "GET", Path: "/a/{b}", Query: []string{"known"}}
	for name, r := range map[string]request{
		"query":           {path: []string{"x"}, query: url.Values{"unknown": {"1"}}},
		"body":            {path: []string{"x"}, body: map[string]any{"unknown": 1}},
		"too few in path": {},
		"too many":        {path: []string{"x", "y"}},
	} {
		if err := client.call(t.Context(), op, r, nil); err == nil || last().method != "" {
			t.Errorf("%s: sent (%v)", name, err)
		}
	}
	if err := client.call(t.Context(), op, request{path: []string{"x"}, query: url.Values{"known": {"1"}}}, nil); err != nil {
		t.Errorf("declared: %v", err)
	}
}

// TestDeadline: every call ends, and the sooner deadline wins.
func TestDeadline(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	for _, c := range []struct {
		name         string
		options, ctx time.Duration
	}{
		{"its own", 50 * time.Millisecond, time.Minute},
		{"the caller's", time.Minute, 50 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := New(server.URL, Options{Timeout: c.options})
			defer client.Close()
			ctx, cancel := context.WithTimeout(t.Context(), c.ctx)
			defer cancel()
			start := time.Now()
			if err := client.Ping(ctx); !errors.Is(err, ErrUnknown) {
				t.Errorf("%v, want %v", err, ErrUnknown)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

func TestObserve(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	var names []string
	var errs []error
	client := New(server.URL, Options{Observe: func(op string, took time.Duration, err error) {
		if took <= 0 {
			t.Errorf("%s took %s", op, took)
		}
		names, errs = append(names, op), append(errs, err)
	}})
	defer client.Close()
	_ = client.Answer(t.Context(), "c")
	_ = client.Hangup(t.Context(), "c", ReasonNormal)
	if strings.Join(names, " ") != "channels.answer channels.hangup" || errs[0] != nil || !errors.Is(errs[1], ErrNotFound) {
		t.Errorf("observed %v, %v", names, errs)
	}
}

// TestKeepAlive: commands do not open a connection each.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	peers := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peers[r.RemoteAddr] = true
		if r.Method == http.MethodDelete { // also a refusal gives the connection back
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, `{"message":"no"}`)
			return
		}
		_, _ = io.WriteString(w, `{"ping":"pong"}`)
	}))
	defer server.Close()
	client := New(server.URL, Options{})
	defer client.Close()
	for range 20 {
		_ = client.Ping(t.Context())
		_ = client.Hangup(t.Context(), "c", ReasonNormal)
	}
	if len(peers) != 1 {
		t.Errorf("%d connections for 40 commands", len(peers))
	}
}

// TestParkingHoldsNobodyUp: with all the connections of a crowd being answered
// taken, the next call is claimed at once.
func TestParkingHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	const crowd = 100
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/answer") {
			<-release
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	client := New(server.URL, Options{Timeout: 10 * time.Second})
	defer client.Close()
	var answering sync.WaitGroup
	for range crowd {
		answering.Go(func() {
			if err := client.Answer(t.Context(), "c"); err != nil {
				t.Errorf("answer: %v", err)
			}
		})
	}
	if err := client.Claim(t.Context(), "next", "holdline"); err != nil {
		t.Errorf("claim behind %d answers: %v", crowd, err)
	}
	close(release)
	answering.Wait()
}
