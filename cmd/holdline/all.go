package main

import "github.com/redis/go-redis/v9"

type allCmd struct {
	RedisFlags
	MySQLFlags
	ARIFlags
	StasisFlags
	ChannelapiFlags
	CallmanagerFlags
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
		&channelapiCmd{ARIFlags: c.ARIFlags, ChannelapiFlags: c.ChannelapiFlags},
		&callmanagerCmd{MySQLFlags: c.MySQLFlags, CallmanagerFlags: c.CallmanagerFlags},
		&stasisCmd{ARIFlags: c.ARIFlags, StasisFlags: c.StasisFlags},
	}
	for _, r := range roles {
		if err := r.add(n, rdb); err != nil {
			return err
		}
	}
	return n.serve("all")
}
