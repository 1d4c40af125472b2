package logging_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"holdline/internal/logging"
)

// A Redis that is away: what go-redis would write to stderr is a line of the log.
func TestDriversWriteToTheLog(t *testing.T) {
	var out bytes.Buffer
	logging.Drivers(zerolog.New(zerolog.SyncWriter(&out)))
	defer logging.Drivers(zerolog.Nop())
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", DialTimeout: time.Second, MaxRetries: -1, PoolSize: 1, MinIdleConns: 1})
	if err := rdb.Ping(context.Background()).Err(); err == nil || errors.Is(err, context.Canceled) {
		t.Fatalf("nobody listens there, and: %v", err)
	}
	if err := rdb.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"level":"debug","library":"go-redis"`) {
		t.Errorf("the log has %q", out.String())
	}
}
