package sim

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestParsePacket(t *testing.T) {
	t.Parallel()
	lines := func(l ...string) []byte { return []byte(strings.Join(l, "\r\n") + "\r\n\r\nbody: no header") }
	invite := lines("INVITE sip:201@demo SIP/2.0", "Via: SIP/2.0/UDP a;rport;branch=z9one", "Via: SIP/2.0/UDP b;branch=z9two",
		"To: <sip:201@demo>", "From: <sip:x@y>;tag=f", "Call-ID: id-1", "CSeq: 7 INVITE")
	for name, row := range map[string]struct {
		raw  []byte
		want Packet
		ok   bool
	}{
		"request": {invite, Packet{Method: "INVITE", URI: "sip:201@demo", Branch: "z9one", CallID: "id-1", CSeq: "7", From: "x"}, true},
		"response": {
			lines("SIP/2.0 487 Request Terminated", "v: SIP/2.0/UDP a;branch=z9one", "t: \"N;tag=no\" <sip:201@demo;tag=no>;tag=yes", "i: id-1", "CSeq: 7 INVITE"),
			Packet{Method: "INVITE", Status: 487, Branch: "z9one", CallID: "id-1", CSeq: "7", ToTag: "yes"}, true,
		},
		"reason": {
			lines("CANCEL sip:201@demo SIP/2.0", "Via: SIP/2.0/UDP a;branch=z9one,SIP/2.0/UDP b", "Call-ID: id-1", "CSeq: 7 CANCEL", "Reason: Q.850;cause=26"),
			Packet{Method: "CANCEL", URI: "sip:201@demo", Branch: "z9one", CallID: "id-1", CSeq: "7", Reason: "Q.850;cause=26"}, true,
		},
		"keep-alive": {[]byte("\r\n\r\n"), Packet{}, false},
		"nonsense":   {[]byte("SIP/2.0 abc def\r\n\r\n"), Packet{}, false},
	} {
		got, ok := parsePacket(row.raw)
		row.want.raw = string(row.raw)
		if ok != row.ok || ok && got != row.want {
			t.Errorf("%s: %v %+v, want %+v", name, ok, got, row.want)
		}
	}
}

func TestWireForgetsTheOldest(t *testing.T) {
	t.Parallel()
	w := newWire(10)
	for i := range 25 {
		p := Packet{Phone: "p", Method: "OPTIONS", Branch: strings.Repeat("x", i)}
		w.add(&p)
	}
	if n := len(w.Packets()); n > 10 || n+w.Forgotten() != 25 {
		t.Errorf("%d kept, %d forgotten", n, w.Forgotten())
	}
	w.Clear()
	if n := len(w.Packets()); n+w.Forgotten() != 0 {
		t.Errorf("%d after it was cleared", n)
	}
}

// TestWireFindsACall: by its Call-ID, also when older ones are forgotten.
func TestWireFindsACall(t *testing.T) {
	t.Parallel()
	w := newWire(10)
	begin := time.Unix(1000, 0)
	for i := range 25 {
		p := Packet{At: begin.Add(time.Duration(i) * time.Second), Phone: "p", Method: "INFO", CallID: string(rune('a' + i%5)), CSeq: strconv.Itoa(i)}
		w.add(&p)
	}
	if p, ok := w.crossed("b", func(p *Packet) bool { return p.Method == "INFO" }); !ok || p.CSeq != "16" {
		t.Errorf("the first of b that is left: %v %v", p.CSeq, ok)
	}
	if at := w.timeOf("p", "c", "INFO", 0, false); at != begin.Add(22*time.Second) {
		t.Errorf("the last of c: %v", at)
	}
	if _, ok := w.crossed("z", func(*Packet) bool { return true }); ok {
		t.Error("a call that never was")
	}
}

func TestWireMarksWhatIsSentAgain(t *testing.T) {
	t.Parallel()
	w := newWire(10)
	for _, p := range []Packet{
		{Phone: "p", Method: "BYE", Branch: "b"}, {Phone: "p", Method: "BYE", Branch: "b"},
		{Phone: "p", Method: "INVITE", Status: 180, Branch: "c"}, {Phone: "p", Method: "INVITE", Status: 180, Branch: "c"},
		{Phone: "q", Method: "BYE", Branch: "b"}, {Phone: "p", Method: "BYE", Branch: "b", Out: true},
	} {
		w.add(&p)
	}
	if again := w.Find(func(p Packet) bool { return p.Again }); len(again) != 1 || !strings.Contains(again[0].String(), "again") {
		t.Errorf("again: %v", again)
	}
}

func TestParseSDP(t *testing.T) {
	t.Parallel()
	head := "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\n"
	media := "t=0 0\r\nm=audio 4000 RTP/AVP 0 96\r\na=rtpmap:96 telephone-event/8000\r\n"
	for name, row := range map[string]struct {
		body, remote string
		direction    Direction
		events       int
		bad          bool
	}{
		"plain":             {head + "c=IN IP4 10.0.0.1\r\n" + media, "10.0.0.1:4000", SendRecv, 96, false},
		"media address":     {head + "t=0 0\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 10.0.0.2\r\n", "10.0.0.2:4000", SendRecv, -1, false},
		"held":              {head + "c=IN IP4 10.0.0.1\r\n" + media + "a=sendonly\r\n", "10.0.0.1:4000", SendOnly, 96, false},
		"held the old way":  {head + "c=IN IP4 0.0.0.0\r\n" + media, "0.0.0.0:4000", Inactive, 96, false},
		"no PCMU":           {head + "c=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n", "", "", 0, true},
		"audio refused":     {head + "c=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n", "", "", 0, true},
		"session direction": {head + "c=IN IP4 10.0.0.1\r\nt=0 0\r\na=inactive\r\nm=audio 4000 RTP/AVP 0\r\n", "10.0.0.1:4000", Inactive, -1, false},
		"nothing":           {"", "", "", 0, true},
	} {
		d, err := parseSDP([]byte(row.body))
		if (err != nil) != row.bad || !row.bad && (d.remote.String() != row.remote || d.direction != row.direction || d.events != row.events) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
	l := newLocalSDP("10.0.0.3", 5004)
	d, err := parseSDP(l.write(RecvOnly))
	if err != nil || d.remote.String() != "10.0.0.3:5004" || d.direction != RecvOnly || d.events != payloadEvents {
		t.Errorf("our own description: %+v, %v", d, err)
	}
	if RecvOnly.mirror() != SendOnly || SendOnly.mirror() != RecvOnly || Inactive.mirror() != Inactive || SendRecv.mirror() != SendRecv {
		t.Error("mirror")
	}
}
