package kamailio_test

import (
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"
)

// ring is an Asterisk node calling an agent through Kamailio n.
func (p *phone) ring(n int, agent string) *message {
	uri := "sip:" + agent + "@" + domain
	return p.invite(kam(n), uri, "sip:+15550100@caller.example", [2]string{"Route", "<sip:" + kam(n) + ";lr>"},
		[2]string{"X-Holdline-Contact", "0123456789abcdef01234567"}, [2]string{"X-Holdline-Queue", "support"},
		[2]string{"Supported", "timer"}, [2]string{"Session-Expires", "180"})
}

// answer is the agent's 200, with its contact and media.
func (p *phone) answer(invite *message) *message {
	return p.reply(invite, 200, "OK", [2]string{"Contact", p.contact("agent")}, [2]string{sdpType, sdp(p.addr())})
}

// talk acknowledges the answer, then each side in turn hangs up: with a BYE
// that must reach the other.
func talk(t *testing.T, node, agent *phone, invite, got, ok *message, nodeHangsUp bool, outside string) {
	t.Helper()
	ack, next := node.within("ACK", 1, invite, ok, true)
	node.send(next, ack)
	agent.waitRequest("ACK")
	if nodeHangsUp {
		bye, next := node.within("BYE", 2, invite, ok, true)
		node.send(next, bye)
		agent.reply(agent.waitRequest("BYE"), 200, "OK")
		if r := node.waitFinal(bye); r.code() != 200 {
			t.Errorf("node's BYE: %s", r.start)
		}
		return
	}
	bye, next := agent.within("BYE", 2, got, answerOf(agent, got), false)
	if outside != "" {
		next = outside
	}
	agent.send(next, bye)
	node.reply(node.waitRequest("BYE"), 200, "OK")
	if r := agent.waitFinal(bye); r.code() != 200 {
		t.Errorf("agent's BYE: %s", r.start)
	}
}

func TestEveryDeviceRingsAndOneWins(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	desk, cell := agentPhone(t, insidePhone, kam(1), "201"), agentPhone(t, insidePhone, kam(2), "201")
	for _, n := range []int{1, 2} {
		invite := node.ring(n, "201")
		one, two := desk.waitRequest("INVITE"), cell.waitRequest("INVITE")
		for _, got := range []*message{one, two} {
			if got.get("X-Holdline-Contact") != "0123456789abcdef01234567" || got.get("X-Holdline-Queue") != "support" ||
				got.get("Session-Expires") != "180" {
				t.Errorf("what the node said did not reach the device:\n%s", got)
			}
			if len(got.all("Route")) != 0 {
				t.Errorf("the node's route reached the device: %s", got.all("Route"))
			}
		}
		desk.reply(one, 180, "Ringing", [2]string{"Contact", desk.contact("agent")})
		cell.reply(two, 180, "Ringing", [2]string{"Contact", cell.contact("agent")})
		desk.answer(one)
		ok := node.waitFinal(invite)
		if ok.code() != 200 || ok.get("Contact") != desk.contact("agent") {
			t.Fatalf("node got %s from %s", ok.start, ok.get("Contact"))
		}
		cancel := cell.waitRequest("CANCEL")
		if reason := cancel.get("Reason"); !strings.Contains(reason, "SIP;cause=200") {
			t.Errorf("the other device's CANCEL says %q, want cause 200, completed elsewhere", reason)
		}
		cell.reply(cancel, 200, "OK")
		cell.reply(two, 487, "Request Terminated")
		talk(t, node, desk, invite, one, ok, n == 1, "")
	}
}

