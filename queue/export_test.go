package queue

import (
	"cmp"
	"embed"
	"fmt"
	"strings"
)

// Mutate runs all scripts, from now on, with the one text in the file replaced by the
// other.
func Mutate(file, old, text string) error {
	mutated, err := mutated(file, old, text)
	if err == nil {
		scripts = mutated
	}
	return err
}

// CanMutate says whether Mutate could: the file is one under lua/ and has the text
// exactly once.
func CanMutate(file, old, text string) error {
	_, err := mutated(file, old, text)
	return err
}

func mutated(file, old, text string) (map[string]*script, error) {
	name := "lua/" + file + ".lua"
	code, err := luaFiles.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if n := strings.Count(string(code), old); n != 1 {
		return nil, fmt.Errorf("%s has %q %d times", name, old, n)
	}
	return loadScripts(mutant{luaFiles, name, strings.Replace(string(code), old, text, 1)})
}

type mutant struct {
	embed.FS
	file, text string
}

func (m mutant) ReadFile(name string) ([]byte, error) {
	if name == m.file {
		return []byte(m.text), nil
	}
	return m.FS.ReadFile(name)
}

// ScriptKeys gives the keys that each script names in the pool, those of TTL keys too.
func ScriptKeys(pool, queue, contact string) map[string][]string {
	p, all := Open(nil, pool), map[string][]string{}
	ttl := map[string]string{"timeout": p.timeoutKey(Escape(queue), contact), "announce": p.announceKey(Escape(queue), contact)}
	for name, s := range scripts {
		for _, k := range s.keys {
			all[name] = append(all[name], cmp.Or(p.keys[k], ttl[k]))
		}
	}
	return all
}
