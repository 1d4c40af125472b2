package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdline/ari/fake"
	"holdline/demo/people"
	"holdline/demo/view"
	"holdline/directory"
	"holdline/queue"
)

func options5s(t *testing.T, more ...string) options {
	t.Helper()
	o, err := parse(append([]string{"--for", "5s"}, more...), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestFiveSecondsAddUp(t *testing.T) {
	var text bytes.Buffer
	var s Summary
	err := play(t.Context(), options5s(t), out{Out: &text, Err: io.Discard}, nil, func(is Summary) error { s = is; return is.write(&text) })
	if err != nil {
		t.Errorf("%v\n%s", err, &text)
	}
	if !s.AddsUp || s.Entered == 0 || s.Answered+s.Live == 0 || s.Entered != s.sum() || s.Counts != s.Callers.Counts {
		t.Errorf("%+v", s)
	}
	for _, want := range []string{"STAND-INS: miniredis", "* Ben leaves the desk", "rings", "answers", "It adds up."} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, &text)
		}
	}
}

func TestTheJSONIsAloneOnStdout(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), options5s(t, "-o", "json"), out{Out: &stdout, Err: &stderr}); err != nil {
		t.Errorf("%v\n%s", err, &stdout)
	}
	var all map[string]any
	lines := json.NewDecoder(&stdout)
	if err := lines.Decode(&all); err != nil {
		t.Fatal(err)
	}
	if err := lines.Decode(&all); !errors.Is(err, io.EOF) {
		t.Errorf("there is more than one object: %v", err)
	}
	if all["adds_up"] != true {
		t.Errorf("adds_up is %v", all["adds_up"])
	}
	for _, key := range []string{"entered", "answered", "abandoned", "timed_out", "lost_with_node", "live", "callers", "stand_ins"} {
		if _, ok := all[key]; !ok {
			t.Errorf("no %q in %v", key, all)
		}
	}
	if !strings.Contains(stderr.String(), "mysql -h 127.0.0.1 -P ") || !strings.Contains(stderr.String(), "redis-cli -h 127.0.0.1") {
		t.Errorf("stderr does not say how to connect: %s", &stderr)
	}
}

// Through connections of its own, as a person at mysql and redis-cli would.
func TestAnAgentInsertedBySQLTakesACallWithinTwoSeconds(t *testing.T) {
	o := options5s(t, "--agents", "4", "--load", "4") // so that somebody waits
	o.For = 30 * time.Second
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	took := make(chan time.Duration, 1)
	opened := func(d *demo) {
		d.running.Go(func() {
			defer cancel()
			took <- insertAndWait(ctx, t, d)
		})
	}
	if err := play(ctx, o, out{Out: io.Discard, Err: io.Discard}, opened, func(Summary) error { return nil }); err != nil {
		t.Error(err)
	}
	if d := <-took; d > 2*time.Second {
		t.Errorf("it took %v", d)
	}
}

func insertAndWait(ctx context.Context, t *testing.T, d *demo) time.Duration {
	const forever = time.Hour
	host, port := split(d.mysql.Addr())
	db, err := directory.Open(directory.Config{Addr: net.JoinHostPort(host, port), Database: "holdline", User: "holdline", Password: d.password})
	if err != nil {
		t.Error(err)
		return forever
	}
	defer db.Close()
	err = within(ctx, 20*time.Second, "somebody waits for support", func() bool {
		s, err := d.queue.Stats(ctx)
		return err == nil && s.Queues[support].Waiting > 2
	})
	if err != nil {
		t.Error(err)
		return forever
	}
	atOnce := fake.Answer(0) // else it is the person who takes their time
	d.agents.Behave("500", &atOnce)
	for _, s := range newcomerSQL("500", "Max") {
		if _, err := db.ExecContext(ctx, s); err != nil {
			t.Error(err)
			return forever
		}
	}
	inserted := time.Now()
	err = within(ctx, 20*time.Second, "500 talks", func() bool {
		a, err := d.queue.Agent(ctx, "500")
		return err == nil && len(a.Calls) == 1
	})
	if err != nil {
		t.Error(err)
		return forever
	}
	took := time.Since(inserted)
	// What redis-cli would do.
	rdb := redis.NewClient(&redis.Options{Addr: d.redis.Addr(), Password: d.password})
	defer rdb.Close()
	if n, err := rdb.HExists(ctx, "{demo}:agents", "500").Result(); err != nil || !n {
		t.Errorf("redis-cli does not see the agent: %v %v", n, err)
	}
	if err := redis.NewClient(&redis.Options{Addr: d.redis.Addr()}).Ping(ctx).Err(); err == nil {
		t.Error("Redis lets in who has no password")
	}
	return took
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		args []string
		err  error
	}{
		{nil, nil},
		{[]string{"--for", "20s", "-o", "json"}, nil},
		{[]string{"--calls", "10000", "--agents", "500"}, nil},
		{[]string{"-o", "xml"}, errUsage},
		{[]string{"--agents", "3"}, errUsage},
		{[]string{"--calls", "-1"}, errUsage},
		{[]string{"--load", "0"}, errUsage},
		{[]string{"20s"}, errUsage},
		{[]string{"--nonsense"}, errUsage},
		{[]string{"-h"}, flag.ErrHelp},
	} {
		if _, err := parse(c.args, io.Discard); !errors.Is(err, c.err) {
			t.Errorf("%v: %v, want %v", c.args, err, c.err)
		}
	}
}

