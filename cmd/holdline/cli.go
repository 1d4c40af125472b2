package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kong"
)

// cli is every role and command, with every setting that has a flag.
type cli struct {
	Common

	Stasis      stasisCmd      `cmd:"" help:"Take the event connections of the Asterisk nodes."`
	Channelapi  channelapiCmd  `cmd:"" help:"Control live channels over HTTP."`
	Callmanager callmanagerCmd `cmd:"" help:"Match contacts with agents, drive offers, fire deadlines."`
	All         allCmd         `cmd:"" help:"Run all roles in one process."`
	Migrate     migrateCmd     `cmd:"" help:"Bring the MySQL schema up to date; seed an empty directory."`
	Queue       queueCmd       `cmd:"" help:"List, show and watch the queues."`
	Agent       agentCmd       `cmd:"" help:"List, watch and explain the agents; change their modes."`
	Contact     contactCmd     `cmd:"" help:"List and explain those who wait, ring or talk; move, give, withdraw them."`
	Node        nodeCmd        `cmd:"" help:"List the Asterisk nodes, drain one, take it back."`
	Doctor      doctorCmd      `cmd:"" help:"Say what does not fit together in Redis, on the nodes, and in the directory."`
	Call        callCmd        `cmd:"" help:"Place a test call, answer it, and print its timeline."`
	Healthcheck healthcheckCmd `cmd:"" help:"Ask this host's admin listener whether the role is ready."`
	Config      configCmd      `cmd:"" help:"Print the table of all settings."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
}

// Common are the settings of every role.
type Common struct {
	LogLevel    string `env:"HOLDLINE_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"Least level that is logged: debug, info, warn, error."`
	AdminListen string `env:"HOLDLINE_ADMIN_LISTEN" default:"127.0.0.1:9090" help:"Where /metrics, /healthz, /readyz and /debug are served."`
}

// RedisFlags say where the queue is.
type RedisFlags struct {
	RedisAddrs  []string `env:"HOLDLINE_REDIS_ADDRS" default:"127.0.0.1:6379" help:"Redis, host:port; several make a cluster, or Sentinels together with --redis-master."`
	RedisUser   string   `env:"HOLDLINE_REDIS_USER" help:"Redis ACL user."`
	RedisMaster string   `env:"HOLDLINE_REDIS_MASTER" help:"Name of the master that the Sentinels at --redis-addrs watch."`
}

// MySQLFlags say where the directory is.
type MySQLFlags struct {
	MySQLAddr     string `name:"mysql-addr" env:"HOLDLINE_MYSQL_ADDR" default:"127.0.0.1:3306" help:"MySQL, host:port."`
	MySQLDatabase string `name:"mysql-database" env:"HOLDLINE_MYSQL_DATABASE" default:"holdline" help:"Schema of the directory."`
	MySQLUser     string `name:"mysql-user" env:"HOLDLINE_MYSQL_USER" help:"MySQL user."`
}

// ARIFlags say how the nodes' REST interface is entered.
type ARIFlags struct {
	ARIUser string `name:"ari-user" env:"HOLDLINE_ARI_USER" help:"User of the nodes' REST interface."`
}

// process is what every command gets from main.
type process struct {
	ctx     context.Context
	drain   <-chan struct{}
	common  Common
	secrets secrets
}

func newParser(c *cli) (*kong.Kong, error) {
	return kong.New(c,
		kong.Name("holdline"),
		kong.Description("The contact-center queue for Asterisk. Settings come from flags, else from the environment; secrets from the environment or from files alone (see `holdline config`)."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
}

type versionCmd struct{}

func (versionCmd) Run() error {
	fmt.Println(version)
	return nil
}
