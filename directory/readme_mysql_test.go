package directory

import (
	"os"
	"strings"
	"testing"
)

// TestReadme runs every example of README.md, in its order, on the seed.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	db, _ := migrated(t, true)
	run := exec(t, db)
	n := 0
	for _, block := range strings.Split(string(text), "```sql\n")[1:] {
		code, _, _ := strings.Cut(block, "```")
		for _, statement := range statements(code) {
			run(statement)
			n++
		}
	}
	if n < 12 {
		t.Errorf("README.md has only %d statements", n)
	}
	d := New(db, Options{OnProblems: func(pool string, p Problems) { t.Errorf("%s: %v", pool, p) }})
	if _, err := d.Load(t.Context(), "demo"); err != nil {
		t.Error(err)
	}
	// Every table of the database is in the README's table.
	for _, table := range words(t, db, tableNames) {
		if !strings.Contains(string(text), "| `"+table+"` |") {
			t.Errorf("README.md does not list %s", table)
		}
	}
}
