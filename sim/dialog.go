package sim

import (
	"context"
	"fmt"

	"github.com/emiago/sipgo/sip"
)

// dialog is what RFC 3261 12 keeps of a dialog. Guarded by the call's mu.
type dialog struct {
	local     sip.Uri
	remote    sip.Uri
	remoteTag string
	target    sip.Uri   // the peer's Contact
	routes    []sip.Uri // in the order of Route headers to send
	seq       uint32    // our last CSeq
	remoteSeq uint32
}

// routesOf reads Record-Route. The caller's route set is the reverse of the
// callee's.
func routesOf(m sip.Message, reverse bool) []sip.Uri {
	var routes []sip.Uri
	for _, h := range m.GetHeaders("Record-Route") {
		if rr, ok := h.(*sip.RecordRouteHeader); ok {
			routes = append(routes, *rr.Address.Clone())
		}
	}
	if reverse {
		for i, j := 0, len(routes)-1; i < j; i, j = i+1, j-1 {
			routes[i], routes[j] = routes[j], routes[i]
		}
	}
	return routes
}

// request builds a request inside the dialog. ACK takes the CSeq of its INVITE.
func (c *Call) request(method sip.RequestMethod, ackSeq uint32) *sip.Request {
	c.mu.Lock()
	d := &c.dialog
	seq := ackSeq
	if method != sip.ACK {
		d.seq++
		seq = d.seq
	}
	req := sip.NewRequest(method, *d.target.Clone())
	for _, r := range d.routes {
		req.AppendHeader(&sip.RouteHeader{Address: *r.Clone()})
	}
	from := &sip.FromHeader{DisplayName: c.phone.o.Name, Address: *d.local.Clone()}
	from.Params.Add("tag", c.tag)
	to := &sip.ToHeader{Address: *d.remote.Clone()}
	if d.remoteTag != "" {
		to.Params.Add("tag", d.remoteTag)
	}
	c.mu.Unlock()
	id := sip.CallIDHeader(c.id)
	req.AppendHeader(from)
	req.AppendHeader(to)
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	req.AppendHeader(c.phone.contact())
	return req
}

// ack acknowledges a 2xx. Each copy that is sent again is a new request with the
// same CSeq.
func (c *Call) ack(seq uint32) error {
	req := c.phone.prepare(c.request(sip.ACK, seq), "")
	if err := c.phone.ua.TransportLayer().WriteMsg(req); err != nil {
		return fmt.Errorf("send ACK: %w", err)
	}
	return nil
}

// Bye ends an established call. The call is over for this phone whatever the
// peer answers.
func (c *Call) bye(ctx context.Context, reason string) error {
	if !c.setClosing() {
		return nil // the peer was first
	}
	res, err := c.phone.transact(ctx, func() *sip.Request {
		req := c.request(sip.BYE, 0)
		if reason != "" {
			req.AppendHeader(sip.NewHeader("Reason", reason))
		}
		return c.phone.prepare(req, "")
	})
	c.noteWire(EvBye, true, sip.BYE, 0, reason)
	c.end(End{By: ByUs})
	if err != nil {
		return fmt.Errorf("hang up: %w", err)
	}
	if err := failure(sip.BYE, res); err != nil && res.StatusCode != sip.StatusCallTransactionDoesNotExists {
		return fmt.Errorf("hang up: %w", err)
	}
	return nil
}

// setClosing lets one BYE out.
func (c *Call) setClosing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != Established || c.closing {
		return false
	}
	c.closing = true
	return true
}

// HangUp ends the call in whatever way its state asks for: BYE, CANCEL of a call
// not yet answered, 603 to one that rings here.
func (c *Call) HangUp(ctx context.Context) error {
	switch {
	case c.State() == Ended:
		return nil
	case c.State() == Established:
		if c.in {
			// RFC 3261 15: not before the ACK, or until it can come no more.
			select {
			case <-c.acked:
			case <-c.ctx.Done():
				return nil
			case <-ctx.Done():
				return fmt.Errorf("hang up: no ACK yet: %w", ctx.Err())
			}
		}
		return c.bye(ctx, "")
	case c.in:
		return c.Reject(603)
	default:
		return c.Cancel(ctx)
	}
}
