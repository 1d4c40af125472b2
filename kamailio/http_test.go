package kamailio_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
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

// A node that is being emptied gets no new calls, rings agents for those who wait
// on it, and its calls go on; also when a Kamailio restarts meanwhile.
func TestDrainedNode(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	const uri = "sip:" + nodeOne + ":5060"
	caller := newPhone(t, outsidePhone, 0)
	waits := caller.invite(kamOutside(1), "sip:600@"+domain, callerURI)
	entered := node.waitRequest("INVITE")
	node.reply(entered, 200, "OK", [2]string{"Contact", node.contact("600")}, [2]string{sdpType, sdp(node.addr())})
	ok := caller.waitFinal(waits)
	ack, _ := caller.within("ACK", 1, waits, ok, true)
	caller.send(kamOutside(1), ack)
	node.waitRequest("ACK")
	p := agentPhone(t, insidePhone, kam(1), "201")

	if _, err := rpc(1, "dispatcher.set_state", "dp", 1, uri); err != nil {
		t.Fatal(err)
	}
	drained := func(when string) {
		t.Helper()
		other := newPhone(t, outsidePhone, 0)
		invite := other.invite(kamOutside(1), "sip:600@"+domain, callerURI)
		if r := other.waitFinal(invite); r.code() != 503 {
			t.Errorf("%s: a call with the only node drained: %s, want 503", when, r.start)
		}
		ring := node.ring(1, "201")
		p.reply(p.waitRequest("INVITE"), 486, "Busy Here")
		if r := node.waitFinal(ring); r.code() != 486 {
			t.Errorf("%s: a drained node rings an agent: %s", when, r.start)
		}
	}
	drained("drained")

	docker(t, "restart", "-t", "1", kamName(1))
	eventually(t, "the list is empty after a restart", 10*time.Second, func() bool { return httpAlive(1) && flags(1, uri) == "" })
	// The list is filled only by and by: until then nobody knows that this is a node.
	early := node.ring(1, "201")
	eventually(t, "the directory is read", 20*time.Second, func() bool { return directoryVersion(1) != "" })
	eventually(t, "registrations are back", 5*time.Second, func() bool { return located(1, "201", p) })
	if _, err := rpc(1, "dispatcher.add", 1, uri, 12); err != nil { // as callmanager does
		t.Fatal(err)
	}
	node.send(kam(1), early) // said again (RFC 3261, timer A)
	p.reply(p.waitRequest("INVITE"), 486, "Busy Here")
	if r := node.waitFinal(early); r.code() != 486 {
		t.Errorf("an agent's call by a node that was not known yet: %s", r.start)
	}
	if f := flags(1, uri); f != "DP" {
		t.Errorf("added closed: flags %q", f)
	}
	drained("after a restart")

	// Who waits there has been served, and hangs up; the node is told.
	bye, _ := caller.within("BYE", 2, waits, ok, true)
	caller.send(kamOutside(1), bye)
	node.reply(node.waitRequest("BYE"), 200, "OK")
	if r := caller.waitFinal(bye); r.code() != 200 {
		t.Errorf("the end of a call on a drained node: %s", r.start)
	}
	if _, err := rpc(1, "dispatcher.set_state", "ap", 1, uri); err != nil {
		t.Fatal(err)
	}
	if f := flags(1, uri); f != "AP" {
		t.Errorf("taken back: flags %q", f)
	}
}
