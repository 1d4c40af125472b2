package sim

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// testProxy is a registrar with digest and a stateless record-routing proxy in
// front of the phones. It works on the text of the messages, so that it shares
// no parser with the phones.
type testProxy struct {
	conn *net.UDPConn
	done chan struct{}

	mu       sync.Mutex
	bindings map[string]string // user -> contact URI
	expires  string            // granted; "" grants what is asked for
	silent   bool
}

const testNonce = "9f2ba1c0"

func newTestProxy(t *testing.T) *testProxy {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	p := &testProxy{conn: conn, done: make(chan struct{}), bindings: map[string]string{}}
	go p.serve()
	t.Cleanup(func() { _ = conn.Close(); <-p.done })
	return p
}

func (p *testProxy) address() string { return p.conn.LocalAddr().String() }

func (p *testProxy) binding(user string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bindings[user]
}

func (p *testProxy) setSilent(v bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = v
}

func (p *testProxy) serve() {
	defer close(p.done)
	buf := make([]byte, 1<<16)
	for {
		n, from, err := p.conn.ReadFromUDP(buf)
		if err != nil {
			return
		}
		p.mu.Lock()
		if !p.silent {
			p.take(newTestMessage(string(buf[:n])), from)
		}
		p.mu.Unlock()
	}
}

// testMessage is a start line, header lines and a body.
type testMessage struct {
	start, body string
	lines       []string
}

func newTestMessage(raw string) *testMessage {
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	return &testMessage{start: lines[0], lines: lines[1:], body: body}
}

func (m *testMessage) String() string {
	return m.start + "\r\n" + strings.Join(m.lines, "\r\n") + "\r\n\r\n" + m.body
}

func (m *testMessage) index(name string) int {
	return slices.IndexFunc(m.lines, func(l string) bool {
		return strings.HasPrefix(strings.ToLower(l), strings.ToLower(name)+":")
	})
}

func (m *testMessage) get(name string) string {
	if i := m.index(name); i >= 0 {
		return strings.TrimSpace(m.lines[i][len(name)+1:])
	}
	return ""
}

var userOf = regexp.MustCompile(`sip:([^@>;]+)@`)
var hostOf = regexp.MustCompile(`sips?:(?:[^@>]+@)?([0-9.]+:[0-9]+)`)

func first(re *regexp.Regexp, s string) string {
	if m := re.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}

func (p *testProxy) take(m *testMessage, from *net.UDPAddr) {
	if strings.HasPrefix(m.start, "SIP/2.0") {
		m.lines = slices.Delete(m.lines, m.index("Via"), m.index("Via")+1)
		if via := m.get("Via"); via != "" {
			p.forward(m, strings.Fields(strings.SplitN(via, ";", 2)[0])[1])
		}
		return
	}
	method, _, _ := strings.Cut(m.start, " ")
	if method == "REGISTER" {
		p.register(m, from)
		return
	}
	ours := strings.Contains(m.get("From"), "@test.invalid")
	if method == "INVITE" && ours && !strings.Contains(m.get("To"), "tag=") && !p.authorised(m, "Proxy-Authorization", "INVITE") {
		p.answer(m, from, "407 Proxy Authentication Required", "Proxy-Authenticate: "+testChallenge)
		return
	}
	var next string
	if m.index("Route") >= 0 { // inside a dialog: both of our entries go
		for range 2 {
			m.lines = slices.Delete(m.lines, m.index("Route"), m.index("Route")+1)
		}
		next = first(hostOf, strings.Fields(m.start)[1])
	} else if contact := p.bindings[first(userOf, m.start)]; contact != "" {
		m.start = method + " " + contact + " SIP/2.0"
		next = first(hostOf, contact)
		// Two in one line, as Kamailio writes them when it is multihomed.
		us := "<sip:" + p.address() + ";r2=on;lr>"
		m.lines = append([]string{"Record-Route: " + us + "," + us}, m.lines...)
	} else {
		p.answer(m, from, "404 Not Found")
		return
	}
	branch := "z9hG4bKproxy" + param(m.get("Via"), "branch")[7:]
	m.lines = append([]string{"Via: SIP/2.0/UDP " + p.address() + ";branch=" + branch}, m.lines...)
	p.forward(m, next)
}

func (p *testProxy) forward(m *testMessage, to string) {
	if addr, err := net.ResolveUDPAddr("udp4", to); err == nil {
		_, _ = p.conn.WriteToUDP([]byte(m.String()), addr)
	}
}

func (p *testProxy) answer(m *testMessage, to *net.UDPAddr, status string, headers ...string) {
	res := &testMessage{start: "SIP/2.0 " + status}
	for _, l := range m.lines {
		for _, name := range []string{"via", "from", "to", "call-id", "cseq"} {
			if strings.HasPrefix(strings.ToLower(l), name+":") {
				if name == "to" && !strings.Contains(l, "tag=") {
					l += ";tag=proxy"
				}
				res.lines = append(res.lines, l)
			}
		}
	}
	res.lines = append(append(res.lines, headers...), "Content-Length: 0")
	_, _ = p.conn.WriteToUDP([]byte(res.String()), to)
}

const testChallenge = `Digest realm="test.invalid", nonce="` + testNonce + `", qop="auth", algorithm=MD5`

func md5hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// authorised checks the digest of the user named in From.
func (p *testProxy) authorised(m *testMessage, header, method string) bool {
	fields := map[string]string{}
	for part := range strings.SplitSeq(strings.TrimPrefix(m.get(header), "Digest "), ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[k] = strings.Trim(v, `"`)
	}
	user := first(userOf, m.get("From"))
	ha1 := md5hex(user + ":test.invalid:secret of " + user)
	ha2 := md5hex(method + ":" + fields["uri"])
	want := md5hex(strings.Join([]string{ha1, testNonce, fields["nc"], fields["cnonce"], fields["qop"], ha2}, ":"))
	return fields["username"] == user && fields["response"] == want
}

func (p *testProxy) register(m *testMessage, from *net.UDPAddr) {
	if !p.authorised(m, "Authorization", "REGISTER") {
		p.answer(m, from, "401 Unauthorized", "WWW-Authenticate: "+testChallenge)
		return
	}
	user, contact := first(userOf, m.get("To")), m.get("Contact")
	expires := param(contact, "expires")
	if expires == "0" {
		delete(p.bindings, user)
		p.answer(m, from, "200 OK")
		return
	}
	if p.expires != "" {
		expires = p.expires
	}
	uri := contact[strings.Index(contact, "<")+1 : strings.Index(contact, ">")]
	p.bindings[user] = uri
	p.answer(m, from, "200 OK", fmt.Sprintf("Contact: <%s>;expires=%s", uri, expires))
}
