package fake_test

import (
	"errors"
	"testing"
	"time"

	"holdline/ari"
	"holdline/ari/fake"
)

// call makes a call that is in the application.
func call(t *testing.T, node *fake.Node, client *ari.Client, r fake.CallRequest) *fake.Caller {
	t.Helper()
	caller, err := node.Call(r)
	ok(t, err)
	ok(t, client.Claim(t.Context(), caller.ID(), "holdline"), client.Answer(t.Context(), caller.ID()))
	return caller
}

// ring rings a phone, and returns the leg's id.
func ring(t *testing.T, client *ari.Client, exten string, timeout time.Duration) string {
	t.Helper()
	id := "leg-" + exten + "-" + time.Now().Format("150405.000000000")
	_, err := client.Originate(t.Context(), ari.OriginateRequest{ID: id, Endpoint: "PJSIP/k/sip:" + exten + "@d", Timeout: timeout})
	ok(t, err)
	return id
}

// TestCallers: who loses patience, who hangs up after the talk, and who vanishes.
func TestCallers(t *testing.T) {
	t.Parallel()
	node, client, hear := newNode(t, nil)
	impatient := call(t, node, client, fake.CallRequest{Patience: 50 * time.Millisecond})
	hear.Channel(t, ari.StasisEnd, impatient.ID())

	start := time.Now()
	talker := call(t, node, client, fake.CallRequest{Patience: 100 * time.Millisecond, Talk: 300 * time.Millisecond})
	node.Phone("201", fake.Answer(0))
	leg := ring(t, client, "201", time.Minute)
	hear.Channel(t, ari.StasisStart, leg)
	_, err := client.CreateBridge(t.Context(), "b", ari.BridgeMixing, "")
	ok(t, err, client.AddToBridge(t.Context(), "b", talker.ID(), leg))
	hear.Channel(t, ari.StasisEnd, talker.ID())
	if took := time.Since(start); took < 300*time.Millisecond {
		t.Errorf("hung up after %s: patience counted while they talked", took)
	}
	ok(t, client.Hangup(t.Context(), leg, ari.ReasonNormal))

	lost := call(t, node, client, fake.CallRequest{Patience: 100 * time.Millisecond})
	lost.Vanish()
	lost.Press("1")
	lost.HangUp()
	after := call(t, node, client, fake.CallRequest{Patience: 150 * time.Millisecond})
	hear.Channel(t, ari.StasisEnd, after.ID()) // by then the one who vanished would have given up
	if lost.State() != fake.Inside || len(hear.All(func(e ari.Event) bool { return e.Digit != "" })) > 0 {
		t.Errorf("who vanished is %s", lost.State())
	}
	ok(t, client.Hangup(t.Context(), lost.ID(), ari.ReasonNormal))
	hear.Channel(t, ari.StasisEnd, lost.ID())
}

// TestPhonesVanish: a phone that goes away takes its calls with it, and nobody tells.
func TestPhonesVanish(t *testing.T) {
	t.Parallel()
	node, client, hear := newNode(t, nil)
	phone := node.Phone("201", fake.Behaviour{After: 20 * time.Millisecond, Answer: true, Talk: 100 * time.Millisecond})
	talks := ring(t, client, "201", time.Minute)
	hear.Channel(t, ari.StasisStart, talks)
	phone.Vanish()
	silent := ring(t, client, "201", time.Second)
	if e := hear.Channel(t, ari.ChannelDestroyed, silent); e.Cause != 19 || e.Channel.State != ari.StateDown {
		t.Errorf("a call to nobody ended with %d, %s", e.Cause, e.Channel.State)
	}
	ch, err := client.Channel(t.Context(), talks)
	ok(t, err)
	if ch.State != ari.StateUp || phone.HangUp() == nil {
		t.Errorf("the leg of a phone that vanished is %s, and hung up", ch.State)
	}
	ok(t, client.Hangup(t.Context(), talks, ari.ReasonNormal))

	node.Phone("202", fake.AnswerAndVanish(0))
	leg := ring(t, client, "202", time.Minute)
	hear.Channel(t, ari.StasisStart, leg)
	if err := node.Phone("202", fake.Answer(0)).HangUp(); err == nil || errors.Is(err, ari.ErrNotFound) {
		t.Errorf("who answered and vanished hung up: %v", err)
	}
	again := ring(t, client, "202", time.Minute) // it is there again
	hear.Channel(t, ari.StasisStart, again)
	ok(t, node.Phone("202", fake.Answer(0)).HangUp())
	hear.Channel(t, ari.ChannelDestroyed, again)
}
