package main

import (
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"holdline/doctor"
	"holdline/queue"
)

func TestDrainingANodeByItsName(t *testing.T) {
	mini := miniredis.RunT(t)
	rdb := queue.NewClient(queue.Options{Addrs: []string{mini.Addr()}})
	t.Cleanup(func() { _ = rdb.Close() })
	registry := queue.NewRegistry(rdb)
	if err := registry.PutNode(t.Context(), queue.Node{ID: "ast-1", REST: "http://127.0.0.1:1/ari"}); err != nil {
		t.Fatal(err)
	}
	at := "--redis-addrs=" + mini.Addr()
	for _, step := range []struct {
		args     []string
		want     int
		draining bool
	}{
		{[]string{"node", "drain", "ast-9", at}, 1, false},
		{[]string{"node", "drain", "ast-1", at}, 0, true},
		{[]string{"node", "drain", "ast-1", "--wait", at}, 0, true}, // it is empty
		{[]string{"node", "list", "-o", "json", at}, 0, true},
		{[]string{"node", "undrain", "ast-1", at}, 0, false},
	} {
		if got := run(step.args, nil); got != step.want {
			t.Errorf("%v: exit %d, want %d", step.args, got, step.want)
		}
		if n, err := registry.Node(t.Context(), "ast-1"); err != nil || n.Draining != step.draining {
			t.Errorf("after %v the node drains: %v, %v", step.args, n.Draining, err)
		}
	}
}

func TestTheListOfNodes(t *testing.T) {
	now := time.Now()
	var out strings.Builder
	err := writeNodes(&out, []doctor.NodeView{
		{ID: "ast-1", State: doctor.NodeOpen, Waiting: 3, Ringing: 1, Talking: 12, Other: 2, SeenAt: now, SIP: "sip:10.0.0.1:5060"},
		{ID: "ast-2", State: doctor.NodeDraining, Other: -1, SeenAt: now.Add(-time.Second), SIP: "sip:10.0.0.2:5060"},
	}, now)
	want := `NODE   STATE     WAITING  RINGING  TALKING  OTHER  SEEN    SIP
ast-1  open      3        1        12       2      0s ago  sip:10.0.0.1:5060
ast-2  draining  0        0        0        ?      1s ago  sip:10.0.0.2:5060
`
	if err != nil || out.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, &out, want)
	}
}