func TestWhyAnAgentCannotBeRung(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	refused := func(agent string) *message {
		began := time.Now()
		invite := node.ring(1, agent)
		r := node.waitFinal(invite)
		node.ackFailure(kam(1), invite, r)
		t.Logf("%s: %s, Reason %q, after %s", agent, r.start, r.get("Reason"), time.Since(began).Round(time.Millisecond))
		return r
	}
	if r := refused("202"); r.code() != 480 || !strings.HasPrefix(r.get("Reason"), "Q.850;cause=20") {
		t.Errorf("not registered: %s, Reason %q", r.start, r.get("Reason"))
	}
	if r := refused("999"); r.code() != 404 || !strings.HasPrefix(r.get("Reason"), "Q.850;cause=1;") {
		t.Errorf("unknown: %s, Reason %q", r.start, r.get("Reason"))
	}
	p := agentPhone(t, insidePhone, kam(1), "202")
	if r := refused("202"); r.code() != 408 { // the device says nothing
		t.Errorf("dead device: %s, want 408", r.start)
	}
	for _, c := range []struct{ says, becomes int }{{486, 486}, {603, 603}, {480, 480}, {302, 480}, {401, 480}, {407, 480}} {
		invite := node.ring(2, "202")
		// The INVITE of the silent round is still repeated for a while.
		got := p.wait("INVITE", func(m *message) bool { return m.method() == "INVITE" && m.get("Call-ID") == invite.get("Call-ID") })
		p.reply(got, c.says, "Because", [2]string{"Contact", "<sip:+900@premium.example>"})
		if r := node.waitFinal(invite); r.code() != c.becomes {
			t.Errorf("device says %d: node got %s, want %d", c.says, r.start, c.becomes)
		}
	}
}

func TestNodeCancelsARingingDevice(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	p := agentPhone(t, insidePhone, kam(2), "201")
	invite := node.ring(1, "201")
	got := p.waitRequest("INVITE")
	p.reply(got, 180, "Ringing", [2]string{"Contact", p.contact("agent")})
	node.wait("180", func(m *message) bool { return m.code() == 180 })
	cancel := cancelOf(invite)
	began := time.Now()
	node.send(kam(1), cancel)
	stop := p.waitRequest("CANCEL")
	if !strings.Contains(stop.get("Reason"), "elsewhere") {
		t.Errorf("the node's reason is lost: %q", stop.get("Reason"))
	}
	t.Logf("the device was told to stop after %s", time.Since(began).Round(time.Millisecond))
	p.reply(stop, 200, "OK")
	p.reply(got, 487, "Request Terminated")
	if r := node.waitFinal(invite); r.code() != 487 {
		t.Errorf("got %s", r.start)
	}
}

// A node gave a call up while this Kamailio was dead, and repeats its INVITE to the
// one that was started again: it is cancelled at the 100, and no phone rings for it.
func TestCallThatWasGivenUpMeanwhileRingsNobody(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	p := agentPhone(t, insidePhone, kam(1), "201")
	docker(t, "restart", "-t", "0", kamName(2))
	eventually(t, "kamailio 2 knows the agent and the node", 10*time.Second, func() bool {
		_, err := rpc(2, "dispatcher.add", 1, "sip:"+nodeOne+":5060")
		return err == nil && directoryVersion(2) != "" && registered(2, "201") && flags(2, "sip:"+nodeOne+":5060") == "AP"
	})
	invite := node.ring(2, "201")
	node.wait("100", func(m *message) bool { return m.code() == 100 })
	node.send(kam(2), cancelOf(invite))
	if r := node.waitFinal(invite); r.code() != 487 {
		t.Errorf("the node got %s, want 487", r.start)
	}
	if n := p.requests("INVITE"); n != 0 {
		t.Errorf("the phone rang %d times", n)
	}
	// What is not cancelled rings, a moment later.
	other := node.ring(2, "201")
	got := p.waitRequest("INVITE")
	if got.get("Call-ID") != other.get("Call-ID") {
		t.Errorf("rang for %s, want %s", got.get("Call-ID"), other.get("Call-ID"))
	}
	p.reply(got, 486, "Busy Here")
	node.waitFinal(other)
}

func cancelOf(invite *message) *message {
	cancel := &message{start: "CANCEL " + invite.uri() + " SIP/2.0"}
	return cancel.add("Via", invite.get("Via")).add("Max-Forwards", "70").add("From", invite.get("From")).
		add("To", invite.get("To")).add("Call-ID", invite.get("Call-ID")).add("CSeq", "1 CANCEL").
		add("Reason", `SIP;cause=200;text="Call completed elsewhere"`)
}

// A device outside registered at one Kamailio is reached through it, from
// either, and both sides hear each other through rtpengine.
func TestDeviceOutsideIsRungThroughItsKamailio(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	for holder := 1; holder <= 2; holder++ {
		t.Run(fmt.Sprintf("registered at %d", holder), func(t *testing.T) {
			p := agentPhone(t, outsidePhone, kamOutside(holder), "203")
			for via := 1; via <= 2; via++ {
				ringOutside(t, node, p, holder, via)
			}
		})
	}
}

