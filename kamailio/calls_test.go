package kamailio_test

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

const callerURI = "sip:+15550100@caller.example"

// spoofed is what nobody outside may say.
var spoofed = [][2]string{
	{"X-Holdline-Agent", "201"}, {"X-Holdline-Pool", "other"}, {"x-holdline-contact", "beef"}, {"X-Anything", "1"},
	{"P-Asserted-Identity", "<sip:boss@demo.holdline.test>"}, {"P-Preferred-Identity", "<sip:boss@demo.holdline.test>"},
	{"Remote-Party-ID", "<sip:boss@demo.holdline.test>"}, {"Diversion", "<sip:1@x>"}, {"History-Info", "<sip:1@x>"},
	{"Route", "<sip:192.0.2.1;lr>"},
}

func (p *phone) invite(to, uri, from string, more ...[2]string) *message {
	m := p.request("INVITE", uri, from, uri).add("Contact", p.contact("caller")).add("Content-Type", "application/sdp")
	for _, h := range more {
		m.add(h[0], h[1])
	}
	m.body = sdp(p.addr())
	p.send(to, m)
	return m
}

func (p *phone) cancel(to string, invite *message) {
	m := &message{start: "CANCEL " + invite.uri() + " SIP/2.0"}
	m.add("Via", invite.get("Via")).add("Max-Forwards", "70").add("From", invite.get("From")).
		add("To", invite.get("To")).add("Call-ID", invite.get("Call-ID")).add("CSeq", "1 CANCEL")
	p.send(to, m)
}

// carriedNothingSpoofed fails for each header that should have been stripped.
func carriedNothingSpoofed(t *testing.T, m *message) {
	t.Helper()
	for _, h := range spoofed {
		for _, v := range m.all(h[0]) {
			if v == h[1] {
				t.Errorf("%s: %s reached Asterisk", h[0], v)
			}
		}
	}
}

// stamp reads the moment that stands between the two.
func stamp(text, before, after string) (time.Time, bool) {
	digits, begins := strings.CutPrefix(text, before)
	digits, ends := strings.CutSuffix(digits, after)
	ms, err := strconv.ParseInt(digits, 10, 64)
	return time.UnixMilli(ms), begins && ends && len(digits) == 13 && err == nil
}

func TestCallerReachesANodeAndNothingSpoofedDoes(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	for _, side := range []struct{ name, ip, at string }{
		{"inside", insidePhone, kam(1)}, {"outside", outsidePhone, kamOutside(1)},
	} {
		t.Run(side.name, func(t *testing.T) {
			caller := newPhone(t, side.ip, 0)
			invite := caller.invite(side.at, "sip:600@"+domain, callerURI, spoofed...)
			got := node.waitRequest("INVITE")
			carriedNothingSpoofed(t, got)
			if v := got.get("X-Holdline-Pool"); v != "demo" || len(got.all("X-Holdline-Agent")) != 0 {
				t.Errorf("X-Holdline-Pool %q, X-Holdline-Agent %q; want demo, none", v, got.all("X-Holdline-Agent"))
			}
			sent, isStamped := stamp(got.uri(), "sip:600@demo.", ".pool")
			if !isStamped || time.Since(sent).Abs() > 2*time.Second {
				t.Errorf("request URI %s: want the pool and the moment", got.uri())
			}
			for _, v := range got.all("Via")[:1] {
				if !strings.Contains(v, "UDP "+strings.TrimSuffix(kam(1), ":5060")+";") {
					t.Errorf("Via towards the node is %s: want the inside address", v)
				}
			}

			node.reply(got, 200, "OK", [2]string{"Contact", node.contact("600")}, [2]string{"Server", "Asterisk PBX 22"},
				[2]string{sdpType, sdp(node.addr())})
			ok := caller.waitFinal(invite)
			if ok.code() != 200 || ok.get("Server") == "Asterisk PBX 22" && side.name == "outside" {
				t.Fatalf("caller got %s", ok)
			}
			ack, next := caller.within("ACK", 1, invite, ok, true)
			caller.send(reach(side.name, next, side.at), ack)
			node.waitRequest("ACK")

			// Session refresh by the node, then hang-up by either side.
			answered := answerOf(node, got)
			update, next := node.within("UPDATE", 10, got, answered, false)
			node.send(next, update)
			caller.reply(caller.waitRequest("UPDATE"), 200, "OK", [2]string{"Contact", caller.contact("caller")})
			if r := node.waitFinal(update); r.code() != 200 {
				t.Errorf("UPDATE within the dialog: %s", r.start)
			}
			bye, next := caller.within("BYE", 2, invite, ok, true)
			bye.add("X-Holdline-Agent", "201")
			caller.send(reach(side.name, next, side.at), bye)
			gotBye := node.waitRequest("BYE")
			carriedNothingSpoofed(t, gotBye)
			node.reply(gotBye, 200, "OK")
			if r := caller.waitFinal(bye); r.code() != 200 {
				t.Errorf("BYE: %s", r.start)
			}
		})
	}
}

