package sim

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// registration is the phone's binding at its registrar.
type registration struct {
	one    sync.Mutex // one REGISTER at a time, as RFC 3261 10.2 asks
	callID string     // guarded by one
	tag    string
	seq    uint32

	mu     sync.Mutex
	bound  bool               // guarded by mu
	cancel context.CancelFunc // ends the refreshing; guarded by mu
}

func newRegistration() registration {
	return registration{callID: sip.GenerateTagN(20), tag: sip.GenerateTagN(12)}
}

// Register binds the phone and keeps it bound until Unregister or Close. It
// returns when the first binding stands. If a proxy does not answer or fails
// with 5xx, the next one is tried.
func (p *Phone) Register(ctx context.Context) error {
	granted, err := p.bind(ctx)
	if err != nil {
		return fmt.Errorf("register phone %s: %w", p.o.User, err)
	}
	keep, cancel := context.WithCancel(p.ctx)
	p.reg.mu.Lock()
	if p.reg.cancel != nil {
		p.reg.cancel()
	}
	p.reg.cancel = cancel
	p.reg.mu.Unlock()
	if !p.run(func() { p.refresh(keep, granted) }) {
		cancel()
		return ErrClosed
	}
	return nil
}

// Registered tells whether the last REGISTER succeeded.
func (p *Phone) Registered() bool {
	p.reg.mu.Lock()
	defer p.reg.mu.Unlock()
	return p.reg.bound
}

// Unregister removes the binding of this phone, and only this.
func (p *Phone) Unregister(ctx context.Context) error {
	p.reg.mu.Lock()
	if p.reg.cancel != nil {
		p.reg.cancel()
		p.reg.cancel = nil
	}
	p.reg.mu.Unlock()
	if _, err := p.register(ctx, 0); err != nil {
		return fmt.Errorf("unregister phone %s: %w", p.o.User, err)
	}
	return nil
}

// bind tries every proxy once, beginning with the one in use.
func (p *Phone) bind(ctx context.Context) (time.Duration, error) {
	var errs []error
	for range p.proxies() {
		one, cancel := context.WithTimeout(ctx, 4*time.Second)
		granted, err := p.register(one, p.o.Expires)
		cancel()
		var status *StatusError
		if err == nil || ctx.Err() != nil || errors.As(err, &status) && status.Status < 500 {
			return granted, err
		}
		errs = append(errs, err)
		p.nextProxy()
	}
	return 0, errors.Join(errs...)
}

// proxies is how many there are to try, at least one.
func (p *Phone) proxies() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(1, len(p.o.Proxies))
}

func (p *Phone) nextProxy() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.proxy = (p.proxy + 1) % max(1, len(p.o.Proxies))
}

// refresh renews the binding at half of its life; when that fails, each second.
func (p *Phone) refresh(ctx context.Context, granted time.Duration) {
	timer := time.NewTimer(granted / 2)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		next := time.Second
		if g, err := p.bind(ctx); err == nil {
			next = max(time.Second, g/2)
		}
		timer.Reset(next)
	}
}

// register sends one REGISTER and gives the lifetime that was granted.
func (p *Phone) register(ctx context.Context, expires time.Duration) (time.Duration, error) {
	r := &p.reg
	r.one.Lock()
	defer r.one.Unlock()
	proxy := p.Proxy()
	seconds := int(expires / time.Second)
	res, err := p.transact(ctx, func() *sip.Request {
		r.seq++
		req := sip.NewRequest(sip.REGISTER, sip.Uri{Scheme: "sip", Host: p.o.Domain})
		p.dialogHeaders(req, p.o.User, r.tag, p.uri(p.o.User), "", r.callID, r.seq)
		contact := p.contact()
		contact.Params.Add("expires", strconv.Itoa(seconds))
		req.AppendHeader(contact)
		req.AppendHeader(sip.NewHeader("Expires", strconv.Itoa(seconds)))
		return p.prepare(req, proxy)
	})
	if err == nil {
		err = failure(sip.REGISTER, res)
	}
	r.mu.Lock()
	r.bound = err == nil && seconds > 0
	r.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return p.granted(res, expires), nil
}

// granted is the lifetime in our contact's expires, else in Expires, else the
// one asked for.
func (p *Phone) granted(res *sip.Response, asked time.Duration) time.Duration {
	for _, h := range res.GetHeaders("Contact") {
		c, ok := h.(*sip.ContactHeader)
		if !ok || c.Address.Port != p.port || c.Address.Host != p.ip {
			continue
		}
		if v, ok := c.Params.Get("expires"); ok {
			if n, err := strconv.Atoi(v); err == nil && n > 0 {
				return time.Duration(n) * time.Second
			}
		}
	}
	if h := res.GetHeader("Expires"); h != nil {
		if n, err := strconv.Atoi(h.Value()); err == nil && n > 0 {
			return time.Duration(n) * time.Second
		}
	}
	return asked
}

func (p *Phone) uri(user string) sip.Uri {
	return sip.Uri{Scheme: "sip", User: user, Host: p.o.Domain}
}

// dialogHeaders adds From, To, Call-ID and CSeq.
func (p *Phone) dialogHeaders(req *sip.Request, user, tag string, to sip.Uri, toTag, callID string, seq uint32) {
	from := &sip.FromHeader{DisplayName: p.o.Name, Address: p.uri(user)}
	from.Params.Add("tag", tag)
	toHeader := &sip.ToHeader{Address: to}
	if toTag != "" {
		toHeader.Params.Add("tag", toTag)
	}
	id := sip.CallIDHeader(callID)
	req.AppendHeader(from)
	req.AppendHeader(toHeader)
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: req.Method})
}
