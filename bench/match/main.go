package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	out := flag.String("json", "build/bench/match.json", "where the figures go")
	agents := flag.String("agents", "1000,10000,100000", "sizes of the floor")
	waiting := flag.String("waiting", "1000,100000", "contacts that wait, of needs that nobody serves")
	flag.Parse()
	if err := run(ctx, *out, *agents, *waiting); err != nil {
		fmt.Fprintln(os.Stderr, "bench-match:", err)
		os.Exit(1) //nolint:gocritic // stop only frees a signal handler
	}
}

func run(ctx context.Context, out, agents, waiting string) error {
	floors, err := sizes("agents", agents)
	if err != nil {
		return err
	}
	queues, err := sizes("waiting", waiting)
	if err != nil {
		return err
	}
	f := newFigures()
	for _, a := range floors {
		if err := measureFloor(ctx, a, queues, f); err != nil {
			return fmt.Errorf("%d agents: %w", a, err)
		}
	}
	if err := measureLogins(ctx, min(10_000, floors[len(floors)-1]), queues[len(queues)-1], f); err != nil {
		return fmt.Errorf("logins: %w", err)
	}
	if err := measureUpheavals(ctx, floors[0], queues[len(queues)-1], f); err != nil {
		return fmt.Errorf("upheavals: %w", err)
	}
	f.conclude(floors, queues)
	f.print(os.Stdout)
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o750); err != nil {
		return err
	}
	return os.WriteFile(out, append(text, '\n'), 0o644) //nolint:gosec // figures are no secret
}

func sizes(name, list string) ([]int, error) {
	var out []int
	for part := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 100 {
			return nil, fmt.Errorf("-%s %q: want numbers from 100 up, separated by commas", name, list)
		}
		out = append(out, n)
	}
	return out, nil
}
