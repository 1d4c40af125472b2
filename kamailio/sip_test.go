package kamailio_test

import (
	"bufio"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait for a message that must come.
const patience = 8 * time.Second

// message is a SIP request or response, as it was on the wire.
type message struct {
	start   string
	headers [][2]string
	body    string
	from    *net.UDPAddr
}

func parseMessage(text string) *message {
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	m := &message{start: lines[0], body: body}
	for _, l := range lines[1:] {
		if name, value, ok := strings.Cut(l, ":"); ok {
			m.headers = append(m.headers, [2]string{strings.TrimSpace(name), strings.TrimSpace(value)})
		}
	}
	return m
}

func (m *message) all(name string) []string {
	var out []string
	for _, h := range m.headers {
		if strings.EqualFold(h[0], name) {
			out = append(out, h[1])
		}
	}
	return out
}

func (m *message) get(name string) string {
	if v := m.all(name); len(v) > 0 {
		return v[0]
	}
	return ""
}

func (m *message) set(name, value string) *message {
	for i, h := range m.headers {
		if strings.EqualFold(h[0], name) {
			m.headers[i][1] = value
			return m
		}
	}
	return m.add(name, value)
}

func (m *message) add(name, value string) *message {
	m.headers = append(m.headers, [2]string{name, value})
	return m
}

func (m *message) String() string {
	var b strings.Builder
	b.WriteString(m.start + "\r\n")
	for _, h := range m.headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(m.body), m.body)
	return b.String()
}

// method is empty for a response, code is 0 for a request.
func (m *message) method() string {
	if m.code() != 0 {
		return ""
	}
	word, _, _ := strings.Cut(m.start, " ")
	return word
}

func (m *message) code() int {
	var code int
	_, _ = fmt.Sscanf(m.start, "SIP/2.0 %d", &code)
	return code
}

func (m *message) uri() string { return strings.Fields(m.start)[1] }

func token() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

var angled = regexp.MustCompile(`<([^>]+)>`)

// address is the URI of a name-addr header.
func address(header string) string {
	if m := angled.FindStringSubmatch(header); m != nil {
		return m[1]
	}
	return header
}

func md5hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// phone is one UDP socket, or one TCP connection, that speaks SIP: a phone, a
// caller or an Asterisk.
type phone struct {
	t     *testing.T
	conn  *net.UDPConn
	tcp   net.Conn // instead of conn
	inbox chan *message
	mu    sync.Mutex
	seen  []*message // everything that came, guarded by mu
}

// newPhone listens on an address of this machine.
func newPhone(t *testing.T, ip string, port int) *phone {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(ip), Port: port})
	if err != nil {
		t.Fatalf("listen on %s: %v", ip, err)
	}
	p := &phone{t: t, conn: conn, inbox: make(chan *message, 4096)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 65536)
		for {
			n, from, err := conn.ReadFromUDP(buf)
			if err != nil {
				return
			}
			if n < 20 { // keep-alive
				continue
			}
			m := parseMessage(string(buf[:n]))
			m.from = from
			p.take(m)
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return p
}

