package sim

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

type callOptions struct {
	proxy   string
	from    string
	headers []sip.Header
}

// CallOption changes one call.
type CallOption func(*callOptions)

// Through sends the call to this proxy instead of the phone's own.
func Through(hostPort string) CallOption { return func(o *callOptions) { o.proxy = hostPort } }

// As makes the call in the name of this user, so that one phone is many callers.
func As(user string) CallOption { return func(o *callOptions) { o.from = user } }

// WithHeader adds a header to the INVITE.
func WithHeader(name, value string) CallOption {
	return func(o *callOptions) { o.headers = append(o.headers, sip.NewHeader(name, value)) }
}

// Call calls a user of the phone's domain, or a SIP URI. It returns as soon as
// the INVITE is on the wire. When ctx ends before the call is answered, the call
// is cancelled; afterwards ctx has no effect.
func (p *Phone) Call(ctx context.Context, target string, options ...CallOption) (*Call, error) {
	o := callOptions{proxy: p.Proxy(), from: p.o.User}
	for _, option := range options {
		option(&o)
	}
	to := p.uri(target)
	if strings.HasPrefix(target, "sip:") {
		if err := sip.ParseUri(target, &to); err != nil {
			return nil, fmt.Errorf("call %s: %w", target, err)
		}
	}
	if to.User == "" || to.Host == "" {
		return nil, fmt.Errorf("call %q: needs a user and a domain", target)
	}
	c := p.newCall(false, sip.GenerateTagN(24), sip.GenerateTagN(16), to.User)
	c.dialog = dialog{local: p.uri(o.from), remote: to, target: to}
	if err := c.openMedia(); err != nil {
		c.cancel()
		return nil, fmt.Errorf("call %s: %w", target, err)
	}
	if err := p.adopt(c); err != nil {
		c.end(End{By: ByFloor})
		return nil, fmt.Errorf("call %s: %w", target, err)
	}
	tx, err := c.sendInvite(o, nil)
	if err != nil {
		c.end(End{By: ByNoAnswer})
		return nil, fmt.Errorf("call %s: %w", target, err)
	}
	c.noteWire(EvInvite, true, sip.INVITE, 0, "")
	if !p.run(func() { c.dial(ctx, o, tx) }) {
		return nil, fmt.Errorf("call %s: %w", target, ErrClosed)
	}
	return c, nil
}

// sendInvite starts the transaction of the first INVITE, or of the one that
// answers a challenge.
func (c *Call) sendInvite(o callOptions, credentials sip.Header) (sip.ClientTransaction, error) {
	req := c.request(sip.INVITE, 0)
	for _, h := range o.headers {
		req.AppendHeader(h)
	}
	req.AppendHeader(sip.NewHeader("Allow", allowed))
	if credentials != nil {
		req.AppendHeader(credentials)
	}
	c.mu.Lock()
	body := c.local.write(SendRecv)
	c.mu.Unlock()
	req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	req.SetBody(body)
	c.phone.prepare(req, o.proxy)
	c.invite.Store(req)
	return c.phone.ua.TransactionLayer().Request(c.phone.ctx, req)
}

