package main

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// secrets come from the environment variable of their tag, or from the file that
// the variable with _FILE behind it names: never from the command line, where
// every user of the host could read them.
type secrets struct {
	RedisPassword     string `env:"HOLDLINE_REDIS_PASSWORD" help:"Password of the Redis user."`
	MySQLPassword     string `env:"HOLDLINE_MYSQL_PASSWORD" help:"Password of the MySQL user."`
	ARIPassword       string `env:"HOLDLINE_ARI_PASSWORD" help:"Password of the nodes' REST user."`
	NodeSecret        string `env:"HOLDLINE_NODE_SECRET" help:"From which every node's password for its event connection derives (HMAC-SHA256 of its name)."`
	APIToken          string `env:"HOLDLINE_API_TOKEN" help:"Bearer token of channelapi."`
	MetricsToken      string `env:"HOLDLINE_METRICS_TOKEN" help:"Bearer token for /metrics and /debug when the admin listener is beyond loopback."`
	KamailioToken     string `env:"HOLDLINE_KAMAILIO_TOKEN" help:"Bearer token of the Kamailios' JSON-RPC."`
	SeedAgentPassword string `env:"HOLDLINE_SEED_AGENT_PASSWORD" help:"SIP password of the demo agents that migrate seeds, and with which call answers."`
}

// readSecrets fills every secret that is given. A file's last newline is not part
// of it.
func readSecrets(lookup func(string) (string, bool)) (secrets, error) {
	var s secrets
	v := reflect.ValueOf(&s).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("env")
		value, given := lookup(name)
		if path, named := lookup(name + "_FILE"); named {
			if given {
				return s, fmt.Errorf("read %s: it and %s_FILE are both set; unset one", name, name)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return s, fmt.Errorf("read %s_FILE: %w", name, err)
			}
			value = strings.TrimRight(string(text), "\r\n")
		}
		v.Field(i).SetString(value)
	}
	return s, nil
}

// demand refuses to start without a secret that the role needs.
func demand(name, value string) error {
	if value == "" {
		return fmt.Errorf("%s is not set: set it, or %s_FILE to the file that holds it", name, name)
	}
	return nil
}

// refuseUnknown makes a mistyped setting an error instead of a default.
func refuseUnknown(model *kong.Application, env []string) error {
	var known []string
	for _, s := range settings(model) {
		known = append(known, s.env)
		if s.secret {
			known = append(known, s.env+"_FILE")
		}
	}
	for _, pair := range env {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "HOLDLINE_") || strings.HasPrefix(name, "HOLDLINE_TEST_") || slices.Contains(known, name) {
			continue
		}
		return fmt.Errorf("environment variable %s is not a setting; `holdline config` lists them all", name)
	}
	return nil
}
