package queuetest

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"holdline/queue"
)

// RunFailover lets three pools work on three masters of a cluster at the same time. One
// master is killed while its callers wait, and its replica takes over: what of it Redis
// had not copied yet is lost. The other pools notice nothing; the pool itself is whole,
// and when its node has named its callers again, everybody has their place.
func RunFailover(t *testing.T, c *Cluster) {
	t.Helper()
	shifts := map[int]*shift{} // by master
	for len(shifts) < clusterMasters {
		s := newShift(t, Backend{Client: c.Client})
		shifts[c.master(t, s.pool.Name())] = s
	}
	arrivals := map[int][]queue.Arrival{}
	comes := func(m, i int) {
		s := shifts[m]
		contact := s.calls(strconv.Itoa(i))
		arrivals[m] = append(arrivals[m], queue.Arrival{Channel: contact.Channel, Contact: contact.ID, Queue: "support", At: contact.Arrived, Back: true})
	}
	for m, s := range shifts {
		s.login("201")
		for i := range 20 {
			comes(m, i)
		}
		s.answers(s.ring("0 201"))
	}

	const lost = 1
	s := shifts[lost]
	copied := c.nodes[lost].Pipeline() // what a connection waits for is what it has written last
	copied.Set(s.ctx, "{"+s.pool.Name()+"}:copied", "1", 0)
	replicas := copied.Do(s.ctx, "wait", 1, 5000)
	if _, err := copied.Exec(s.ctx); err != nil || replicas.Val() != int64(1) {
		t.Fatalf("the replica has not got all: %v, %v", replicas.Val(), err)
	}
	for i := 20; i < 60; i++ { // of these some may not be copied any more
		comes(lost, i)
	}
	c.nodes[lost].kill()
	began := time.Now()
	for m, other := range shifts { // while the master is away
		if m != lost {
			other.login("202")
			other.ring("1 202")
		}
	}
	Eventually(t, "the replica took over", func() bool {
		role, err := c.nodes[lost+clusterMasters].Info(s.ctx, "replication").Result()
		return err == nil && strings.Contains(role, "role:master")
	})
	Eventually(t, "the client found it", func() bool { _, err := s.pool.Stats(s.ctx); return err == nil })
	took := time.Since(began)

	s.promises()
	stats, err := s.pool.Stats(s.ctx)
	s.ok(err)
	equal(s, "the call goes on", s.agent("201").Load(), 1)
	if stats.Live < 20 {
		t.Fatalf("%d are there, and 20 had been copied", stats.Live)
	}
	s.ok(s.pool.Seen(s.ctx, s.from))
	for _, a := range arrivals[lost] { // as stasis does when it compares
		_, err := s.pool.Enqueue(s.ctx, s.from, a)
		s.ok(err)
	}
	s.promises()
	s.login("202", "203", "204")
	s.rings("1 202", "2 203", "3 204")
	for _, a := range arrivals[lost] {
		s.gone(a.Channel)
	}
	for m, other := range shifts {
		if m != lost {
			other.gone("0")
			other.promises()
		}
	}
	s.promises()
	after, err := s.pool.Stats(s.ctx)
	s.ok(err)
	equal(s, "live", after.Live, 0)
	t.Logf("the master of one of three pools was killed: its replica answered after %s, %d of 60 callers were lost and came back",
		took.Round(10*time.Millisecond), 60-stats.Live)
}
