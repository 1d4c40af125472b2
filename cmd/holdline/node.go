package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"text/tabwriter"
	"time"

	"holdline/ari"
	"holdline/doctor"
	"holdline/queue"
)

type nodeCmd struct {
	RedisFlags
	ARIFlags

	List    nodeListCmd    `cmd:"" help:"List the nodes, and what each holds."`
	Drain   nodeDrainCmd   `cmd:"" help:"Give a node no new calls; those on it are served where they are."`
	Undrain nodeUndrainCmd `cmd:"" help:"Give a node new calls again."`
}

type nodeListCmd struct {
	Output string `short:"o" default:"text" enum:"text,json" help:"text or json."`
}

type nodeDrainCmd struct {
	Name string `arg:"" help:"The node, as list names it."`
	Wait bool   `help:"Wait until the node is empty, and say what is left."`
}

type nodeUndrainCmd struct {
	Name string `arg:"" help:"The node, as list names it."`
}

// open connects to the queue, and to the nodes when there are credentials for them.
func (c *nodeCmd) open(p *process) (*doctor.Nodes, func()) {
	rdb := c.client(p.secrets)
	return &doctor.Nodes{
		Registry: queue.NewRegistry(rdb),
		Open:     func(pool string) *queue.Pool { return queue.Open(rdb, pool) },
		Asterisk: c.looker(p.secrets),
	}, func() { _ = rdb.Close() }
}

// looker gives the REST side of a node to somebody who looks; nil without a user.
func (f ARIFlags) looker(s secrets) func(rest string) doctor.Asterisk {
	if f.ARIUser == "" || s.ARIPassword == "" {
		return nil
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() // one for all looks
	transport.Proxy = nil
	return func(rest string) doctor.Asterisk {
		return ari.New(rest, ari.Options{
			User: f.ARIUser, Password: s.ARIPassword, Application: application, Timeout: 2 * time.Second, Transport: transport,
		})
	}
}

func (c *nodeListCmd) Run(p *process, parent *nodeCmd) error {
	nodes, done := parent.open(p)
	defer done()
	views, err := nodes.List(p.ctx)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return json.NewEncoder(os.Stdout).Encode(views)
	}
	return writeNodes(os.Stdout, views, time.Now())
}

func writeNodes(w io.Writer, views []doctor.NodeView, now time.Time) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "NODE\tSTATE\tWAITING\tRINGING\tTALKING\tOTHER\tSEEN\tSIP") // Flush tells
	for _, v := range views {
		other := "?"
		if v.Other >= 0 {
			other = fmt.Sprint(v.Other)
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%s\t%s ago\t%s\n", v.ID, v.State, v.Waiting, v.Ringing, v.Talking, other,
			max(0, now.Sub(v.SeenAt)).Round(time.Second), v.SIP)
	}
	return t.Flush()
}

func (c *nodeDrainCmd) Run(p *process, parent *nodeCmd) error {
	nodes, done := parent.open(p)
	defer done()
	if err := nodes.Drain(p.ctx, c.Name, true); err != nil {
		return err
	}
	if !c.Wait {
		fmt.Printf("%s drains: it gets no new calls; --wait says when it is empty\n", c.Name)
		return nil
	}
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	go func() { // a TERM ends the waiting, and not the drain
		select {
		case <-p.drain:
			cancel()
		case <-ctx.Done():
		}
	}()
	err := nodes.Empty(ctx, c.Name, time.Second, func(v doctor.NodeView) {
		if left := v.Left(); left != "" {
			fmt.Printf("%s drains: %s\n", c.Name, left)
		}
	})
	if err != nil {
		return fmt.Errorf("%s goes on draining, but is not empty: %w", c.Name, err)
	}
	fmt.Printf("%s is empty\n", c.Name)
	return nil
}

func (c *nodeUndrainCmd) Run(p *process, parent *nodeCmd) error {
	nodes, done := parent.open(p)
	defer done()
	if err := nodes.Drain(p.ctx, c.Name, false); err != nil {
		return err
	}
	fmt.Printf("%s gets new calls again\n", c.Name)
	return nil
}