// newTCPPhone connects to a Kamailio; it listens on nothing.
func newTCPPhone(t *testing.T, ip, to string) *phone {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}, Timeout: patience}
	conn, err := d.Dial("tcp4", to)
	if err != nil {
		t.Fatal(err)
	}
	p := &phone{t: t, tcp: conn, inbox: make(chan *message, 4096)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r := bufio.NewReader(conn)
		for {
			var head strings.Builder
			for !strings.HasSuffix(head.String(), "\r\n\r\n") {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if head.Len() > 0 || strings.TrimSpace(line) != "" {
					head.WriteString(line)
				}
			}
			m := parseMessage(head.String())
			var n int
			_, _ = fmt.Sscan(m.get("Content-Length"), &n)
			body := make([]byte, n)
			if _, err := io.ReadFull(r, body); err != nil {
				return
			}
			m.body, m.from = string(body), &net.UDPAddr{}
			p.take(m)
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return p
}

func (p *phone) take(m *message) {
	if m.method() == "OPTIONS" {
		p.reply(m, 200, "OK")
		return
	}
	p.mu.Lock()
	p.seen = append(p.seen, m)
	p.mu.Unlock()
	p.inbox <- m
}

func (p *phone) transport() string {
	if p.tcp != nil {
		return "TCP"
	}
	return "UDP"
}

func (p *phone) addr() *net.UDPAddr {
	if p.tcp != nil {
		a := p.tcp.LocalAddr().(*net.TCPAddr)
		return &net.UDPAddr{IP: a.IP, Port: a.Port}
	}
	return p.conn.LocalAddr().(*net.UDPAddr)
}

func (p *phone) contact(user string) string {
	if p.tcp != nil {
		return fmt.Sprintf("<sip:%s@%s;transport=tcp>", user, p.addr())
	}
	return fmt.Sprintf("<sip:%s@%s>", user, p.addr())
}

func (p *phone) send(to string, m *message) {
	p.t.Helper()
	if p.tcp != nil {
		if _, err := p.tcp.Write([]byte(m.String())); err != nil {
			p.t.Error(err)
		}
		return
	}
	dst, err := net.ResolveUDPAddr("udp4", to)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.conn.WriteToUDP([]byte(m.String()), dst); err != nil {
		p.t.Fatal(err)
	}
}

// request makes a request outside any dialog.
func (p *phone) request(method, uri, from, to string) *message {
	m := &message{start: method + " " + uri + " SIP/2.0"}
	m.add("Via", fmt.Sprintf("SIP/2.0/%s %s;rport;branch=z9hG4bK%s", p.transport(), p.addr(), token()))
	m.add("Max-Forwards", "70")
	m.add("From", fmt.Sprintf("<%s>;tag=%s", from, token()))
	m.add("To", "<"+to+">")
	m.add("Call-ID", token()+"@test")
	return m.add("CSeq", "1 "+method)
}

// reply answers m to where it came from.
func (p *phone) reply(m *message, code int, reason string, more ...[2]string) *message {
	r := &message{start: fmt.Sprintf("SIP/2.0 %d %s", code, reason)}
	for _, name := range []string{"Via", "Record-Route"} {
		for _, v := range m.all(name) {
			r.add(name, v)
		}
	}
	to := m.get("To")
	if code > 100 && !strings.Contains(to, "tag=") {
		to += ";tag=" + md5hex(m.get("Call-ID") + p.addr().String())[:12]
	}
	r.add("From", m.get("From")).add("To", to).add("Call-ID", m.get("Call-ID")).add("CSeq", m.get("CSeq"))
	for _, h := range more {
		if h[0] == "" {
			r.body = h[1]
			r.add("Content-Type", "application/sdp")
			continue
		}
		r.add(h[0], h[1])
	}
	p.send(m.from.String(), r)
	return r
}

// wait gives the next message that fits; what does not fit is passed over.
func (p *phone) wait(what string, fits func(*message) bool) *message {
	p.t.Helper()
	limit := time.After(patience)
	for {
		select {
		case m := <-p.inbox:
			if fits(m) {
				return m
			}
		case <-limit:
			p.t.Fatalf("%s: no %s came; seen: %s", p.addr(), what, p.starts())
		}
	}
}

func (p *phone) waitRequest(method string) *message {
	p.t.Helper()
	return p.wait(method, func(m *message) bool { return m.method() == method })
}

// waitFinal gives the final response to a request.
func (p *phone) waitFinal(m *message) *message {
	p.t.Helper()
	return p.wait("final response to "+m.start, func(r *message) bool {
		return r.code() >= 200 && r.get("Call-ID") == m.get("Call-ID") && r.get("CSeq") == m.get("CSeq")
	})
}

func (p *phone) starts() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, m := range p.seen {
		out = append(out, m.start)
	}
	return strings.Join(out, " | ")
}

