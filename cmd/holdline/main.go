// Command holdline runs one role of the contact center, or a plain command:
// `holdline --help` lists them. Everything else is in the packages it wires.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"

	"holdline/internal/logging"
	"holdline/internal/role"
)

// version is set when the binary is built: -ldflags "-X main.version=…".
var version = "dev"

func main() { os.Exit(run(os.Args[1:], os.Environ())) }

// run gives the exit code: 0 done, 1 failed, 2 asked for the wrong thing; or a
// command's own.
func run(args, env []string) int {
	received := make(chan os.Signal, 2)
	signal.Notify(received, syscall.SIGTERM, os.Interrupt)
	defer signal.Stop(received)
	ctx, drain, release := role.Signals(context.Background(), received)
	defer release()

	var cli cli
	parser, err := newParser(&cli)
	if err != nil {
		return complain(err, 2)
	}
	if err := refuseUnknown(parser.Model, env); err != nil {
		return complain(err, 2)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return complain(err, 2)
	}
	secrets, err := readSecrets(os.LookupEnv)
	if err != nil {
		return complain(err, 2)
	}
	logging.Drivers(zerolog.Nop()) // a command's errors say it all; a role has a log
	if err := parsed.Run(&process{ctx: ctx, drain: drain, common: cli.Common, secrets: secrets}); err != nil {
		var own exit
		if errors.As(err, &own) {
			return complain(err, own.code)
		}
		return complain(err, 1)
	}
	return 0
}

func complain(err error, code int) int {
	fmt.Fprintf(os.Stderr, "holdline: %v\n", err)
	var usage *kong.ParseError
	if errors.As(err, &usage) {
		fmt.Fprintln(os.Stderr, "`holdline --help` tells what there is.")
	}
	return code
}
