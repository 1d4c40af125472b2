package kamailio_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdline/callmanager"
)

// inCalls are the agents whose calls outside the queues Kamailio n lists, a word for
// each call, as callmanager reads them.
func inCalls(t *testing.T, n int) string {
	t.Helper()
	k, err := callmanager.NewKamailio(fmt.Sprintf("http://%s1%d:8090/rpc", subnet, n), rpcToken)
	if err != nil {
		t.Fatal(err)
	}
	calls, err := k.AgentCalls(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, c := range calls {
		all = append(all, c.Pool+"|"+c.Agent)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// listed fails unless the Kamailios list just these, at this moment.
func listed(t *testing.T, when, one, two string) {
	t.Helper()
	for n, want := range []string{one, two} {
		if got := inCalls(t, n+1); got != want {
			t.Errorf("%s: kamailio %d lists %q, want %q", when, n+1, got, want)
		}
	}
}

// forgotten waits until no call is listed any more: the answer that a phone gets
// leaves a Kamailio before the route that writes the list is over.
func forgotten(t *testing.T, when string) {
	t.Helper()
	eventually(t, when+": the call is forgotten", time.Second, func() bool { return inCalls(t, 1)+inCalls(t, 2) == "" })
}

// dials is the agent's call that the Kamailio has accepted: its INVITE with the password.
func dials(p *phone, at, agent, called string) *message {
	p.t.Helper()
	first := p.invite(at, "sip:"+called+"@"+domain, "sip:"+agent+"@"+domain)
	challenge := p.waitFinal(first)
	p.ackFailure(at, first, challenge)
	again := p.authorize(first, challenge, agent, "secret-"+agent)
	p.send(at, again)
	return again
}

// called is a node that calls an agent of its own accord, without a contact.
func (p *phone) called(n int, agent string) *message {
	return p.invite(kam(n), "sip:"+agent+"@"+domain, "sip:600@"+domain, [2]string{"Route", "<sip:" + kam(n) + ";lr>"})
}

func TestAgentWhoCallsIsInACall(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	for _, side := range []struct{ name, ip, at string }{
		{"inside", insidePhone, kam(1)}, {"outside", outsidePhone, kamOutside(1)},
	} {
		for _, end := range []string{"the agent hangs up", "the node hangs up", "the agent gives up", "the node refuses", "the node fails"} {
			t.Run(side.name+", "+end, func(t *testing.T) {
				p := newPhone(t, side.ip, 0)
				invite := dials(p, side.at, "201", "600")
				got := node.waitRequest("INVITE")
				listed(t, "dialled", "demo|201", "")
				node.reply(got, 180, "Ringing", [2]string{"Contact", node.contact("600")})
				p.wait("180", func(m *message) bool { return m.code() == 180 })
				listed(t, "rings", "demo|201", "")
				switch end {
				case "the agent gives up":
					cancel := cancelOf(invite)
					p.send(side.at, cancel.set("CSeq", strings.Replace(invite.get("CSeq"), "INVITE", "CANCEL", 1)))
					node.reply(node.waitRequest("CANCEL"), 200, "OK")
					node.reply(got, 487, "Request Terminated")
				case "the node refuses":
					node.reply(got, 486, "Busy Here")
				case "the node fails":
					node.reply(got, 500, "Server Internal Error")
				default:
					talksAndHangsUp(t, p, node, invite, got, side.at, end == "the agent hangs up")
					forgotten(t, end)
					return
				}
				p.ackFailure(side.at, invite, p.waitFinal(invite))
				forgotten(t, end)
			})
		}
	}
}

// talksAndHangsUp answers the agent's call; they talk, and one of the two hangs up.
func talksAndHangsUp(t *testing.T, p, node *phone, invite, got *message, at string, agentHangsUp bool) {
	t.Helper()
	ok := talks(p, node, invite, got, at)
	listed(t, "talks", "demo|201", "")
	if agentHangsUp {
		bye, _ := p.within("BYE", 3, invite, ok, true)
		p.send(at, bye)
		node.reply(node.waitRequest("BYE"), 200, "OK")
		p.waitFinal(bye)
		return
	}
	bye, next := node.within("BYE", 10, got, answerOf(node, got), false)
	node.send(next, bye)
	p.reply(p.waitRequest("BYE"), 200, "OK")
	node.waitFinal(bye)
}

// talks answers the agent's call and gives the 200 that the agent got.
func talks(p, node *phone, invite, got *message, at string) *message {
	p.t.Helper()
	node.reply(got, 200, "OK", [2]string{"Contact", node.contact("600")}, [2]string{sdpType, sdp(node.addr())})
	ok := p.waitFinal(invite)
	ack, _ := p.within("ACK", 2, invite, ok, true)
	p.send(at, ack)
	node.waitRequest("ACK")
	return ok
}

func TestFeatureCodesAndStrangersAreInNoCall(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	for _, call := range []struct{ name, agent, dialled string }{{"a feature code", "201", "*47*1"}, {"a caller", "", "600"}} {
		t.Run(call.name, func(t *testing.T) {
			p := newPhone(t, insidePhone, 0)
			var invite *message
			if call.agent != "" {
				invite = dials(p, kam(1), call.agent, call.dialled)
			} else {
				invite = p.invite(kam(1), "sip:"+call.dialled+"@"+domain, callerURI)
			}
			got := node.waitRequest("INVITE")
			listed(t, "dialled", "", "")
			ok := talks(p, node, invite, got, kam(1))
			listed(t, "talks", "", "")
			bye, next := p.within("BYE", 3, invite, ok, true)
			p.send(next, bye)
			node.reply(node.waitRequest("BYE"), 200, "OK")
			p.waitFinal(bye)
		})
	}
}

func TestAgentWhoIsOfferedAContactIsInNoCall(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	p := agentPhone(t, outsidePhone, kamOutside(2), "201")
	invite := node.ring(1, "201")
	got := p.waitRequest("INVITE")
	listed(t, "offered", "", "")
	p.answer(got)
	ok := node.waitFinal(invite)
	listed(t, "talks", "", "")
	talk(t, node, p, invite, got, ok, true, "")
}

func TestAgentWhomTheDialplanCallsIsInACall(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	for _, device := range []struct{ name, ip, at, two string }{
		{"inside", insidePhone, kam(2), ""},
		{"outside, through the other Kamailio", outsidePhone, kamOutside(2), "demo|202"},
	} {
		t.Run(device.name, func(t *testing.T) {
			p := agentPhone(t, device.ip, device.at, "202")
			for _, end := range []string{"hangs up", "the caller gives up", "is busy"} {
				invite := node.called(1, "202")
				got := p.wait("INVITE", func(m *message) bool { return m.method() == "INVITE" && m.get("Call-ID") == invite.get("Call-ID") })
				listed(t, "rings", "demo|202", device.two)
				switch end {
				case "hangs up":
					p.answer(got)
					ok := node.waitFinal(invite)
					listed(t, "talks", "demo|202", device.two)
					talk(t, node, p, invite, got, ok, true, "")
				case "the caller gives up":
					p.reply(got, 180, "Ringing", [2]string{"Contact", p.contact("agent")})
					node.wait("180", func(m *message) bool { return m.code() == 180 })
					node.send(kam(1), cancelOf(invite))
					p.reply(p.waitRequest("CANCEL"), 200, "OK")
					p.reply(got, 487, "Request Terminated")
					node.ackFailure(kam(1), invite, node.waitFinal(invite))
				case "is busy":
					p.reply(got, 486, "Busy Here")
					node.ackFailure(kam(1), invite, node.waitFinal(invite))
				}
				forgotten(t, end)
			}
		})
	}
	invite := node.called(1, "203") // nobody is registered
	node.ackFailure(kam(1), invite, node.waitFinal(invite))
	listed(t, "not registered", "", "")
}

// Two phones of one agent and a phone that says nothing: each call is listed by itself.
func TestAgentWithTwoCalls(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	silent := agentPhone(t, insidePhone, kam(1), "204")
	invite := node.called(1, "204")
	silent.waitRequest("INVITE")
	p := newPhone(t, insidePhone, 0)
	out := dials(p, kam(2), "204", "600")
	got := node.waitRequest("INVITE")
	node.reply(got, 180, "Ringing", [2]string{"Contact", node.contact("600")})
	p.wait("180", func(m *message) bool { return m.code() == 180 })
	listed(t, "both", "demo|204", "demo|204")
	if r := node.waitFinal(invite); r.code() != 408 {
		t.Errorf("a phone that says nothing: %s, want 408", r.start)
	}
	eventually(t, "the silent one is forgotten", time.Second, func() bool { return inCalls(t, 1) == "" })
	listed(t, "one is left", "", "demo|204")
	node.reply(got, 486, "Busy Here")
	p.ackFailure(kam(2), out, p.waitFinal(out))
	forgotten(t, "refused")
}

// A Kamailio that restarts has forgotten the call; its dialog goes on, and nothing stays.
func TestRestartForgetsAgentCalls(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	p := newPhone(t, insidePhone, 0)
	invite := dials(p, kam(2), "201", "600")
	got := node.waitRequest("INVITE")
	ok := talks(p, node, invite, got, kam(2))
	listed(t, "talks", "", "demo|201")
	docker(t, "restart", "-t", "0", kamName(2))
	eventually(t, "kamailio 2 is back", 10*time.Second, func() bool { return httpAlive(2) && directoryVersion(2) != "" })
	if _, err := rpc(2, "dispatcher.add", 1, "sip:"+nodeOne+":5060"); err != nil {
		t.Fatal(err)
	}
	listed(t, "restarted", "", "")
	update, next := node.within("UPDATE", 10, got, answerOf(node, got), false)
	node.send(next, update)
	p.reply(p.waitRequest("UPDATE"), 200, "OK", [2]string{"Contact", p.contact("caller")})
	node.waitFinal(update)
	listed(t, "refreshed", "", "")
	bye, next := p.within("BYE", 3, invite, ok, true)
	p.send(next, bye)
	node.reply(node.waitRequest("BYE"), 200, "OK")
	if r := p.waitFinal(bye); r.code() != 200 {
		t.Errorf("BYE after a restart: %s", r.start)
	}
}

// A call whose BYE was lost is listed as long as its session is refreshed, and not
// much longer.
func TestCallOfWhichNothingIsHeardIsForgotten(t *testing.T) {
	needEdge(t)
	const kept = 4 * time.Second
	changed(t, "!IN_CALL_SECONDS!200!", fmt.Sprintf("!IN_CALL_SECONDS!%d!", int(kept.Seconds())))
	node := newNode(t, nodeOne)
	p := newPhone(t, insidePhone, 0)
	invite := dials(p, kam(2), "201", "600")
	got := node.waitRequest("INVITE")
	talks(p, node, invite, got, kam(2))
	refresh := time.NewTicker(kept / 4)
	defer refresh.Stop()
	cseq, began := 10, time.Now()
	for time.Since(began) < 3*kept { // the table is swept every five seconds
		<-refresh.C
		update, next := node.within("UPDATE", cseq, got, answerOf(node, got), false)
		node.send(next, update)
		p.reply(p.waitRequest("UPDATE"), 200, "OK", [2]string{"Contact", p.contact("caller")})
		node.waitFinal(update)
		cseq++
		listed(t, fmt.Sprintf("refreshed after %s", time.Since(began).Round(time.Second)), "", "demo|201")
	}
	took := eventually(t, "nothing is heard any more", 3*kept, func() bool { return inCalls(t, 2) == "" })
	t.Logf("forgotten %s after the last refresh; kept for %s", took.Round(100*time.Millisecond), kept)
}

// As many as one answer of JSON-RPC must hold; what does not fit is cut off.
func TestManyAgentCallsAreListed(t *testing.T) {
	needEdge(t)
	const many = 5000
	changed(t, "$sht(directory=>started) = $Ts;", fmt.Sprintf(`$sht(directory=>started) = $Ts;
	$var(n) = 0;
	while ($var(n) < %d) {
		$var(call) = $(var(n){s.md5});
		$sht(agent_calls=>$var(call)) = "demo|a-name-of-more-than-usual-length-" + $var(n);
		$var(n) = $var(n) + 1;
	}`, many))
	if n := len(strings.Fields(inCalls(t, 2))); n != many {
		t.Errorf("%d calls are listed, want %d", n, many)
	}
}

// changed starts Kamailio 2 with another text in its configuration, until the test ends.
func changed(t *testing.T, text, other string) {
	t.Helper()
	files, err := filepath.Glob("etc/*.cfg")
	if err != nil || len(files) == 0 {
		t.Fatalf("no configuration here: %v", err)
	}
	dir, found := t.TempDir(), 0
	if err := os.Chmod(dir, 0o755); err != nil { // Kamailio is another user
		t.Fatal(err)
	}
	for _, f := range files {
		cfg, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		found += strings.Count(string(cfg), text)
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(f)), []byte(strings.Replace(string(cfg), text, other, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if found != 1 {
		t.Fatalf("%q stands %d times in the configuration, want once", text, found)
	}
	again := func(more ...string) {
		docker(t, "rm", "-f", kamName(2))
		if err := startKamailio(2, more...); err != nil {
			t.Error(err)
		}
		eventually(t, "kamailio 2 is back", 10*time.Second, func() bool { return httpAlive(2) && directoryVersion(2) != "" })
	}
	t.Cleanup(func() { again() })
	again("-v", dir+":/usr/share/holdline/kamailio:ro")
}
