package directory

import (
	"crypto/md5" // what SIP digest authentication is made of
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func ha1(agent, domain, password string) string {
	sum := md5.Sum([]byte(agent + ":" + domain + ":" + password))
	return hex.EncodeToString(sum[:])
}

// TestDigestIsMD5: the database's own, in SQL, against Go's, over every length
// around the block's end and over any text.
func TestDigestIsMD5(t *testing.T) {
	db, _ := migrated(t, false)
	ctx := t.Context()
	check := func(t interface{ Fatalf(string, ...any) }, agent, domain, password string) {
		var got string
		err := db.QueryRowContext(ctx, `SELECT sip_ha1(?, ?, ?)`, agent, domain, password).Scan(&got)
		if want := ha1(agent, domain, password); got != want || err != nil {
			t.Fatalf("sip_ha1(%q, %q, %q) = %s, %v; want %s", agent, domain, password, got, err, want)
		}
	}
	for n := range 129 {
		check(t, "201", "demo.holdline.test", strings.Repeat("x", n))
	}
	check(t, strings.Repeat("9", 32), strings.Repeat("d", 100), strings.Repeat("😀", 128))
	rapid.Check(t, func(r *rapid.T) {
		check(r, rapid.StringMatching(`[a-z0-9]{1,32}`).Draw(r, "agent"), "demo.holdline.test",
			rapid.StringN(0, 128, 512).Draw(r, "password"))
	})
}

func TestPasswordIsNeverStored(t *testing.T) {
	db, _ := migrated(t, true)
	run := exec(t, db)
	read := func() []string {
		t.Helper()
		return words(t, db, `SELECT CONCAT(COALESCE(sip_password, '-'), ' ', COALESCE(ha1, '-')) FROM agents WHERE id IN ('201', '209') ORDER BY id`)
	}
	want := func(rows ...string) {
		t.Helper()
		if got := read(); !slices.Equal(got, rows) {
			t.Errorf("got %q, want %q", got, rows)
		}
	}
	seeded := "- " + ha1("201", "demo.holdline.test", "correct-horse")
	want(seeded)
	run(`INSERT INTO agents (pool, id, sip_password) VALUES ('demo', '209', 'battery:staple')`)
	want(seeded, "- "+ha1("209", "demo.holdline.test", "battery:staple"))
	run(`UPDATE agents SET sip_password = 'пароль-209' WHERE id = '209'`)
	want(seeded, "- "+ha1("209", "demo.holdline.test", "пароль-209"))
	run(`UPDATE agents SET name = 'Ivy' WHERE id = '209'`)
	want(seeded, "- "+ha1("209", "demo.holdline.test", "пароль-209"))
	run(`UPDATE agents SET ha1 = NULL WHERE id = '209'`)
	want(seeded, "- -")
}

func TestSeedWithoutAPasswordCannotRegister(t *testing.T) {
	db, _ := migrated(t, false)
	if _, err := SeedDemo(t.Context(), db, Seed{}); err != nil {
		t.Fatal(err)
	}
	if got := words(t, db, `SELECT agent FROM kamailio_credentials`); len(got) != 0 {
		t.Errorf("credentials of %v", got)
	}
}
