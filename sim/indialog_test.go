package sim

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

// inside sends a request in the call's dialog and gives the answer.
func inside(t *testing.T, c *Call, method sip.RequestMethod, contentType, body string) *sip.Response {
	t.Helper()
	res, err := c.phone.transact(within(t), func() *sip.Request {
		req := c.request(method, 0)
		if body != "" {
			req.AppendHeader(sip.NewHeader("Content-Type", contentType))
			req.SetBody([]byte(body))
		}
		return c.phone.prepare(req, "")
	})
	must(t, err)
	return res
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	a, b := s.talk(t)
	// A session refresh has no body; it changes nothing.
	if res := inside(t, a, sip.UPDATE, "", ""); res.StatusCode != sip.StatusOK || len(res.Body()) != 0 {
		t.Errorf("refresh answered %d with %q", res.StatusCode, res.Body())
	}
	must(t, b.WaitHeard(within(t), s.alice.Hz(), 200*time.Millisecond))
	a.mu.Lock()
	offer := string(a.local.write(SendOnly))
	a.mu.Unlock()
	res := inside(t, a, sip.UPDATE, "application/sdp", offer)
	d, err := parseSDP(res.Body())
	if err != nil || d.direction != RecvOnly || b.media.sending.Load() {
		t.Errorf("hold by UPDATE answered %v %q; the held side talks: %v", err, d.direction, b.media.sending.Load())
	}
	if res := inside(t, a, sip.UPDATE, "application/sdp", "v=0\r\n"); res.StatusCode != 488 {
		t.Errorf("an offer without audio answered %d", res.StatusCode)
	}
}

func TestInfoAndOthersInTheDialog(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	a, b := s.talk(t)
	if res := inside(t, a, sip.INFO, "application/dtmf-relay", "Signal=5\r\nDuration=160\r\n"); res.StatusCode != sip.StatusOK {
		t.Errorf("INFO answered %d", res.StatusCode)
	}
	e, err := b.WaitEvent(within(t), EvDigit)
	must(t, err)
	if e.Text != "5" {
		t.Errorf("digit %q", e.Text)
	}
	for _, method := range []sip.RequestMethod{sip.OPTIONS, sip.NOTIFY, sip.MESSAGE} {
		if res := inside(t, a, method, "", ""); res.StatusCode != sip.StatusOK || !strings.Contains(res.GetHeader("Allow").Value(), "UPDATE") {
			t.Errorf("%s answered %d", method, res.StatusCode)
		}
	}
}

func TestUnknownDialog(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	a, b := s.talk(t)
	a.mu.Lock()
	right := a.dialog.remoteTag
	a.dialog.remoteTag = "wrong"
	a.mu.Unlock()
	for _, method := range []sip.RequestMethod{sip.UPDATE, sip.INFO, sip.BYE} {
		if res := inside(t, a, method, "", ""); res.StatusCode != 481 {
			t.Errorf("%s in another dialog answered %d", method, res.StatusCode)
		}
	}
	a.mu.Lock()
	a.dialog.remoteTag = right
	a.mu.Unlock()
	if b.State() != Established {
		t.Error("a BYE of another dialog ended the call")
	}
}

// Both sides re-INVITE at one time: 491, and the call goes on.
func TestReinvitesCross(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	a, b := s.talk(t)
	b.mu.Lock()
	b.busy = true
	b.mu.Unlock()
	if err := a.Hold(within(t)); err == nil || !strings.Contains(err.Error(), "491") {
		t.Errorf("a re-INVITE into another: %v", err)
	}
	b.mu.Lock()
	b.busy = false
	b.mu.Unlock()
	must(t, a.Hold(within(t)))
	must(t, a.Resume(within(t)))
}

// The peer asks for our offer: the answer comes with the ACK.
func TestLateOffer(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	a, b := s.talk(t)
	req := a.request(sip.INVITE, 0)
	a.phone.prepare(req, "")
	tx, err := a.phone.ua.TransactionLayer().Request(within(t), req)
	must(t, err)
	res, err := a.finalOf(within(t), tx)
	must(t, err)
	offer, err := parseSDP(res.Body())
	if err != nil || offer.direction != SendRecv {
		t.Fatalf("offer %+v, %v", offer, err)
	}
	ack := a.request(sip.ACK, req.CSeq().SeqNo)
	a.mu.Lock()
	answer := a.local.write(SendOnly)
	a.mu.Unlock()
	ack.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	ack.SetBody(answer)
	must(t, a.phone.ua.TransportLayer().WriteMsg(a.phone.prepare(ack, "")))
	eventually(t, func() bool { return !b.media.sending.Load() })
}

func TestMusicIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	a, b := s.talk(t)
	random := rand.New(rand.NewPCG(5, 6))
	var noise toneTable
	for i := range noise {
		noise[i] = encodeULaw(int16(random.NormFloat64() * 3000))
	}
	a.media.mu.Lock()
	a.media.table = &noise
	a.media.mu.Unlock()
	must(t, b.WaitMusic(within(t)))
	if b.HeardSound() < musicLasts {
		t.Errorf("%v of sound", b.HeardSound())
	}
	if r := b.Reception(); r.Received < 25 || int(r.Received) < len(b.Tape())/frameSamples {
		t.Errorf("reception %+v, tape of %d frames", r, len(b.Tape())/frameSamples)
	}
}

func TestBehavioursInTurn(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.bob.OnCall(Busy().Then(Answer(0)))
	first, err := s.alice.Call(within(t), "bob")
	must(t, err)
	ended(t, first, ByPeer, 486)
	second, err := s.alice.Call(within(t), "sip:bob@test.invalid", Through(s.proxy.address()), WithHeader("X-Test", "yes"))
	must(t, err)
	must(t, second.WaitAnswered(within(t)))
	calls := s.bob.Incoming()
	if len(calls) != 2 || calls[1].Header("X-Test") != "yes" || calls[1].ID() != second.ID() || !calls[1].Incoming() || calls[1].Phone() != s.bob {
		t.Errorf("incoming calls %v", calls)
	}
	if _, err := s.alice.Call(within(t), "sip:"); err == nil {
		t.Error("called nobody")
	}
}
