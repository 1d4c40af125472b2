package directory

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdline/queue"
)

// restored gives the modes that a projection of the pool demo holds.
func restored(t *testing.T, d *Directory) map[string]queue.RestoredMode {
	t.Helper()
	p, err := d.Load(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	modes := map[string]queue.RestoredMode{}
	for _, a := range p.Agents {
		if a.Restore != nil {
			modes[a.ID] = *a.Restore
		}
	}
	return modes
}

func TestModesAreKept(t *testing.T) {
	db, _ := migrated(t, true)
	d := New(db, Options{})
	before, err := d.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	save := func(modes map[string]queue.RestoredMode) {
		t.Helper()
		if err := d.SaveModes(t.Context(), "demo", modes); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2026, 3, 2, 8, 0, 0, 123456000, time.UTC)
	want := map[string]queue.RestoredMode{
		"201": {Mode: queue.Ready, Since: at},
		"202": {Mode: queue.Paused, Reason: "обед, \"25 min\"", Since: at, Until: at.Add(25 * time.Minute)},
		"203": {Mode: queue.NotResponding, Reason: "no_answer", Since: at},
		"204": {Mode: queue.LoggedOut, Since: at},
	}
	save(want)
	save(want)                                                                                    // by another replica
	save(map[string]queue.RestoredMode{"999": {Mode: queue.Ready, Since: at}})                    // nobody, by now
	save(map[string]queue.RestoredMode{"201": {Mode: queue.Paused, Since: at.Add(-time.Second)}}) // late
	save(nil)
	if diff := cmp.Diff(want, restored(t, d)); diff != "" {
		t.Error(diff)
	}
	want["202"] = queue.RestoredMode{Mode: queue.Ready, Since: at.Add(time.Microsecond)}
	save(map[string]queue.RestoredMode{"202": want["202"]})
	if diff := cmp.Diff(want, restored(t, d)); diff != "" {
		t.Error(diff)
	}
	if now, err := d.Version(t.Context()); now != before || err != nil {
		t.Errorf("version %d, was %d (%v): a mode is no edit", now, before, err)
	}
	exec(t, db)(`DELETE FROM queue_members WHERE agent = '201'`)
	exec(t, db)(`DELETE FROM agent_skills WHERE agent = '201'`)
	exec(t, db)(`DELETE FROM agents WHERE id = '201'`) // the row of a mode is not in the way
}

func TestManyModes(t *testing.T) {
	db, _ := migrated(t, true)
	modes := map[string]queue.RestoredMode{}
	for i := range 3*modesBatch + 1 {
		modes[strings.Repeat("1", i%30+1)+time.Duration(i).String()] = queue.RestoredMode{
			Mode: queue.Ready, Reason: strings.Repeat("ы", 300), Since: time.Now(),
		}
	}
	if err := New(db, Options{}).SaveModes(t.Context(), "demo", modes); err != nil {
		t.Fatal(err)
	}
	if n := words(t, db, `SELECT agent FROM agent_modes`); len(n) != len(modes) {
		t.Errorf("%d rows, want %d", len(n), len(modes))
	}
}
