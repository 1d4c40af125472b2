package main

import (
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"holdline/doctor"
	"holdline/queue"
)

func TestTheDoctorsExitCodes(t *testing.T) {
	mini := miniredis.RunT(t)
	rdb := queue.NewClient(queue.Options{Addrs: []string{mini.Addr()}})
	t.Cleanup(func() { _ = rdb.Close() })
	registry := queue.NewRegistry(rdb)
	if err := registry.AddPool(t.Context(), "demo"); err != nil {
		t.Fatal(err)
	}
	args := []string{"doctor", "-o", "json", "--redis-addrs=" + mini.Addr()}
	if got := run(args, nil); got != 0 {
		t.Errorf("an empty pool: exit %d", got)
	}
	if err := rdb.HSet(t.Context(), "{demo}:meta", "dir_version", "1", "dir_target", "2").Err(); err != nil {
		t.Fatal(err)
	}
	if got := run(args, nil); got != 1 {
		t.Errorf("a projection that stopped half-way: exit %d", got)
	}
	mini.SetError("LOADING")
	if got := run(args, nil); got != 2 {
		t.Errorf("Redis refuses: exit %d", got)
	}
}

func TestWhatTheDoctorPrints(t *testing.T) {
	var out strings.Builder
	r := doctor.Report{Looked: []string{"redis", "nodes"}, Findings: []doctor.Finding{
		{Kind: "record_without_caller", Pool: "demo", Text: "contact c is waiting, and its channel 1.7 is not on ast-1", Remedy: "mended by itself"},
		{Kind: "node_draining", Note: true, Text: "node ast-2 drains", Remedy: "undrain it"},
	}}
	want := `WRONG record_without_caller: pool demo: contact c is waiting, and its channel 1.7 is not on ast-1
      → mended by itself
note  node_draining: node ast-2 drains
      → undrain it
1 wrong (redis, nodes compared).
`
	if err := writeReport(&out, r); err != nil || out.String() != want {
		t.Errorf("%v\n%s", err, &out)
	}
}
