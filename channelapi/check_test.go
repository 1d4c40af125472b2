package channelapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdline/internal/web"
)

const goodID = "hl-0192aabbccddeeff00112233-announce"

func connectWith(change func(*ConnectRequest)) checked {
	r := ConnectRequest{Leg: goodID, To: testTo, Timeout: time.Second}
	change(&r)
	return r
}

// Each row is a command that is refused, and the field that is named. "" is one
// that is taken.
func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 2000)
	many := map[string]string{}
	for i := range 40 {
		many["V"+strings.Repeat("x", i)] = "1"
	}
	for name, c := range map[string]struct {
		command checked
		field   string
	}{
		"a plain connect":                      {connectWith(func(*ConnectRequest) {}), ""},
		"no leg":                               {connectWith(func(r *ConnectRequest) { r.Leg = "" }), "leg"},
		"a leg with a slash":                   {connectWith(func(r *ConnectRequest) { r.Leg = "../../asterisk/x" }), "leg"},
		"a leg too short to be one of ours":    {connectWith(func(r *ConnectRequest) { r.Leg = "abc" }), "leg"},
		"no address":                           {connectWith(func(r *ConnectRequest) { r.To = "" }), "to"},
		"an address with a port":               {connectWith(func(r *ConnectRequest) { r.To = "sip:201@demo.test:5080" }), ""},
		"an address without a scheme":          {connectWith(func(r *ConnectRequest) { r.To = "201@demo.test" }), "to"},
		"an address with parameters":           {connectWith(func(r *ConnectRequest) { r.To = "sip:201@demo.test;lr" }), "to"},
		"an address with a second one":         {connectWith(func(r *ConnectRequest) { r.To = "sip:201@demo.test&sip:00900@x" }), "to"},
		"an address with a line break":         {connectWith(func(r *ConnectRequest) { r.To = "sip:201@demo.test\r\nX: y" }), "to"},
		"an address that ends in a line break": {connectWith(func(r *ConnectRequest) { r.To = testTo + "\n" }), "to"},
		"an address with a comma":              {connectWith(func(r *ConnectRequest) { r.To = "sip:201,202@demo.test" }), "to"},
		"no time to ring":                      {connectWith(func(r *ConnectRequest) { r.Timeout = 0 }), "timeout_ms"},
		"a time below zero":                    {connectWith(func(r *ConnectRequest) { r.Timeout = -time.Second }), "timeout_ms"},
		"ringing for ever":                     {connectWith(func(r *ConnectRequest) { r.Timeout = time.Hour }), "timeout_ms"},
		"a name with a line break":             {connectWith(func(r *ConnectRequest) { r.CallerName = "a\r\nb" }), "caller_name"},
		"a name with broken UTF-8":             {connectWith(func(r *ConnectRequest) { r.CallerName = "a\xff" }), "caller_name"},
		"a name in another script":             {connectWith(func(r *ConnectRequest) { r.CallerName = "Ярин «Анна» 北京" }), ""},
		"a number with a NUL":                  {connectWith(func(r *ConnectRequest) { r.CallerNumber = "1\x00" }), "caller_number"},
		"a header of ours":                     {connectWith(func(r *ConnectRequest) { r.Headers = map[string]string{"X-Holdline-Queue": "a; b"} }), ""},
		"a header of SIP":                      {connectWith(func(r *ConnectRequest) { r.Headers = map[string]string{"From": "a"} }), "headers"},
		"a header that ends the function":      {connectWith(func(r *ConnectRequest) { r.Headers = map[string]string{"X-A)": "a"} }), "headers"},
		"a header with a line break":           {connectWith(func(r *ConnectRequest) { r.Headers = map[string]string{"X-A": "a\r\nVia: b"} }), "headers.X-A"},
		"a header with a line separator":       {connectWith(func(r *ConnectRequest) { r.Headers = map[string]string{"X-A": "a\u2028b"} }), "headers.X-A"},
		"a header that is too long":            {connectWith(func(r *ConnectRequest) { r.Headers = map[string]string{"X-A": long} }), "headers.X-A"},
		"a variable of the leg":                {connectWith(func(r *ConnectRequest) { r.Variables = map[string]string{"A_1": "b"} }), ""},
		"a function as a variable":             {connectWith(func(r *ConnectRequest) { r.Variables = map[string]string{"FILE(/etc/x)": "b"} }), "variables"},
		"too many variables":                   {connectWith(func(r *ConnectRequest) { r.Variables = many }), "variables"},
		"arguments with a quote":               {connectWith(func(r *ConnectRequest) { r.AppArgs = `leg="a"` }), "app_args"},
		"arguments":                            {connectWith(func(r *ConnectRequest) { r.AppArgs = "pool=demo,leg=" + goodID }), ""},
		"no position":                          {AnnounceRequest{Playback: goodID}, "position"},
		"a count below zero":                   {AnnounceRequest{Position: 1, Waiting: -1, Playback: goodID}, "waiting"},
		"music with a slash":                   {AnnounceRequest{Position: 1, Music: "../x", Playback: goodID}, "music"},
		"a language with a slash":              {AnnounceRequest{Position: 1, Language: "en/../x", Playback: goodID}, "language"},
		"an announcement without an id":        {AnnounceRequest{Position: 1}, "playback"},
		"an apology from outside the sounds":   {LeaveRequest{Playback: goodID, Media: []string{"sound:hello", "sound:../x"}}, "media[1]"},
		"an apology by absolute path":          {LeaveRequest{Playback: goodID, Media: []string{"sound:/etc/passwd"}}, "media[0]"},
		"an apology from the network":          {LeaveRequest{Playback: goodID, Media: []string{"sound:http://x/y"}}, "media[0]"},
		"two media in one":                     {LeaveRequest{Playback: goodID, Media: []string{"sound:a,sound:b"}}, "media[0]"},
		"a sound in a folder":                  {LeaveRequest{Playback: goodID, Media: []string{"sound:digits/1", "number:42", "digits:1*#", "characters:abc", "tone:ring", "recording:r1"}}, ""},
		"too much to play":                     {PlayRequest{Playback: goodID, Media: make([]string, 17)}, "media"},
		"nothing to play":                      {PlayRequest{Playback: goodID}, "media"},
		"a variable with a line break":         {VariablesRequest{Variables: map[string]string{"A": "a\nb"}}, "variables.A"},
		"a variable that is too long":          {VariablesRequest{Variables: map[string]string{"A": long}}, "variables.A"},
		"no variables":                         {VariablesRequest{}, "variables"},
		"an empty variable":                    {VariablesRequest{Variables: map[string]string{"A": ""}}, ""},
		"a place with a comma":                 {ContinueRequest{Context: "a,b"}, "context"},
		"an extension with a bracket":          {ContinueRequest{Extension: "${EXTEN}"}, "extension"},
		"a priority below zero":                {ContinueRequest{Priority: -1}, "priority"},
		"a label with a space":                 {ContinueRequest{Label: "a b"}, "label"},
		"a playback that is none":              {ContinueRequest{Playback: "x"}, "playback"},
		"nowhere in particular":                {ContinueRequest{}, ""},
		"no bridge":                            {BridgeRequest{With: "1764000000.1"}, "bridge"},
		"nobody to bridge with":                {BridgeRequest{Bridge: goodID}, "with"},
		"two to bridge with":                   {BridgeRequest{Bridge: goodID, With: "a,b"}, "with"},
		"the second half of a local channel":   {BridgeRequest{Bridge: goodID, With: "hl-local;2"}, ""},
		"a class of music with a line break":   {MusicRequest{Class: "a\n"}, "class"},
		"the channel's own music":              {MusicRequest{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.command.check()
			if c.field == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var p *web.Problem
			if !errors.As(err, &p) {
				t.Fatalf("got %v, want a refusal of %s", err, c.field)
			}
			if p.Field != c.field || p.Status != http.StatusBadRequest || p.Message == "" || p.Remedy == "" {
				t.Errorf("refused as %+v, want field %s", p, c.field)
			}
		})
	}
}

func TestCallerID(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, number, want string }{
		{"", "", ""},
		{"Ann", "155", `"Ann" <155>`},
		{"", "155", "<155>"},
		{"Ann", "", `"Ann" <>`},
		{`A"n\n<1>`, "1>5,5(5) ;x", `"Ann1" <1555x>`},
		{"\r\n\x00", "\u2028", ""},
		{strings.Repeat("é", 200), "1", `"` + strings.Repeat("é", maxCallerName) + `" <1>`},
	} {
		if got := callerID(c.name, c.number); got != c.want {
			t.Errorf("%q %q became %q, want %q", c.name, c.number, got, c.want)
		}
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	caller := b.caller()
	for query, field := range map[string]string{
		"?reason=tired": "reason", "?reason=": "reason", "?reason=busy&reason=normal": "reason",
		"?Reason=busy": "Reason", "?reason=%zz": "query",
	} {
		a := b.raw(http.MethodDelete, path(testNode, caller.ID(), "")+query, "")
		if a.status != http.StatusBadRequest || a.problem.Field != field {
			t.Errorf("%s: %d %+v", query, a.status, a.problem)
		}
	}
}
