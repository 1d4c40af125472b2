// Package kamailio_test judges the SIP edge on the wire: two Kamailios, MySQL
// and rtpengine in containers of their own network, and phones, callers and
// Asterisk nodes that are UDP sockets of this test.
//
// It needs Docker, root (for addresses on the network's bridge) and the images:
//
//	HOLDLINE_TEST_KAMAILIO=holdline/kamailio go test ./kamailio
package kamailio_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

const (
	network = "hlkam-test"
	subnet  = "172.31.91."
	// The host is a phone here; nodes have addresses of their own on the bridge.
	insidePhone   = subnet + "1"
	nodeOne       = subnet + "101"
	nodeTwo       = subnet + "102"
	silentNode    = subnet + "103"
	outsidePhone  = "10.219.7.1"
	otherOutside  = "10.219.7.2"
	externalIP    = "10.219.7.9"
	rpcToken      = "made-for-this-test-only"
	mysqlPassword = "made-for-this-test-too"
	domain        = "demo.holdline.test"
)

func kam(n int) string        { return fmt.Sprintf("%s1%d:5060", subnet, n) }
func kamOutside(n int) string { return fmt.Sprintf("%s1%d:5070", subnet, n) }
func kamName(n int) string    { return fmt.Sprintf("%s-%d", network, n) }

func image(part, standard string) string {
	if v := os.Getenv("HOLDLINE_TEST_" + part); v != "" {
		return v
	}
	return standard
}

