package directory

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"holdline/queue"
)

// modesBatch bounds the rows of one statement.
const modesBatch = 200

// SaveModes keeps what agents did last, for a Redis that loses its memory. A mode
// that began before the one that is kept changes nothing, so that any number of
// writers may tell the same story at their own pace. It raises no version.
func (d *Directory) SaveModes(ctx context.Context, pool string, modes map[string]queue.RestoredMode) error {
	// In order: two writers then never wait for each other's rows crosswise.
	for part := range slices.Chunk(slices.Sorted(maps.Keys(modes)), modesBatch) {
		var args []any
		for _, agent := range part {
			m := modes[agent]
			until := sql.NullTime{Time: m.Until.UTC(), Valid: !m.Until.IsZero()}
			args = append(args, pool, agent, string(m.Mode), cut(m.Reason, 255), m.Since.UTC(), until)
		}
		// Assigned from left to right: since last, because the others ask for it.
		//nolint:gosec // what is put together are placeholders
		statement := `INSERT INTO agent_modes (pool, agent, mode, reason, since, ends_at) VALUES ` +
			strings.TrimSuffix(strings.Repeat(`(?, ?, ?, ?, ?, ?),`, len(part)), ",") + `
			ON DUPLICATE KEY UPDATE
				mode = IF(VALUES(since) > since, VALUES(mode), mode),
				reason = IF(VALUES(since) > since, VALUES(reason), reason),
				ends_at = IF(VALUES(since) > since, VALUES(ends_at), ends_at),
				since = GREATEST(VALUES(since), since)`
		if _, err := d.db.ExecContext(ctx, statement, args...); err != nil {
			return fmt.Errorf("save modes of pool %q: %w", pool, meaning(err))
		}
	}
	return nil
}

// cut shortens text to n characters.
func cut(text string, n int) string {
	if r := []rune(strings.ToValidUTF8(text, "?")); len(r) > n {
		return string(r[:n])
	}
	return strings.ToValidUTF8(text, "?")
}

const queryModes = `SELECT agent, mode, reason, since, ends_at FROM agent_modes WHERE pool = ?`

type modeRow struct {
	agent string
	mode  queue.RestoredMode
}

func readMode(scan scanner) (r modeRow, err error) {
	var since time.Time
	var until sql.NullTime
	err = scan(&r.agent, &r.mode.Mode, &r.mode.Reason, &since, &until)
	r.mode.Since = since
	if until.Valid {
		r.mode.Until = until.Time
	}
	return r, err
}
