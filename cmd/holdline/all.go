package main

import "github.com/redis/go-redis/v9"

type allCmd struct {
	RedisFlags
	MySQLFlags
	ARIFlags
	EventsListen  string   `env:"HOLDLINE_EVENTS_LISTEN" default:"127.0.0.1:8080" help:"Where the nodes' event connections arrive, at /events."`
	APIListen     string   `name:"api-listen" env:"HOLDLINE_API_LISTEN" default:"127.0.0.1:8081" help:"Where commands for channels arrive."`
	Routes        []string `env:"HOLDLINE_ROUTES" default:"kamailio-1,kamailio-2" help:"PJSIP endpoints of the nodes by which legs go out, one for each Kamailio."`
	ChannelAPIURL string   `name:"channelapi-url" env:"HOLDLINE_CHANNELAPI_URL" default:"http://127.0.0.1:8081" help:"Where channelapi answers."`
	KamailioRPC   []string `name:"kamailio-rpc" env:"HOLDLINE_KAMAILIO_RPC" help:"JSON-RPC addresses of the Kamailios whose dispatcher lists are kept."`
}

// Run starts the roles in the order in which they need each other and stops them
// in the other: calls are taken last and given up first.
func (c *allCmd) Run(p *process) error {
	n, err := newNode(p)
	if err != nil {
		return err
	}
	rdb := n.open(c.RedisFlags)
	roles := []interface {
		add(*node, redis.UniversalClient) error
	}{
		&channelapiCmd{ARIFlags: c.ARIFlags, APIListen: c.APIListen, Routes: c.Routes},
		&callmanagerCmd{MySQLFlags: c.MySQLFlags, ChannelAPIURL: c.ChannelAPIURL, KamailioRPC: c.KamailioRPC},
		&stasisCmd{ARIFlags: c.ARIFlags, EventsListen: c.EventsListen},
	}
	for _, r := range roles {
		if err := r.add(n, rdb); err != nil {
			return err
		}
	}
	return n.serve("all")
}