// received is what came with this method.
func (p *phone) received(method string) (all []*message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.seen {
		if m.method() == method {
			all = append(all, m)
		}
	}
	return all
}

func (p *phone) requests(method string) int { return len(p.received(method)) }

// ackFailure ends a refused INVITE, as the transaction layer would.
func (p *phone) ackFailure(to string, invite, final *message) {
	ack := &message{start: "ACK " + invite.uri() + " SIP/2.0"}
	ack.add("Via", invite.get("Via")).add("Max-Forwards", "70").add("From", invite.get("From"))
	ack.add("To", final.get("To")).add("Call-ID", invite.get("Call-ID"))
	cseq, _, _ := strings.Cut(invite.get("CSeq"), " ")
	p.send(to, ack.add("CSeq", cseq+" ACK"))
}

var quoted = regexp.MustCompile(`(\w+)="?([^",]+)"?`)

// authorize answers a challenge: the same request again, with credentials.
func (p *phone) authorize(m, challenge *message, user, password string) *message {
	name, answer := "WWW-Authenticate", "Authorization"
	if challenge.code() == 407 {
		name, answer = "Proxy-Authenticate", "Proxy-Authorization"
	}
	v := map[string]string{}
	for _, kv := range quoted.FindAllStringSubmatch(challenge.get(name), -1) {
		v[strings.ToLower(kv[1])] = kv[2]
	}
	again := parseMessage(m.String())
	headers := again.headers[:0]
	for _, h := range again.headers {
		if h[0] != "Content-Length" {
			headers = append(headers, h)
		}
	}
	again.headers = headers
	method, cnonce := m.method(), token()
	response := md5hex(md5hex(user+":"+v["realm"]+":"+password) + ":" + v["nonce"] + ":00000001:" + cnonce + ":auth:" +
		md5hex(method+":"+m.uri()))
	again.set("Via", fmt.Sprintf("SIP/2.0/%s %s;rport;branch=z9hG4bK%s", p.transport(), p.addr(), token()))
	var n int
	_, _ = fmt.Sscan(m.get("CSeq"), &n)
	again.set("CSeq", fmt.Sprintf("%d %s", n+1, method))
	return again.set(answer, fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", `+
		`algorithm=MD5, qop=auth, nc=00000001, cnonce="%s"`, user, v["realm"], v["nonce"], m.uri(), response, cnonce))
}

// within makes a request of an established dialog, by its caller (uac) or its
// callee; established is the 2xx or, for the callee, the INVITE.
func (p *phone) within(method string, cseq int, invite, answer *message, uac bool) (*message, string) {
	target, routes := address(answer.get("Contact")), answer.all("Record-Route")
	from, to := answer.get("From"), answer.get("To")
	if uac {
		for i, j := 0, len(routes)-1; i < j; i, j = i+1, j-1 {
			routes[i], routes[j] = routes[j], routes[i]
		}
	} else {
		target, routes = address(invite.get("Contact")), invite.all("Record-Route")
		from, to = to, from
	}
	m := &message{start: method + " " + target + " SIP/2.0"}
	m.add("Via", fmt.Sprintf("SIP/2.0/%s %s;rport;branch=z9hG4bK%s", p.transport(), p.addr(), token()))
	for _, r := range routes {
		m.add("Route", r)
	}
	m.add("Max-Forwards", "70").add("From", from).add("To", to)
	m.add("Call-ID", answer.get("Call-ID")).add("CSeq", fmt.Sprintf("%d %s", cseq, method))
	next := target
	if len(routes) > 0 {
		next = address(routes[0])
	}
	next = strings.TrimPrefix(next, "sip:")
	if i := strings.LastIndex(next, "@"); i >= 0 {
		next = next[i+1:]
	}
	next, _, _ = strings.Cut(next, ";")
	if !strings.Contains(next, ":") {
		next += ":5060"
	}
	return m, next
}
