package sim

import (
	"testing"
	"time"
)

// dropFirst drops the first n messages that match.
func dropFirst(n int, match func(Packet) bool) func(Packet) bool {
	left := make(chan struct{}, n)
	for range n {
		left <- struct{}{}
	}
	return func(p Packet) bool {
		if !match(p) {
			return false
		}
		select {
		case <-left:
			return true
		default:
			return false
		}
	}
}

func TestLostMessagesAreSentAgain(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		atAlice bool
		lost    func(Packet) bool
	}{
		"INVITE":   {true, func(p Packet) bool { return p.Out && p.Method == "INVITE" && p.Status == 0 }},
		"200":      {true, func(p Packet) bool { return !p.Out && p.Method == "INVITE" && p.Status == 200 }},
		"ACK":      {true, func(p Packet) bool { return p.Out && p.Method == "ACK" && p.ToTag != "proxy" }},
		"200 out":  {false, func(p Packet) bool { return p.Out && p.Method == "INVITE" && p.Status == 200 }},
		"BYE":      {true, func(p Packet) bool { return p.Out && p.Method == "BYE" && p.Status == 0 }},
		"BYE's OK": {true, func(p Packet) bool { return !p.Out && p.Method == "BYE" && p.Status == 200 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t)
			phone := s.bob
			if row.atAlice {
				phone = s.alice
			}
			phone.Fault(dropFirst(1, row.lost))
			a, b := s.talk(t)
			must(t, a.HangUp(within(t)))
			ended(t, a, ByUs, 0)
			ended(t, b, ByPeer, 0)
			dropped := s.floor.Wire().Find(func(p Packet) bool { return p.Dropped })
			again := s.floor.Wire().Find(func(p Packet) bool { return p.Again })
			if len(dropped) != 1 || len(again) == 0 {
				t.Errorf("%d dropped, %d sent again", len(dropped), len(again))
			}
		})
	}
}

// The 200 crosses the CANCEL: the caller must acknowledge and hang up.
func TestAnswerCrossesCancel(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	// The CANCEL is lost until the answer has come.
	s.alice.Fault(func(p Packet) bool { return p.Out && p.Method == "CANCEL" })
	a, b := s.call(t, NeverAnswer())
	_, err := a.WaitEvent(within(t), EvRinging)
	must(t, err)
	done := make(chan error, 1)
	ctx := within(t)
	go func() { done <- a.Cancel(ctx) }()
	_, err = a.WaitEvent(within(t), EvCancel)
	must(t, err)
	must(t, b.Answer(within(t)))
	must(t, <-done)
	ended(t, a, ByUs, 0)
	ended(t, b, ByPeer, 0)
}

func TestLostPacketsOfAudio(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	a, b := s.talk(t)
	a.LoseMedia(10)
	must(t, a.WaitHeard(within(t), s.bob.Hz(), time.Second))
	if heard, lossless := a.Heard(s.bob.Hz()), b.Heard(s.alice.Hz()); heard >= lossless {
		t.Errorf("one packet of ten lost, and %v heard of %v: overstated", heard, lossless)
	}
	if r := a.Reception(); r.Lost == 0 || r.Lost > r.Received/5 {
		t.Errorf("reception of %+v with one packet of ten lost", r)
	}
	if a.HeardSound() != 0 {
		t.Errorf("lost packets sound like %v of music", a.HeardSound())
	}
}

func TestUnplugged(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	a, b := s.talk(t)
	must(t, a.WaitHeard(within(t), s.bob.Hz(), 200*time.Millisecond))
	s.bob.Unplug()
	pulled := time.Now()
	eventually(t, func() bool { return a.LongestSilence(pulled) > 300*time.Millisecond })
	if b.LongestSilence(pulled) < 200*time.Millisecond {
		t.Error("the unplugged phone still hears")
	}
	s.bob.PlugIn()
	must(t, a.WaitHeard(within(t), s.bob.Hz(), a.Heard(s.bob.Hz())+200*time.Millisecond))
	must(t, b.HangUp(within(t)))
	ended(t, a, ByPeer, 0)
}
