package directory

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"
)

const (
	// DefaultDialTimeout bounds the connect; a MySQL in the same place answers
	// in under a millisecond, a dead host never.
	DefaultDialTimeout = 2 * time.Second
	// DefaultIOTimeout bounds one read or write. The largest answer is a pool
	// of 10,000 agents with their skills, some 5 MB.
	DefaultIOTimeout = 10 * time.Second
	// DefaultConns is enough for a version poll, a load, and a readiness check
	// beside them.
	DefaultConns = 4
	// connLifetime is below MySQL's wait_timeout as proxies and clouds set it
	// (down to 5 minutes), so that the server is not the one who closes.
	connLifetime = 3 * time.Minute
)

// Config says where the directory is and who asks. Addr is host:port.
type Config struct {
	Addr     string
	Database string
	User     string
	Password string

	// TLS is the driver's word: "preferred" (the default; encrypted when the
	// server can, the certificate is not checked), "true", "skip-verify" or
	// "false".
	TLS string

	DialTimeout time.Duration // default DefaultDialTimeout
	IOTimeout   time.Duration // default DefaultIOTimeout
	Conns       int           // connections at most, and kept; default DefaultConns
}

// Open prepares a pool of connections; it does not connect, so that a role
// starts while MySQL is down.
func Open(c Config) (*sql.DB, error) {
	dsn, err := c.driver()
	if err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("open directory: %w", err)
	}
	db := sql.OpenDB(connector)
	conns := cmp.Or(c.Conns, DefaultConns)
	// Idle = open: a burst must not open and close connections for each query.
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxLifetime(connLifetime)
	return db, nil
}

// driver turns the Config into the driver's, with every timeout set (its
// defaults are "for ever") and all times in UTC on both sides.
func (c Config) driver() (*mysql.Config, error) {
	switch {
	case c.Addr == "":
		return nil, errors.New("open directory: address is empty")
	case c.Database == "":
		return nil, errors.New("open directory: database is empty")
	case c.User == "":
		return nil, errors.New("open directory: user is empty")
	}
	d := mysql.NewConfig()
	d.Net, d.Addr = "tcp", c.Addr
	d.DBName, d.User, d.Passwd = c.Database, c.User, c.Password
	d.Timeout = cmp.Or(c.DialTimeout, DefaultDialTimeout)
	d.ReadTimeout = cmp.Or(c.IOTimeout, DefaultIOTimeout)
	d.WriteTimeout = d.ReadTimeout
	d.ParseTime, d.Loc = true, time.UTC
	// One round trip for a query with arguments, not two.
	d.InterpolateParams = true
	// After a failover the old primary is read-only: drop the connection, and
	// the next one finds the new primary.
	d.RejectReadOnly = true
	d.Collation = "utf8mb4_general_ci" // known to MySQL and MariaDB alike
	// What the driver would print it also returns; we do not log.
	d.Logger = &mysql.NopLogger{}
	d.TLSConfig = cmp.Or(c.TLS, "preferred")
	d.Params = map[string]string{
		"time_zone": "'+00:00'",
		// Not the server's: without strict mode MySQL stores the nearest thing
		// to nonsense instead of refusing it.
		"sql_mode": "'TRADITIONAL'",
	}
	return d, nil
}
