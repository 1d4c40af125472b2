package directory

import "testing"

func TestLoadOfTheSeed(t *testing.T) {
	db, _ := migrated(t, true)
	p, problems, err := New(db, Options{}).Load(t.Context(), "demo")
	if err != nil || problems != nil {
		t.Fatal(err, problems)
	}
	t.Logf("%+v", p)
}
