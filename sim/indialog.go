package sim

import (
	"strings"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// handle names what the phone does with each method.
func (p *Phone) handle(s *sipgo.Server) {
	s.OnInvite(p.guard(p.onInvite))
	s.OnAck(p.guard(p.onAck))
	s.OnBye(p.guard(p.within(p.onBye)))
	s.OnUpdate(p.guard(p.within(p.onUpdate)))
	s.OnInfo(p.guard(p.within(p.onInfo)))
	s.OnOptions(p.guard(p.ok))
	s.OnNotify(p.guard(p.ok))
	s.OnMessage(p.guard(p.ok))
	// One that matches no INVITE any more; the others never get here.
	s.OnCancel(p.guard(func(req *sip.Request, tx sip.ServerTransaction) { reply(req, tx, 481, nil) }))
}

// guard makes Close wait for the handler, and turns away what comes later.
func (p *Phone) guard(h sipgo.RequestHandler) sipgo.RequestHandler {
	return func(req *sip.Request, tx sip.ServerTransaction) {
		if via := req.Via(); via != nil {
			branch, _ := via.Params.Get("branch")
			p.tap.inflight.handled(string(req.Method), branch)
		}
		done := make(chan struct{})
		if !p.run(func() { <-done }) {
			return
		}
		defer close(done)
		if req.CallID() == nil || req.From() == nil || req.To() == nil || req.CSeq() == nil {
			reply(req, tx, 400, nil)
			return
		}
		h(req, tx)
	}
}

func reply(req *sip.Request, tx sip.ServerTransaction, status int, body []byte, headers ...sip.Header) {
	res := sip.NewResponseFromRequest(req, status, reasonPhrase(status), body)
	for _, h := range headers {
		res.AppendHeader(h)
	}
	// A reply that cannot be sent is asked for again by the peer.
	_ = tx.Respond(res)
}

func (p *Phone) ok(req *sip.Request, tx sip.ServerTransaction) {
	reply(req, tx, 200, nil, sip.NewHeader("Allow", allowed), p.contact())
}

// within finds the call of a request that belongs to one.
func (p *Phone) within(h func(*Call, *sip.Request, sip.ServerTransaction)) sipgo.RequestHandler {
	return func(req *sip.Request, tx sip.ServerTransaction) {
		c := p.byTag(req.To())
		if c == nil {
			reply(req, tx, 481, nil)
			return
		}
		h(c, req, tx)
	}
}

func (p *Phone) onBye(c *Call, req *sip.Request, tx sip.ServerTransaction) {
	reply(req, tx, 200, nil)
	reason := reasonOf(req)
	// A BYE right behind the ACK can overtake it inside the SIP stack.
	if _, ok := p.floor.wire.crossed(c.id, func(k *Packet) bool { return k.Phone == p.o.User && k.Method == "ACK" && !k.Out }); ok {
		c.acknowledged()
	}
	c.noteWire(EvBye, false, sip.BYE, 0, reason)
	at := c.phone.floor.wire.timeOf(p.o.User, c.id, string(sip.BYE), 0, false)
	c.end(End{By: ByPeer, Reason: reason, At: at})
}

func (p *Phone) onInfo(c *Call, req *sip.Request, tx sip.ServerTransaction) {
	reply(req, tx, 200, nil)
	for line := range strings.SplitSeq(string(req.Body()), "\n") {
		if name, value, ok := strings.Cut(line, "="); ok && strings.EqualFold(strings.TrimSpace(name), "signal") {
			c.note(Event{Kind: EvDigit, Text: strings.TrimSpace(value)})
		}
	}
}

// onUpdate refreshes the session, and answers the offer if there is one.
func (p *Phone) onUpdate(c *Call, req *sip.Request, tx sip.ServerTransaction) {
	if body, direction, ok := c.reanswer(req, tx); ok {
		if len(req.Body()) == 0 {
			reply(req, tx, 200, nil, p.contact())
		} else {
			reply(req, tx, 200, body, p.contact(), sip.NewHeader("Content-Type", "application/sdp"))
		}
		c.noteWire(EvUpdate, false, sip.UPDATE, 0, direction)
	}
}

// onReinvite answers with an offer of ours when there was none.
func (p *Phone) onReinvite(c *Call, req *sip.Request, tx sip.ServerTransaction) {
	body, direction, ok := c.reanswer(req, tx)
	if !ok {
		return
	}
	acked := make(chan struct{})
	c.mu.Lock()
	c.offered = len(req.Body()) == 0
	c.reAcked = acked
	c.mu.Unlock()
	reply(req, tx, 200, body, p.contact(), sip.NewHeader("Content-Type", "application/sdp"))
	c.noteWire(EvReinvite, false, sip.INVITE, 0, direction)
	p.run(func() { c.repeat(tx, req, body, acked) })
}

// reanswer applies a new offer inside the dialog and gives our answer to it; one that
// cannot be taken is refused here.
func (c *Call) reanswer(req *sip.Request, tx sip.ServerTransaction) (body []byte, direction string, ok bool) {
	body, direction, status := c.consider(req)
	if status != 200 {
		reply(req, tx, status, nil)
	}
	return body, direction, status == 200
}

func (c *Call) consider(req *sip.Request) (body []byte, direction string, status int) {
	c.mu.Lock()
	if c.busy {
		c.mu.Unlock()
		return nil, "", 491
	}
	if req.CSeq().SeqNo < c.dialog.remoteSeq {
		c.mu.Unlock()
		return nil, "", 500
	}
	c.dialog.remoteSeq = req.CSeq().SeqNo
	if contact := req.Contact(); contact != nil {
		c.dialog.target = *contact.Address.Clone() // a target refresh
	}
	held := c.held
	c.mu.Unlock()
	answer := SendRecv
	if len(req.Body()) > 0 {
		d, err := parseSDP(req.Body())
		if err != nil {
			return nil, "", 488
		}
		c.apply(d, !held)
		answer, direction = d.direction.mirror(), string(d.direction)
	}
	if held && answer.sends() {
		answer = map[Direction]Direction{SendRecv: SendOnly, SendOnly: SendOnly}[answer]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.local.write(answer), direction, 200
}
