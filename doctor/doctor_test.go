package doctor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdline/ari"
	"holdline/ari/fake"
	"holdline/directory"
	"holdline/queue"
)

// edited is a directory in memory.
type edited struct {
	spec queue.Projection
	err  error
}

func (p *edited) Version(context.Context) (int64, error)  { return p.spec.Version, p.err }
func (p *edited) Pools(context.Context) ([]string, error) { return []string{"demo"}, p.err }
func (p *edited) Load(_ context.Context, pool string) (queue.Projection, error) {
	if pool != "demo" {
		return queue.Projection{}, directory.ErrNoPool
	}
	return p.spec, p.err
}

// ward is a center in which one talks, one waits, and everything fits together.
type ward struct {
	*center
	doctor *Doctor
	people *edited
	offer  queue.Offer // 201 talks
	talks  *fake.Caller
	waits  *fake.Caller
	behind queue.Contact // the one who waits
}

func newWard(t *testing.T) *ward {
	w := &ward{center: open(t)}
	w.offer, w.talks = w.talk("1", "201")
	w.waits = w.call("2")
	w.behind = w.enter(w.waits.ID())
	w.work()
	w.people = &edited{spec: w.spec}
	w.doctor = &Doctor{Nodes: w.nodes(), Directory: w.people, Gap: time.Millisecond,
		Info: func(context.Context) (string, error) { return "aof_enabled:1\r\nmaxmemory_policy:noeviction\r\n", nil }}
	w.seen()
	return w
}

func TestAllIsWell(t *testing.T) {
	w := newWard(t)
	r, err := w.doctor.Examine(t.Context())
	w.ok(err)
	if !r.Healthy || len(r.Findings) != 0 || strings.Join(r.Looked, " ") != "redis nodes directory" {
		t.Errorf("%+v", r)
	}
}

