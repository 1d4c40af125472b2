package channelapi_test

import (
	"context"
	"testing"
	"time"

	"holdline/ari"
	"holdline/channelapi"
	"holdline/channelapi/apitest"
)

// known is a list of nodes that does not change.
type known map[string]channelapi.Telephony

func (k known) Node(_ context.Context, name string) (channelapi.Node, error) {
	if _, ok := k[name]; !ok {
		return channelapi.Node{}, channelapi.ErrNoNode
	}
	return channelapi.Node{Name: name, URL: "node:" + name}, nil
}

func (k known) Nodes(context.Context) ([]channelapi.Node, error) {
	var all []channelapi.Node
	for name := range k {
		all = append(all, channelapi.Node{Name: name})
	}
	return all, nil
}

// answeredLeg rings a phone that answers, and waits until its leg is in the
// application.
func answeredLeg(t testing.TB, c *ari.Client, wait func(context.Context, func() bool) error, endpoint string) string {
	t.Helper()
	id := apitest.NewID()
	if _, err := c.Originate(t.Context(), ari.OriginateRequest{
		ID: id, Endpoint: endpoint, Timeout: time.Minute, Application: "holdline",
	}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := wait(ctx, func() bool {
		ch, err := c.Channel(ctx, id)
		return err == nil && ch.Dialplan.AppName == "Stasis"
	}); err != nil {
		t.Fatalf("the leg is not answered: %v", err)
	}
	return id
}
