package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	project := flag.String("project", "holdline-bench", "compose project that is measured")
	net := flag.String("net", "172.30.78", "its network")
	dir := flag.String("out", "build/bench", "where the figures go")
	var rowNames []string
	for _, row := range rows {
		rowNames = append(rowNames, row.name)
	}
	onlyRows := flag.String("rows", "", "only these: "+strings.Join(rowNames, ","))
	onlySystems := flag.String("systems", "", "only these: "+strings.Join(systems, ","))
	short := flag.Bool("short", false, "a look that all of it works, in place of figures")
	flag.Parse()
	b := &bench{short: *short, dir: *dir}
	var bad [2]error
	b.rows, bad[0] = words("rows", *onlyRows, rowNames)
	b.systems, bad[1] = words("systems", *onlySystems, systems)
	if err := errors.Join(bad[:]...); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2) //nolint:gocritic // stop only frees a signal handler
	}
	if err := run(ctx, b, *project, *net); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // stop only frees a signal handler
	}
}

// words is a list of a flag; nil: no list, so all.
func words(name, list string, known []string) (map[string]bool, error) {
	if list == "" {
		return nil, nil
	}
	all := map[string]bool{}
	for word := range strings.SplitSeq(list, ",") {
		if !slices.Contains(known, word) {
			return nil, fmt.Errorf("-%s %q: want some of %s", name, word, strings.Join(known, ","))
		}
		all[word] = true
	}
	return all, nil
}

func run(ctx context.Context, b *bench, project, net string) (err error) {
	if b.stack, err = openStack(ctx, project, net); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.stack.close()) }()
	b.replicas = map[string]int{}
	for _, role := range roles {
		b.replicas[role] = len(b.stack.engine.running[role])
	}
	if err := b.stack.fill(ctx); err != nil {
		return err
	}
	if b.people, err = hire(ctx, b.stack); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.people.floor.Close()) }()
	if err := b.stack.engine.settle(ctx, "kamailio-1"); err != nil {
		return err
	}
	if err := b.everything(ctx); err != nil {
		return err
	}
	return b.report(os.Stdout)
}
