package standin

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// Schema gives the statements that make the directory in go-mysql-server, from the
// migrations of the real one, and the names of what it leaves out: procedures and
// functions, and the triggers that call them. Those only say in better words what
// CHECK constraints and foreign keys refuse as well, and keep SIP passwords, of which
// the demo has none. What raises directory_version stays: it is what Holdline polls.
func Schema(migrations fs.FS) (statements, leftOut []string, err error) {
	files, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		return nil, nil, fmt.Errorf("list migrations: %w", err)
	}
	for _, name := range files {
		text, err := fs.ReadFile(migrations, name)
		if err != nil {
			return nil, nil, fmt.Errorf("read migration: %w", err)
		}
		all := split(up(string(text)))
		for _, one := range all {
			can, what := translate(one)
			if called := procedure(what); called != "" && slices.Contains(all, "CALL "+called+"();") {
				statements = append(statements, altered(one)...)
			} else if what != "" {
				leftOut = append(leftOut, what)
			} else if can != "" {
				statements = append(statements, can)
			}
		}
	}
	return statements, leftOut, nil
}

func procedure(leftOut string) string {
	name, ok := strings.CutPrefix(leftOut, "procedure ")
	if !ok {
		return ""
	}
	return name
}

// altered is what a procedure does that a migration calls itself: it alters a table,
// unless it did so before, which in a database that is always new it never did.
func altered(text string) []string {
	at := strings.Index(text, "ALTER TABLE")
	if at < 0 {
		return nil
	}
	// One statement for each clause: it does not see a column that the same one adds.
	clauses := addition.Split(strings.TrimSuffix(split(text[at:])[0], ";"), -1)
	var all []string
	for _, clause := range clauses[1:] {
		all = append(all, strings.TrimSpace(clauses[0])+" ADD "+clause+";")
	}
	return all
}

var addition = regexp.MustCompile(`,?\s*\n\s*ADD `)

// up is the part of a migration that goose runs upwards.
func up(text string) string {
	text, _, _ = strings.Cut(text, "-- +goose Down")
	return text
}

// split cuts a migration into statements, as goose does: at a semicolon that ends a
// line, and whole between StatementBegin and StatementEnd.
func split(text string) []string {
	var all []string
	var one strings.Builder
	whole := false
	end := func() {
		if s := strings.TrimSpace(one.String()); s != "" {
			all = append(all, s)
		}
		one.Reset()
	}
	for line := range strings.Lines(text) {
		switch bare := strings.TrimSpace(line); {
		case bare == "-- +goose StatementBegin":
			whole = true
		case bare == "-- +goose StatementEnd":
			whole = false
			end()
		case strings.HasPrefix(bare, "--"):
		default:
			one.WriteString(line)
			if !whole && strings.HasSuffix(bare, ";") {
				end()
			}
		}
	}
	end()
	return all
}

const (
	// changed is called by the AFTER trigger of every table; bump is all that it does.
	changed = "CALL directory_changed()"
	bump    = "UPDATE directory_version SET version = version + 1 WHERE id = 1"
)

// translate gives a statement in the words of go-mysql-server; or, for what it cannot
// do, nothing and its name. Nothing and no name: there is nothing to do.
func translate(s string) (can, leftOut string) {
	word := strings.Fields(s)
	if word[0] == "CALL" {
		return "", "" // of a procedure that was looked into where it was made
	}
	if len(word) < 3 {
		return s, ""
	}
	name, _, _ := strings.Cut(strings.TrimSuffix(word[2], ";"), "(")
	verb, kind := strings.ToUpper(word[0]), strings.ToUpper(word[1])
	switch {
	case kind == "PROCEDURE" || kind == "FUNCTION":
		if verb == "DROP" || name == "directory_changed" {
			return "", ""
		}
		return "", strings.ToLower(kind) + " " + name
	case name == "schema_migrations": // goose's own table; goose does not run here
		return "", ""
	}
	s = strings.ReplaceAll(s, changed, bump)
	s = binary.ReplaceAllString(s, matchesName+"($1, $2)")
	if verb != "CREATE" || kind != "TRIGGER" {
		return s, ""
	}
	if strings.Contains(s, "CALL ") {
		return "", "trigger " + name
	}
	// It reads a lone SIGNAL only between BEGIN and END.
	if head, body, ok := strings.Cut(s, "FOR EACH ROW"); ok && strings.HasPrefix(strings.TrimSpace(body), "SIGNAL") {
		s = head + "FOR EACH ROW BEGIN " + strings.TrimSpace(body) + " END;"
	}
	return s, ""
}
