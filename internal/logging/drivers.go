package logging

import (
	"context"
	"fmt"

	"github.com/go-sql-driver/mysql"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
)

// Drivers makes the libraries that would write to stderr by themselves write to the log:
// what they say there they also give as errors, so it is of interest only to who debugs.
// It holds for the whole process.
func Drivers(log zerolog.Logger) {
	redis.SetLogger(redisLog{log.With().Str("library", "go-redis").Logger()})
	if err := mysql.SetLogger(mysqlLog{log.With().Str("library", "go-sql-driver/mysql").Logger()}); err != nil {
		panic(err) // only of nil
	}
}

type redisLog struct{ zerolog.Logger }

func (l redisLog) Printf(_ context.Context, format string, v ...any) { l.Debug().Msgf(format, v...) }

type mysqlLog struct{ zerolog.Logger }

func (l mysqlLog) Print(v ...any) { l.Debug().Msg(fmt.Sprint(v...)) }
