package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"time"

	"holdline/queue"
	"holdline/supervise"
)

// DeskFlags say whose desk it is, and how it speaks.
type DeskFlags struct {
	RedisFlags
	Pool   string `default:"demo" help:"Pool of the queues, agents and contacts."`
	By     string `help:"Who does it, for the journal; else the user of this system."`
	Output string `short:"o" default:"text" enum:"text,json" help:"text or json."`
}

// deskTime bounds a command; of a watch, each look.
const deskTime = 30 * time.Second

// Exit codes of queue, agent and contact, besides 0 (done) and 1 (Redis cannot be asked).
const (
	exitWrong   = 2 // asked for what is not there, or makes no sense
	exitRefused = 3 // the queue says no, as things stand
)

// at does something at the desk.
func (f DeskFlags) at(p *process, do func(context.Context, *supervise.Desk) error) error {
	if err := queue.ValidPool(f.Pool); err != nil {
		return exit{exitWrong, fmt.Errorf("--pool %q: %w; a pool's name is a lower-case letter, then letters, digits and dashes, 32 at most", f.Pool, err)}
	}
	rdb := f.client(p.secrets)
	defer func() { _ = rdb.Close() }()
	err := do(p.ctx, &supervise.Desk{Pool: queue.Open(rdb, f.Pool), By: f.by()})
	var refusal *supervise.Refusal
	if errors.As(err, &refusal) {
		code := exitWrong
		if refusal.Kind == supervise.No {
			code = exitRefused
		}
		return exit{code, err}
	}
	return err
}

// by is who does it, in the journal.
func (f DeskFlags) by() string {
	if f.By != "" {
		return f.By
	}
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return fmt.Sprintf("uid %d", os.Getuid())
}

// show does something that gives one thing, and prints that.
func show[T any](f DeskFlags, p *process, give func(context.Context, *supervise.Desk) (T, error), write func(io.Writer, T) error) error {
	return f.at(p, func(ctx context.Context, d *supervise.Desk) error {
		ctx, cancel := context.WithTimeout(ctx, deskTime)
		defer cancel()
		v, err := give(ctx, d)
		if err != nil {
			return err
		}
		if f.Output == "json" {
			return json.NewEncoder(os.Stdout).Encode(v)
		}
		return write(os.Stdout, v)
	})
}

// watch shows what look writes until somebody ends it: on a terminal in its place, else
// one below the other.
func (f DeskFlags) watch(p *process, every time.Duration, text, lines func(queue.Board) error) error {
	if every < 100*time.Millisecond {
		return exit{exitWrong, fmt.Errorf("--every %s: give at least 100ms", every)}
	}
	return f.at(p, func(ctx context.Context, d *supervise.Desk) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() { // a TERM ends the watch, too
			select {
			case <-p.drain:
				cancel()
			case <-ctx.Done():
			}
		}()
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		info, err := os.Stdout.Stat()
		terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
		return supervise.Watch(ctx, ticker.C, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, deskTime)
			defer cancel()
			b, err := d.Board(ctx)
			if err != nil {
				return err
			}
			if f.Output == "json" {
				return lines(b)
			}
			if terminal {
				fmt.Print("\x1b[H\x1b[2J")
			}
			fmt.Printf("%s, %s; Ctrl-C ends it\n\n", f.Pool, b.At.Local().Format(time.TimeOnly))
			if err := text(b); err != nil || terminal {
				return err
			}
			fmt.Println()
			return nil
		}, func(err error) { fmt.Fprintf(os.Stderr, "holdline: %v; trying again\n", err) })
	})
}