func ringOutside(t *testing.T, node, p *phone, holder, via int) {
	t.Helper()
	invite := node.ring(via, "203")
	got := p.waitRequest("INVITE")
	if got.from.String() != kamOutside(holder) {
		t.Errorf("rung by %s, want the flow's %s", got.from, kamOutside(holder))
	}
	if !strings.Contains(got.get("Via"), externalIP) || !strings.Contains(got.get("Record-Route"), externalIP) {
		t.Errorf("told to a device outside: Via %s, Record-Route %s", got.get("Via"), got.get("Record-Route"))
	}
	if strings.Contains(got.uri(), "flow=") || strings.Contains(got.uri(), "alias=") {
		t.Errorf("request URI %s", got.uri())
	}
	toAgent := media(t, got.body, externalIP)
	p.answer(got)
	ok := node.waitFinal(invite)
	if ok.code() != 200 {
		t.Fatalf("registered at %d, rung by %d: %s", holder, via, ok.start)
	}
	toNode := media(t, ok.body, subnet+"8")
	hear(t, node, p, toNode, toAgent)
	talk(t, node, p, invite, got, ok, via == 1, kamOutside(holder))
}

// Two devices outside have a media session each; the one that answers is heard,
// also after it moved its media by a re-INVITE.
func TestTwoDevicesOutside(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	desk := agentPhone(t, outsidePhone, kamOutside(1), "203")
	cell := agentPhone(t, otherOutside, kamOutside(2), "203")
	invite := node.ring(1, "203")
	one, two := desk.waitRequest("INVITE"), cell.waitRequest("INVITE")
	if one.body == two.body {
		t.Error("both devices were told one media address")
	}
	desk.reply(one, 183, "Session Progress", [2]string{"Contact", desk.contact("agent")}, [2]string{sdpType, sdp(desk.addr())})
	node.wait("183", func(m *message) bool { return m.code() == 183 })
	cell.answer(two)
	ok := node.waitFinal(invite)
	if ok.code() != 200 {
		t.Fatal(ok.start)
	}
	desk.reply(desk.waitRequest("CANCEL"), 200, "OK")
	desk.reply(one, 487, "Request Terminated")
	ack, next := node.within("ACK", 1, invite, ok, true)
	node.send(next, ack)
	cell.waitRequest("ACK")
	hear(t, node, cell, media(t, ok.body, subnet+"8"), media(t, two.body, externalIP))

	again, _ := cell.within("INVITE", 20, two, answerOf(cell, two), false)
	again.add("Contact", cell.contact("agent")).add("Content-Type", "application/sdp")
	again.body = strings.Replace(sdp(cell.addr()), "o=- 1 1 ", "o=- 1 2 ", 1)
	cell.send(kamOutside(2), again)
	moved := node.waitRequest("INVITE")
	toCell := media(t, moved.body, subnet+"8")
	node.reply(moved, 200, "OK", [2]string{"Contact", node.contact("x")}, [2]string{sdpType, sdp(node.addr())})
	accepted := cell.waitFinal(again)
	if accepted.code() != 200 {
		t.Fatalf("re-INVITE: %s", accepted.start)
	}
	hear(t, node, cell, toCell, media(t, accepted.body, externalIP))
	bye, next := node.within("BYE", 2, invite, ok, true)
	node.send(next, bye)
	cell.reply(cell.waitRequest("BYE"), 200, "OK")
	node.waitFinal(bye)
}

// A device on TCP is reached over its own connection, from either Kamailio, and
// counts as gone when the connection is.
func TestDeviceOnTCP(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	for _, side := range []struct{ name, ip, at string }{
		{"inside", insidePhone, kam(2)}, {"outside", outsidePhone, kamOutside(2)},
	} {
		t.Run(side.name, func(t *testing.T) {
			p := newTCPPhone(t, side.ip, side.at)
			if r := register(p, side.at, "206", "secret-206", 120); r.code() != 200 {
				t.Fatal(r.start)
			}
			eventually(t, "replicated", 3*time.Second, func() bool { return located(1, "206", p) })
			for via := 1; via <= 2; via++ {
				invite := node.ring(via, "206")
				got := p.waitRequest("INVITE")
				p.answer(got)
				ok := node.waitFinal(invite)
				if ok.code() != 200 {
					t.Fatalf("via %d: %s", via, ok.start)
				}
				talk(t, node, p, invite, got, ok, via == 1, "")
			}
			_ = p.tcp.Close()
			eventually(t, "lost connection noticed", 15*time.Second, func() bool { return !located(2, "206", p) })
			invite := node.ring(1, "206")
			r := node.waitFinal(invite)
			node.ackFailure(kam(1), invite, r)
			if r.code() != 480 {
				t.Errorf("rung after the connection was lost: %s, want 480", r.start)
			}
		})
	}
}

