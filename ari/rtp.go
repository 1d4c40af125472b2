package ari

import "context"

// RTPStatistics are the packets of a channel's media so far.
type RTPStatistics struct {
	Sent     int64 `json:"txcount"`
	Received int64 `json:"rxcount"`
}

// RTPStatistics counts a channel's packets. What nobody plays is not sent: of a caller
// in silence the count stands still. A channel without RTP is ErrNotFound.
func (c *Client) RTPStatistics(ctx context.Context, id string) (RTPStatistics, error) {
	var out RTPStatistics
	err := c.call(ctx, opRTPStatistics, request{path: []string{id}}, &out)
	return out, err
}
