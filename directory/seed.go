package directory

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"strings"
)

// seedSQL is the pool demo, one statement after the other, written as an
// admin would write it.
//
//go:embed seed.sql
var seedSQL string

// Seed is what [SeedDemo] must be told: nothing secret is in the repository.
type Seed struct {
	// AgentPassword is the SIP password of every seeded agent. Empty: they get
	// none, and cannot register.
	AgentPassword string
}

// SeedDemo fills an empty directory with the pool demo and says whether it did. A
// directory that has any pool is left as it is.
func SeedDemo(ctx context.Context, db *sql.DB, o Seed) (seeded bool, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("seed directory: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	// The row lock makes a second SeedDemo wait here, and then find the pool.
	if _, err := tx.ExecContext(ctx, `UPDATE directory_version SET version = 0 WHERE id = 1`); err != nil {
		return false, fmt.Errorf("seed directory: %w", meaning(err))
	}
	var pools int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM pools`).Scan(&pools); err != nil {
		return false, fmt.Errorf("seed directory: count pools: %w", err)
	}
	if pools > 0 {
		return false, nil
	}
	for _, statement := range statements(seedSQL) {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return false, fmt.Errorf("seed directory: %.60q: %w", statement, err)
		}
	}
	if o.AgentPassword != "" {
		if _, err := tx.ExecContext(ctx, `UPDATE agents SET sip_password = ?`, o.AgentPassword); err != nil {
			return false, fmt.Errorf("seed directory: set the agents' SIP password: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return false, fmt.Errorf("seed directory: %w", err)
	}
	return true, nil
}

// statements splits SQL at semicolons that end a line; seed.sql has no other.
func statements(text string) []string {
	var code []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "--") {
			code = append(code, line)
		}
	}
	var all []string
	for one := range strings.SplitSeq(strings.Join(code, ""), ";\n") {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, one)
		}
	}
	return all
}