// media is where an SDP wants its packets.
func media(t *testing.T, body, wantIP string) *net.UDPAddr {
	t.Helper()
	var addr net.UDPAddr
	for _, l := range strings.Split(body, "\r\n") {
		if ip, ok := strings.CutPrefix(l, "c=IN IP4 "); ok {
			addr.IP = net.ParseIP(ip)
		}
		if rest, ok := strings.CutPrefix(l, "m=audio "); ok {
			for _, c := range rest {
				if c == ' ' {
					break
				}
				addr.Port = addr.Port*10 + int(c-'0')
			}
		}
	}
	if addr.IP.String() != wantIP {
		t.Errorf("media at %s, want %s:\n%s", &addr, wantIP, body)
	}
	return &addr
}

// hear sends RTP from each side to where it was told, until it arrives at the
// other's SIP address, which the SDPs named for media too.
func hear(t *testing.T, node, agent *phone, toNode, toAgent *net.UDPAddr) {
	t.Helper()
	// The external address is published by the host; here rtpengine's own stands for it.
	if toAgent.IP.String() == externalIP {
		toAgent.IP = net.ParseIP(subnet + "8")
	}
	rtp := func(ssrc byte, seq byte) []byte {
		return append([]byte{0x80, 0, 0, seq, 0, 0, seq, 160, 1, 1, 1, ssrc}, make([]byte, 160)...)
	}
	heard := func(p *phone, ssrc byte) bool {
		for {
			select {
			case m := <-p.inbox:
				if len(m.start) > 12 && m.start[11] == ssrc {
					return true
				}
			default:
				return false
			}
		}
	}
	var nodeHears, agentHears bool
	var seq byte
	eventually(t, "both hear", patience, func() bool {
		seq++
		_, _ = node.conn.WriteToUDP(rtp('N', seq), toNode)
		_, _ = agent.conn.WriteToUDP(rtp('A', seq), toAgent)
		nodeHears = nodeHears || heard(node, 'A')
		agentHears = agentHears || heard(agent, 'N')
		return nodeHears && agentHears
	})
}

// The one who holds the flow is dead: the device is tried directly, and a
// device inside does not depend on who took its registration.
func TestHolderDead(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	inside := agentPhone(t, insidePhone, kam(2), "201")
	outside := agentPhone(t, outsidePhone, kamOutside(2), "202")
	docker(t, "kill", kamName(2))
	defer func() {
		docker(t, "start", kamName(2))
		eventually(t, "kamailio 2 back", 10*time.Second, func() bool { return httpAlive(2) && directoryVersion(2) != "" })
		eventually(t, "registrations back", 10*time.Second, func() bool { return registered(2, "201") && registered(2, "202") })
		if _, err := rpc(2, "dispatcher.add", 1, "sip:"+nodeOne+":5060"); err != nil {
			t.Error(err)
		}
	}()
	began := time.Now()
	invite := node.ring(1, "201")
	inside.answer(inside.waitRequest("INVITE"))
	if r := node.waitFinal(invite); r.code() != 200 {
		t.Fatalf("device inside: %s", r.start)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("a device inside rang after %s", took)
	}
	began = time.Now()
	eventually(t, "device outside is tried directly", 15*time.Second, func() bool {
		invite := node.ring(1, "202")
		for {
			select {
			case m := <-outside.inbox:
				if m.method() == "INVITE" && m.get("Call-ID") == invite.get("Call-ID") {
					outside.answer(m)
					return node.waitFinal(invite).code() == 200
				}
			case m := <-node.inbox: // 408 while the death is not noticed
				if m.code() >= 300 && m.get("Call-ID") == invite.get("Call-ID") {
					node.ackFailure(kam(1), invite, m)
					return false
				}
			}
		}
	})
	rung := time.Since(began)
	if rung > 2*time.Second {
		t.Errorf("a device outside rang %s after its Kamailio died", rung)
	}
	t.Logf("a device outside rang after %s though its Kamailio was dead", rung.Round(10*time.Millisecond))
}

