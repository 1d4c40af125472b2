package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/emiago/sipgo/sip"
)

// onInvite takes a call offered to the phone. It returns when the final response
// is out, because the SIP stack drops the transaction with its handler.
func (p *Phone) onInvite(req *sip.Request, tx sip.ServerTransaction) {
	if _, in := req.To().Params.Get("tag"); in {
		p.within(p.onReinvite)(req, tx)
		return
	}
	tag := sip.GenerateTagN(16)
	invite := req.Clone()
	invite.To().Params.Add("tag", tag)
	c := p.newCall(true, req.CallID().Value(), tag, req.From().Address.User)
	c.invite.Store(invite)
	c.server = tx
	remoteTag, _ := req.From().Params.Get("tag")
	c.dialog = dialog{
		local: *req.To().Address.Clone(), remote: *req.From().Address.Clone(), remoteTag: remoteTag,
		routes: routesOf(req, false), remoteSeq: req.CSeq().SeqNo,
	}
	if contact := req.Contact(); contact != nil {
		c.dialog.target = *contact.Address.Clone()
	}
	c.noteWire(EvInvite, false, sip.INVITE, 0, "")
	canceled := !tx.OnCancel(c.onCancel)
	if p.adopt(c) != nil {
		c.cancel()
		return
	}
	if canceled {
		c.onCancel(nil)
	}
	p.mu.Lock()
	behave := p.onCall
	p.mu.Unlock()
	p.run(func() { behave(c.ctx, c) })
	select {
	case <-c.final:
	case <-p.ctx.Done():
	}
}

// onCancel is called by the transaction, which answers the CANCEL and the INVITE
// by itself.
func (c *Call) onCancel(req *sip.Request) {
	reason := ""
	if req != nil {
		reason = reasonOf(req)
	}
	c.canceled.Store(true)
	at := c.phone.floor.wire.timeOf(c.phone.o.User, c.id, string(sip.CANCEL), 0, false)
	c.note(Event{At: at, Kind: EvCancel, Text: reason})
	// The caller holds the transaction's lock, and ending takes others.
	c.phone.run(func() { c.end(End{By: ByPeer, Status: 487, Reason: reason, At: at}) })
}

// respond sends a response to the INVITE. A call cancelled before gets none.
func (c *Call) respond(status int, body []byte) error {
	if c.canceled.Load() {
		return fmt.Errorf("respond %d: %w", status, errEnded)
	}
	res := sip.NewResponseFromRequest(c.invite.Load(), status, reasonPhrase(status), body)
	res.AppendHeader(c.phone.contact())
	res.AppendHeader(sip.NewHeader("Allow", allowed))
	if body != nil {
		res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	}
	if err := c.server.Respond(res); err != nil {
		return fmt.Errorf("respond %d: %w", status, err)
	}
	if c.canceled.Load() {
		return fmt.Errorf("respond %d: %w", status, errEnded)
	}
	return nil
}

func reasonPhrase(status int) string {
	if text, ok := map[int]string{
		180: "Ringing", 183: "Session Progress", 200: "OK", 302: "Moved Temporarily", 400: "Bad Request",
		404: "Not Found", 480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 486: "Busy Here",
		488: "Not Acceptable Here", 491: "Request Pending", 500: "Server Internal Error", 503: "Service Unavailable",
		600: "Busy Everywhere", 603: "Decline",
	}[status]; ok {
		return text
	}
	return "Response"
}

// Ring answers 180.
func (c *Call) Ring() error {
	if err := c.respond(180, nil); err != nil {
		return err
	}
	c.setState(Ringing)
	c.noteWire(EvRinging, true, sip.INVITE, 180, "")
	return nil
}

// Reject answers with a final status other than 2xx.
func (c *Call) Reject(status int) error {
	if err := c.respond(status, nil); err != nil {
		return err
	}
	c.noteWire(EvRejected, true, sip.INVITE, status, "")
	c.end(End{By: ByUs, Status: status})
	return nil
}

// Answer answers the call and talks. It returns when the ACK has come.
func (c *Call) Answer(ctx context.Context) error {
	if err := c.answer(); err != nil {
		return err
	}
	select {
	case <-c.acked:
		return nil
	case <-c.ctx.Done():
		select {
		case <-c.acked: // and ended right after it
			return nil
		default:
		}
		return fmt.Errorf("answer: %w", errEnded)
	case <-ctx.Done():
		return fmt.Errorf("answer: no ACK: %w", ctx.Err())
	}
}

func (c *Call) answer() error {
	if !c.in {
		return errors.New("answer: the call is our own")
	}
	if err := c.openMedia(); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	direction := SendRecv
	if len(c.invite.Load().Body()) > 0 {
		d, err := parseSDP(c.invite.Load().Body())
		if err != nil {
			_ = c.Reject(488)
			return fmt.Errorf("answer: %w", err)
		}
		c.apply(d, true)
		direction = d.direction.mirror()
	} else {
		c.mu.Lock()
		c.offered = true
		c.mu.Unlock()
	}
	c.mu.Lock()
	body := c.local.write(direction)
	c.mu.Unlock()
	if err := c.respond(200, body); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	c.setState(Established)
	c.noteWire(EvAnswered, true, sip.INVITE, 200, "")
	c.hear()
	c.phone.run(func() { c.repeat(c.server, c.invite.Load(), body, c.acked) })
	c.finish()
	return nil
}

// repeat sends the 2xx again until the ACK comes (RFC 3261 13.3.1.4), and gives
// the call up when it does not.
func (c *Call) repeat(tx sip.ServerTransaction, invite *sip.Request, body []byte, acked <-chan struct{}) {
	interval, deadline := sip.T1, time.Now().Add(64*sip.T1)
	timer := time.NewTimer(interval)
	defer timer.Stop()
	for {
		select {
		case <-acked:
			return
		case <-c.ctx.Done():
			return
		case <-timer.C:
		}
		if time.Now().After(deadline) {
			ctx, stop := context.WithTimeout(c.ctx, byeTimeout)
			defer stop()
			_ = c.bye(ctx, "")
			return
		}
		res := sip.NewResponseFromRequest(invite, 200, "OK", body)
		res.AppendHeader(c.phone.contact())
		res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
		_ = tx.Respond(res)
		interval = min(2*interval, sip.T2)
		timer.Reset(interval)
	}
}

// onAck completes an answer of ours.
func (p *Phone) onAck(req *sip.Request, _ sip.ServerTransaction) {
	c := p.byTag(req.To())
	if c == nil {
		return
	}
	c.mu.Lock()
	offered := c.offered
	c.offered = false
	again := c.reAcked
	c.reAcked = nil
	c.mu.Unlock()
	if offered && len(req.Body()) > 0 {
		if d, err := parseSDP(req.Body()); err == nil {
			c.apply(d, true)
		}
	}
	if again != nil {
		close(again)
	}
	c.acknowledged()
}

func (c *Call) acknowledged() {
	c.ackOnce.Do(func() {
		c.noteWire(EvAck, false, sip.ACK, 0, "")
		close(c.acked)
	})
}
