package ari

import (
	"context"
	"errors"
	"net/http"
	"testing"
)

func TestDrainLetsOneNodeGoAfterTheOther(t *testing.T) {
	d := newDesk(t, nil)
	for range 3 {
		conn, _ := d.connect(t)
		conn.CloseRead(t.Context())
	}
	drained := make(chan error, 1)
	go func() { drained <- d.server.Drain(t.Context()) }()
	for left := 2; left >= 0; left-- {
		if cause := receive(t, d.ended); !errors.Is(cause, ErrServerClosed) {
			t.Errorf("ended by %v", cause)
		}
		select {
		case <-d.ended: //nolint:errcheck // a cause of loss, and not of a failure
			t.Fatal("another is let go while this one is served")
		default:
		}
		d.release <- struct{}{} // what it began is done
	}
	if err := receive(t, drained); err != nil {
		t.Error(err)
	}
	if n := d.server.Stats().Sessions; n != 0 {
		t.Errorf("%d sessions after the drain", n)
	}
	if _, status := d.dial(t, "ast-1", "secret", "ari"); status != http.StatusServiceUnavailable {
		t.Errorf("a node that comes during a drain gets %d", status)
	}
}

func TestDrainEndsWithItsContext(t *testing.T) {
	d := newDesk(t, nil)
	d.connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	drained := make(chan error, 1)
	go func() { drained <- d.server.Drain(ctx) }()
	_ = receive(t, d.ended) // its consumer does not return
	cancel()
	if err := receive(t, drained); !errors.Is(err, context.Canceled) {
		t.Errorf("gave %v", err)
	}
}
