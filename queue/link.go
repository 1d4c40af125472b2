package queue

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Lua script makes its closures anew each time it runs, and each takes longer
// the more there are. So a command gets only those parts of the library that it
// names, and what these name: a linker in a screenful.

// A part is one top-level statement of the library, "local …".
type part struct {
	names []string
	text  string
	words []string
}

var (
	luaComment  = regexp.MustCompile(`(?m)--.*$`)
	luaWord     = regexp.MustCompile(`[A-Za-z_]\w*`)
	luaFunction = regexp.MustCompile(`^local function (\w+)`)
	luaLocals   = regexp.MustCompile(`^local ([\w, ]+?) *=`)
	luaTop      = regexp.MustCompile(`(?m)^local `)
)

// words of the code, comments left out.
func words(code string) []string {
	w := luaWord.FindAllString(luaComment.ReplaceAllString(code, ""), -1)
	slices.Sort(w)
	return slices.Compact(w)
}

// parts cuts a library text up. What stands before the first statement is its header.
func parts(library string) ([]part, error) {
	var all []part
	starts := luaTop.FindAllStringIndex(library, -1)
	for i, at := range starts {
		end := len(library)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		text := library[at[0]:end]
		p := part{text: text, words: words(text)}
		if m := luaFunction.FindStringSubmatch(text); m != nil {
			p.names = []string{m[1]}
		} else if m := luaLocals.FindStringSubmatch(text); m != nil {
			p.names = strings.Split(strings.ReplaceAll(m[1], " ", ""), ",")
		} else {
			return nil, fmt.Errorf("library: no name in %.40q", text)
		}
		all = append(all, p)
	}
	return all, nil
}

// layers says where a new layer begins: after so many statements of the library.
var layers = []int{3, 12, 24, 36}

// link puts before the command what it needs of the library, in its order, with the
// constants in their places. Each layer is a function in which the next one stands: Lua
// finds the local of an outer function at once, and that of the same one by going
// through all that are captured.
func link(library []part, constants map[string]string, command string) string {
	need := map[string]bool{}
	for todo := words(command); len(todo) > 0; {
		word := todo[0]
		todo = todo[1:]
		for _, p := range library {
			if slices.Contains(p.names, word) && !need[p.names[0]] {
				need[p.names[0]] = true
				todo = append(todo, p.words...)
			}
		}
	}
	var b strings.Builder
	n := 0
	for _, p := range library {
		if !need[p.names[0]] {
			continue
		}
		if slices.Contains(layers, n) {
			b.WriteString("return (function()\n")
		}
		n++
		b.WriteString(strings.TrimSpace(luaComment.ReplaceAllString(p.text, "")))
		b.WriteByte('\n')
	}
	nested := 0
	for _, at := range layers {
		if at < n {
			nested++
		}
	}
	text := b.String() + command + strings.Repeat(" end)()", nested)
	return luaWord.ReplaceAllStringFunc(text, func(word string) string { return cmp.Or(constants[word], word) })
}
