package stasis

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"holdline/queue"
)

// args are the arguments with which a channel entered the application:
// key=value, separated by ':' (or by Asterisk's ',' for originated legs), values
// percent-encoded where they would hold one of the separators.
type args map[string]string

// parseArgs reads the arguments of a StasisStart. They come from the dialplan and
// so, in part, from the caller: what is not key=value is an error, not a guess.
func parseArgs(list []string) (args, error) {
	out := args{}
	for _, part := range strings.Split(strings.Join(list, ":"), ":") {
		if part == "" {
			continue
		}
		key, raw, ok := strings.Cut(part, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("read argument %.40q: want key=value", part)
		}
		value, err := url.PathUnescape(raw)
		if err != nil {
			return nil, fmt.Errorf("read argument %s=%.40q: %w", key, raw, err)
		}
		if _, twice := out[key]; twice {
			return nil, fmt.Errorf("read argument %s: given twice", key)
		}
		out[key] = value
	}
	return out, nil
}

// seconds gives the argument as a duration, nil when it is absent. The range is
// 0 (never) to one day.
func (a args) seconds(key string) (*time.Duration, error) {
	raw, ok := a[key]
	if !ok || raw == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(raw)
	if err != nil || n < 0 || n > 86400 {
		return nil, fmt.Errorf("read argument %s=%.40q: want seconds from 0 to 86400", key, raw)
	}
	d := time.Duration(n) * time.Second
	return &d, nil
}

// preferFor is how long a caller is for the preferred agent alone, unless it is said.
const preferFor = 20 * time.Second

// preferred reads whom the caller is for first of all, and what counts as waited already.
func (a args) preferred(r *queue.Arrival) error {
	limit, err := a.seconds("prefer_for")
	if err != nil {
		return err
	}
	credit, err := a.seconds("credit")
	if err != nil {
		return err
	}
	if credit != nil {
		r.Credit = *credit
	}
	if r.Prefer = a["prefer"]; r.Prefer != "" {
		r.PreferFor = preferFor
		if limit != nil {
			r.PreferFor = *limit
		}
	}
	return nil
}

// number gives the argument as a whole number, 0 when it is absent.
func (a args) number(key string) (int, error) {
	raw, ok := a[key]
	if !ok || raw == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(raw)
	if err != nil {
		return 0, fmt.Errorf("read argument %s=%.40q: want a whole number", key, raw)
	}
	return n, nil
}

// moment gives the argument as a moment, in milliseconds since 1970; false when it is
// absent.
func (a args) moment(key string) (time.Time, bool, error) {
	raw, ok := a[key]
	if !ok || raw == "" {
		return time.Time{}, false, nil
	}
	n, err := strconv.ParseInt(raw, 10, 64)
	if err != nil || n < 0 || n >= 1<<48 {
		return time.Time{}, false, fmt.Errorf("read argument %s=%.40q: want milliseconds since 1970", key, raw)
	}
	return time.UnixMilli(n), true, nil
}
