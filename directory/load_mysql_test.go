package directory

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdline/queue"
)

func TestLoadOfTheSeed(t *testing.T) {
	db, _ := migrated(t, true)
	exec(t, db)(`UPDATE agents SET wrap_up = 0, capacity = 2 WHERE id = '203'`)
	d := New(db, Options{OnProblems: func(pool string, p Problems) { t.Errorf("%s: %v", pool, p) }})
	p, err := d.Load(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := d.Version(t.Context()); p.Version != v || err != nil {
		t.Errorf("version %d in the projection, %d in the table (%v)", p.Version, v, err)
	}
	const s = time.Second
	settings := queue.QueueSpec{
		Medium: queue.Voice, RingMost: 50, Target: 20 * s,
		Timeout: 300 * s, Announce: 30 * s, AnnounceFirst: 3 * s, AnnounceMin: 15 * s, RingTimeout: 15 * s, Retry: 5 * s,
		WrapUp: 5 * s, Redial: 300 * s, MaxMisses: 3, Connect: "bridge", Music: "default", Strategy: "longest-available", Open: true,
	}
	sales, support := settings, settings
	sales.Name, sales.ID, sales.Need = "sales", 2, 2
	support.Name, support.ID, support.Need = "support", 1, 1
	none := time.Duration(0)
	agent := func(id, name string, skills map[string]int, places ...queue.Place) queue.AgentSpec {
		return queue.AgentSpec{ID: id, Name: name, Capacity: voice(1), Skills: skills, Places: places}
	}
	want := queue.Projection{
		Version: p.Version, Domain: "demo.holdline.test", Pool: queue.PoolSpec{Priority: "credit", Order: "arrival"},
		Queues: []queue.QueueSpec{sales, support},
		Needs: []queue.NeedSpec{
			{ID: 1, Queue: "support", Name: "default", Steps: []queue.StepSpec{
				{MaxTier: 99, Skills: map[string]int{"support": 3}},
				{After: 30 * s, MaxTier: 99, Skills: map[string]int{"support": 1}},
			}},
			{ID: 2, Queue: "sales", Name: "default", Steps: []queue.StepSpec{{MaxTier: 99, Skills: map[string]int{"sales": 3}}}},
			{ID: 3, Queue: "support", Name: "expert", Steps: []queue.StepSpec{
				{MaxTier: 99, Skills: map[string]int{"support": 5}},
				{After: 20 * s, MaxTier: 99, Skills: map[string]int{"support": 1}},
			}},
		},
		Agents: []queue.AgentSpec{
			agent("201", "Ada", map[string]int{"support": 5}, queue.Place{Need: 1, Weight: 1}, queue.Place{Need: 3, Weight: 1}),
			agent("202", "Ben", map[string]int{"support": 5}, queue.Place{Need: 1, Weight: 1}, queue.Place{Need: 3, Weight: 1}),
			{
				ID: "203", Name: "Cleo", Capacity: voice(2), WrapUp: &none, Skills: map[string]int{"support": 4, "sales": 4},
				Places: []queue.Place{{Need: 1, Weight: 1}, {Need: 2, Weight: 1}, {Need: 3, Weight: 1, Step: 1}},
			},
			agent("204", "Dan", map[string]int{"support": 4, "sales": 4}, queue.Place{Need: 1, Weight: 1}, queue.Place{Need: 2, Weight: 1}, queue.Place{Need: 3, Weight: 1, Step: 1}),
			agent("205", "Eve", map[string]int{"sales": 5}, queue.Place{Need: 2, Weight: 1}),
			agent("206", "Finn", map[string]int{"sales": 5}, queue.Place{Need: 2, Weight: 1}),
			agent("207", "Gia", map[string]int{"billing": 5}),
			agent("208", "Hugo", map[string]int{"billing": 4}),
		},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
}

func TestRingGroup(t *testing.T) {
	db, _ := migrated(t, true)
	run := exec(t, db)
	// The talk's row: Volunteers@hotline.vpbx.is74.ru | 2201,2202 | ringTime 360.
	run(`INSERT INTO agents (pool, id, always_in) VALUES ('demo', '2201', 1), ('demo', '2202', 1)`)
	run(`INSERT INTO queues (pool, name, ring_group, ring_time) VALUES ('demo', 'Volunteers@hotline.vpbx.is74.ru', 1, 360)`)
	run(`INSERT INTO queue_members (pool, queue, agent) SELECT pool, 'Volunteers@hotline.vpbx.is74.ru', id FROM agents WHERE always_in = 1`)
	if got := words(t, db, `SELECT CONCAT_WS(' ', name, extensions, ring_time) FROM ring_groups`); !slices.Equal(got, []string{"Volunteers@hotline.vpbx.is74.ru 2201,2202 360"}) {
		t.Errorf("ring groups %q", got)
	}
	p, err := New(db, Options{}).Load(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	group, _ := find(p.Queues, func(q queue.QueueSpec) bool { return q.Name == "Volunteers@hotline.vpbx.is74.ru" })
	if group.Strategy != "ring-all" {
		t.Errorf("strategy %q", group.Strategy)
	}
	run(`UPDATE queues SET strategy = 'ring-all' WHERE name = 'support'`) // agents who log in may ring at once as well
	if p, err = New(db, Options{}).Load(t.Context(), "demo"); err != nil {
		t.Fatal(err)
	}
	support, _ := find(p.Queues, func(q queue.QueueSpec) bool { return q.Name == "support" })
	sales, _ := find(p.Queues, func(q queue.QueueSpec) bool { return q.Name == "sales" })
	if support.Strategy != "ring-all" || sales.Strategy != defaultStrategy {
		t.Errorf("strategies %q, %q", support.Strategy, sales.Strategy)
	}
	for _, a := range p.Agents {
		serves := slices.Contains(a.Places, queue.Place{Need: group.Need, Weight: 1})
		if a.AlwaysIn != serves || a.AlwaysIn != (a.ID[:2] == "22") || a.AlwaysIn && len(a.Places) != 1 {
			t.Errorf("agent %s: always in %t, places %v", a.ID, a.AlwaysIn, a.Places)
		}
	}
}

func TestLoadTellsWhatIsMissing(t *testing.T) {
	db, _ := database(t)
	d := New(db, Options{})
	if _, err := d.Load(t.Context(), "demo"); !errors.Is(err, ErrNoSchema) {
		t.Errorf("without tables: %v", err)
	}
	if _, err := Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Load(t.Context(), "demo"); !errors.Is(err, ErrNoPool) {
		t.Errorf("without the pool: %v", err)
	}
}

// TestProblemsAreToldOnce: at the first load and when they change.
func TestProblemsAreToldOnce(t *testing.T) {
	db, _ := migrated(t, true)
	run := exec(t, db)
	var told []string
	d := New(db, Options{OnProblems: func(pool string, p Problems) { told = append(told, pool+": "+p.String()) }})
	load := func() {
		t.Helper()
		if p, err := d.Load(t.Context(), "demo"); err != nil || len(p.Queues) != 2 {
			t.Errorf("%d queues, %v", len(p.Queues), err)
		}
	}
	load()
	run(`DROP TRIGGER queues_before_update`)
	run(`ALTER TABLE queues DROP CONSTRAINT queues_strategy_known`)
	run(`UPDATE queues SET strategy = 'psychic' WHERE name = 'sales'`)
	load()
	load()
	run(`UPDATE queues SET strategy = 'longest-available'`)
	load()
	want := []string{`demo: queues sales: strategy "psychic" is unknown to this version: taken as longest-available`, "demo: "}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// TestLoadIsOneMoment: while a writer gives the misses of a queue and the
// penalty of its member one number, in one transaction after the other, no load
// sees two numbers. They stand in the first and the last table that it reads.
func TestLoadIsOneMoment(t *testing.T) {
	db, c := migrated(t, true)
	writer := open(t, c)
	if err := both(t, writer, 1); err != nil { // until then each has a default of its own
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := both(t, writer, i%9+1); err != nil {
				t.Errorf("write: %v", err)
				return
			}
		}
	})
	d := New(db, Options{})
	seen := make(map[int]bool)
	for range 100 {
		p, err := d.Load(t.Context(), "demo")
		if err != nil {
			t.Error(err)
			break
		}
		misses := p.Queues[0].MaxMisses
		seen[misses] = true
		tier := 0
		for _, pl := range p.Agents[4].Places {
			tier = pl.Tier
		}
		if misses != tier {
			t.Errorf("version %d: queue of edit %d, member of edit %d", p.Version, misses, tier)
		}
	}
	close(stop)
	wg.Wait()
	if len(seen) < 3 {
		t.Errorf("only the edits %v were seen: the test proved nothing", seen)
	}
}

func both(t *testing.T, db *sql.DB, n int) error {
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, statement := range []string{
		fmt.Sprintf(`UPDATE queues SET max_misses = %d WHERE name = 'sales'`, n),
		fmt.Sprintf(`INSERT INTO queue_members (pool, queue, agent, penalty) VALUES ('demo', 'sales', '205', %d)
			ON DUPLICATE KEY UPDATE penalty = %[1]d`, n),
	} {
		if _, err := tx.ExecContext(t.Context(), statement); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// TestLoadOfABigPool bounds the time of 10,000 agents with 3 skills each; it
// needs HOLDLINE_TEST_BIG, because filling the tables takes half a minute.
func TestLoadOfABigPool(t *testing.T) {
	if os.Getenv("HOLDLINE_TEST_BIG") == "" {
		t.Skip("writes 40,000 rows: set HOLDLINE_TEST_BIG")
	}
	db, _ := migrated(t, true)
	run := exec(t, db)
	run(`SET SESSION cte_max_recursion_depth = 10000`)
	run(`INSERT INTO agents (pool, id) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
		SELECT 'demo', CONCAT('a', a.i, '-', b.i) FROM n AS a JOIN n AS b WHERE b.i <= 10`)
	run(`INSERT INTO agent_skills (pool, agent, skill, level) SELECT 'demo', a.id, s.name, 4
		FROM agents AS a JOIN skills AS s ON s.pool = a.pool WHERE a.id LIKE 'a%'`)
	start := time.Now()
	p, err := New(db, Options{}).Load(t.Context(), "demo")
	took := time.Since(start)
	t.Logf("%d agents in %s", len(p.Agents), took)
	if err != nil || len(p.Agents) != 10_008 || took > time.Second {
		t.Errorf("%d agents in %s, %v", len(p.Agents), took, err)
	}
}
