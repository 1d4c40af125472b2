package logging

import "strings"

// Numbers decides how telephone numbers appear in log lines. The zero value
// masks them: a log is kept longer, and read by more people, than a call.
type Numbers struct{ Clear bool }

// shown is how many of the last digits a masked number keeps: enough to tell
// two callers of one minute apart, too few to call either.
const shown = 2

// Of is the number as it may be logged. Of a SIP address only the user part
// is a number.
func (n Numbers) Of(number string) string {
	if n.Clear {
		return number
	}
	prefix, rest := "", number
	if i := strings.IndexByte(rest, ':'); i >= 0 {
		prefix, rest = rest[:i+1], rest[i+1:]
	}
	user, domain, found := strings.Cut(rest, "@")
	if found {
		domain = "@" + domain
	}
	if len(user) <= shown {
		return prefix + strings.Repeat("*", len(user)) + domain
	}
	return prefix + strings.Repeat("*", len(user)-shown) + user[len(user)-shown:] + domain
}
