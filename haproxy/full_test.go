package haproxy_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestAFullStasisKeepsItsNodesAndGetsNoOther(t *testing.T) {
	need(t)
	one, two := newReplica(t, "101", "8080"), newReplica(t, "102", "8080")
	replicas := map[string]*replica{"101": one, "102": two}
	held := map[string]*websocket.Conn{}
	within(t, 30*time.Second, "a node on each replica", func() bool {
		if conn := node(t); conn != nil {
			held[on(conn)] = conn
		}
		return held["101"] != nil && held["102"] != nil
	})

	one.says(t, http.StatusTooManyRequests)
	for range 4 {
		if who := on(node(t)); who != "102" {
			t.Errorf("a new node is on %q: 101 is full", who)
		}
	}
	two.says(t, http.StatusTooManyRequests)
	if on(node(t)) == "" {
		t.Error("a new node is refused because all are full")
	}
	for name, conn := range held {
		if who := on(conn); who != name {
			t.Errorf("the node on %s was cut loose when it was full: %q", name, who)
		}
	}

	two.says(t, http.StatusOK)
	two.says(t, http.StatusTooManyRequests)
	one.says(t, http.StatusOK)
	for range 4 {
		if who := on(node(t)); who != "101" {
			t.Errorf("a new node is on %q: 101 has room again, 102 is full", who)
		}
	}
	one.says(t, http.StatusServiceUnavailable) // dead, while the other is full
	if who := on(held["101"]); who != "" {
		t.Errorf("the node on a dead replica was not cut loose: %q", who)
	}
	if who := on(held["102"]); who != "102" {
		t.Errorf("the node on the other is gone: %q", who)
	}
	if who := on(node(t)); who != "102" {
		t.Errorf("a new node is on %q: only 102 lives", who)
	}
	for _, r := range replicas {
		r.says(t, http.StatusOK)
	}
}

func TestAFullChannelapiGetsNoCommandWhileAnotherHasRoom(t *testing.T) {
	need(t)
	one, two := newReplica(t, "101", "8081"), newReplica(t, "102", "8081")
	command := func() string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+api+"/v1/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return ""
		}
		defer func() { _ = resp.Body.Close() }()
		who, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			return resp.Status
		}
		return string(who)
	}
	seen := map[string]bool{}
	within(t, 30*time.Second, "commands on both", func() bool { seen[command()] = true; return seen["101"] && seen["102"] })
	one.says(t, http.StatusTooManyRequests)
	for range 10 {
		if who := command(); who != "102" {
			t.Errorf("a command went to %q: 101 is full", who)
		}
	}
	two.says(t, http.StatusTooManyRequests)
	for range 10 {
		if who := command(); who != "101" && who != "102" {
			t.Errorf("all are full, and a command got %q", who)
		}
	}
	one.says(t, http.StatusOK)
	for range 10 {
		if who := command(); who != "101" {
			t.Errorf("a command went to %q: only 101 has room", who)
		}
	}
}
