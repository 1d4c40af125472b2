package directory

import (
	"context"
	"database/sql"
	"fmt"

	"holdline/queue"
)

// Load reads one pool as it was at one moment. The problems are rows that were
// left out or corrected; they are no error. A pool that is not there is
// [ErrNoPool].
func (d *Directory) Load(ctx context.Context, pool string) (queue.Projection, Problems, error) {
	t, err := d.snapshot(ctx, pool)
	if err != nil {
		return queue.Projection{}, nil, fmt.Errorf("load pool %q: %w", pool, err)
	}
	p, problems := project(t)
	return p, problems, nil
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
