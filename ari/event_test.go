package ari

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// TestDecodeRecorded reads events in the form of Asterisk 22.10.1. The calls' were recorded
// (one got a reported variable); those of transfers, endpoints and peers follow its
// declarations, and the last is of a type that nobody knows.
func TestDecodeRecorded(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("testdata/events.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	checks := map[string]func(Event) bool{
		CallBroadcast: func(e Event) bool {
			return e.CallerNumber == "24064459" && e.CalledNumber == "call" && e.Caller == nil &&
				e.Channel.Dialplan.AppData == "1000,^holdline$,queue=support" && e.Channel.State == StateRing
		},
		StasisStart: func(e Event) bool {
			return len(e.Args) == 1 && e.Args[0] == "queue=support" && e.Channel.Caller == (CallerID{Name: "Some Body", Number: "24064459"}) &&
				e.Channel.ProtocolID == "a1306517-cd04-4af8-a20a-1cc05945a8b1" && e.Channel.Vars["HOLDLINE_CONTACT"] == "c1"
		},
		Dial: func(e Event) bool {
			return e.DialStatus == "RINGING" && e.Peer.ID == "hl-7a2111daccce5c4cdd88088776fa95f" && e.Peer.State == StateRinging && e.ChannelID() == ""
		},
		ChannelEnteredBridge: func(e Event) bool {
			return len(e.Bridge.Channels) == 2 && e.Bridge.Type == BridgeMixing && !e.Bridge.Created.IsZero() && e.ChannelID() != ""
		},
		ChannelDestroyed: func(e Event) bool { return e.Cause == 17 && e.TechCause == 486 && e.CauseText == "User busy" },
		ChannelHangupRequest: func(e Event) bool {
			return e.Cause == 32 && e.Soft
		},
		PlaybackFinished: func(e Event) bool {
			return e.Playback.State == "done" && e.Playback.TargetURI == "channel:1795369254.1"
		},
		ChannelDtmfReceived:   func(e Event) bool { return e.Digit == "7" && e.DurationMS == 100 },
		ChannelVarset:         func(e Event) bool { return e.Variable == "A" && e.Value == "b" },
		ChannelTransfer:       func(e Event) bool { return e.ChannelID() == "1795369254.1" },
		EndpointStateChange:   func(e Event) bool { return e.Endpoint.Resource == "kamailio-1" && e.Endpoint.State == "offline" },
		"PeerStatusChange":    func(e Event) bool { return e.Endpoint.Technology == "PJSIP" && e.Peer == nil && e.Cause == 0 },
		"SomethingNew":        func(e Event) bool { return strings.Contains(string(e.Raw), `"novelty":[1,2]`) },
		ApplicationRegistered: func(e Event) bool { return e.Channel == nil },
	}
	for line := range strings.Lines(strings.TrimSpace(string(file))) {
		e, err := DecodeEvent([]byte(line))
		if err != nil {
			t.Errorf("%v in %s", err, line)
			continue
		}
		check := checks[e.Type]
		delete(checks, e.Type)
		if check == nil {
			t.Errorf("no check for %s", e.Type)
		} else if !check(e) {
			t.Errorf("%s was read as %+v", line, e)
		}
		if e.Application != "holdline" || e.AsteriskID != "02:42:ac:1f:5c:02" || e.Timestamp.Year() != 2026 {
			t.Errorf("%s: of %q, by %q, at %s", e.Type, e.Application, e.AsteriskID, e.Timestamp)
		}
	}
	for missing := range checks {
		t.Errorf("no %s is recorded", missing)
	}
}

