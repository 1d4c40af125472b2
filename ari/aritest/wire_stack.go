//go:build stack

package aritest

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// listenForCalls answers for phones that Asterisk itself cannot play, until the test ends.
// What a phone does is its user part: see World.Wire. Nothing else is understood.
func listenForCalls(t *testing.T, host string) (address string) {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp4", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var pending []*time.Timer
		defer func() {
			for _, p := range pending {
				p.Stop()
			}
		}()
		buffer := make([]byte, 1<<16)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return // closed below
			}
			if answer := answerTo(string(buffer[:n]), conn.LocalAddr().String()); answer != "" {
				// No phone answers in no time, and what Asterisk tells first depends on it.
				pending = append(pending, time.AfterFunc(reaction, func() { _, _ = conn.WriteTo([]byte(answer), from) }))
			}
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return conn.LocalAddr().String()
}

const reaction = 100 * time.Millisecond

// answerTo is the answer to an INVITE; empty: none.
func answerTo(request, address string) string {
	line, rest, _ := strings.Cut(request, "\r\n")
	uri, invite := strings.CutPrefix(line, "INVITE sip:")
	if !invite {
		return ""
	}
	does, _, _ := strings.Cut(uri, "@")
	say := func(status, more, body string) string {
		out := "SIP/2.0 " + status + "\r\n"
		for header := range strings.SplitSeq(rest, "\r\n") {
			name, _, _ := strings.Cut(header, ":")
			switch strings.ToLower(name) {
			case "via", "from", "call-id", "cseq":
				out += header + "\r\n"
			case "to":
				out += header + ";tag=wire\r\n"
			case "":
				return out + more + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
			}
		}
		return out
	}
	contact := "Contact: <sip:" + address + ">\r\n"
	switch does {
	case "silent":
		return ""
	case "rings":
		return say("180 Ringing", contact, "")
	case "answers":
		host, _, _ := strings.Cut(address, ":")
		sdp := "v=0\r\no=- 1 1 IN IP4 " + host + "\r\ns=-\r\nc=IN IP4 " + host + "\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
		return say("200 OK", contact+"Content-Type: application/sdp\r\n", sdp)
	}
	return say(does+" Refused", contact, "")
}
