package sim

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// allowed is what the phone answers to OPTIONS and offers in INVITE.
const allowed = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY"

// prepare adds what every request of the phone carries. A request without route
// set goes to the proxy if toProxy is set.
func (p *Phone) prepare(req *sip.Request, toProxy string) *sip.Request {
	via := &sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: "UDP", Host: p.ip, Port: p.port}
	via.Params.Add("branch", sip.GenerateBranchN(16))
	via.Params.Add("rport", "") // RFC 3581: answer to where it came from
	req.PrependHeader(via)
	hops := sip.MaxForwardsHeader(70)
	req.AppendHeader(&hops)
	req.AppendHeader(sip.NewHeader("User-Agent", "holdline-sim"))
	if req.Body() == nil {
		req.SetBody(nil) // writes Content-Length
	}
	req.SetTransport("UDP")
	req.Laddr = sip.Addr{IP: net.ParseIP(p.ip), Port: p.port, Hostname: p.ip}
	if toProxy != "" {
		req.SetDestination(toProxy)
	}
	return req
}

func (p *Phone) contact() *sip.ContactHeader {
	return &sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: p.o.User, Host: p.ip, Port: p.port}}
}

// send makes a client transaction of the request and gives the final response.
func (p *Phone) send(ctx context.Context, req *sip.Request) (*sip.Response, error) {
	tx, err := p.ua.TransactionLayer().Request(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("send %s: %w", req.Method, err)
	}
	defer tx.Terminate()
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				return res, nil
			}
		case <-tx.Done():
			return nil, fmt.Errorf("send %s: %w", req.Method, errors.Join(errors.New("no answer"), tx.Err()))
		case <-ctx.Done():
			return nil, fmt.Errorf("send %s: %w", req.Method, ctx.Err())
		case <-p.ctx.Done():
			return nil, ErrClosed
		}
	}
}

// transact sends the request that build makes. A challenge is answered once with
// another request from build, which therefore must count CSeq up.
func (p *Phone) transact(ctx context.Context, build func() *sip.Request) (*sip.Response, error) {
	var credentials sip.Header
	for {
		req := build()
		if credentials != nil {
			req.AppendHeader(credentials)
		}
		res, err := p.send(ctx, req)
		if err != nil || credentials != nil {
			return res, err
		}
		if credentials, err = p.credentials(req, res); err != nil || credentials == nil {
			return res, err
		}
	}
}

// credentials answers the challenge in a response; nil if there is none.
func (p *Phone) credentials(req *sip.Request, res *sip.Response) (sip.Header, error) {
	asked, answer := "WWW-Authenticate", "Authorization"
	switch res.StatusCode {
	case sip.StatusUnauthorized:
	case sip.StatusProxyAuthRequired:
		asked, answer = "Proxy-Authenticate", "Proxy-Authorization"
	default:
		return nil, nil
	}
	header := res.GetHeader(asked)
	if header == nil || p.o.Password == "" {
		return nil, nil
	}
	challenge, err := digest.ParseChallenge(header.Value())
	if err != nil {
		return nil, fmt.Errorf("read challenge: %w", err)
	}
	answered, err := digest.Digest(challenge, digest.Options{
		Method: req.Method.String(), URI: req.Recipient.String(), Count: 1,
		Username: p.o.User, Password: p.o.Password,
	})
	if err != nil {
		return nil, fmt.Errorf("answer challenge: %w", err)
	}
	return sip.NewHeader(answer, answered.String()), nil
}

// StatusError is a final response other than 2xx.
type StatusError struct {
	Method string
	Status int
	Text   string
}

func (e *StatusError) Error() string { return fmt.Sprintf("%s: %d %s", e.Method, e.Status, e.Text) }

func failure(method sip.RequestMethod, res *sip.Response) error {
	if res.IsSuccess() {
		return nil
	}
	return &StatusError{Method: string(method), Status: res.StatusCode, Text: res.Reason}
}
