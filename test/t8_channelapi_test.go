//go:build stack

package test

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"holdline/channelapi/apitest"
	"holdline/queue"
	"holdline/sim"
)

// Every operation of channelapi by the curl lines of its document: each line once,
// once more, and with each of the errors that its operation documents, on callers
// who wait in a queue.
func TestChannelapiByItsDocument(t *testing.T) {
	s := NewShift(t, Queue{"announce": 0})
	s.Hire("ann", kamailio2, false)
	s.Do(Behaves("ann", "lets it ring", sim.NeverAnswer()))
	apitest.Run(t, &apiWorld{Shift: s})
}

// apiWorld gives the samples real callers. Whoever it makes for a test hangs up
// when that test ends.
type apiWorld struct {
	*Shift
	callers int
}

func (w *apiWorld) API() (address, token string) {
	return w.stack.api(w.t), w.stack.secrets["HOLDLINE_API_TOKEN"]
}

func (w *apiWorld) To() string { return "sip:" + w.who("ann").id + "@" + sipDomain }

// Away is checked by TestChannelapiOnWhatAPhoneSees, which stops a node: a node
// that is away for long is forgotten, and then it is an unknown one.
func (w *apiWorld) Away() string { return "" }

func (w *apiWorld) Caller(t testing.TB) (node, channel string) {
	t.Helper()
	w.callers++
	name := fmt.Sprintf("caller%03d", w.callers)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := w.dial(w.caller(name, kamailio1), "sip:"+w.desk.exten+"@"+sipDomain); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if c := w.people[name].running(); c != nil {
			_ = c.HangUp(ctx) // it may be gone by the test's own command
		}
	})
	if err := w.entered(ctx, name); err != nil {
		t.Fatalf("%s does not get into the queue: %v", name, err)
	}
	c := w.channelOf(name)
	return c.Node, c.Channel
}

func (w *apiWorld) Leg(t testing.TB, node string) (channel string) {
	t.Helper()
	for range 10 { // calls go to the nodes at turns
		if at, channel := w.Caller(t); at == node {
			return channel
		}
	}
	t.Fatalf("ten callers, and none on %s", node)
	return ""
}

func (w *apiWorld) Left(t testing.TB) (node, channel string) {
	t.Helper()
	node, channel = w.Caller(t)
	// It goes on to what the dialplan has for no status: something is said.
	vars := w.vars(node, channel)
	a := apitest.Curl(t, `curl -sS -X PUT "$API/v1/nodes/$NODE/channels/$CHANNEL/continue" -H "Authorization: Bearer $TOKEN"`, vars)
	if a.Status != 204 {
		t.Fatalf("continue: %d %s", a.Status, a.Body)
	}
	return node, channel
}

func (s *Shift) vars(node, channel string) map[string]string {
	return map[string]string{
		"API": s.stack.api(s.t), "TOKEN": s.stack.secrets["HOLDLINE_API_TOKEN"], "NODE": node, "CHANNEL": channel,
		"LEG": apitest.NewID(), "BRIDGE": apitest.NewID(), "PLAYBACK": apitest.NewID(),
	}
}

// channelOf is where the caller waits.
func (s *Shift) channelOf(name string) queue.Contact {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	contacts, err := s.desk.tenant.pool.Contacts(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range contacts {
		if c.Queue == s.desk.queue && c.CallerNumber == name {
			return c
		}
	}
	s.t.Fatalf("%s is not waiting", name)
	return queue.Contact{}
}

// command runs a curl line and counts from its beginning.
func (s *Shift) command(label, method, path, body string, vars map[string]string, status int) apitest.Answer {
	s.t.Helper()
	line := `curl -sS -X ` + method + ` "$API/v1/nodes/$NODE/channels/$CHANNEL` + path + `" -H "Authorization: Bearer $TOKEN"`
	if body != "" {
		line += ` -H "Content-Type: application/json" -d @- <<END` + "\n" + body + "\nEND"
	}
	s.since = time.Now()
	a := apitest.Curl(s.t, line, vars)
	s.Check(a.Status == status, "%s: %d (want %d) %s", label, a.Status, status, a.Code)
	return a
}

// What a command does is seen at a phone or heard in it.
func TestChannelapiOnWhatAPhoneSees(t *testing.T) {
	s := NewShift(t, Queue{"announce": 0})
	s.Hire("ann", kamailio2, false)
	s.Do(Behaves("ann", "lets it ring", sim.NeverAnswer()))
	s.Do(CallersArrive("alice"))
	alice := s.channelOf("alice")
	vars := s.vars(alice.Node, alice.Channel)
	vars["TO"] = "sip:" + s.who("ann").id + "@" + sipDomain
	s.Within(2*time.Second, HearsMusic("alice"))

	s.command("announce", "PUT", "/announce", `{"position": 1, "playback": "$PLAYBACK"}`, vars, 204)
	s.Within(time.Second, HearsPrompt("alice", "queue-youarenext"))
	s.From(time.Now().Add(s.length("queue-youarenext"))).Within(2*time.Second, HearsMusic("alice"))
	vars["PLAYBACK"] = apitest.NewID()
	s.command("play", "PUT", "/play", `{"media": ["sound:queue-thankyou"], "playback": "$PLAYBACK"}`, vars, 204)
	s.Within(time.Second, HearsPrompt("alice", "queue-thankyou"))
	s.command("connect", "PUT", "/connect", `{"leg": "$LEG", "to": "$TO", "timeout_ms": 5000, "app_args": "leg=$LEG"}`, vars, 200)
	s.Within(time.Second, Rings("ann"))
	s.command("hang up", "DELETE", "?reason=busy", "", vars, 204)
	s.Within(time.Second, Ends("alice"))
	reason := s.who("alice").call().End().Reason
	s.Check(strings.Contains(reason, "cause=17"), "the reason of the command is on the wire: %q", reason)

	// A node that has just gone: nobody knows yet but who asks it.
	s.Do(CallersArrive("bob"))
	bob := s.channelOf("bob")
	container := strings.TrimPrefix(bob.Node, "ast-")
	t.Cleanup(func() { s.startNode(container) })
	s.Do(Action{"node " + bob.Node + " is killed", func(s *Shift) (time.Time, error) {
		ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
		defer cancel()
		out, err := exec.CommandContext(ctx, "docker", "kill", container).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		return time.Now(), err
	}})
	a := s.command("ask a node that is away", "GET", "", "", s.vars(bob.Node, bob.Channel), 502)
	s.Check(a.Header.Get("Retry-After") != "", "the 502 says when to come back: %q", a.Header.Get("Retry-After"))
}

// startNode starts the container and waits until it is healthy.
func (s *Shift) startNode(container string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "docker", "start", container).CombinedOutput(); err != nil {
		s.t.Errorf("start the node: %v: %s", err, out)
		return
	}
	if err := until(ctx, func() bool {
		out, err := exec.CommandContext(ctx, "docker", "inspect", "--format", "{{.State.Health.Status}}", container).Output()
		return err == nil && strings.TrimSpace(string(out)) == "healthy"
	}); err != nil {
		s.t.Errorf("the node does not come back: %v", err)
	}
}