// dial follows the INVITE to its final response.
func (c *Call) dial(ctx context.Context, o callOptions, tx sip.ClientTransaction) {
	var (
		giveUp      = c.giveUp
		outside     = ctx.Done()
		provisional bool
		canceling   bool
		answered    bool // a challenge
	)
	cancel := func() {
		giveUp, outside, canceling = nil, nil, true
		if provisional {
			c.sendCancel()
		}
	}
	for {
		select {
		case <-giveUp:
			cancel()
		case <-outside:
			cancel()
		case <-c.phone.ctx.Done():
			tx.Terminate()
			return
		case <-tx.Done():
			c.note(Event{Kind: EvFailed, Text: errText(tx.Err())})
			c.end(End{By: ByNoAnswer})
			return
		case res := <-tx.Responses():
			switch {
			case res.IsProvisional():
				c.provisional(res)
				if !provisional && canceling {
					// RFC 3261 9.1: a CANCEL only after the first answer.
					c.sendCancel()
				}
				provisional = true
				continue
			case res.IsSuccess():
				c.established(tx, res, canceling)
				return
			}
			if credentials, err := c.phone.credentials(c.invite.Load(), res); err == nil && credentials != nil && !answered && !canceling {
				answered, provisional = true, false
				if tx, err = c.sendInvite(o, credentials); err == nil {
					continue
				}
				c.note(Event{Kind: EvFailed, Text: err.Error()})
				c.end(End{By: ByNoAnswer})
				return
			}
			by := ByPeer
			if canceling {
				by = ByUs
			}
			c.noteWire(EvRejected, false, sip.INVITE, res.StatusCode, res.Reason)
			c.end(End{By: by, Status: res.StatusCode, Reason: reasonOf(res)})
			return
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func reasonOf(m sip.Message) string {
	if h := m.GetHeaders("Reason"); len(h) > 0 {
		return h[0].Value()
	}
	return ""
}

func (c *Call) provisional(res *sip.Response) {
	kind := map[int]EventKind{100: EvTrying, 183: EvProgress}[res.StatusCode]
	if kind == "" {
		kind = EvRinging
		c.setState(Ringing)
	}
	c.noteWire(kind, false, sip.INVITE, res.StatusCode, "")
	if len(res.Body()) == 0 {
		return
	}
	// Early media: hear it; speak after the answer only.
	if d, err := parseSDP(res.Body()); err == nil {
		c.apply(d, false)
		c.hear()
	}
}

// established takes the 2xx: acknowledge, talk. A call that is being cancelled
// ends at once.
func (c *Call) established(tx sip.ClientTransaction, res *sip.Response, canceling bool) {
	seq := c.invite.Load().CSeq().SeqNo
	c.mu.Lock()
	d := &c.dialog
	d.remoteTag, _ = res.To().Params.Get("tag")
	if contact := res.Contact(); contact != nil {
		d.target = *contact.Address.Clone()
	}
	d.routes = routesOf(res, true)
	c.mu.Unlock()
	c.setState(Established)
	c.noteOvertaken()
	c.noteWire(EvAnswered, false, sip.INVITE, res.StatusCode, "")
	tx.OnRetransmission(func(again *sip.Response) {
		if again.IsSuccess() {
			_ = c.ack(seq)
		}
	})
	if err := c.ack(seq); err != nil {
		c.note(Event{Kind: EvFailed, Text: err.Error()})
	} else {
		c.noteWire(EvAck, true, sip.ACK, 0, "")
	}
	desc, err := parseSDP(res.Body())
	if err != nil || canceling {
		if err != nil {
			c.note(Event{Kind: EvFailed, Text: err.Error()})
		}
		ctx, stop := context.WithTimeout(c.ctx, byeTimeout)
		defer stop()
		_ = c.bye(ctx, "")
		return
	}
	c.apply(desc, true)
	c.hear()
}

// noteOvertaken notes a 180 that the wire saw before the 2xx but the SIP stack,
// which handles each message in a goroutine of its own, did not.
func (c *Call) noteOvertaken() {
	if _, noted := c.First(EvRinging); noted {
		return
	}
	rang, ok := c.phone.floor.wire.crossed(c.id, func(p *Packet) bool {
		return p.Phone == c.phone.o.User && p.Status == 180 && !p.Out
	})
	if ok {
		c.note(Event{At: rang.At, Kind: EvRinging, Status: 180})
	}
}

// byeTimeout bounds what the phone does on its own account.
const byeTimeout = 4 * time.Second

// sendCancel runs beside the INVITE, whose 487 (or 2xx) dial waits for.
func (c *Call) sendCancel() {
	invite := c.invite.Load()
	req := sip.NewRequest(sip.CANCEL, *invite.Recipient.Clone())
	req.AppendHeader(invite.Via().Clone())
	sip.CopyHeaders("Route", invite, req)
	req.AppendHeader(sip.HeaderClone(invite.From()))
	req.AppendHeader(sip.HeaderClone(invite.To()))
	req.AppendHeader(sip.HeaderClone(invite.CallID()))
	req.AppendHeader(&sip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sip.CANCEL})
	hops := sip.MaxForwardsHeader(70)
	req.AppendHeader(&hops)
	req.SetBody(nil)
	req.SetTransport("UDP")
	req.Laddr = invite.Laddr
	req.SetDestination(invite.Destination())
	c.phone.run(func() {
		_, err := c.phone.send(c.phone.ctx, req)
		if err != nil && !errors.Is(err, ErrClosed) {
			c.note(Event{Kind: EvFailed, Text: err.Error()})
		}
	})
	c.note(Event{Kind: EvCancel, Out: true})
}

// Cancel gives up a call that is not answered yet, and returns when it has ended.
// If the answer crosses the CANCEL, the call is hung up.
func (c *Call) Cancel(ctx context.Context) error {
	if c.in {
		return errors.New("cancel: the call came in; reject it")
	}
	c.giveOnce.Do(func() { close(c.giveUp) })
	_, err := c.WaitEnded(ctx)
	return err
}
