package kamailio_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// changing is what differs between two equal answers.
var changing = regexp.MustCompile(`nonce="[^"]*"|tag=[^;\r\n]*|branch=[^;\r\n]*|(?m)^(Call-ID|CSeq|Via|From|To):.*$`)

func TestRegistrationNeedsTheRightPassword(t *testing.T) {
	needEdge(t)
	p := newPhone(t, insidePhone, 0)
	if r := register(p, kam(1), "201", "secret-201", 60); r.code() != 200 {
		t.Fatalf("right password: %s", r.start)
	}
	eventually(t, "seen at the other node", 2*time.Second, func() bool { return registered(2, "201") })
	if r := register(p, kam(2), "201", "secret-201", 0); r.code() != 200 {
		t.Fatalf("unregister at the other node: %s", r.start)
	}
	eventually(t, "gone from the first node", 2*time.Second, func() bool { return !registered(1, "201") })

	known := register(p, kam(1), "202", "wrong", 60)
	unknown := register(p, kam(1), "299", "wrong", 60)
	if known.code() != 401 || unknown.code() != 401 {
		t.Fatalf("wrong password %s, unknown agent %s: want 401 for both", known.start, unknown.start)
	}
	a, b := changing.ReplaceAllString(known.String(), ""), changing.ReplaceAllString(unknown.String(), "")
	if a != b {
		t.Errorf("known and unknown agents are answered differently:\n%s\n%s", a, b)
	}
	if registered(1, "202") {
		t.Error("202 is registered after a wrong password")
	}
}

func TestAgentCannotRegisterAnother(t *testing.T) {
	needEdge(t)
	p := newPhone(t, insidePhone, 0)
	aor := "sip:202@" + domain
	m := p.request("REGISTER", "sip:"+domain, aor, aor).add("Contact", p.contact("202")).add("Expires", "60")
	p.send(kam(1), m)
	m = p.authorize(m, p.waitFinal(m), "201", "secret-201")
	p.send(kam(1), m)
	if r := p.waitFinal(m); r.code() != 401 || registered(1, "202") {
		t.Fatalf("201's password registered 202: %s", r.start)
	}
}

func TestPasswordChangeAndNewAgentTakeEffect(t *testing.T) {
	needEdge(t)
	p := newPhone(t, insidePhone, 0)
	began := time.Now()
	if err := sql("USE holdline; INSERT INTO kamailio_credentials VALUES " + credentials("205") +
		"; UPDATE directory_version SET version = version + 1;"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "new agent registers", 3*time.Second, func() bool {
		return register(p, kam(1), "205", "secret-205", 30).code() == 200
	})
	t.Logf("a new agent registered %s after the INSERT began", time.Since(began).Round(time.Millisecond))

	if err := sql("USE holdline; DELETE FROM kamailio_credentials WHERE agent = '205'" +
		"; UPDATE directory_version SET version = version + 1;"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "deleted agent is refused", 3*time.Second, func() bool {
		return register(p, kam(1), "205", "secret-205", 30).code() == 401
	})
}

func TestRegistrationsGoOnWithoutMySQL(t *testing.T) {
	needEdge(t)
	p := newPhone(t, insidePhone, 0)
	for _, how := range [][2]string{{"pause", "unpause"}, {"stop", "start"}} {
		t.Run(how[0], func(t *testing.T) {
			docker(t, how[0], network+"-mysql")
			defer docker(t, how[1], network+"-mysql")
			// Long enough for the poll to have run into it.
			end := time.Now().Add(4 * time.Second)
			var slowest time.Duration
			for n := 0; time.Now().Before(end); n++ {
				began := time.Now()
				if r := register(p, kam(1+n%2), "201", "secret-201", 60); r.code() != 200 {
					t.Fatalf("registration %d: %s", n, r.start)
				}
				slowest = max(slowest, time.Since(began))
			}
			if slowest > 300*time.Millisecond {
				t.Errorf("a registration took %s while MySQL was away", slowest)
			}
			t.Logf("slowest registration %s", slowest.Round(time.Millisecond))
		})
	}
	if err := until(30*time.Second, func() bool { return sql("SELECT 1") == nil }); err != nil {
		t.Fatal(err)
	}
	before := directoryVersion(1)
	if err := sql("USE holdline; UPDATE directory_version SET version = version + 1"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "directory read again", 20*time.Second, func() bool { return directoryVersion(1) != before })
}

