package queuetest

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdline/queue"
)

// Cluster is a Redis Cluster of six processes: three masters, each with a replica.
type Cluster struct {
	Client redis.UniversalClient
	nodes  []clusterNode
}

type clusterNode struct {
	redis.UniversalClient
	addr, id string
	kill     func()
}

// clusterMasters have a third of the slots each; as many replicas follow them.
const clusterMasters, clusterSlots = 3, 16384

// StartCluster starts one, for as long as the test lasts.
func StartCluster(t testing.TB) *Cluster {
	t.Helper()
	ctx, c := context.Background(), &Cluster{}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var addrs []string
	for range 2 * clusterMasters {
		// A third without a master does not stop the others; the file is in the server's own folder.
		addr, kill := startRedis(t, "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "1000",
			"--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay", "0")
		n := clusterNode{UniversalClient: Client(t, addr), addr: addr, kill: kill}
		id, err := n.Do(ctx, "cluster", "myid").Text()
		must(err)
		n.id = id
		c.nodes, addrs = append(c.nodes, n), append(addrs, addr)
	}
	host, port, err := net.SplitHostPort(c.nodes[0].addr)
	must(err)
	for i, n := range c.nodes {
		if i < clusterMasters {
			from, to := i*clusterSlots/clusterMasters, (i+1)*clusterSlots/clusterMasters-1
			must(n.Do(ctx, "cluster", "addslotsrange", from, to).Err())
			must(n.Do(ctx, "cluster", "set-config-epoch", i+1).Err())
		}
		if i > 0 {
			must(n.Do(ctx, "cluster", "meet", host, port).Err())
		}
	}
	for i, n := range c.nodes {
		Eventually(t, "all six know each other", func() bool {
			known, err := n.Do(ctx, "cluster", "nodes").Text()
			return err == nil && strings.Count(known, " connected") == len(c.nodes)
		})
		if i >= clusterMasters {
			master := c.nodes[i-clusterMasters].id
			Eventually(t, "the replica follows", func() bool { return n.Do(ctx, "cluster", "replicate", master).Err() == nil })
		}
	}
	for i, n := range c.nodes {
		want := map[bool]string{true: "connected_slaves:1", false: "master_link_status:up"}[i < clusterMasters]
		Eventually(t, "the cluster is up", func() bool {
			up, err := n.Do(ctx, "cluster", "info").Text()
			follows, also := n.Info(ctx, "replication").Result()
			return err == nil && also == nil && strings.Contains(up, "cluster_state:ok") && strings.Contains(follows, want)
		})
	}
	cluster := queue.NewClient(queue.Options{Addrs: addrs, Timeout: 10 * time.Second})
	t.Cleanup(func() { _ = cluster.Close() })
	c.Client = cluster
	return c
}

// master is the number of the one that has the pool's keys in the beginning.
func (c *Cluster) master(t testing.TB, pool string) int {
	t.Helper()
	slot, err := c.nodes[len(c.nodes)-1].ClusterKeySlot(context.Background(), "{"+pool+"}:meta").Result()
	if err != nil {
		t.Fatal(err)
	}
	for i := range clusterMasters {
		if int(slot) < (i+1)*clusterSlots/clusterMasters {
			return i
		}
	}
	t.Fatal(fmt.Errorf("slot %d", slot))
	return 0
}
