package stasis

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestStrandsKeepTheOrderOfEachKeyAndNotOfOthers(t *testing.T) {
	s := newStrands()
	held := make(chan struct{})
	s.do("held", func() { <-held })
	var mu sync.Mutex
	got := map[string][]int{}
	for i := range 200 {
		key := fmt.Sprint(i % 5)
		s.do(key, func() {
			mu.Lock()
			defer mu.Unlock()
			got[key] = append(got[key], i)
		})
	}
	free := make(chan struct{})
	s.do("free", func() { close(free) })
	select {
	case <-free:
	case <-time.After(5 * time.Second):
		t.Fatal("a strand waited for another's slow work")
	}
	close(held)
	s.wait()
	for key, list := range got {
		if len(list) != 40 {
			t.Errorf("strand %s ran %d of 40", key, len(list))
		}
		for i := 1; i < len(list); i++ {
			if list[i] < list[i-1] {
				t.Fatalf("strand %s ran %d before %d", key, list[i-1], list[i])
			}
		}
	}
	if len(s.queued) != 0 {
		t.Errorf("%d strands left behind", len(s.queued))
	}
}

func TestClockOffsetIsTheLeastDelaySeen(t *testing.T) {
	var c clockOffset
	stamp := time.Unix(1000, 0)
	c.observe(stamp, stamp.Add(3*time.Second))                   // held up on its way
	c.observe(stamp, stamp.Add(time.Second+20*time.Millisecond)) // the node's clock is 1 s behind
	c.observe(stamp, stamp.Add(10*time.Second))                  // from a backlog
	if got, want := c.local(stamp), stamp.Add(time.Second+20*time.Millisecond); !got.Equal(want) {
		t.Errorf("local time %v, want %v", got, want)
	}
}

func TestTheNodesOwnWordOnItsClockGoesBeforeTheGuess(t *testing.T) {
	var c clockOffset
	stamp := time.Unix(1000, 0)
	c.observe(stamp, stamp.Add(2*time.Second)) // from a backlog
	now := stamp.Add(time.Minute)
	c.set(now.Add(-time.Second), now, now.Add(2*time.Millisecond)) // a second behind
	if got, want := c.local(stamp), stamp.Add(time.Second+time.Millisecond); !got.Equal(want) {
		t.Errorf("local time %v, want %v", got, want)
	}
	c.set(now.Add(20*time.Millisecond), now, now) // as good as ours
	if got := c.local(stamp); !got.Equal(stamp) {
		t.Errorf("local time %v, want %v", got, stamp)
	}
}
