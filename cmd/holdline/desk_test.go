package main

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"holdline/queue"
)

// says runs a command, and gives its exit code and what it printed.
func says(t *testing.T, args ...string) (int, string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	text := make(chan string, 1)
	go func() {
		all, _ := io.ReadAll(r)
		text <- string(all)
	}()
	was := os.Stdout
	os.Stdout = w
	code := run(args, nil)
	os.Stdout = was
	_ = w.Close()
	return code, <-text
}

// desk opens the pool demo: agents 201, who is ready, and 202, who serve support; sales is
// closed. One caller waits in support for an expert, whom there is none of.
func desk(t *testing.T) (at string, p *queue.Pool, waits queue.Contact) {
	t.Helper()
	mini := miniredis.RunT(t)
	rdb := queue.NewClient(queue.Options{Addrs: []string{mini.Addr()}})
	t.Cleanup(func() { _ = rdb.Close() })
	p, waits = openDesk(t, rdb)
	return "--redis-addrs=" + mini.Addr(), p, waits
}

func openDesk(t *testing.T, rdb redis.UniversalClient) (*queue.Pool, queue.Contact) {
	t.Helper()
	p := queue.Open(rdb, "demo")
	places := []queue.Place{{Need: 1}}
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := p.Project(t.Context(), queue.Projection{Version: 1, Domain: "demo.holdline.test",
		Queues: []queue.QueueSpec{{Name: "support", ID: 1, Need: 1, Open: true}, {Name: "sales", ID: 2, Need: 2}},
		Needs:  []queue.NeedSpec{{ID: 1, Queue: "support", Name: "any"}, {ID: 2, Queue: "sales", Name: "any"}, {ID: 3, Queue: "support", Name: "expert"}},
		Agents: []queue.AgentSpec{{ID: "201", Name: "Ann", Places: places}, {ID: "202", Name: "Bob", Places: places}}})
	ok(err)
	_, err = p.SetMode(t.Context(), "201", queue.ModeChange{Mode: queue.Ready})
	ok(err)
	from, err := p.NodeUp(t.Context(), "ast-1", "boot")
	ok(err)
	e, err := p.Enqueue(t.Context(), from, queue.Arrival{Channel: "1.1", Queue: "support", Need: "expert", CallerName: "Eve\x1b[2J", CallerNumber: "+49"})
	ok(err)
	return p, e.Contact
}

func TestLookingAtTheQueue(t *testing.T) {
	at, _, c := desk(t)
	for _, row := range []struct {
		args string
		want []string
	}{
		{"queue list", []string{"QUEUE    STATE   WAITING", "support  open    1", "sales    closed  0", "1/1/2"}},
		{"queue show support", []string{"support: A caller would wait here.", "ready           1"}},
		{"queue show sales", []string{"sales: A caller would be refused: sales is closed."}},
		{"agent list", []string{"201    Ann   ready       support", "available", "202    Bob   logged_out  support", "logged out"}},
		{"agent list --queue sales", []string{"AGENT  NAME  MODE"}},
		{"agent explain 201", []string{"201 is available for 0s; of those who wait in support none is for them: 1 other need.", c.ID}},
		{"contact list", []string{c.ID, "support  waiting", `"Eve\x1b[2J"`}},
		{"contact show " + c.ID, []string{"is waiting in support after 0s, position 1", `"Eve\x1b[2J +49"`}},
		{"contact explain " + c.ID, []string{"(need expert, longest-available)", "No agent has what it asks, now or later.", "entered support on ast-1"}},
	} {
		code, text := says(t, append(strings.Fields(row.args), at)...)
		if code != 0 {
			t.Errorf("%s: exit %d", row.args, code)
		}
		for _, want := range row.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", row.args, want, text)
			}
		}
		t.Logf("holdline %s\n%s", row.args, text)
		if strings.Contains(text, "\x1b") {
			t.Errorf("%s: moves the cursor: %q", row.args, text)
		}
	}
}