func TestMain(m *testing.M) {
	if os.Getenv("HOLDLINE_TEST_KAMAILIO") == "" {
		goleak.VerifyTestMain(m)
		return
	}
	code := 1
	if err := bringUp(); err != nil {
		fmt.Fprintln(os.Stderr, "bring up the edge:", err)
	} else {
		code = m.Run()
	}
	if os.Getenv("HOLDLINE_TEST_KEEP") == "" {
		takeDown()
	}
	if code == 0 {
		http.DefaultClient.CloseIdleConnections()
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// needEdge skips where the containers were not asked for.
func needEdge(t *testing.T) {
	t.Helper()
	if os.Getenv("HOLDLINE_TEST_KAMAILIO") == "" {
		t.Skip("HOLDLINE_TEST_KAMAILIO names no image: the edge is tested on real Kamailios only")
	}
}

func run(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

func docker(t *testing.T, args ...string) {
	t.Helper()
	if err := run("docker", args...); err != nil {
		t.Fatal(err)
	}
}

func takeDown() {
	_ = run("docker", "rm", "-f", kamName(1), kamName(2), network+"-mysql", network+"-rtpengine")
	_ = run("docker", "network", "rm", network)
	_ = run("ip", "addr", "del", outsidePhone+"/32", "dev", "lo")
	_ = run("ip", "addr", "del", otherOutside+"/32", "dev", "lo")
}

func bringUp() error {
	takeDown()
	steps := [][]string{
		{"docker", "network", "create", "--subnet", subnet + "0/24", "-o", "com.docker.network.bridge.name=hlkam-in", network},
		{"ip", "addr", "add", nodeOne + "/24", "dev", "hlkam-in"},
		{"ip", "addr", "add", nodeTwo + "/24", "dev", "hlkam-in"},
		{"ip", "addr", "add", silentNode + "/24", "dev", "hlkam-in"},
		{"ip", "addr", "add", outsidePhone + "/32", "dev", "lo"},
		{"ip", "addr", "add", otherOutside + "/32", "dev", "lo"},
		{"docker", "run", "-d", "--name", network + "-mysql", "--network", network, "--ip", subnet + "7",
			"-e", "MYSQL_ROOT_PASSWORD=" + mysqlPassword, image("MYSQL", "mysql:9.7")},
		{"docker", "run", "-d", "--name", network + "-rtpengine", "--network", network, "--ip", subnet + "8",
			image("RTPENGINE", "holdline/rtpengine"), "--interface=internal/" + subnet + "8",
			"--interface=external/" + subnet + "8!" + externalIP, "--listen-ng=" + subnet + "8:2223",
			"--listen-cli=127.0.0.1:2224", "--listen-http=127.0.0.1:2225", "--port-min=30000", "--port-max=30099"},
	}
	for _, s := range steps {
		if err := run(s[0], s[1:]...); err != nil {
			return err
		}
	}
	if err := seed(); err != nil {
		return err
	}
	for n := 1; n <= 2; n++ {
		if err := startKamailio(n); err != nil {
			return err
		}
	}
	for n := 1; n <= 2; n++ {
		if err := until(20*time.Second, func() bool { return directoryVersion(n) != "" }); err != nil {
			return fmt.Errorf("kamailio %d has no directory: %w", n, err)
		}
	}
	return nil
}

func startKamailio(n int, more ...string) error {
	args := []string{"run", "-d", "--name", kamName(n), "--network", network, "--ip", fmt.Sprintf("%s1%d", subnet, n),
		"--read-only", "-e", fmt.Sprintf("HOLDLINE_ADDRESS=%s1%d", subnet, n),
		"-e", fmt.Sprintf("HOLDLINE_KAMAILIO_PEER=%s1%d", subnet, 3-n), "-e", "HOLDLINE_INSIDE_NET=" + subnet + "0/24",
		"-e", "HOLDLINE_RTPENGINE=" + subnet + "8:2223", "-e", "HOLDLINE_MYSQL_ADDR=" + subnet + "7:3306",
		"-e", "HOLDLINE_MYSQL_PASSWORD=" + mysqlPassword, "-e", "HOLDLINE_KAMAILIO_TOKEN=" + rpcToken,
		"-e", "HOLDLINE_EXTERNAL_IP=" + externalIP, "-e", fmt.Sprintf("HOLDLINE_EXTERNAL_PORT=%d", 5058+2*n),
		"-e", "HOLDLINE_AUTH_FAILURES=5", "-e", "HOLDLINE_FLOOD_REQUESTS=50", "-e", "HOLDLINE_BAN_SECONDS=3"}
	args = append(args, more...)
	return run("docker", append(args, os.Getenv("HOLDLINE_TEST_KAMAILIO"))...)
}

func sql(statements string) error {
	cmd := exec.Command("docker", "exec", "-i", "-e", "MYSQL_PWD="+mysqlPassword, network+"-mysql",
		"mysql", "-h", "127.0.0.1", "-uroot")
	cmd.Stdin = strings.NewReader(statements)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mysql: %w: %s", err, out)
	}
	return nil
}

// seed makes the part of the directory that Kamailio sees.
func seed() error {
	if err := until(3*time.Minute, func() bool { return sql("SELECT 1") == nil }); err != nil {
		log, _ := exec.Command("docker", "logs", "--tail", "20", network+"-mysql").CombinedOutput()
		return fmt.Errorf("mysql: %w: %s", err, log)
	}
	var rows []string
	for _, agent := range []string{"201", "202", "203", "204", "206", "207"} {
		rows = append(rows, credentials(agent))
	}
	return sql(`CREATE DATABASE holdline; USE holdline;
CREATE TABLE directory_version (id INT PRIMARY KEY, version BIGINT NOT NULL);
INSERT INTO directory_version VALUES (1, 1790000000000);
CREATE TABLE kamailio_domains (domain VARCHAR(255), pool VARCHAR(64));
INSERT INTO kamailio_domains VALUES ('demo.holdline.test', 'demo'), ('other.holdline.test', 'other');
CREATE TABLE kamailio_credentials (agent VARCHAR(64), domain VARCHAR(255), ha1 CHAR(32), pool VARCHAR(64),
  PRIMARY KEY (domain, agent)) COLLATE utf8mb4_bin;
INSERT INTO kamailio_credentials VALUES ` + strings.Join(rows, ",") + `;
CREATE USER kamailio@'%' IDENTIFIED BY '` + mysqlPassword + `'; GRANT SELECT ON holdline.* TO kamailio@'%';`)
}

func credentials(agent string) string {
	return fmt.Sprintf("('%s','%s','%s','demo')", agent, domain, md5hex(agent+":"+domain+":secret-"+agent))
}

// until polls a condition; it is for what has no message to wait for.
func until(limit time.Duration, done func() bool) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	end := time.After(limit)
	for {
		if done() {
			return nil
		}
		select {
		case <-tick.C:
		case <-end:
			return fmt.Errorf("not within %s", limit)
		}
	}
}

func eventually(t *testing.T, what string, limit time.Duration, done func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	if err := until(limit, done); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return time.Since(began)
}

// get asks port 8090 with the given Authorization.
func httpDo(n int, method, path, authorization, body string) (int, string) {
	req, err := http.NewRequest(method, fmt.Sprintf("http://%s1%d:8090%s", subnet, n, path), strings.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	client := &http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text)
}

func rpc(n int, method string, params ...any) (json.RawMessage, error) {
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 7, "method": method, "params": append([]any{}, params...)})
	if err != nil {
		return nil, err
	}
	code, text := httpDo(n, http.MethodPost, "/rpc", "Bearer "+rpcToken, string(body))
	var answer struct {
		Result json.RawMessage `json:"result"`
		Error  *struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return nil, fmt.Errorf("%s: status %d: %s", method, code, text)
	}
	if answer.Error != nil {
		return nil, fmt.Errorf("%s: %s", method, answer.Error.Message)
	}
	return answer.Result, nil
}

