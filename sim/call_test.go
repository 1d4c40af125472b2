package sim

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestEachHearsTheOther(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	a, b := s.talk(t)
	must(t, a.WaitHeard(within(t), s.bob.Hz(), time.Second))
	must(t, b.WaitHeard(within(t), s.alice.Hz(), time.Second))
	if a.HeardOwn() != 0 || b.HeardOwn() != 0 {
		t.Errorf("own tone heard: %v, %v", a.HeardOwn(), b.HeardOwn())
	}
	if own, other := a.HeardSound(), b.HeardSound(); own != 0 || other != 0 {
		t.Errorf("sound in a call of two tones: %v, %v", own, other)
	}
	answered, _ := a.First(EvAnswered)
	if quiet := a.LongestSilence(answered.At); quiet > 300*time.Millisecond {
		t.Errorf("silence of %v in a call\n%s", quiet, a.Timeline())
	}
	if got := b.From(); got != "alice" {
		t.Errorf("From %q", got)
	}
	must(t, a.HangUp(within(t)))
	ended(t, a, ByUs, 0)
	ended(t, b, ByPeer, 0)
	for _, kind := range []EventKind{EvInvite, EvRinging, EvAnswered, EvAck, EvMedia, EvHeardTone, EvBye, EvEnded} {
		if _, ok := a.First(kind); !ok {
			t.Errorf("no %s in the caller's timeline\n%s", kind, a.Timeline())
		}
	}
}

func TestCalleeHangsUp(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	a, b := s.call(t, Answer(0).HangUpAfter(50*time.Millisecond))
	ended(t, b, ByUs, 0)
	ended(t, a, ByPeer, 0)
	// The proxy must have seen the BYE: both went along the route set.
	for _, p := range s.floor.Wire().Find(func(p Packet) bool { return p.Method == "BYE" && p.Status == 0 }) {
		if p.Peer.String() != s.proxy.address() {
			t.Errorf("BYE around the route set: %v", p)
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	a, b := s.call(t, NeverAnswer())
	_, err := a.WaitEvent(within(t), EvRinging)
	must(t, err)
	must(t, a.Cancel(within(t)))
	ended(t, a, ByUs, 487)
	ended(t, b, ByPeer, 487)
	if err := b.Answer(within(t)); !errors.Is(err, errEnded) {
		t.Errorf("answer after CANCEL: %v", err)
	}
}

func TestContextCancelsTheCall(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.bob.OnCall(NeverAnswer())
	ctx, cancel := contextWithCancel(t)
	a, err := s.alice.Call(ctx, "bob")
	must(t, err)
	_, err = a.WaitEvent(within(t), EvRinging)
	must(t, err)
	cancel()
	ended(t, a, ByUs, 487)
}

func TestBusyRejectUnknown(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		bob    Behaviour
		callee string
		status int
	}{
		"busy":         {Busy(), "bob", 486},
		"reject":       {Reject(603, 0), "bob", 603},
		"reject later": {Reject(480, 50*time.Millisecond), "bob", 480},
		"unknown":      {NeverAnswer(), "nobody", 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t)
			s.bob.OnCall(row.bob)
			a, err := s.alice.Call(within(t), row.callee)
			must(t, err)
			ended(t, a, ByPeer, row.status)
		})
	}
}

func TestCalleeRejectsAfterRinging(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	a, b := s.call(t, NeverAnswer())
	_, err := b.WaitEvent(within(t), EvRinging)
	must(t, err)
	must(t, b.HangUp(within(t)))
	ended(t, a, ByPeer, 603)
	ended(t, b, ByUs, 603)
}

func TestHoldAndResume(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	a, b := s.talk(t)
	must(t, b.WaitHeard(within(t), s.alice.Hz(), 200*time.Millisecond))
	must(t, a.Hold(within(t)))
	e, err := b.WaitEvent(within(t), EvReinvite)
	must(t, err)
	if e.Text != string(SendOnly) {
		t.Errorf("re-INVITE says %q", e.Text)
	}
	if a.media.sending.Load() || b.media.sending.Load() {
		t.Errorf("still talking on hold: holder %v, held %v", a.media.sending.Load(), b.media.sending.Load())
	}
	must(t, a.Resume(within(t)))
	must(t, a.WaitHeard(within(t), s.bob.Hz(), a.Heard(s.bob.Hz())+300*time.Millisecond))
	must(t, b.WaitHeard(within(t), s.alice.Hz(), b.Heard(s.alice.Hz())+300*time.Millisecond))
	// The callee can hold as well, against the other route set.
	must(t, b.Hold(within(t)))
	must(t, b.HangUp(within(t)))
	ended(t, a, ByPeer, 0)
}

func TestKeys(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	a, b := s.talk(t)
	must(t, a.Press(within(t), "4*#"))
	must(t, b.wait(within(t), "three digits", func() bool {
		var got strings.Builder
		for _, e := range b.events {
			if e.Kind == EvDigit {
				got.WriteString(e.Text)
			}
		}
		return got.String() == "4*#"
	}))
	if err := a.Press(within(t), "x"); err == nil {
		t.Error("pressed a key that no phone has")
	}
}

func TestWaitTellsThatTheCallEnded(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	a, _ := s.call(t, Busy())
	if err := a.WaitHeard(within(t), s.bob.Hz(), time.Second); !errors.Is(err, errEnded) {
		t.Errorf("wait for a tone in an ended call: %v", err)
	}
}

func TestPhoneInItsOwnWords(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	if s.alice.User() != "alice" || s.alice.Proxy() != s.proxy.address() || s.alice.Hz() == s.bob.Hz() {
		t.Errorf("user %q, proxy %q, tones %d and %d", s.alice.User(), s.alice.Proxy(), s.alice.Hz(), s.bob.Hz())
	}
	if n := len(s.floor.Phones()); n != 2 {
		t.Errorf("%d phones", n)
	}
	must(t, s.floor.Close())
	if _, err := s.floor.Phone(PhoneOptions{User: "late", Domain: "x", LocalIP: "127.0.0.1"}); !errors.Is(err, ErrClosed) {
		t.Errorf("a phone on a closed floor: %v", err)
	}
	if _, err := s.alice.WaitCall(within(t)); !errors.Is(err, ErrClosed) {
		t.Errorf("wait at a closed phone: %v", err)
	}
}
