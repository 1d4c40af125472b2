package queue

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

var (
	keyUse  = regexp.MustCompile(`\bK\.(\w+)`)
	keyRead = regexp.MustCompile(`redis\.(?:p?call)|\bKEYS\[`)
	calls   = regexp.MustCompile(`\bcall\('(\w+)'(?:, *([^,()]+))?`)
)

// TestScriptsDeclareTheirKeys: a script names exactly the keys that it uses,
// library included, and can reach no other: every command that it gives takes a
// declared key, or none at all.
func TestScriptsDeclareTheirKeys(t *testing.T) {
	if len(scripts) < 20 {
		t.Fatalf("%d scripts", len(scripts))
	}
	for name, s := range scripts {
		code := luaComment.ReplaceAllString(s.text, "")
		used := map[string]bool{}
		for _, m := range keyUse.FindAllStringSubmatch(code, -1) {
			used[m[1]] = true
		}
		for _, k := range s.keys {
			if !used[k] {
				t.Errorf("%s declares %s and does not use it", name, k)
			}
			delete(used, k)
		}
		for k := range used {
			t.Errorf("%s uses %s and does not declare it", name, k)
		}
		for _, m := range calls.FindAllStringSubmatch(code, -1) {
			command, key := m[1], strings.TrimSpace(m[2])
			// key, and ttl in fire_ttl's arm, are parameters that only ever get a K.
			if !strings.HasPrefix(key, "K.") && !slices.Contains([]string{"key", "ttl"}, key) && command != "TIME" {
				t.Errorf("%s: %s on %q, which is no declared key", name, command, key)
			}
		}
		if n := len(keyRead.FindAllString(strings.Replace(code, "= redis.call,", "", 1), -1)); n != len(s.keys) {
			t.Errorf("%s reads KEYS or calls Redis %d times beside its %d declarations", name, n-len(s.keys), len(s.keys))
		}
	}
}

// TestKeysShareASlot: whatever the names, all of a pool's keys have one hash tag.
func TestKeysShareASlot(t *testing.T) {
	p := Open(nil, "demo")
	keys := []string{p.timeoutKey(Escape("a}b{c"), "0123"), p.announceKey(Escape("{x}"), "0123")}
	for _, k := range p.keys {
		keys = append(keys, k)
	}
	for _, k := range keys {
		open, closed := strings.IndexByte(k, '{'), strings.IndexByte(k, '}')
		if open != 0 || k[1:closed] != "demo" {
			t.Errorf("key %q has another hash tag than {demo}", k)
		}
	}
}

// TestHeaders: each script says what it is for, what it gives and what it costs.
func TestHeaders(t *testing.T) {
	for name, s := range scripts {
		file, err := luaFiles.ReadFile("lua/" + name + ".lua")
		if err != nil {
			t.Fatal(err)
		}
		text := string(file)
		for _, want := range []string{"-- " + name + ": ", "\n-- KEYS ", "\n-- gives ok", "O("} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the header lacks %q", name, want)
			}
		}
		if strings.Contains(text, "ARGV[") != strings.Contains(text, "\n-- ARGV  1 ") {
			t.Errorf("%s: the header and the text disagree on ARGV", name)
		}
		if !strings.HasPrefix(s.text, "local K={") {
			t.Errorf("%s begins %.20q", name, s.text)
		}
	}
}

func TestLinkerRefusesWhatItCannotName(t *testing.T) {
	if _, err := parts("local (function() end)()\n"); err == nil {
		t.Error("a statement without a name was linked")
	}
	lib, err := parts("local a, b = 1, 2\nlocal function f() return a end\nlocal function g() return f() end -- h\nlocal function h() end\n")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := link(lib, map[string]string{"N": "7"}, "return g(N)"), "local a, b = 1, 2\nlocal function f() return a end\nlocal function g() return f() end\nreturn g(7)"; got != want {
		t.Errorf("linked\n%s\nwant\n%s", got, want)
	}
}

// TestEveryErrorCodeIsGiven: the map of codes and the scripts agree.
func TestEveryErrorCodeIsGiven(t *testing.T) {
	all := ""
	for _, s := range scripts {
		all += s.text
	}
	for code := range codes {
		if !strings.Contains(all, "'"+code+"'") {
			t.Errorf("no script gives %s", code)
		}
	}
}

func TestUnknownReplies(t *testing.T) {
	p := Open(redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1}), "demo")
	defer func() { _ = p.rdb.Close() }()
	if _, err := p.Match(context.Background(), "", Subject{Agent: "201"}); err == nil || !strings.HasPrefix(err.Error(), "match agent 201: ") {
		t.Errorf("without a Redis: %v", err)
	}
	if _, err := p.do(context.Background(), "fire_ttl", "x", nil); err == nil || !strings.Contains(err.Error(), "no key for timeout") {
		t.Errorf("without its TTL keys: %v", err)
	}
}
