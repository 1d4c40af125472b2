package directory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/go-sql-driver/mysql"
)

var (
	// ErrNoPool says that the pool is not in the directory (any more).
	ErrNoPool = errors.New("no such pool in the directory")
	// ErrNoSchema says that the database is there, but our tables are not.
	ErrNoSchema = errors.New("the directory has no tables yet: run `holdline migrate`")
)

// Options of a [Directory]. The zero value is good.
type Options struct {
	// OnHealth is told of every change between healthy and not, from the
	// goroutine of Watch. It is where the caller logs and counts.
	OnHealth func(Health)

	// OnProblems is told by Load of the rows that it left out or corrected,
	// when they are others than at the pool's last load; an empty list says
	// that all is well again. It is where the caller logs.
	OnProblems func(pool string, p Problems)
}

// Directory reads what people edited. Its methods may be called at the same
// time.
type Directory struct {
	db      *sql.DB
	options Options

	// poll asks for the version; a field, so that Watch is tested by the clock.
	poll func(context.Context) (int64, error)

	mu       sync.Mutex
	health   Health              // guarded by mu
	problems map[string]Problems // by pool, of its last load; guarded by mu
}

// New reads through db, which stays the caller's to close.
func New(db *sql.DB, o Options) *Directory {
	d := &Directory{db: db, options: o, problems: make(map[string]Problems)}
	d.poll = d.Version
	return d
}

// Version is the number that grows with every edit; 0 is never one.
func (d *Directory) Version(ctx context.Context) (int64, error) {
	v, err := version(ctx, d.db)
	if err != nil {
		return 0, fmt.Errorf("read directory version: %w", err)
	}
	return v, nil
}

// Pools lists the pools by name.
func (d *Directory) Pools(ctx context.Context) ([]string, error) {
	pools, err := list(ctx, d.db, `SELECT name FROM pools ORDER BY name`,
		func(scan scanner) (name string, err error) { err = scan(&name); return name, err })
	if err != nil {
		return nil, fmt.Errorf("list pools: %w", err)
	}
	return pools, nil
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

type scanner = func(into ...any) error

func version(ctx context.Context, q querier) (int64, error) {
	rows, err := list(ctx, q, `SELECT version FROM directory_version WHERE id = 1`,
		func(scan scanner) (v int64, err error) { err = scan(&v); return v, err })
	if err != nil {
		return 0, err
	}
	if len(rows) != 1 {
		return 0, fmt.Errorf("table directory_version has no row 1: %w", ErrNoSchema)
	}
	return rows[0], nil
}

// list runs one query and reads every row with read.
func list[T any](ctx context.Context, q querier, query string, read func(scanner) (T, error), args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, meaning(err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := read(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, meaning(rows.Err())
}

// MySQL's error numbers that have a meaning of ours.
const (
	errNoSuchTable = 1146
	errLogBinTrust = 1419 // CREATE TRIGGER without SUPER while the binary log is on
	errNoSuchUser  = 1410 // GRANT to a user who does not exist
	errNoUserMaria = 1133 // the same in MariaDB
)

func meaning(err error) error {
	var e *mysql.MySQLError
	if errors.As(err, &e) && e.Number == errNoSuchTable {
		return fmt.Errorf("%w (%w)", ErrNoSchema, err)
	}
	return err
}
