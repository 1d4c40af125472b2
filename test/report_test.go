//go:build stack

package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// row is one line of the report: what was bounded, and what was measured.
type row struct {
	What       string  `json:"what"`
	EarliestMS float64 `json:"earliest_ms,omitempty"`
	BoundMS    float64 `json:"bound_ms,omitempty"`
	MeasuredMS float64 `json:"measured_ms"` // -1: not a time, or not seen
	OK         bool    `json:"ok"`
}

func (r row) String() string {
	verdict := "ok  "
	if !r.OK {
		verdict = "FAIL"
	}
	switch {
	case r.BoundMS == 0:
		return fmt.Sprintf("%s  %s", verdict, r.What)
	case r.MeasuredMS < 0:
		return fmt.Sprintf("%s  %s: not seen (bound %.0f ms)", verdict, r.What, r.BoundMS)
	case r.EarliestMS > 0:
		return fmt.Sprintf("%s  %s: %.1f ms (between %.0f and %.0f ms)", verdict, r.What, r.MeasuredMS, r.EarliestMS, r.BoundMS)
	}
	return fmt.Sprintf("%s  %s: %.1f ms (bound %.0f ms)", verdict, r.What, r.MeasuredMS, r.BoundMS)
}

// report collects the rows of one test and writes them to build/report when it
// ends, with what helps to understand a failure.
type report struct {
	t    *testing.T
	path string
	mu   sync.Mutex
	rows []row
}

// reportDir holds the reports of the last run.
func reportDir(root string) string { return filepath.Join(root, "build", "report") }

// summarise puts the reports of the run into one file, below what the run's
// images are if they are not the official ones.
func summarise(root string) error {
	var text bytes.Buffer
	standIns, err := os.ReadFile(filepath.Join(root, "build", "standins.txt"))
	if err == nil && len(standIns) > 0 {
		fmt.Fprintf(&text, "Run with stand-ins for these official images:\n%s\n", standIns)
	}
	files, err := filepath.Glob(filepath.Join(reportDir(root), "*.txt"))
	if err != nil || len(files) == 0 {
		return err
	}
	for _, file := range files {
		one, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		text.Write(append(one, '\n'))
	}
	return os.WriteFile(filepath.Join(reportDir(root), "summary.txt"), text.Bytes(), 0o600)
}

func newReport(t *testing.T, root string) *report {
	dir := reportDir(root)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	r := &report{t: t, path: filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-"))}
	t.Cleanup(r.write)
	return r
}

func (r *report) add(row row) {
	r.t.Helper()
	r.mu.Lock()
	r.rows = append(r.rows, row)
	r.mu.Unlock()
	if row.OK {
		r.t.Log(row)
	} else {
		r.t.Error(row)
	}
}

func (r *report) write() {
	r.mu.Lock()
	defer r.mu.Unlock()
	var text bytes.Buffer
	result := "passed"
	if r.t.Failed() {
		result = "failed"
	}
	fmt.Fprintf(&text, "%s: %s, %s\n", r.t.Name(), result, time.Now().UTC().Format(time.RFC3339))
	for _, row := range r.rows {
		fmt.Fprintln(&text, row)
	}
	data, err := json.MarshalIndent(map[string]any{"test": r.t.Name(), "passed": !r.t.Failed(), "rows": r.rows}, "", "  ")
	if err == nil {
		err = os.WriteFile(r.path+".json", append(data, '\n'), 0o600)
	}
	if err == nil {
		err = os.WriteFile(r.path+".txt", text.Bytes(), 0o600)
	}
	if err != nil {
		r.t.Errorf("write the report: %v", err)
	}
}

// attach writes something long beside the report.
func (r *report) attach(name, text string) {
	if err := os.WriteFile(r.path+"."+name, []byte(text), 0o600); err != nil {
		r.t.Errorf("write the report: %v", err)
	}
}
