package sim

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/pion/sdp/v3"
)

// Direction is a media direction as one side sees it (RFC 3264).
type Direction string

// The four directions.
const (
	SendRecv Direction = "sendrecv"
	SendOnly Direction = "sendonly"
	RecvOnly Direction = "recvonly"
	Inactive Direction = "inactive"
)

// mirror is the direction that answers one offered.
func (d Direction) mirror() Direction {
	switch d {
	case SendOnly:
		return RecvOnly
	case RecvOnly:
		return SendOnly
	case Inactive:
		return Inactive
	default:
		return SendRecv
	}
}

func (d Direction) sends() bool { return d == SendRecv || d == SendOnly }

var errNoAudio = errors.New("no PCMU audio in the description")

// description is what we read of the peer's SDP.
type description struct {
	remote    netip.AddrPort
	direction Direction
	events    int // payload type of telephone-event, -1 if none
}

func parseSDP(body []byte) (description, error) {
	var s sdp.SessionDescription
	if err := s.Unmarshal(body); err != nil {
		return description{}, fmt.Errorf("parse sdp: %w", err)
	}
	for _, m := range s.MediaDescriptions {
		if m.MediaName.Media != "audio" || m.MediaName.Port.Value == 0 {
			continue
		}
		d := description{direction: SendRecv, events: -1}
		pcmu := false
		for _, f := range m.MediaName.Formats {
			pcmu = pcmu || f == "0"
		}
		if !pcmu {
			return d, errNoAudio
		}
		for _, a := range append(append([]sdp.Attribute{}, s.Attributes...), m.Attributes...) {
			switch Direction(a.Key) {
			case SendRecv, SendOnly, RecvOnly, Inactive:
				d.direction = Direction(a.Key)
			}
			if number, name, ok := strings.Cut(a.Value, " "); ok && a.Key == "rtpmap" && strings.HasPrefix(strings.ToLower(name), "telephone-event/8000") {
				if n, err := strconv.Atoi(number); err == nil {
					d.events = n
				}
			}
		}
		address := ""
		switch {
		case m.ConnectionInformation != nil && m.ConnectionInformation.Address != nil:
			address = m.ConnectionInformation.Address.Address
		case s.ConnectionInformation != nil && s.ConnectionInformation.Address != nil:
			address = s.ConnectionInformation.Address.Address
		}
		ip, err := netip.ParseAddr(address)
		if err != nil {
			return d, fmt.Errorf("parse sdp address %q: %w", address, err)
		}
		if ip.IsUnspecified() {
			d.direction = Inactive // RFC 2543 hold
		}
		d.remote = netip.AddrPortFrom(ip, uint16(m.MediaName.Port.Value))
		return d, nil
	}
	return description{}, errNoAudio
}

// localSDP is one phone's description of its side of one call.
type localSDP struct {
	id, version uint64
	ip          string
	port        int
	events      int // -1: the peer has none
}

func newLocalSDP(ip string, port int) localSDP {
	return localSDP{id: uint64(time.Now().UnixMicro()), ip: ip, port: port, events: payloadEvents}
}

// write renders the next version.
func (l *localSDP) write(d Direction) []byte {
	l.version++
	formats, events := "0", ""
	if l.events >= 0 {
		formats = fmt.Sprintf("0 %d", l.events)
		events = fmt.Sprintf("a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\n", l.events, l.events)
	}
	return fmt.Appendf(nil, "v=0\r\no=- %d %d IN IP4 %s\r\ns=sim\r\nc=IN IP4 %s\r\nt=0 0\r\n"+
		"m=audio %d RTP/AVP %s\r\na=rtpmap:0 PCMU/8000\r\n%sa=ptime:20\r\na=%s\r\n",
		l.id, l.version, l.ip, l.ip, l.port, formats, events, d)
}
