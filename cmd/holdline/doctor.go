package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"holdline/directory"
	"holdline/doctor"
	"holdline/queue"
)

type doctorCmd struct {
	RedisFlags
	MySQLFlags
	ARIFlags
	Output string `short:"o" default:"text" enum:"text,json" help:"text or json."`
}

// errUnwell is the exit code of a report with findings; what they are has been printed.
var errUnwell = errors.New("not all is well")

// Run exits with 0 when all is well, 1 with findings, 2 when it could not look.
func (c *doctorCmd) Run(p *process) error {
	rdb := c.client(p.secrets)
	defer func() { _ = rdb.Close() }()
	d := &doctor.Doctor{
		Nodes: &doctor.Nodes{
			Registry: queue.NewRegistry(rdb),
			Open:     func(pool string) *queue.Pool { return queue.Open(rdb, pool) },
			Asterisk: c.looker(p.secrets),
		},
		Info: func(ctx context.Context) (string, error) { return rdb.Info(ctx).Result() },
	}
	if c.MySQLUser != "" {
		db, err := directory.Open(directory.Config{
			Addr: c.MySQLAddr, Database: c.MySQLDatabase, User: c.MySQLUser, Password: p.secrets.MySQLPassword,
		})
		if err != nil {
			return exit{2, err}
		}
		defer func() { _ = db.Close() }()
		d.Directory = directory.New(db, directory.Options{})
	}
	report, err := d.Examine(p.ctx)
	if err != nil {
		return exit{2, fmt.Errorf("look at redis: %w", err)}
	}
	write := writeReport
	if c.Output == "json" {
		write = func(w io.Writer, r doctor.Report) error { return json.NewEncoder(w).Encode(r) }
	}
	if err := write(os.Stdout, report); err != nil {
		return exit{2, err}
	}
	if !report.Healthy {
		return exit{1, errUnwell}
	}
	return nil
}

func writeReport(w io.Writer, r doctor.Report) error {
	var b strings.Builder
	wrong := 0
	for _, f := range r.Findings {
		mark := "note"
		if !f.Note {
			mark = "WRONG"
			wrong++
		}
		where := ""
		if f.Pool != "" {
			where = " pool " + f.Pool + ":"
		}
		fmt.Fprintf(&b, "%-5s %s:%s %s\n      → %s\n", mark, f.Kind, where, f.Text, f.Remedy)
	}
	if wrong == 0 {
		fmt.Fprintf(&b, "All is well (%s compared).\n", strings.Join(r.Looked, ", "))
	} else {
		fmt.Fprintf(&b, "%d wrong (%s compared).\n", wrong, strings.Join(r.Looked, ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// exit is an error with an exit code of its own.
type exit struct {
	code int
	error
}

func (e exit) Unwrap() error { return e.error }
