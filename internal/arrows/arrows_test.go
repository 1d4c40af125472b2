package arrows

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "holdline"

type pkg struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", module+"/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// room is the top-level folder of one of our packages, "" for anybody else's.
func room(path string) string {
	rest, ours := strings.CutPrefix(path, module+"/")
	if !ours {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

func TestImportsFollowThePlan(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range packages(t) {
		from := room(p.ImportPath)
		if from == "cmd" || from == "test" {
			continue
		}
		allowed, planned := plan[from]
		seen[from] = true
		if !planned && from != "internal" {
			t.Errorf("package %s is in no room of the plan", p.ImportPath)
		}
		for _, imported := range p.Imports {
			to := room(imported)
			if to == "" || to == from || to == "internal" && from != "internal" {
				continue
			}
			if !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s: the plan has no arrow from %s to %s", p.ImportPath, imported, from, to)
			}
		}
	}
	for name := range plan {
		if !seen[name] {
			t.Errorf("the plan has a room %q that does not exist", name)
		}
	}
}

// The heart and the client of Asterisk stand alone: they may be read, tested and
// used without the rest.
func TestQueueAndARIImportNothingOfOurs(t *testing.T) {
	for _, p := range packages(t) {
		if p.ImportPath != module+"/queue" && p.ImportPath != module+"/ari" {
			continue
		}
		for _, imported := range p.Imports {
			if room(imported) != "" {
				t.Errorf("%s imports %s", p.ImportPath, imported)
			}
		}
	}
}

// A file that is longer than this has become two subjects.
const longest = 600

func TestNoFileIsLongerThanItsReadersPatience(t *testing.T) {
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "build") {
			return fs.SkipDir
		}
		switch filepath.Ext(path) {
		case ".go", ".lua", ".cfg", ".sql", ".sh":
		default:
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if n := bytes.Count(text, []byte("\n")); n > longest {
			t.Errorf("%s has %d lines; split it", path, n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
