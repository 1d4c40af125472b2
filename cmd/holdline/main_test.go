package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadmeCarriesTheTableOfSettings(t *testing.T) {
	var c cli
	parser, err := newParser(&c)
	if err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	if err := printSettings(&table, parser.Model); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "..", "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, begun := strings.Cut(string(text), "<!-- settings: begin (holdline config) -->\n")
	carried, _, ended := strings.Cut(rest, "<!-- settings: end -->")
	if !begun || !ended {
		t.Fatal("README.md has no place for the table")
	}
	if carried != table.String() {
		t.Errorf("README.md carries another table than `holdline config` prints; put this there:\n%s", &table)
	}
}

func TestAMistypedSettingIsAnError(t *testing.T) {
	var c cli
	parser, err := newParser(&c)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, variable string
		refused        bool
	}{
		{"a setting", "HOLDLINE_REDIS_ADDRS=x:1", false},
		{"a secret", "HOLDLINE_API_TOKEN=x", false},
		{"a secret's file", "HOLDLINE_API_TOKEN_FILE=/x", false},
		{"somebody else's", "PATH=/bin", false},
		{"a mistyped setting", "HOLDLINE_REDIS_ADDR=x:1", true},
		{"a file for what is no secret", "HOLDLINE_REDIS_ADDRS_FILE=/x", true},
	} {
		if err := refuseUnknown(parser.Model, []string{row.variable}); (err != nil) != row.refused {
			t.Errorf("%s: %s gave %v", row.name, row.variable, err)
		}
	}
}

func TestNoSecretIsAFlag(t *testing.T) {
	var c cli
	parser, err := newParser(&c)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings(parser.Model) {
		if s.flag == "" {
			continue
		}
		for _, word := range []string{"password", "secret", "token"} {
			if strings.Contains(s.flag, word) {
				t.Errorf("%s would stand in the process list", s.flag)
			}
		}
	}
}

func TestSecretsComeFromTheEnvironmentOrAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(pairs map[string]string) func(string) (string, bool) {
		return func(name string) (string, bool) { v, ok := pairs[name]; return v, ok }
	}
	s, err := readSecrets(env(map[string]string{"HOLDLINE_API_TOKEN_FILE": file, "HOLDLINE_NODE_SECRET": "plain"}))
	if err != nil || s.APIToken != "from a file" || s.NodeSecret != "plain" {
		t.Errorf("read %q and %q, %v", s.APIToken, s.NodeSecret, err)
	}
	if _, err := readSecrets(env(map[string]string{"HOLDLINE_API_TOKEN_FILE": file, "HOLDLINE_API_TOKEN": "x"})); err == nil {
		t.Error("a secret that is given twice was taken")
	}
	if _, err := readSecrets(env(map[string]string{"HOLDLINE_API_TOKEN_FILE": file + "x"})); err == nil {
		t.Error("a missing file was taken")
	}
}

func TestANodesPasswordDerivesFromItsName(t *testing.T) {
	allow := nodePassword("secret")
	// printf %s ast-1 | openssl dgst -sha256 -hmac secret
	const right = "73a8084bf7d171c0c531d1b7457053fa7d901c8bc18d709aab305b73aa64739e"
	for _, row := range []struct {
		name, user, password string
		want                 bool
	}{
		{"its own", "ast-1", right, true},
		{"another node's", "ast-2", right, false},
		{"none", "ast-1", "", false},
		{"no hex", "ast-1", "zz", false},
	} {
		if got := allow(row.user, row.password); got != row.want {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
	}
}

func TestExitCodes(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
		want int
	}{
		{"no such command", []string{"nonsense"}, 2},
		{"no such flag", []string{"stasis", "--nonsense"}, 2},
		{"a missing secret", []string{"stasis"}, 1},
		{"a node command without Redis", []string{"node", "list", "--redis-addrs=127.0.0.1:1"}, 1},
		{"a doctor who cannot look", []string{"doctor", "--redis-addrs=127.0.0.1:1"}, 2},
		{"a node command without a node", []string{"node", "drain"}, 2},
		{"nothing to ask", []string{"healthcheck", "--admin-listen=127.0.0.1:1"}, 1},
	} {
		if got := run(row.args, nil); got != row.want {
			t.Errorf("%s: exit %d, want %d", row.name, got, row.want)
		}
	}
}
