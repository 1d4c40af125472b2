package main

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"holdline/callmanager"
	"holdline/channelapi"
	"holdline/directory"
	"holdline/internal/metrics"
	"holdline/internal/role"
	"holdline/internal/web"
	"holdline/queue"
)

type callmanagerCmd struct {
	RedisFlags
	MySQLFlags
	CallmanagerFlags
}

// CallmanagerFlags are callmanager's own settings.
type CallmanagerFlags struct {
	ChannelAPIURL string   `name:"channelapi-url" env:"HOLDLINE_CHANNELAPI_URL" default:"http://127.0.0.1:8081" help:"Where channelapi answers."`
	KamailioRPC   []string `name:"kamailio-rpc" env:"HOLDLINE_KAMAILIO_RPC" help:"JSON-RPC addresses of the Kamailios: their dispatcher lists are kept, and their lists of agents' calls heard."`
}

func (c *callmanagerCmd) Run(p *process) error {
	n, err := newNode(p)
	if err != nil {
		return err
	}
	if err := c.add(n, n.open(c.RedisFlags)); err != nil {
		return err
	}
	return n.serve("callmanager")
}

func (c *callmanagerCmd) add(n *node, rdb redis.UniversalClient) error {
	if err := demand("HOLDLINE_API_TOKEN", n.secrets.APIToken); err != nil {
		return err
	}
	measures := callmanager.NewMetrics(metrics.For(n.registry, "callmanager"))
	registry := queue.NewRegistry(rdb)
	open := func(pool string) callmanager.Queue { return queue.Open(rdb, pool) }
	telephony := channelapi.NewClient(c.ChannelAPIURL, n.secrets.APIToken, 0)
	manager := callmanager.New(callmanager.Options{
		Name: replica(), Registry: registry, Open: open, Log: n.log, Metrics: measures, Telephony: telephony,
	})
	watch := &callmanager.NodeWatch{
		Registry: registry, Open: open, Telephony: telephony, Log: n.log, Metrics: measures,
	}
	hints := &callmanager.Hints{
		Redis: rdb, Log: n.log, Metrics: measures,
		Open: func(pool string) callmanager.HintTaker {
			return queue.Open(rdb, pool)
		},
	}
	dispatchers := &callmanager.Dispatchers{Registry: registry, Log: n.log, Metrics: measures}
	devices := &callmanager.Devices{
		Registry: registry, Log: n.log, Metrics: measures,
		Open: func(pool string) callmanager.DeviceTaker {
			return queue.Open(rdb, pool)
		},
	}
	kamailios, err := c.kamailios(n)
	if err != nil {
		return err
	}
	for _, k := range kamailios {
		dispatchers.Kamailio = append(dispatchers.Kamailio, k)
		devices.Kamailio = append(devices.Kamailio, k)
	}
	db, err := directory.Open(directory.Config{
		Addr: c.MySQLAddr, Database: c.MySQLDatabase, User: c.MySQLUser, Password: n.secrets.MySQLPassword,
	})
	if err != nil {
		return err
	}
	n.closers = append(n.closers, db.Close)
	people := directory.New(db, directory.Options{
		OnHealth: func(h directory.Health) {
			n.log.Info().Interface("directory", h).Msg("directory health changed")
		},
		OnProblems: func(pool string, p directory.Problems) {
			n.log.Warn().Str("pool", pool).Stringer("problems", p).Msg("directory rows left out or corrected")
		},
	})
	modes := &callmanager.Modes{
		Registry: registry, Store: people, Log: n.log, Metrics: measures,
		Open: func(pool string) callmanager.ModeSource {
			return queue.Open(rdb, pool)
		},
	}
	projector := &callmanager.Projector{
		Directory: people, Registry: registry, Open: open, Modes: modes, Log: n.log, Metrics: measures,
	}
	n.checks = append(n.checks, web.Check{Name: "redis", Func: ping(rdb)})
	n.parts = append(n.parts,
		role.Part{Name: "directory", Run: func(ctx context.Context) error {
			return people.Watch(ctx, directoryEvery, projector.Project)
		}},
		role.Part{Name: "projection", Run: projector.Keep},
		role.Part{Name: "modes", Run: modes.Run},
		role.Part{Name: "matching", Run: manager.Run},
		role.Part{Name: "nodes", Run: watch.Run},
		role.Part{Name: "hints", Run: hints.Run},
		role.Part{Name: "dispatchers", Run: dispatchers.Run},
		role.Part{Name: "devices", Run: devices.Run},
	)
	return nil
}

// directoryEvery leaves time to read, project and ring within the two seconds in
// which an edit is to take effect.
const directoryEvery = 400 * time.Millisecond

func (c *callmanagerCmd) kamailios(n *node) ([]*callmanager.Kamailio, error) {
	var all []*callmanager.Kamailio
	for _, address := range c.KamailioRPC {
		if err := demand("HOLDLINE_KAMAILIO_TOKEN", n.secrets.KamailioToken); err != nil {
			return nil, err
		}
		k, err := callmanager.NewKamailio(address, n.secrets.KamailioToken)
		if err != nil {
			return nil, fmt.Errorf("read --kamailio-rpc: %w", err)
		}
		all = append(all, k)
	}
	return all, nil
}