// reach: the advertised address is not on this machine; behind it is the outside port.
func reach(side, next, at string) string {
	if side == "outside" && strings.HasPrefix(next, externalIP) {
		return at
	}
	return next
}

// answerOf makes again the 200 that a callee sent, for its requests within the dialog.
func answerOf(p *phone, invite *message) *message {
	a := &message{start: "SIP/2.0 200 OK"}
	return a.add("From", invite.get("From")).add("Call-ID", invite.get("Call-ID")).
		add("To", invite.get("To")+";tag="+md5hex(invite.get("Call-ID") + p.addr().String())[:12])
}

func TestOutsideLearnsNothingAndReachesNobody(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	agent := agentPhone(t, insidePhone, kam(1), "201")
	caller := newPhone(t, outsidePhone, 0)
	var first string
	for _, uri := range []string{
		"sip:201@" + domain, "sip:202@" + domain, "sip:*45@" + domain, "sip:600@foreign.example",
		"sip:600@" + strings.TrimSuffix(kam(1), ":5060"), "sip:" + domain, "sip:6;00@" + domain,
	} {
		invite := caller.invite(kamOutside(1), uri, callerURI)
		r := caller.waitFinal(invite)
		caller.ackFailure(kamOutside(1), invite, r)
		answer := changing.ReplaceAllString(r.String(), "")
		if first == "" {
			first = answer
		}
		if r.code() != 404 || answer != first {
			t.Errorf("INVITE %s: want the same 404 as for an agent, got\n%s", uri, r)
		}
	}
	if node.requests("INVITE") != 0 || agent.requests("INVITE") != 0 {
		t.Errorf("node got %s; agent got %s", node.starts(), agent.starts())
	}
	for _, method := range []string{"MESSAGE", "SUBSCRIBE", "PUBLISH", "NOTIFY", "REFER", "INFO"} {
		m := caller.request(method, "sip:201@"+domain, callerURI, "sip:201@"+domain)
		caller.send(kamOutside(1), m)
		if r := caller.waitFinal(m); r.code() != 405 {
			t.Errorf("%s: %s, want 405", method, r.start)
		}
	}
}

func TestForgedDialogGoesNowhere(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	victim := newPhone(t, insidePhone, 0)
	for _, from := range []struct{ ip, at string }{{outsidePhone, kamOutside(1)}, {insidePhone, kam(1)}} {
		p := newPhone(t, from.ip, 0)
		for _, target := range []string{node.addr().String(), victim.addr().String(), "10.219.7.2:5060"} {
			for _, route := range []string{"<sip:" + from.at + ";lr>", "<sip:" + from.at + ";lr;hl=0123456789abcdef0123>"} {
				m := p.request("INVITE", "sip:600@"+target, callerURI, "sip:600@"+domain)
				m.set("To", m.get("To")+";tag=forged").add("Route", route).add("Contact", p.contact("x"))
				p.send(from.at, m)
				if r := p.waitFinal(m); r.code() != 481 {
					t.Errorf("forged dialog to %s with %s: %s, want 481", target, route, r.start)
				}
			}
		}
	}
	if node.requests("INVITE")+victim.requests("INVITE") != 0 {
		t.Errorf("forged requests arrived: %s, %s", node.starts(), victim.starts())
	}
}

func TestAgentIsKnownByAuthenticationAlone(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	p := newPhone(t, outsidePhone, 0)
	from := "sip:202@" + domain
	invite := p.invite(kamOutside(2), "sip:*45@"+domain, from, spoofed...)
	challenge := p.waitFinal(invite)
	if challenge.code() != 407 {
		t.Fatalf("INVITE as an agent: %s, want 407", challenge.start)
	}
	p.ackFailure(kamOutside(2), invite, challenge)
	wrong := p.authorize(invite, challenge, "202", "wrong")
	p.send(kamOutside(2), wrong)
	if r := p.waitFinal(wrong); r.code() != 407 {
		t.Fatalf("wrong password: %s", r.start)
	}
	// As another agent than From says.
	other := p.authorize(invite, challenge, "201", "secret-201").set("CSeq", "3 INVITE")
	p.send(kamOutside(2), other)
	if r := p.waitFinal(other); r.code() != 407 {
		t.Fatalf("201's password for 202: %s", r.start)
	}
	right := p.authorize(invite, challenge, "202", "secret-202").set("CSeq", "4 INVITE")
	p.send(kamOutside(2), right)
	got := node.waitRequest("INVITE")
	carriedNothingSpoofed(t, got)
	if a, pool := got.all("X-Holdline-Agent"), got.all("X-Holdline-Pool"); len(a) != 1 || a[0] != "202" || len(pool) != 1 || pool[0] != "demo" {
		t.Errorf("X-Holdline-Agent %q, X-Holdline-Pool %q", a, pool)
	}
	if v := got.get("P-Asserted-Identity"); v != "<"+from+">" {
		t.Errorf("P-Asserted-Identity %q", v)
	}
	if v := got.get("Proxy-Authorization"); v != "" {
		t.Errorf("credentials reached the node: %q", v)
	}
	node.reply(got, 486, "Busy Here")
	if r := p.waitFinal(right); r.code() != 486 {
		t.Errorf("got %s, want the node's 486", r.start)
	}
}

