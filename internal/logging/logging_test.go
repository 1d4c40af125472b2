package logging_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"testing"

	"holdline/internal/logging"
)

func TestALineIsOneObjectWithItsTime(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log, _, err := logging.New(logging.Options{Output: &out})
	if err != nil {
		t.Fatal(err)
	}
	log.Info().Str(logging.Contact, "0192").Msg("enqueued")
	var line map[string]string
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v in %q", err, out.String())
	}
	if line["contact"] != "0192" || line["message"] != "enqueued" || line["level"] != "info" {
		t.Errorf("got %v", line)
	}
	if !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`).MatchString(line["time"]) {
		t.Errorf("time %q", line["time"])
	}
}

func TestTheLevelChangesWhileRunningAlsoForLoggersMadeBefore(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log, level, err := logging.New(logging.Options{Level: "warn", Output: &out})
	if err != nil {
		t.Fatal(err)
	}
	derived := log.With().Str(logging.Node, "ast-1").Logger()
	written := func() bool {
		out.Reset()
		derived.Info().Msg("a line")
		return out.Len() > 0
	}
	if written() {
		t.Error("info is written at level warn")
	}
	if err := level.Set("debug"); err != nil {
		t.Fatal(err)
	}
	if !written() || level.String() != "debug" {
		t.Errorf("info is not written at level %s", level)
	}
	if err := level.Set("loud"); err == nil {
		t.Error("a level that does not exist was taken")
	}
	if level.String() != "debug" {
		t.Error("a refused level changed something")
	}
}

func TestWrongOptionsAreRefused(t *testing.T) {
	t.Parallel()
	for _, o := range []logging.Options{{Level: "loud"}, {Format: "xml"}, {Level: "disabled"}} {
		if _, _, err := logging.New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

func TestNumbersAreMasked(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"":                       "",
		"7":                      "*",
		"112":                    "*12",
		"+4930123456":            "*********56",
		"sip:201@demo.test":      "sip:*01@demo.test",
		"sip:+4930123@demo.test": "sip:******23@demo.test",
	} {
		if got := (logging.Numbers{}).Of(number); got != want {
			t.Errorf("%q became %q, want %q", number, got, want)
		}
		if got := (logging.Numbers{Clear: true}).Of(number); got != number {
			t.Errorf("%q became %q, asked for in the clear", number, got)
		}
	}
}