func TestStartWithoutMySQL(t *testing.T) {
	needEdge(t)
	docker(t, "stop", network+"-mysql")
	docker(t, "rm", "-f", kamName(2))
	if err := startKamailio(2); err != nil {
		t.Fatal(err)
	}
	p := newPhone(t, insidePhone, 0)
	eventually(t, "kamailio 2 answers", 5*time.Second, func() bool { return httpAlive(2) })
	if r := register(p, kam(2), "201", "secret-201", 60); r.code() != 503 || r.get("Retry-After") == "" {
		t.Errorf("registration before the directory was read: %s, Retry-After %q; want 503 and when", r.start, r.get("Retry-After"))
	}
	docker(t, "start", network+"-mysql")
	eventually(t, "directory loaded late", 40*time.Second, func() bool { return directoryVersion(2) != "" })
	if r := register(p, kam(2), "201", "secret-201", 60); r.code() != 200 {
		t.Errorf("registration after: %s", r.start)
	}
}

func httpAlive(n int) bool {
	_, err := rpc(n, "core.uptime")
	return err == nil
}

func TestRestartedKamailioTakesOverRegistrations(t *testing.T) {
	needEdge(t)
	agentPhone(t, insidePhone, kam(1), "203")
	docker(t, "restart", "-t", "0", kamName(2))
	took := eventually(t, "kamailio 2 answers", 10*time.Second, func() bool { return httpAlive(2) })
	took += eventually(t, "registrations synchronised", 10*time.Second, func() bool { return registered(2, "203") })
	eventually(t, "directory loaded", 10*time.Second, func() bool { return directoryVersion(2) != "" })
	t.Logf("registrations were there %s after the restart", took.Round(time.Millisecond))
}

func TestTenDevicesOfOneAgentAndNoMore(t *testing.T) {
	needEdge(t)
	var last *message
	var phones []*phone
	for i := 0; i < 11; i++ {
		p := newPhone(t, insidePhone, 0)
		phones = append(phones, p)
		last = register(p, kam(1), "204", "secret-204", 60)
		if i < 10 && last.code() != 200 {
			t.Fatalf("device %d: %s", i+1, last.start)
		}
	}
	if last.code() < 400 {
		t.Errorf("the eleventh device was taken: %s", last.start)
	}
	for _, p := range phones[:10] {
		register(p, kam(1), "204", "secret-204", 0)
	}
}

func TestWrongPasswordsBan(t *testing.T) {
	needEdge(t)
	p := newPhone(t, otherOutside, 0)
	for i := 0; i < 4; i++ {
		if r := register(p, kamOutside(1), fmt.Sprintf("29%d", i), "guess", 60); r.code() != 401 {
			t.Fatalf("guess %d: %s", i, r.start)
		}
	}
	aor := "sip:201@" + domain
	m := p.request("REGISTER", "sip:"+domain, aor, aor).add("Contact", p.contact("201")).add("Expires", "60")
	p.send(kamOutside(1), m)
	m = p.authorize(m, p.waitFinal(m), "201", "guess")
	p.send(kamOutside(1), m) // the fifth: banned without an answer
	eventually(t, "ban", 3*time.Second, func() bool { return banned(1, otherOutside) })
	began := time.Now()
	eventually(t, "ban over", 15*time.Second, func() bool { return !banned(1, otherOutside) })
	t.Logf("ban was over after %s", time.Since(began).Round(time.Second))
	if _, err := rpc(1, "htable.delete", "failures", otherOutside); err != nil {
		t.Log("failures:", err)
	}
}

func banned(n int, ip string) bool {
	r, err := rpc(n, "htable.dump", "banned")
	return err == nil && strings.Contains(string(r), `"`+ip+`"`)
}
