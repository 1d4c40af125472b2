package kamailio_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestHTTPNeedsTheToken(t *testing.T) {
	needEdge(t)
	var first string
	for _, path := range []string{"/rpc", "/metrics", "/", "/nothing"} {
		for _, authorization := range []string{"", "Bearer wrong", "Basic " + rpcToken, "Bearer " + rpcToken + "x"} {
			code, text := httpDo(1, http.MethodGet, path, authorization, "")
			if code != 401 {
				t.Errorf("GET %s with %q: %d, want 401", path, authorization, code)
			}
			if first == "" {
				first = text
			}
			if text != first {
				t.Errorf("GET %s with %q says %q, elsewhere %q", path, authorization, text, first)
			}
		}
	}
	if code, text := httpDo(1, http.MethodGet, "/metrics", "Bearer "+rpcToken, ""); code != 200 || !strings.Contains(text, "kamailio_usrloc_") {
		t.Errorf("metrics: %d %.100s", code, text)
	}
	resp, err := http.Get("http://" + kam(1) + "/rpc")
	if err == nil {
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound {
			t.Errorf("HTTP on the SIP port: %s", resp.Status)
		}
	}
}

func TestRPCOffersOnlyWhatIsNeeded(t *testing.T) {
	needEdge(t)
	for _, body := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"core.kill"}`,
		`{"jsonrpc":"2.0","id":1,"method":"htable.dump","params":["agents"]}`,
		`{"jsonrpc":"2.0","id":"banned","method":"htable.dump","params":["agents"]}`,
		`{"jsonrpc":"2.0","id":1,"method":"core.version","method":"core.kill"}`,
		`[{"jsonrpc":"2.0","id":1,"method":"core.kill"}]`,
		`not json`, ``,
	} {
		if code, text := httpDo(1, http.MethodPost, "/rpc", "Bearer "+rpcToken, body); code != 403 {
			t.Errorf("%s: %d %s, want 403", body, code, text)
		}
	}
	if _, err := rpc(1, "core.uptime"); err != nil {
		t.Error(err)
	}
}

func TestAddingANodeTwiceIsAddingItOnce(t *testing.T) {
	needEdge(t)
	const uri = "sip:" + silentNode + ":5060"
	for i := 0; i < 3; i++ {
		if _, err := rpc(1, "dispatcher.add", 1, uri); err != nil {
			t.Fatal(err)
		}
	}
	if f := flags(1, uri); strings.Contains(f, ",") || f == "" {
		t.Errorf("added three times: flags %q, want one entry", f)
	}
	if _, err := rpc(1, "dispatcher.remove", 1, uri); err != nil {
		t.Fatal(err)
	}
	if f := flags(1, uri); f != "" {
		t.Errorf("removed: flags %q", f)
	}
}

// A node that is being emptied gets no new calls and can still ring agents.
func TestDrainedNode(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	const uri = "sip:" + nodeOne + ":5060"
	if _, err := rpc(1, "dispatcher.set_state", "dp", 1, uri); err != nil {
		t.Fatal(err)
	}
	caller := newPhone(t, outsidePhone, 0)
	invite := caller.invite(kamOutside(1), "sip:600@"+domain, callerURI)
	if r := caller.waitFinal(invite); r.code() != 503 {
		t.Errorf("a call with the only node drained: %s, want 503", r.start)
	}
	p := agentPhone(t, insidePhone, kam(1), "201")
	ring := node.ring(1, "201")
	p.reply(p.waitRequest("INVITE"), 486, "Busy Here")
	if r := node.waitFinal(ring); r.code() != 486 {
		t.Errorf("a drained node rings an agent: %s", r.start)
	}
	if _, err := rpc(1, "dispatcher.set_state", "ap", 1, uri); err != nil {
		t.Fatal(err)
	}
	if f := flags(1, uri); f != "AP" {
		t.Errorf("taken back: flags %q", f)
	}
}
