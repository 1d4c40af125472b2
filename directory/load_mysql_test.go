package directory

import "testing"

func TestLoadOfTheSeed(t *testing.T) {
	db, _ := migrated(t, true)
	p, err := New(db, Options{}).Load(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", p)
}