func directoryVersion(n int) string {
	_, text := httpDo(n, http.MethodGet, "/metrics", "Bearer "+rpcToken, "")
	for _, l := range strings.Split(text, "\n") {
		if f := strings.Fields(l); len(f) > 1 && f[0] == "kamailio_holdline_directory_version" {
			return f[1]
		}
	}
	return ""
}

// registered tells whether Kamailio n has a location of the agent.
func registered(n int, agent string) bool {
	_, err := rpc(n, "ul.lookup", "location", agent+"@"+domain)
	return err == nil
}

// located tells whether Kamailio n knows this one device of the agent.
func located(n int, agent string, p *phone) bool {
	r, err := rpc(n, "ul.lookup", "location", agent+"@"+domain)
	return err == nil && strings.Contains(string(r), `"sip:`+agent+"@"+p.addr().String())
}

// flags of a destination in dispatcher set 1: "AP" takes calls, "IP" does not, "" is not there.
func flags(n int, uri string) string {
	result, err := rpc(n, "dispatcher.list")
	if err != nil {
		return ""
	}
	var list struct {
		Records []struct {
			Set struct {
				ID      int
				Targets []struct {
					Dest struct{ URI, Flags string } `json:"DEST"`
				} `json:"TARGETS"`
			} `json:"SET"`
		} `json:"RECORDS"`
	}
	if err := json.Unmarshal(result, &list); err != nil {
		return ""
	}
	var found []string
	for _, r := range list.Records {
		for _, t := range r.Set.Targets {
			if r.Set.ID == 1 && t.Dest.URI == uri {
				found = append(found, t.Dest.Flags)
			}
		}
	}
	return strings.Join(found, ",")
}

// newNode is an Asterisk that both Kamailios know and see alive.
func newNode(t *testing.T, ip string) *phone {
	t.Helper()
	p := newPhone(t, ip, 5060)
	uri := "sip:" + ip + ":5060"
	for n := 1; n <= 2; n++ {
		if _, err := rpc(n, "dispatcher.add", 1, uri); err != nil {
			t.Fatal(err)
		}
		eventually(t, uri+" probed", 10*time.Second, func() bool { return flags(n, uri) == "AP" })
	}
	t.Cleanup(func() {
		for n := 1; n <= 2; n++ {
			if _, err := rpc(n, "dispatcher.remove", 1, uri); err != nil {
				t.Error(err)
			}
		}
	})
	return p
}

// register registers the agent's phone and returns the final answer.
func register(p *phone, at, agent, password string, expires int) *message {
	p.t.Helper()
	aor := "sip:" + agent + "@" + domain
	m := p.request("REGISTER", "sip:"+domain, aor, aor)
	m.add("Contact", p.contact(agent)).add("Expires", fmt.Sprint(expires))
	p.send(at, m)
	challenge := p.waitFinal(m)
	if challenge.code() != 401 {
		return challenge
	}
	m = p.authorize(m, challenge, agent, password)
	p.send(at, m)
	return p.waitFinal(m)
}

// agentPhone is a phone registered at a Kamailio until the test ends.
func agentPhone(t *testing.T, ip, at, agent string) *phone {
	t.Helper()
	return registerUntilEnd(t, newPhone(t, ip, 0), at, agent)
}

func registerUntilEnd(t *testing.T, p *phone, at, agent string) *phone {
	t.Helper()
	if r := register(p, at, agent, "secret-"+agent, 120); r.code() != 200 {
		t.Fatalf("register %s: %s", agent, r.start)
	}
	for n := 1; n <= 2; n++ {
		eventually(t, "registration replicated", 3*time.Second, func() bool { return located(n, agent, p) })
	}
	t.Cleanup(func() {
		// The socket still lives: cleanups run backwards.
		register(p, at, agent, "secret-"+agent, 0)
		for n := 1; n <= 2; n++ {
			eventually(t, "registration gone", 3*time.Second, func() bool { return !located(n, agent, p) })
		}
	})
	return p
}

const sdpType = ""

// sdp offers PCMU at an address.
func sdp(addr *net.UDPAddr) string {
	return fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 %[1]s\r\ns=-\r\nc=IN IP4 %[1]s\r\nt=0 0\r\nm=audio %[2]d RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n",
		addr.IP, addr.Port)
}