func TestDeadNodeIsSteppedOver(t *testing.T) {
	needEdge(t)
	if _, err := rpc(1, "dispatcher.ping_active", 0); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = rpc(1, "dispatcher.ping_active", 1) }()
	const dead = "sip:" + silentNode + ":5060"
	if _, err := rpc(1, "dispatcher.add", 1, dead); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = rpc(1, "dispatcher.remove", 1, dead) }()
	// Silent, not refusing: a dead machine.
	newPhoneSilent(t, silentNode)
	node := newPhone(t, nodeOne, 5060)
	const uri = "sip:" + nodeOne + ":5060"
	if _, err := rpc(1, "dispatcher.add", 1, uri); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = rpc(1, "dispatcher.remove", 1, uri) }()

	var slowest time.Duration
	caller := newPhone(t, outsidePhone, 0)
	for i := 0; i < 4; i++ {
		began := time.Now()
		invite := caller.invite(kamOutside(1), fmt.Sprintf("sip:60%d@%s", i, domain), callerURI)
		got := node.waitRequest("INVITE")
		node.reply(got, 486, "Busy Here")
		if r := caller.waitFinal(invite); r.code() != 486 {
			t.Fatalf("call %d: %s", i, r.start)
		}
		slowest = max(slowest, time.Since(began))
	}
	if slowest < time.Second || slowest > 2500*time.Millisecond {
		t.Errorf("slowest call took %s: want one to wait 1.5 s for the dead node", slowest)
	}
	if f := flags(1, dead); !strings.HasPrefix(f, "I") {
		t.Errorf("the dead node's flags are %q, want inactive", f)
	}
	t.Logf("a call stepped over a dead node in %s; then it was left out", slowest.Round(time.Millisecond))
}

// newPhoneSilent receives and says nothing.
func newPhoneSilent(t *testing.T, ip string) {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(ip), Port: 5060})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
}

func TestRefusingNodeIsSteppedOver(t *testing.T) {
	needEdge(t)
	one, two := newNode(t, nodeOne), newNode(t, nodeTwo)
	caller := newPhone(t, outsidePhone, 0)
	invite := caller.invite(kamOutside(1), "sip:600@"+domain, callerURI)
	for refused := 0; refused < 2; {
		select {
		case m := <-one.inbox:
			if m.method() == "INVITE" {
				one.reply(m, 503, "Service Unavailable")
				refused++
			}
		case m := <-two.inbox:
			if m.method() == "INVITE" {
				two.reply(m, 500, "Server Internal Error")
				refused++
			}
		case <-time.After(patience):
			t.Fatalf("one got %s; two got %s", one.starts(), two.starts())
		}
	}
	if r := caller.waitFinal(invite); r.code() != 503 || r.get("Retry-After") == "" {
		t.Errorf("both refused: %s, Retry-After %q", r.start, r.get("Retry-After"))
	}
}

func TestNoNodeIsSaidSo(t *testing.T) {
	needEdge(t)
	caller := newPhone(t, outsidePhone, 0)
	invite := caller.invite(kamOutside(1), "sip:600@"+domain, callerURI)
	if r := caller.waitFinal(invite); r.code() != 503 || r.get("Retry-After") == "" {
		t.Errorf("without nodes: %s, Retry-After %q; want 503 and when", r.start, r.get("Retry-After"))
	}
}

func TestCallerWhoHangsUpIsCancelledAtTheNode(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	caller := newPhone(t, outsidePhone, 0)
	invite := caller.invite(kamOutside(1), "sip:600@"+domain, callerURI)
	got := node.waitRequest("INVITE")
	node.reply(got, 180, "Ringing", [2]string{"Contact", node.contact("600")})
	caller.wait("180", func(m *message) bool { return m.code() == 180 })
	caller.cancel(kamOutside(1), invite)
	node.reply(node.waitRequest("CANCEL"), 200, "OK")
	node.reply(got, 487, "Request Terminated")
	if r := caller.waitFinal(invite); r.code() != 487 {
		t.Errorf("after CANCEL: %s, want 487", r.start)
	}
}
