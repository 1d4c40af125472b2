package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// setting is one row of the configuration table.
type setting struct {
	env, flag, standard, help string
	roles                     []string
	secret                    bool
}

// settings lists everything that can be set, from the same structs that are
// parsed, so that the table cannot say anything else than the program does.
func settings(model *kong.Application) []setting {
	rows := map[string]*setting{}
	var visit func(n *kong.Node, name string)
	visit = func(n *kong.Node, name string) {
		for _, f := range n.Flags {
			for _, env := range f.Envs {
				row, ok := rows[env]
				if !ok {
					row = &setting{env: env, flag: "--" + f.Name, standard: f.Default, help: f.Help}
					rows[env] = row
				}
				if name != "" {
					row.roles = append(row.roles, name)
				}
			}
		}
		for _, child := range n.Children {
			visit(child, child.Name)
		}
	}
	visit(model.Node, "")
	secret := reflect.TypeFor[secrets]()
	for i := range secret.NumField() {
		tag := secret.Field(i).Tag
		rows[tag.Get("env")] = &setting{env: tag.Get("env"), help: tag.Get("help"), secret: true}
	}
	out := make([]setting, 0, len(rows))
	for _, row := range rows {
		out = append(out, *row)
	}
	slices.SortFunc(out, func(a, b setting) int { return cmp.Compare(a.env, b.env) })
	return out
}

type configCmd struct{}

// Run prints the table that README.md and docs/configuration.md carry.
func (configCmd) Run(k *kong.Kong) error { return printSettings(os.Stdout, k.Model) }

func printSettings(w io.Writer, model *kong.Application) error {
	fmt.Fprintln(w, "| environment | flag | default | roles | meaning |")
	fmt.Fprintln(w, "|---|---|---|---|---|")
	for _, s := range settings(model) {
		flag, env := s.flag, s.env
		if s.secret {
			flag, env = "(secret)", s.env+"[_FILE]"
		}
		roles := strings.Join(s.roles, ", ")
		if roles == "" {
			roles = "all"
		}
		if s.secret {
			roles = ""
		}
		if _, err := fmt.Fprintf(w, "| `%s` | %s | %s | %s | %s |\n", env, flag, s.standard, roles, s.help); err != nil {
			return fmt.Errorf("print settings: %w", err)
		}
	}
	return nil
}
