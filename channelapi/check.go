package channelapi

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

	"holdline/internal/web"
)

// Limits of what a command may hold. They are far above what is used, and far
// below what would hurt a node.
const (
	maxCallerName   = 80  // characters
	maxCallerNumber = 80  // characters
	maxHeaders      = 16  // entries
	maxHeaderValue  = 256 // bytes
	maxVariables    = 32  // entries
	maxVariable     = 1024
	maxMedia        = 16 // entries
	maxDialled      = 50 // devices at once
	maxPosition     = 1_000_000
)

// A rule is what a string may be, and how to say so.
type rule struct {
	pattern *regexp.Regexp
	remedy  string
}

var (
	nodeRule     = rule{regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`), "use a node's name, such as ast-0a1b2c3d4e5f"}
	channelRule  = rule{regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:;@~+-]{0,149}$`), "use a channel's id, such as 1764000000.17"}
	idRule       = rule{regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{7,79}$`), "use 8 to 80 of A-Z a-z 0-9 . _ -, always the same number: a node takes an id that begins another for taken"}
	toRule       = rule{regexp.MustCompile(`^sip:[A-Za-z0-9._+*~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::[0-9]{1,5})?$`), "use sip:user@domain"}
	headerRule   = rule{regexp.MustCompile(`^[Xx]-[A-Za-z0-9-]{1,60}$`), "use a header whose name begins with X-"}
	variableRule = rule{regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,79}$`), "use the plain name of a variable; functions are not possible"}
	argsRule     = rule{regexp.MustCompile(`^[A-Za-z0-9._=,:%~@+-]{0,512}$`), "use at most 512 of A-Z a-z 0-9 . _ = , : % ~ @ + -"}
	wordRule     = rule{regexp.MustCompile(`^[A-Za-z0-9_-]{0,64}$`), "use at most 64 of A-Z a-z 0-9 _ -"}
	placeRule    = rule{regexp.MustCompile(`^[A-Za-z0-9_.@+*-]{0,80}$`), "use at most 80 of A-Z a-z 0-9 _ . @ + * -"}
	mediaRule    = rule{regexp.MustCompile(`^(?:sound:[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*|recording:[A-Za-z0-9_-]+|number:[0-9]{1,9}|digits:[0-9*#]{1,32}|characters:[A-Za-z0-9]{1,64}|tone:[a-z]{1,32})$`), "use sound:, recording:, number:, digits:, characters: or tone:, such as sound:queue-thankyou"}
)

// check refuses a value that the rule does not allow.
func (r rule) check(field, value string) error {
	switch {
	case r.pattern.MatchString(value):
		return nil
	case value == "":
		return web.BadField(field, value, field+" is required", r.remedy)
	}
	return web.BadField(field, value, field+" is not usable", r.remedy)
}

// first is the first error of a list of checks: one thing to correct at a time.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// allowedInText says whether r can stand in a name, a header or a variable: no
// control character, and none that breaks a line.
func allowedInText(r rune) bool {
	return r != utf8.RuneError && !unicode.IsControl(r) && r != '\u2028' && r != '\u2029'
}

func checkText(field, value string, limit int) error {
	for _, r := range value {
		if !allowedInText(r) {
			return web.BadField(field, strconv.Quote(value), field+" holds a control character or broken UTF-8", "send printable text")
		}
	}
	if len(value) > limit {
		return web.BadField(field, value, field+" is too long", fmt.Sprintf("send at most %d bytes", limit))
	}
	return nil
}

func checkRange(field string, value, least, most int64) error {
	if value < least || value > most {
		return web.BadField(field, strconv.FormatInt(value, 10), field+" is out of range",
			fmt.Sprintf("send a whole number from %d to %d", least, most))
	}
	return nil
}

// checkMap checks names and values; in sorted order, so that of two faults the
// same one is always named.
func checkMap(field string, values map[string]string, names rule, most, limit int) error {
	if len(values) > most {
		return web.BadField(field, strconv.Itoa(len(values)), field+" has too many entries", fmt.Sprintf("send at most %d", most))
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if err := first(names.check(field, name), checkText(field+"."+name, values[name], limit)); err != nil {
			return err
		}
	}
	return nil
}

func checkVariables(values map[string]string) error {
	return checkMap("variables", values, variableRule, maxVariables, maxVariable)
}

func checkMedia(media []string) error {
	if len(media) > maxMedia {
		return web.BadField("media", strconv.Itoa(len(media)), "media has too many entries", fmt.Sprintf("send at most %d", maxMedia))
	}
	for i, m := range media {
		if err := mediaRule.check(fmt.Sprintf("media[%d]", i), m); err != nil {
			return err
		}
	}
	return nil
}

func (r ConnectRequest) check() error {
	return first(
		idRule.check("leg", r.Leg),
		toRule.check("to", r.To),
		checkRange("timeout_ms", r.Timeout.Milliseconds(), 1, MaxRing.Milliseconds()),
		checkText("caller_name", r.CallerName, 4*maxCallerName),
		checkText("caller_number", r.CallerNumber, 4*maxCallerNumber),
		checkMap("headers", r.Headers, headerRule, maxHeaders, maxHeaderValue),
		wordRule.check("account", r.Account),
		checkVariables(r.Variables),
		argsRule.check("app_args", r.AppArgs),
	)
}

func (r DialRequest) check() error {
	if len(r.To) == 0 || len(r.To) > maxDialled {
		return web.BadField("to", strconv.Itoa(len(r.To)), "to has no entry, or too many", fmt.Sprintf("send 1 to %d", maxDialled))
	}
	for i, to := range r.To {
		if err := toRule.check(fmt.Sprintf("to[%d]", i), to); err != nil {
			return err
		}
	}
	return first(checkRange("timeout_ms", r.TimeoutMS, 1, MaxRing.Milliseconds()), checkVariables(r.Variables),
		checkPlayback(r.Playback))
}

func (b connectBody) check() error { return b.toRequest().check() }

func (r AnnounceRequest) check() error {
	return first(
		checkRange("position", int64(r.Position), 1, maxPosition),
		checkRange("waiting", int64(r.Waiting), 0, maxPosition),
		wordRule.check("language", r.Language),
		wordRule.check("music", r.Music),
		idRule.check("playback", r.Playback),
	)
}

func (r LeaveRequest) check() error {
	return first(checkMedia(r.Media), wordRule.check("language", r.Language),
		idRule.check("playback", r.Playback), checkVariables(r.Variables))
}

func (r ContinueRequest) check() error {
	return first(checkVariables(r.Variables), placeRule.check("context", r.Context),
		placeRule.check("extension", r.Extension), checkRange("priority", int64(r.Priority), 0, maxPosition),
		placeRule.check("label", r.Label), checkPlayback(r.Playback))
}

func (r VariablesRequest) check() error {
	if len(r.Variables) == 0 {
		return web.BadField("variables", "", "variables is required", "send at least one")
	}
	return checkVariables(r.Variables)
}

func (r PlayRequest) check() error {
	if len(r.Media) == 0 {
		return web.BadField("media", "", "media is required", "send at least one")
	}
	return first(checkMedia(r.Media), wordRule.check("language", r.Language), idRule.check("playback", r.Playback))
}

func (r MusicRequest) check() error { return wordRule.check("class", r.Class) }

func (r BridgeRequest) check() error {
	return first(idRule.check("bridge", r.Bridge), channelRule.check("with", r.With), checkPlayback(r.Playback))
}

// checkPlayback checks the id of a playback to be cut short, which may be left out.
func checkPlayback(id string) error {
	if id == "" {
		return nil
	}
	return idRule.check("playback", id)
}
