package fake_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"holdline/ari"
	"holdline/ari/fake"
)

// TestErrorsByRate: of a hundred requests exactly the share that was asked for fails.
func TestErrorsByRate(t *testing.T) {
	t.Parallel()
	node, client, _ := newNode(t, nil)
	fail := func(f fake.Faults, want error) (failed []int) {
		t.Helper()
		node.SetFaults(f)
		for i := range 100 {
			switch err := client.SetVariable(t.Context(), "A", "b"); {
			case errors.Is(err, want):
				failed = append(failed, i)
			case err != nil:
				t.Errorf("%d: %v, want %v or nothing", i, err, want)
			}
		}
		return failed
	}
	if got := fail(fake.Faults{Errors: 0.25, Status: http.StatusInternalServerError}, ari.ErrUnavailable); len(got) != 25 || got[0] != 3 || got[24] != 99 {
		t.Errorf("failed: %v", got)
	}
	if got := fail(fake.Faults{Losses: 0.1}, ari.ErrUnknown); len(got) != 10 {
		t.Errorf("lost: %v", got)
	}
	if got := fail(fake.Faults{Errors: 1}, ari.ErrUnavailable); len(got) != 100 {
		t.Errorf("of all that fail, %d failed", len(got))
	}
	node.SetFaults(fake.Faults{})
	for range 100 {
		ok(t, client.Ping(t.Context()))
	}
}

// TestLatency: answers and events are late, and events still in order.
func TestLatency(t *testing.T) {
	t.Parallel()
	node, client, hear := newNode(t, nil)
	caller := inside(t, node, client)
	hear.Channel(t, ari.StasisStart, caller.ID())
	const late = 60 * time.Millisecond
	node.SetFaults(fake.Faults{Latency: late, EventLatency: 2 * late})
	start := time.Now()
	_, err := client.CreateBridge(t.Context(), "b1", ari.BridgeMixing, "")
	ok(t, err)
	if took := time.Since(start); took < late {
		t.Errorf("answered after %s, want %s", took, late)
	}
	start = time.Now()
	caller.Press("12")
	e := hear.Wait(t, "2", func(e ari.Event) bool { return e.Digit == "2" })
	if took := e.Received.Sub(start); took < 2*late {
		t.Errorf("heard after %s, want %s", took, 2*late)
	}
	if late := e.Received.Sub(e.Timestamp); late < 50*time.Millisecond {
		t.Errorf("it says that it happened %s ago", late)
	}
	caller.Press("34")
	node.SetFaults(fake.Faults{}) // what waits is let go
	hear.Wait(t, "4", func(e ari.Event) bool { return e.Digit == "4" })
	var digits string
	for _, e := range hear.All(func(e ari.Event) bool { return e.Digit != "" }) {
		digits += e.Digit
	}
	if digits != "1234" {
		t.Errorf("heard %s", digits)
	}
}

// TestDisconnect: a connection that breaks is made again, and nothing is missing.
func TestDisconnect(t *testing.T) {
	t.Parallel()
	node, client, hear := newNode(t, nil)
	caller := inside(t, node, client)
	hear.Wait(t, "up", func(e ari.Event) bool { return e.Type == ari.ChannelStateChange })
	const away = 200 * time.Millisecond
	start := time.Now()
	node.Disconnect(away)
	ok(t, client.StartMusic(t.Context(), caller.ID(), ""))
	caller.HangUp()
	hear.Connected(t, 2)
	if took := time.Since(start); took < away {
		t.Errorf("it came back after %s, want %s", took, away)
	}
	hear.Channel(t, ari.StasisEnd, caller.ID())
}
