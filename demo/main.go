// Command demo is a contact center on a machine that has only Go: Holdline's real
// roles in one process, with stand-ins for what they need.
//
// It promises:
//
//   - What it shows is Holdline's own: its journal and its views. What is done to it
//     on purpose, and what stands in for something else, is marked.
//   - It ends with a summary that adds up: entered = answered + abandoned + timed out
//   - … + live, by Holdline's counts; and caller by caller the same as the simulated
//     callers tell it, who know nothing of those counts. Otherwise its exit code is 1.
//   - mysql and redis-cli can connect while it runs, on the loopback, with a password
//     made for this run; an agent inserted by SQL takes calls within two seconds.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"golang.org/x/term"
)

func main() { os.Exit(command()) }

// garbage is how much more the heap may hold than lives in it. The embedded Redis makes
// a Lua of its own for every script: at the usual 100 a fifth of the CPU cleared up.
const garbage = 300

func command() int {
	o, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo:", err)
		return 2
	}
	debug.SetGCPercent(garbage)
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	// A second Ctrl-C ends it at once.
	context.AfterFunc(ctx, cancel)
	err = run(ctx, o, out{Out: os.Stdout, Err: os.Stderr, Terminal: term.IsTerminal(int(os.Stdout.Fd()))})
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		return 1
	}
	return 0
}