func TestEachDamageIsNamed(t *testing.T) {
	strayOffer := queue.NewContactID() + "00000000000001"
	stray := queue.LegID(strayOffer, 0)
	for name, c := range map[string]struct {
		damage func(*ward)
		want   string // kinds, sorted
		names  func(*ward) string
		note   bool
	}{
		"a caller without a record": {func(w *ward) { w.call("3") }, "caller_without_record", nil, false},
		"a record without a caller": {func(w *ward) { w.waits.HangUp() }, "record_without_caller", func(w *ward) string { return w.behind.ID }, false},
		"a leg without an offer":    {func(w *ward) { w.originate(stray, "202") }, "leg_without_offer", func(*ward) string { return stray }, false},
		"a call without its leg": {func(w *ward) { w.ok(w.client.Hangup(t.Context(), w.offer.Legs[0], ari.ReasonNormal)) },
			"call_without_leg", func(w *ward) string { return w.offer.ID }, false},
		"a half-built bridge": {func(w *ward) { w.ok(w.client.RemoveFromBridge(t.Context(), w.offer.Bridge, w.offer.Legs[0])) },
			"half_built_bridge", func(w *ward) string { return w.offer.Legs[0] }, false},
		"a bridge that nobody needs": {func(w *ward) {
			_, err := w.client.CreateBridge(t.Context(), queue.BridgeID(strayOffer), ari.BridgeMixing, "")
			w.ok(err)
		}, "bridge_without_offer", nil, false},
		"an agent reserved by what is gone": {func(w *ward) { w.edit("agents", "202", `"offer":"gone"`) }, "held_by_nothing", func(*ward) string { return "202" }, false},
		"an offer that its agent does not know": {func(w *ward) { w.edit("agents", "201", `"calls":"","held":0,"mode":"paused"`) }, "offer_unknown",
			func(w *ward) string { return w.offer.ID }, false},
		"a call whose offer is gone": {func(w *ward) { w.ok(w.rdb.HDel(t.Context(), w.key("offers"), w.offer.ID).Err()) },
			"bridge_without_offer held_by_nothing held_by_nothing leg_without_offer", func(w *ward) string { return w.offer.Contact }, false},
		"a contact whom nobody finds": {func(w *ward) { w.ok(w.rdb.Del(t.Context(), w.key("waiting"), w.key("heads")).Err()) }, "index_missing",
			func(w *ward) string { return w.behind.ID }, false},
		"a contact without a place": {func(w *ward) { w.ok(w.rdb.Del(t.Context(), w.key("order")).Err()) }, "index_missing", nil, false},
		"an available agent whom nobody finds": {func(w *ward) {
			w.ok(w.rdb.HDel(t.Context(), w.key("contacts"), w.behind.ID).Err()) // nobody waits: 202 stays available
			w.waits.HangUp()
			w.login("202")
			w.ok(w.rdb.Del(t.Context(), w.key("available"), w.key("waiting"), w.key("order")).Err())
			w.ok(w.rdb.ZRem(t.Context(), w.key("elements"), node+"|"+w.waits.ID()+"|"+w.behind.ID).Err())
			w.ok(w.rdb.ZRem(t.Context(), w.key("deadlines"), "step|"+w.behind.ID).Err())
			w.work()
		}, "index_missing", func(*ward) string { return "202" }, false},
		"an index with what is gone": {func(w *ward) {
			w.ok(w.rdb.ZAdd(t.Context(), w.key("available"), redis.Z{Member: "00000001|00|00|000000000000000001|209"}).Err())
		}, "index_stale", func(*ward) string { return "209" }, false},
		"a deadline that nobody fires": {func(w *ward) {
			w.ok(w.rdb.ZAdd(t.Context(), w.key("deadlines"), redis.Z{Score: 1, Member: "timeout|support|x"}).Err())
		}, "deadline_overdue", nil, false},
		"work that nobody does": {func(w *ward) {
			w.ok(w.rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: w.key("work"), ID: "*", Values: []string{"kind", "match"}}).Err())
			w.mini.SetTime(time.Now().Add(3 * time.Second)) // and so it is old
		}, "work_undone", nil, false},
		"nobody who is logged in": {func(w *ward) {
			_, err := w.pool.SetMode(t.Context(), "201", queue.ModeChange{Mode: queue.LoggedOut})
			w.ok(err) // comes after the call
			w.edit("agents", "201", `"mode":"logged_out"`)
		}, "nobody_serves", nil, false},
		"an edit that is not projected": {func(w *ward) { w.people.spec.Version = 8 }, "directory_not_projected", nil, false},
		"an agent who is not projected": {func(w *ward) { w.people.spec.Agents = append(w.people.spec.Agents, queue.AgentSpec{ID: "203"}) },
			"agent_not_projected", func(*ward) string { return "203" }, false},
		"an agent who is in no directory": {func(w *ward) { w.people.spec.Agents = w.people.spec.Agents[:1] }, "agent_not_in_directory",
			func(*ward) string { return "202" }, false},
		"a projection that stopped half-way": {func(w *ward) { w.ok(w.rdb.HSet(t.Context(), w.key("meta"), "dir_target", "9").Err()) }, "directory_half", nil, false},
		"a directory that is away":           {func(w *ward) { w.people.err = errors.New("away") }, "directory_unreachable", nil, false},
		"a node that is away":                {func(w *ward) { w.asterisk.Crash() }, "node_unreachable", func(*ward) string { return node }, false},
		"a node that nobody hears of": {func(w *ward) {
			w.ok(w.registry.PutNode(t.Context(), queue.Node{ID: node, REST: w.asterisk.URL(), SeenAt: time.Now().Add(-time.Minute)}))
		}, "node_unseen", nil, false},
		"a node that nobody knows": {func(w *ward) { w.ok(w.registry.RemoveNode(t.Context(), node)) }, "node_unknown node_unknown", nil, false},
		"a node that drains":       {func(w *ward) { w.ok(w.registry.SetDraining(t.Context(), node, true)) }, "node_draining", nil, true},
		"a node that is full": {func(w *ward) {
			w.ok(w.registry.PutNode(t.Context(), queue.Node{ID: node, REST: w.asterisk.URL(), Full: true}))
		}, "node_full", nil, true},
		"what was mended": {func(w *ward) {
			w.ok(w.pool.Repaired(t.Context(), w.from, queue.Repair{Kind: "lost_caller", Contact: "c"}))
		},
			"repaired", func(*ward) string { return "c" }, true},
		"nodes that are not asked":      {func(w *ward) { w.doctor.Nodes.Asterisk = nil }, "nodes_not_asked", nil, true},
		"a directory that is not asked": {func(w *ward) { w.doctor.Directory = nil }, "directory_not_asked", nil, true},
		"Redis that does not say": {func(w *ward) {
			w.doctor.Info = func(context.Context) (string, error) { return "", errors.New("NOPERM") }
		}, "redis_not_asked", nil, true},
		"Redis that keeps nothing":       {func(w *ward) { w.info("aof_enabled:0") }, "redis_not_kept", nil, false},
		"Redis that cannot write":        {func(w *ward) { w.info("aof_last_write_status:err") }, "redis_disk", nil, false},
		"Redis that forgets on purpose":  {func(w *ward) { w.info("maxmemory_policy:allkeys-lru\r\nevicted_keys:3") }, "redis_evicted redis_evicts", nil, false},
		"Redis whose memory is full":     {func(w *ward) { w.info("used_memory:900\r\nmaxmemory:1000") }, "redis_memory", nil, false},
		"a Redis that is not the master": {func(w *ward) { w.info("role:slave\r\nloading:1") }, "redis_loading redis_replica", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWard(t)
			c.damage(w)
			r, err := w.doctor.Examine(t.Context())
			w.ok(err)
			var kinds []string
			about := ""
			for _, f := range r.Findings {
				kinds = append(kinds, f.Kind)
				about += strings.Join([]string{f.Contact, f.Channel, f.Offer, f.Agent, f.Node, f.Text}, " ") + "\n"
				if f.Text == "" || f.Remedy == "" || f.Note != c.note {
					t.Errorf("%+v", f)
				}
			}
			slices.Sort(kinds)
			if got := strings.Join(kinds, " "); got != c.want || r.Healthy != c.note {
				t.Errorf("found %q, healthy %v; want %q\n%s", got, r.Healthy, c.want, about)
			}
			if c.names != nil && !strings.Contains(about, c.names(w)) {
				t.Errorf("does not name %s:\n%s", c.names(w), about)
			}
		})
	}
}

