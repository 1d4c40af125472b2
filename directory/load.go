package directory

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"holdline/queue"
)

// Load reads one pool as it was at one moment. Rows that it had to leave out or
// correct are no error: Options.OnProblems hears of them. A pool that is not
// there is [ErrNoPool].
func (d *Directory) Load(ctx context.Context, pool string) (queue.Projection, error) {
	t, err := d.snapshot(ctx, pool)
	if err != nil {
		return queue.Projection{}, fmt.Errorf("load pool %q: %w", pool, err)
	}
	p, problems := project(t)
	d.tell(pool, problems)
	return p, nil
}

func (d *Directory) tell(pool string, now Problems) {
	d.mu.Lock()
	changed := !slices.Equal(d.problems[pool], now)
	d.problems[pool] = now
	d.mu.Unlock()
	if changed && d.options.OnProblems != nil {
		d.options.OnProblems(pool, now)
	}
}

// snapshot reads in one transaction. REPEATABLE READ takes its snapshot at the
// first read, which is that of the version: an edit that commits later is in
// neither the version nor the rows.
func (d *Directory) snapshot(ctx context.Context, pool string) (tables, error) {
	tx, err := d.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return tables{}, err
	}
	// Nothing was written: there is nothing that a failed rollback could leave.
	defer func() { _ = tx.Rollback() }()
	return read(ctx, tx, pool)
}
