package directory

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// These checks read the text of the migrations, so that a slip shows also where
// there is no MySQL; the tests beside them ask the migrated database itself.

func migrationTexts(t *testing.T) map[string]string {
	t.Helper()
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	texts := make(map[string]string)
	for i, name := range names {
		text, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(name, fmt.Sprintf("migrations/%05d_", i+1)) {
			t.Errorf("%s is not number %d", name, i+1)
		}
		texts[name] = string(text)
	}
	return texts
}

// TestMigrationsCanRunAgain: MySQL rolls no DDL back, so a migration that broke
// off must find nothing of its own in the way.
func TestMigrationsCanRunAgain(t *testing.T) {
	create := regexp.MustCompile(`(?m)^CREATE (TRIGGER|PROCEDURE|FUNCTION|TABLE|VIEW) (\w+)`)
	for name, text := range migrationTexts(t) {
		for _, m := range create.FindAllStringSubmatch(text, -1) {
			if m[2] != "IF" && !strings.Contains(text, fmt.Sprintf("DROP %s IF EXISTS %s;", m[1], m[2])) {
				t.Errorf("%s: CREATE %s %s without a DROP IF EXISTS before it", name, m[1], m[2])
			}
		}
	}
}

// TestColumnsAreExplainedInTheText: a column's COMMENT is on the line below it.
func TestColumnsAreExplainedInTheText(t *testing.T) {
	table := regexp.MustCompile(`(?s)CREATE TABLE IF NOT EXISTS (\w+) \((.*?)\n\) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin\n  COMMENT = '`)
	column := regexp.MustCompile(`(?m)^    ([a-z_0-9]+) .*$`)
	tables := 0
	for name, text := range migrationTexts(t) {
		found := table.FindAllStringSubmatch(text, -1)
		if n := strings.Count(text, "CREATE TABLE"); n != len(found) {
			t.Errorf("%s: %d tables, %d of them with engine, collation and COMMENT", name, n, len(found))
		}
		tables += len(found)
		for _, m := range found {
			lines := strings.Split(m[2], "\n")
			for i, line := range lines {
				if c := column.FindStringSubmatch(line); c != nil && !strings.HasPrefix(lines[i+1], "        COMMENT '") {
					t.Errorf("%s: %s.%s has no COMMENT", name, m[1], c[1])
				}
			}
		}
	}
	if tables != 11 {
		t.Errorf("%d tables", tables)
	}
}

// TestRefusalsFitMySQL: MESSAGE_TEXT holds 128 characters, and the remedy must
// not be what is cut off. Fixed remedies only; those with names in them are cut
// to size where they are built.
func TestRefusalsFitMySQL(t *testing.T) {
	call := regexp.MustCompile(`CALL refuse\('([a-z_.0-9]+)', [^,]+,\s*'((?:[^']|'')*)'\)`)
	const value = len(" ''") + 24 + len(": ")
	n := 0
	for name, text := range migrationTexts(t) {
		for _, m := range call.FindAllStringSubmatch(text, -1) {
			n++
			if size := len(m[1]) + value + len(strings.ReplaceAll(m[2], "''", "'")); size > 128 {
				t.Errorf("%s: %s: %s: %d characters with a long value", name, m[1], m[2], size)
			}
		}
	}
	if n < 20 {
		t.Errorf("found only %d refusals", n)
	}
}

// TestGrantsNameNoDigest: nobody but Kamailio's view reads ha1.
func TestGrantsNameNoDigest(t *testing.T) {
	for _, g := range grants {
		if strings.Contains(g.columns, "ha1") || strings.Contains(g.columns, "sip_password") || g.object == "agents" && g.columns == "" {
			t.Errorf("%s may read the digests through %s (%s)", g.user, g.object, g.columns)
		}
	}
}