func TestWhatIsSeenOnceIsNoFinding(t *testing.T) {
	w := newWard(t)
	late := w.call("3")
	looks := 0
	ask := w.doctor.Nodes.Asterisk
	w.doctor.Nodes.Asterisk = func(rest string) Asterisk {
		if looks++; looks == 1 {
			w.enter(late.ID()) // their record was on its way when the records were read
		}
		return ask(rest)
	}
	r, err := w.doctor.Examine(t.Context())
	w.ok(err)
	if looks != 2 || !r.Healthy {
		t.Errorf("%d looks, %+v", looks, r.Findings)
	}
}

func TestWithoutRedisNothingIsKnown(t *testing.T) {
	w := newWard(t)
	w.mini.SetError("LOADING")
	if r, err := w.doctor.Examine(t.Context()); err == nil {
		t.Errorf("%+v", r)
	}
}

// edit overwrites fields of a record.
func (w *ward) edit(key, field, with string) {
	w.t.Helper()
	text, err := w.rdb.HGet(w.t.Context(), w.key(key), field).Result()
	w.ok(err)
	// Of a name that stands twice a reader takes the last.
	w.ok(w.rdb.HSet(w.t.Context(), w.key(key), field, strings.TrimSuffix(text, "}")+","+with+"}").Err())
}

func (w *ward) info(text string) {
	w.doctor.Info = func(context.Context) (string, error) { return text, nil }
}
