package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"holdline/ari/fake"
	"holdline/queue"
)

func (c *center) nodes() *Nodes {
	return &Nodes{Registry: c.registry, Open: func(pool string) *queue.Pool { return queue.Open(c.rdb, pool) }, Asterisk: looker}
}

func TestTheNodesAndWhatTheyHold(t *testing.T) {
	c := open(t)
	c.login("201")
	c.enter(c.call("1").ID())
	c.enter(c.call("2").ID())
	if len(c.work()) != 1 {
		t.Fatal("201 was not offered a contact")
	}
	_, err := c.asterisk.Call(fake.CallRequest{Args: "", Number: "3", Timeout: time.Minute}) // in the dialplan
	c.ok(err)
	c.ok(c.registry.PutNode(t.Context(), queue.Node{ID: "ast-0", REST: "http://127.0.0.1:1/ari", SeenAt: time.Now().Add(-time.Minute)}))
	c.ok(c.registry.PutNode(t.Context(), queue.Node{ID: "ast-1", REST: "http://127.0.0.1:1/ari", Full: true}))

	views, err := c.nodes().List(t.Context())
	c.ok(err)
	if len(views) != 3 {
		t.Fatalf("%d nodes", len(views))
	}
	unseen, open, full := views[0], views[1], views[2]
	if unseen.State != NodeUnseen || unseen.Other != -1 || full.State != NodeFull || full.Other != -1 {
		t.Errorf("unseen %+v\nfull %+v", unseen, full)
	}
	if open.State != NodeOpen || open.Left() != "1 waiting, 1 ringing, 1 elsewhere in the dialplan" {
		t.Errorf("%s holds %q", open.State, open.Left())
	}
}

func TestDrainingANode(t *testing.T) {
	c := open(t)
	nodes := c.nodes()
	err := nodes.Drain(t.Context(), "ast-9", true)
	if !errors.Is(err, ErrNoNode) || !strings.Contains(err.Error(), node) {
		t.Errorf("a node that is not there: %v; want which are", err)
	}
	c.ok(nodes.Drain(t.Context(), node, true))
	c.seen() // stasis goes on telling of it
	if views, err := nodes.List(t.Context()); err != nil || views[0].State != NodeDraining {
		t.Errorf("drained: %+v, %v", views, err)
	}

	caller := c.call("1")
	c.enter(caller.ID())
	var told []string
	c.ok(nodes.Empty(t.Context(), node, 10*time.Millisecond, func(v NodeView) {
		told = append(told, v.Left())
		if v.Left() == "1 waiting" { // they leave once this was said
			_, err := c.pool.CallerGone(t.Context(), c.from, caller.ID())
			c.ok(err)
			caller.HangUp()
		}
	}))
	if got := strings.Join(told, "; "); got != "1 waiting; " {
		t.Errorf("told %q", got)
	}
	c.ok(nodes.Drain(t.Context(), node, false))
	if views, err := nodes.List(t.Context()); err != nil || views[0].State != NodeOpen {
		t.Errorf("taken back: %+v, %v", views, err)
	}
}

func TestWaitingForANodeEndsWithIt(t *testing.T) {
	c := open(t)
	c.enter(c.call("1").ID())
	nodes := c.nodes()
	c.ok(nodes.Empty(t.Context(), node, 10*time.Millisecond, func(NodeView) {
		c.ok(c.registry.RemoveNode(t.Context(), node)) // it died, a callmanager says
	}))
	c.seen()
	ctx, cancel := context.WithCancel(t.Context())
	if err := nodes.Empty(ctx, node, 10*time.Millisecond, func(NodeView) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("told to end: %v", err)
	}
}