func TestWhatDoesNotAgreeIsNoticed(t *testing.T) {
	begun := time.Now()
	call := func(fate people.Fate, status string) people.Call {
		return people.Call{Channel: "1", Number: "+49", Queue: support, Node: "ast-1", Fate: fate, Status: status, Inside: true,
			Begun: begun, Ended: begun.Add(5 * time.Second)}
	}
	contact := func(outcome string) map[string][]view.Contact {
		return map[string][]view.Contact{"1 on ast-1": {{Channel: "1", Node: "ast-1", Outcome: outcome}}}
	}
	picked := map[string][]time.Time{"+49": {begun.Add(5 * time.Second)}}
	for _, c := range []struct {
		name     string
		call     people.Call
		contacts map[string][]view.Contact
		picked   map[string][]time.Time
		agree    bool
	}{
		{"talked, answered", call(people.Talked, ""), contact(queue.OutcomeAnswered), picked, true},
		{"talked, abandoned", call(people.Talked, ""), contact(queue.OutcomeAbandoned), picked, false},
		{"hung up, abandoned", call(people.HungUp, ""), contact(queue.OutcomeAbandoned), nil, true},
		{"hung up, answered", call(people.HungUp, ""), contact(queue.OutcomeAnswered), nil, false},
		{"hung up as an agent picked up, answered", call(people.HungUp, ""), contact(queue.OutcomeAnswered), picked, true},
		{"hung up early, timed out", call(people.HungUp, ""), contact(queue.OutcomeTimedOut), nil, false},
		{"sent on, timed out", call(people.SentOn, "TIMEOUT"), contact(queue.OutcomeTimedOut), nil, true},
		{"sent on by the agent's end, answered", call(people.SentOn, "ANSWERED"), contact(queue.OutcomeAnswered), picked, true},
		{"sent on, abandoned", call(people.SentOn, "TIMEOUT"), contact(queue.OutcomeAbandoned), nil, false},
		{"line dead, lost", call(people.LineDead, ""), contact(queue.OutcomeLostWithNode), nil, true},
		{"line dead, abandoned", call(people.LineDead, ""), contact(queue.OutcomeAbandoned), nil, false},
		{"on the line, live", call(people.OnTheLine, ""), contact(""), nil, true},
		{"on the line, abandoned", call(people.OnTheLine, ""), contact(queue.OutcomeAbandoned), nil, false},
		{"hung up, live", call(people.HungUp, ""), contact(""), nil, false},
		{"hung up, no contact", call(people.HungUp, ""), nil, nil, false},
	} {
		_, problems := reconcile([]people.Call{c.call}, c.contacts, c.picked)
		if agree := len(problems) == 0; agree != c.agree {
			t.Errorf("%s: %v", c.name, problems)
		}
	}
	if _, problems := reconcile(nil, contact(queue.OutcomeAnswered), nil); len(problems) != 1 {
		t.Errorf("a contact without a caller: %v", problems)
	}
}