// What one Kamailio missed while it could not hear, it asks the other for.
func TestMissedRegistrationIsAskedFor(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	before := replicationFailures(1)
	docker(t, "network", "disconnect", network, kamName(2))
	p := newPhone(t, insidePhone, 0)
	if r := register(p, kam(1), "207", "secret-207", 120); r.code() != 200 {
		t.Fatal(r.start)
	}
	eventually(t, "replication given up", 10*time.Second, func() bool { return replicationFailures(1) != before })
	docker(t, "network", "connect", "--ip", subnet+"12", network, kamName(2))
	eventually(t, "kamailio 2 back and each sees the other", 10*time.Second, func() bool { return httpAlive(2) && peerUp(1) && peerUp(2) })
	if registered(2, "207") {
		t.Error("the registration arrived all the same: this test tests nothing")
	}
	invite := node.ring(2, "207")
	got := p.waitRequest("INVITE")
	p.answer(got)
	ok := node.waitFinal(invite)
	if ok.code() != 200 {
		t.Fatal(ok.start)
	}
	talk(t, node, p, invite, got, ok, true, "")
	register(p, kam(1), "207", "secret-207", 0)
}

// replicationFailures is what Kamailio n counts of its peer.
func replicationFailures(n int) string {
	r, err := rpc(n, "dmq.list_nodes")
	if err != nil {
		return ""
	}
	return strings.Join(regexp.MustCompile(`"fail_count":\d+|"status":"[^"]*"`).FindAllString(string(r), -1), ",")
}

func peerUp(n int) bool {
	r, err := rpc(n, "dispatcher.list")
	return err == nil && strings.Contains(string(r), fmt.Sprintf(`"URI":"sip:%s1%d:5060","FLAGS":"AP"`, subnet, 3-n))
}

func TestCallsGoOnWithoutMySQLAndRTPEngine(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	inside, outside := agentPhone(t, insidePhone, kam(1), "201"), agentPhone(t, outsidePhone, kamOutside(1), "202")
	for _, part := range []string{"-mysql", "-rtpengine"} {
		docker(t, "pause", network+part)
	}
	defer func() {
		for _, part := range []string{"-mysql", "-rtpengine"} {
			docker(t, "unpause", network+part)
		}
		took := eventually(t, "calls outside again", 20*time.Second, func() bool {
			invite := node.ring(1, "202")
			m := node.wait("an answer", func(m *message) bool { return m.code() > 100 && m.get("Call-ID") == invite.get("Call-ID") })
			return m.code() != 503
		})
		t.Logf("calls to the device outside went on %s after rtpengine was back", took.Round(time.Millisecond))
	}()
	began := time.Now()
	invite := node.ring(2, "201")
	got := inside.waitRequest("INVITE")
	inside.answer(got)
	ok := node.waitFinal(invite)
	if took := time.Since(began); ok.code() != 200 || took > time.Second {
		t.Errorf("call inside: %s after %s", ok.start, took)
	}
	talk(t, node, inside, invite, got, ok, true, "")

	invite = node.ring(1, "202")
	if r := node.waitFinal(invite); r.code() != 503 || outside.requests("INVITE") != 0 {
		t.Errorf("call outside without rtpengine: %s, device saw %q; want 503 and a silent device", r.start, outside.starts())
	}
}

// However close the two devices' answers are, the one that lost is told.
func TestLoserIsAlwaysCancelled(t *testing.T) {
	needEdge(t)
	node := newNode(t, nodeOne)
	desk, cell := agentPhone(t, insidePhone, kam(1), "201"), agentPhone(t, insidePhone, kam(1), "201")
	for i := 0; i < 500; i++ {
		invite := node.ring(1, "201")
		one, two := desk.waitRequest("INVITE"), cell.waitRequest("INVITE")
		go desk.answer(one)
		cell.reply(two, 180, "Ringing", [2]string{"Contact", cell.contact("agent")})
		ok := node.waitFinal(invite)
		ack, next := node.within("ACK", 1, invite, ok, true)
		node.send(next, ack)
		cell.reply(cell.waitRequest("CANCEL"), 200, "OK")
		cell.reply(two, 487, "Request Terminated")
		desk.waitRequest("ACK")
	}
}