func TestLookingForPrograms(t *testing.T) {
	at, _, c := desk(t)
	for _, row := range []struct{ args, path, want string }{
		{"queue list", "1 waiting", "1"},
		{"queue show sales", "refuses", "closed"},
		{"agent list", "0 standing", "available"},
		{"agent explain 202", "cause", "logged_out"},
		{"contact list --queue support", "0 caller_name", "Eve\x1b[2J"},
		{"contact show " + c.ID, "position", "1"},
		{"contact explain " + c.ID, "cause", "nobody"},
	} {
		code, text := says(t, append(strings.Fields(row.args), "-o", "json", at)...)
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil || code != 0 {
			t.Fatalf("%s: exit %d, %v: %s", row.args, code, err, text)
		}
		for _, step := range strings.Fields(row.path) {
			if list, is := v.([]any); is {
				v = list[step[0]-'0']
			} else {
				v = v.(map[string]any)[step]
			}
		}
		if got, _ := json.Marshal(v); strings.Trim(string(got), `"`) != strings.Trim(string(must(json.Marshal(row.want))), `"`) {
			t.Errorf("%s: %s is %s, want %s", row.args, row.path, got, row.want)
		}
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestTheHandOfASupervisor(t *testing.T) {
	at, p, c := desk(t)
	for _, row := range []struct {
		args string
		code int
		want string // printed
	}{
		{"agent set 202 paused", 3, ""}, // is logged out
		{"agent set 202 ready", 0, "202 is available for 0s"},
		{"agent set 202 paused --reason lunch --limit 10m --by eve", 0, `202: paused "lunch" for 0s, for another 10m`},
		{"agent set 202 dancing", 2, ""},
		{"agent set 202 ready --limit 10m", 2, ""},
		{"agent set 299 ready", 2, ""},
		{"agent extend 202 30s", 3, ""},
		{"agent extend 202 -- -30s", 2, ""},
		{"contact priority " + c.ID + " 5", 0, "position 1"},
		{"contact priority " + c.ID + " -- -5", 0, "position 1"},
		{"contact priority " + c.ID + " 99999", 2, ""},
		{"contact move " + c.ID + " --queue sales", 3, ""},
		{"contact move " + c.ID + " --queue nowhere", 2, ""},
		{"contact move " + c.ID + " --queue support --need nothing", 2, ""},
		{"contact move " + c.ID, 2, ""},
		{"contact give " + c.ID + " 202", 3, ""}, // is in a pause
		{"contact give " + c.ID + " 201 --within 0s", 2, ""},
		{"contact give " + c.ID + " 201 --within 30s --by eve", 0, "for alone         201"},
		{"contact move " + c.ID + " --queue support --need any --by eve --reason easy", 0, "waiting in support"},
		{"contact withdraw " + c.ID, 2, ""},
		{"contact withdraw " + c.ID + " --reason later --by eve", 0, "leaving in support"},
		{"contact withdraw " + c.ID + " --reason later", 3, ""},
		{"contact show nobody", 2, ""},
		{"contact explain nobody", 2, ""},
		{"queue show nowhere", 2, ""},
		{"queue watch nowhere", 2, ""},
		{"queue watch --every 1ms", 2, ""},
		{"queue list --pool elsewhere", 2, ""},
		{"queue list --pool Else.Where", 2, ""},
		{"contact list --queue nowhere", 2, ""},
	} {
		words := strings.Fields(row.args)
		code, text := says(t, append([]string{words[0], at}, words[1:]...)...)
		if code != row.code || !strings.Contains(text, row.want) {
			t.Errorf("%s: exit %d, want %d, and %q in\n%s", row.args, code, row.code, row.want, text)
		}
	}
	entries, err := p.Journal(t.Context(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	var by []string
	for _, e := range entries {
		if e.By == "eve" {
			by = append(by, e.Event)
		}
	}
	if got := strings.Join(by, " "); got != "mode given moved leaving" {
		t.Errorf("the journal has of eve: %s", got)
	}
	if code, _ := says(t, "queue", "list", "--redis-addrs=127.0.0.1:1"); code != 1 {
		t.Errorf("without Redis: exit %d", code)
	}
}

func TestWhoDoesItIsTheUserOfTheSystem(t *testing.T) {
	if by := (DeskFlags{By: "eve"}).by(); by != "eve" {
		t.Errorf("--by eve is %q", by)
	}
	if by := (DeskFlags{}).by(); strings.TrimSpace(by) == "" {
		t.Error("nobody does it")
	}
}
