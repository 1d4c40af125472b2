//go:build stack

package test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"holdline/queue"
)

// Thirty-five calls run. A third node is added: calls arrive there within fifteen
// seconds, without anybody being told.
func TestNodeIsAddedWhileCallsRun(t *testing.T) {
	s := NewShift(t, crowdQueue)
	c := gather(s)
	before := s.nodes()
	t.Cleanup(func() { fewer(t, 2) })
	added := time.Now()
	s.Do(Action{"a third node is started", func(s *Shift) (time.Time, error) {
		go func() { _ = s.stack.scale("asterisk", 3) }() // what comes is seen by who arrives there
		return time.Now(), nil
	}})
	s.Within(15*time.Second, Expectation{"a caller waits on a new node", func(s *Shift, _ time.Time) (time.Time, bool) {
		caller := c.next()
		if at, err := CallerArrivesAt(caller, []string{kamailio1, kamailio2}[c.came%2]).do(s); err != nil {
			return at, false
		}
		ctx, cancel := context.WithTimeout(s.t.Context(), patience)
		defer cancel()
		if errors.Join(s.who(caller).call().WaitAnswered(ctx), s.entered(ctx, caller)) != nil { // the place comes before the answer
			return time.Time{}, false
		}
		c.waiting = append(c.waiting, caller)
		return time.Now(), !slices.Contains(before, s.channelOf(caller).Node)
	}})
	c.unharmed(added)
	c.turnOver(time.Now(), time.Second+usual)
	c.goHome()
}

// Thirty-five calls run, and every replica of every role is stopped with TERM and
// started again, one after the other.
func TestRollingRestart(t *testing.T) {
	s := NewShift(t, crowdQueue)
	c := gather(s)
	for _, role := range []string{"stasis", "channelapi", "callmanager"} {
		for _, replica := range s.stack.replicas(t, role) {
			s.mend(replica)
			began := time.Now()
			c.goesOn(Terminates(replica), time.Second+usual)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if _, err := docker(ctx, "wait", replica); err != nil {
				t.Fatal(err)
			}
			cancel()
			s.Measure(replica+" has drained", time.Since(began), 45*time.Second)
			s.Do(Starts(replica))
		}
	}
	c.goHome()
}

// Terminates begins docker stop: TERM, and whoever is told drains.
func Terminates(container string) Action {
	return Action{container + " is told to end", func(s *Shift) (time.Time, error) {
		told := make(chan struct{})
		go func() {
			defer close(told)
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if out, err := docker(ctx, "stop", "--time", "45", container); err != nil {
				s.t.Errorf("%s: %v", out, err)
			}
		}()
		s.t.Cleanup(func() { <-told })
		return time.Now(), nil
	}}
}

// nodes are those on which somebody waits.
func (s *Shift) nodes() []string {
	s.t.Helper()
	contacts, err := s.desk.tenant.pool.Contacts(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	var all []string
	for _, c := range contacts {
		if c.Queue == s.desk.queue && c.State == queue.Waiting && !slices.Contains(all, c.Node) {
			all = append(all, c.Node)
		}
	}
	return all
}

// fewer takes nodes away again when a test ends.
func fewer(t *testing.T, n int) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := theStack.scale("asterisk", n); err != nil {
		t.Error(err)
	}
	if err := theStack.nodesKnown(ctx, n); err != nil {
		t.Error(fmt.Errorf("after the test: %w", err))
	}
}

// A node is drained while thirty-five calls run: who comes now comes to another
// one, who waits there keeps their place and is served, talks end by themselves, and
// the command that waits says so.
func TestNodeIsDrained(t *testing.T) {
	s := NewShift(t, crowdQueue)
	c := gather(s)
	node := s.channelOf(c.waiting[0]).Node
	t.Cleanup(func() {
		if _, err := s.stack.compose("exec", "-T", "callmanager", "holdline", "node", "undrain", node); err != nil {
			t.Error(err)
		}
	})
	empty := make(chan error, 1)
	s.Do(Action{node + " is drained", func(s *Shift) (time.Time, error) {
		if _, err := s.stack.compose("exec", "-T", "callmanager", "holdline", "node", "drain", node); err != nil {
			return time.Time{}, err
		}
		go func() {
			_, err := s.stack.compose("exec", "-T", "callmanager", "holdline", "node", "drain", node, "--wait")
			empty <- err
		}()
		return time.Now(), nil
	}})
	drained := s.Last()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.stack.nodesKnown(ctx, 1); err != nil {
		t.Fatal(err)
	}
	s.Measure("until both Kamailios send it no calls", time.Since(drained), 5*time.Second)
	elsewhere := true
	for range 6 {
		caller := c.next()
		s.Do(callersArriveAt([]string{caller}, c.door()))
		elsewhere = elsewhere && s.channelOf(caller).Node != node
		c.waiting = append(c.waiting, caller)
	}
	s.Check(elsewhere, "six new callers come to the other node")
	c.unharmed(drained)
	c.turnOver(time.Now(), time.Second+usual)
	select {
	case err := <-empty:
		s.Check(false, "the command says that the node is empty while calls are on it: %v", err)
	default:
	}
	c.goHome()
	gone := time.Now()
	select {
	case err := <-empty:
		s.Check(err == nil, "the command that waits ends well: %v", err)
		s.Measure("until it says so, after the last call", time.Since(gone), 10*time.Second)
	case <-time.After(30 * time.Second):
		t.Fatal("the command that waits does not end")
	}
}