func TestDecodeMalformed(t *testing.T) {
	t.Parallel()
	for name, frame := range map[string]string{
		"nothing":             ``,
		"no JSON":             `hello`,
		"cut off":             `{"type":"StasisEnd","chan`,
		"two values":          `{"type":"StasisEnd"}{"type":"StasisEnd"}`,
		"list":                `[{"type":"StasisEnd"}]`,
		"null":                `null`,
		"no type":             `{"application":"holdline"}`,
		"type is a number":    `{"type":1}`,
		"channel is a word":   `{"type":"StasisEnd","channel":"1.1"}`,
		"id is a number":      `{"type":"StasisEnd","channel":{"id":7}}`,
		"cause is a word":     `{"type":"ChannelDestroyed","cause":"busy"}`,
		"peer is a word":      `{"type":"Dial","peer":"x"}`,
		"args are no strings": `{"type":"StasisStart","args":[1]}`,
		"pretends to be ours": `{"type":"EventsDropped"}`,
		"pretends too":        `{"type":"EventMalformed"}`,
	} {
		e, err := DecodeEvent([]byte(frame))
		if err == nil || e.Type != EventMalformed || e.Err == "" || string(e.Raw) != frame {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

// TestDecodeOddButTrue: what can be understood is.
func TestDecodeOddButTrue(t *testing.T) {
	t.Parallel()
	for name, frame := range map[string]string{
		"no time":            `{"type":"StasisEnd","channel":{"id":"1"}}`,
		"odd time":           `{"type":"StasisEnd","timestamp":"yesterday","channel":{"id":"1","creationtime":7}}`,
		"other form of time": `{"type":"StasisEnd","timestamp":"2026-11-22T17:40:54Z","channel":{"id":"1"}}`,
		"numbers as values":  `{"type":"StasisEnd","channel":{"id":"1","channelvars":{"A":1,"B":{"c":2},"D":null}}}`,
		"nulls":              `{"type":"StasisEnd","channel":{"id":"1","caller":null,"dialplan":null,"channelvars":null},"bridge":null}`,
		"bad UTF-8":          "{\"type\":\"StasisEnd\",\"channel\":{\"id\":\"1\",\"caller\":{\"name\":\"\xff\xfe\",\"number\":\"\\u0000\"}}}",
	} {
		e, err := DecodeEvent([]byte(frame))
		if err != nil || e.Type != StasisEnd || e.ChannelID() != "1" {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

func TestChannelTime(t *testing.T) {
	t.Parallel()
	var c Channel
	if err := json.Unmarshal([]byte(`{"id":"1","creationtime":"2026-11-22T17:40:54.107+0130"}`), &c); err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 11, 22, 16, 10, 54, 107e6, time.UTC); !c.Created.Equal(want) {
		t.Errorf("created %s, want %s", c.Created, want)
	}
}

func BenchmarkDecodeEvent(b *testing.B) {
	file, err := os.ReadFile("testdata/events.jsonl")
	if err != nil {
		b.Fatal(err)
	}
	frames := strings.Split(strings.TrimSpace(string(file)), "\n")
	b.SetBytes(int64(len(file) / len(frames)))
	for i := 0; b.Loop(); i++ {
		if _, err := DecodeEvent([]byte(frames[i%len(frames)])); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzDecodeEvent: whatever arrives becomes one event, and never a panic. What is
// delivered as an event has a type, and is not one of ours.
func FuzzDecodeEvent(f *testing.F) {
	file, err := os.ReadFile("testdata/events.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(file)) {
		f.Add([]byte(line))
	}
	for _, s := range []string{`{"type":"Dial","peer":{},"caller":""}`, `{"type":"CallBroadcast","caller":{}}`, `{"type":"\u0000"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		e, err := DecodeEvent(frame)
		if (err != nil) != (e.Type == EventMalformed) {
			t.Fatalf("type %q with error %v", e.Type, err)
		}
		if e.Type == "" || e.Type == EventsDropped {
			t.Fatalf("type %q", e.Type)
		}
		if string(e.Raw) != string(frame) {
			t.Fatal("the frame is not kept")
		}
		if e.Channel != nil && !utf8.ValidString(e.Channel.ID+e.Channel.Caller.Name) {
			t.Fatalf("not valid UTF-8: %+v", e.Channel)
		}
		if s := printable(string(frame), 50); !utf8.ValidString(s) || strings.ContainsAny(s, "\n\r\x1b") {
			t.Fatalf("not printable: %q", s)
		}
	})
}
