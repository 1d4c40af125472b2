package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"holdline/queue"
	"holdline/sim/testcall"
)

type callCmd struct {
	RedisFlags
	Proxies []string      `env:"HOLDLINE_SIP_PROXIES" default:"127.0.0.1:5060" help:"Kamailios, host:port; the caller uses the first, the agent the last."`
	Pool    string        `default:"demo" help:"Pool of the call."`
	Domain  string        `default:"demo.holdline.test" help:"SIP domain of the pool."`
	Queue   string        `default:"600" help:"Extension that leads to the queue."`
	Agent   string        `default:"201" help:"Agent whose phone answers."`
	Talk    time.Duration `default:"1s" help:"How long each must hear the other."`
	Trace   bool          `help:"Print the phones' own timelines too."`
}

// Run fails when anything of the call was not seen.
func (c *callCmd) Run(p *process) error {
	n, err := newNode(p)
	if err != nil {
		return err
	}
	if err := demand("HOLDLINE_SEED_AGENT_PASSWORD", p.secrets.SeedAgentPassword); err != nil {
		return err
	}
	rdb := n.open(c.RedisFlags)
	defer func() { _ = rdb.Close() }()
	ctx, cancel := context.WithTimeout(p.ctx, time.Minute)
	defer cancel()
	result, err := testcall.Run(ctx, testcall.Options{
		Proxies: c.Proxies, Domain: c.Domain, Queue: c.Queue, Agent: c.Agent,
		Password: p.secrets.SeedAgentPassword, Talk: c.Talk,
	}, journal{queue.Open(rdb, c.Pool)})
	if printed := result.Write(os.Stdout); err == nil {
		err = printed
	}
	if c.Trace {
		fmt.Print(result.Trace)
	}
	if missing := result.Missing(); err == nil && len(missing) > 0 {
		err = fmt.Errorf("test call: not seen: %s", strings.Join(missing, ", "))
	}
	return err
}

// journal reads a contact's entries out of the pool's journal.
type journal struct{ pool *queue.Pool }

// journalPage is how many entries one read takes.
const journalPage = 500

func (j journal) Moments(ctx context.Context, contact string) ([]testcall.Moment, error) {
	var moments []testcall.Moment
	for after := ""; ; {
		entries, err := j.pool.Journal(ctx, after, journalPage)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.Contact == contact {
				moments = append(moments, testcall.Moment{Event: e.Event, At: e.At})
			}
			after = e.ID
		}
		if len(entries) < journalPage {
			return moments, nil
		}
	}
}
