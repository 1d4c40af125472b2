package sim

import (
	"context"
	"errors"
	"fmt"

	"github.com/emiago/sipgo/sip"
)

// Hold asks the peer to listen only, and stops talking.
func (c *Call) Hold(ctx context.Context) error { return c.redirect(ctx, SendOnly) }

// Resume undoes Hold.
func (c *Call) Resume(ctx context.Context) error { return c.redirect(ctx, SendRecv) }

// redirect sends a re-INVITE with the direction and follows it to its end.
func (c *Call) redirect(ctx context.Context, d Direction) error {
	c.mu.Lock()
	if c.state != Established || c.busy {
		c.mu.Unlock()
		return fmt.Errorf("re-INVITE %s: not established, or another one is under way", d)
	}
	c.busy = true
	held := c.held
	c.held = d == SendOnly
	c.mu.Unlock()
	err := c.reinvite(ctx, d)
	c.mu.Lock()
	c.busy = false
	if err != nil {
		c.held = held
	}
	c.mu.Unlock()
	if err != nil {
		return fmt.Errorf("re-INVITE %s: %w", d, err)
	}
	return nil
}

func (c *Call) reinvite(ctx context.Context, d Direction) error {
	var credentials sip.Header
	for {
		req := c.request(sip.INVITE, 0)
		req.AppendHeader(sip.NewHeader("Allow", allowed))
		req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
		if credentials != nil {
			req.AppendHeader(credentials)
		}
		c.mu.Lock()
		req.SetBody(c.local.write(d))
		c.mu.Unlock()
		c.phone.prepare(req, "")
		tx, err := c.phone.ua.TransactionLayer().Request(ctx, req)
		if err != nil {
			return err
		}
		res, err := c.finalOf(ctx, tx)
		if err != nil {
			return err
		}
		if !res.IsSuccess() {
			if credentials == nil {
				if credentials, err = c.phone.credentials(req, res); err == nil && credentials != nil {
					continue
				}
			}
			return failure(sip.INVITE, res)
		}
		seq := req.CSeq().SeqNo
		tx.OnRetransmission(func(again *sip.Response) {
			if again.IsSuccess() {
				_ = c.ack(seq)
			}
		})
		if err := c.ack(seq); err != nil {
			return err
		}
		c.note(Event{Kind: EvReinvite, Out: true, Text: string(d)})
		desc, err := parseSDP(res.Body())
		if err != nil {
			return err
		}
		c.apply(desc, d != SendOnly)
		return nil
	}
}

// finalOf waits for the final response and leaves the transaction to its timers,
// which answer what is sent again.
func (c *Call) finalOf(ctx context.Context, tx sip.ClientTransaction) (*sip.Response, error) {
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				return res, nil
			}
		case <-tx.Done():
			return nil, errors.Join(errors.New("no answer"), tx.Err())
		case <-c.ctx.Done():
			tx.Terminate()
			return nil, errEnded
		case <-ctx.Done():
			tx.Terminate()
			return nil, ctx.Err()
		}
	}
}
