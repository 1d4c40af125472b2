package queue

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Schema is the number of the layout of keys and records. A script refuses a pool
// whose number is higher, and one whose number is below schemaLeast: that is to be
// emptied, and comes back from the nodes as after any loss. Between the two, changes are additive.
const (
	Schema      = 2
	schemaLeast = 2
)

// keyNames are the fixed keys of a pool, all under {pool}: (see doc.go).
var keyNames = []string{"meta", "contacts", "elements", "waiting", "heads", "order", "agents", "available", "duty", "hushed",
	"offers", "deadlines", "work", "claims", "journal", "nodes", "dir", "counts", "redial", "repairs"}

//go:embed lua/*.lua lua/lib/*.lua
var luaFiles embed.FS

// A script is one command: its text, and the keys that it names.
type script struct {
	name string
	keys []string // of keyNames, or ttl keys given by the caller
	text string
	run  *redis.Script
}

var headKeys = regexp.MustCompile(`(?m)^-- KEYS +([a-z_ ]+)$`)

// scripts by name.
var scripts = func() map[string]*script {
	all, err := loadScripts(luaFiles)
	if err != nil {
		panic(err) // embedded: every test would have met it
	}
	return all
}()

// A library is where the scripts' files are.
type library interface {
	fs.ReadDirFS
	fs.ReadFileFS
}

func loadScripts(files library) (map[string]*script, error) {
	var shared []part
	tables, err := parts(luaTables)
	if err != nil {
		return nil, err
	}
	shared = append(shared, tables...)
	for _, name := range []string{"core", "fair", "contact", "agent", "offer", "redial", "deadline", "door"} {
		text, err := files.ReadFile("lua/lib/" + name + ".lua")
		if err != nil {
			return nil, err
		}
		more, err := parts(string(text))
		if err != nil {
			return nil, fmt.Errorf("lua/lib/%s.lua: %w", name, err)
		}
		shared = append(shared, more...)
	}
	dir, err := files.ReadDir("lua")
	if err != nil {
		return nil, err
	}
	all := make(map[string]*script, len(dir))
	for _, f := range dir {
		name, ok := strings.CutSuffix(f.Name(), ".lua")
		if !ok {
			continue
		}
		body, err := files.ReadFile("lua/" + f.Name())
		if err != nil {
			return nil, err
		}
		body, err = include(files, body)
		if err != nil {
			return nil, fmt.Errorf("lua/%s: %w", f.Name(), err)
		}
		head := headKeys.FindSubmatch(body)
		if head == nil {
			return nil, fmt.Errorf("lua/%s: no KEYS in the header", f.Name())
		}
		s := &script{name: name, keys: strings.Fields(string(head[1]))}
		var keys strings.Builder
		for i, k := range s.keys {
			fmt.Fprintf(&keys, "%s=KEYS[%d],", k, i+1)
		}
		s.text = "local K={" + keys.String() + "}\n" + link(shared, luaConstants, string(body))
		s.run = redis.NewScript(s.text)
		all[name] = s
	}
	return all, nil
}

var includeLine = regexp.MustCompile(`(?m)^ *--include (\w+)$`)

// include puts library files where a command wants the whole of them.
func include(files library, body []byte) ([]byte, error) {
	var bad error
	return includeLine.ReplaceAllFunc(body, func(line []byte) []byte {
		text, err := files.ReadFile("lua/lib/" + string(includeLine.FindSubmatch(line)[1]) + ".lua")
		bad = errors.Join(bad, err)
		return text
	}), bad
}

// A reply is what a script gave: words, the first of which was "ok".
type reply []string

func (r reply) at(i int) string {
	if i < len(r) {
		return r[i]
	}
	return ""
}

func (r reply) int(i int) int64 {
	n, _ := strconv.ParseInt(r.at(i), 10, 64)
	return n
}

// do runs a command. extra are the TTL keys, in the order of the header.
func (p *Pool) do(ctx context.Context, name, what string, extra []string, args ...any) (reply, error) {
	if p.bad != nil {
		return nil, p.bad
	}
	s := scripts[name]
	keys := make([]string, 0, len(s.keys))
	for _, k := range s.keys {
		if fixed, ok := p.keys[k]; ok {
			keys = append(keys, fixed)
			continue
		}
		if len(extra) == 0 {
			return nil, fmt.Errorf("%s: script %s: no key for %s", what, name, k)
		}
		keys, extra = append(keys, extra[0]), extra[1:]
	}
	words, err := s.run.Run(ctx, p.rdb, keys, args...).StringSlice()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if len(words) == 0 {
		return nil, fmt.Errorf("%s: script %s gave nothing: %w", what, name, ErrRecord)
	}
	if words[0] == "ok" {
		return words[1:], nil
	}
	known, ok := codes[words[0]]
	if !ok {
		return nil, fmt.Errorf("%s: script %s: unknown reply %q", what, name, words[0])
	}
	if detail := reply(words).at(1); detail != "" {
		return nil, fmt.Errorf("%s: %s: %w", what, detail, known)
	}
	return nil, fmt.Errorf("%s: %w", what, known)
}

// ScriptNames gives the name of each script by the hash under which Redis runs it: for
// whoever reads Redis's slow log.
func ScriptNames() map[string]string {
	all := make(map[string]string, len(scripts))
	for name, s := range scripts {
		all[s.run.Hash()] = name
	}
	return all
}
