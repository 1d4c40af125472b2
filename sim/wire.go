package sim

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Packet is one SIP message as it crossed a phone's socket.
type Packet struct {
	At    time.Time
	Phone string // the user of the phone
	Out   bool   // sent by the phone
	Peer  netip.AddrPort

	// Method is the request's; of a response, the one its CSeq names.
	Method string
	// Status is 0 for a request.
	Status  int
	URI     string // request URI
	CallID  string
	CSeq    string
	Branch  string
	ToTag   string // empty in the first INVITE of a dialog
	From    string // the user of the From header
	Reason  string // Reason header (RFC 3326)
	Again   bool   // the same message crossed before
	Dropped bool   // by a fault that the test put in

	raw string
}

// Raw is the whole message.
func (p Packet) Raw() string { return p.raw }

// String is one line of a trace.
func (p Packet) String() string {
	dir, what := "<-", p.Method
	if p.Out {
		dir = "->"
	}
	if p.Status > 0 {
		what = fmt.Sprintf("%d (%s)", p.Status, p.Method)
	}
	again := ""
	if p.Again {
		again = " again"
	}
	return fmt.Sprintf("%s %-12s %s %-15s %s%s", p.At.Format("15:04:05.000"), p.Phone, dir, what, p.Peer, again)
}

// A Wire is the record of all SIP messages of a floor, in the order of the
// sockets.
type Wire struct {
	mu      sync.Mutex
	limit   int
	packets []Packet
	calls   map[string][]int // Call-ID → where its packets are, counted from the first ever
	dropped int              // so many of the first ever are gone
	seen    map[string]struct{}
}

func newWire(limit int) *Wire {
	return &Wire{limit: limit, calls: map[string][]int{}, seen: map[string]struct{}{}}
}

// Clear forgets what was recorded so far.
func (w *Wire) Clear() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.packets, w.dropped = nil, 0
	clear(w.calls)
	clear(w.seen)
}

// add records the packet and tells whether it was there before.
func (w *Wire) add(p *Packet) {
	w.mu.Lock()
	defer w.mu.Unlock()
	// A repeated 180 is legal and told apart by nothing, so provisional
	// responses are never marked.
	if p.Status == 0 || p.Status >= 200 {
		key := fmt.Sprint(p.Phone, p.Out, p.Branch, p.Method, p.CSeq, p.Status)
		_, p.Again = w.seen[key]
		w.seen[key] = struct{}{}
	}
	if len(w.packets) >= w.limit {
		forget := max(1, w.limit/10)
		w.packets = slices.Delete(w.packets, 0, forget)
		w.dropped += forget
		w.seen = map[string]struct{}{}
		for id, at := range w.calls {
			left, _ := slices.BinarySearch(at, w.dropped)
			if at = at[left:]; len(at) == 0 {
				delete(w.calls, id)
			} else {
				w.calls[id] = at
			}
		}
	}
	w.calls[p.CallID] = append(w.calls[p.CallID], w.dropped+len(w.packets))
	w.packets = append(w.packets, *p)
}

// Packets is the record so far. Forgotten tells how many older ones are gone.
func (w *Wire) Packets() []Packet {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.packets)
}

// Forgotten is how many packets the bound of the record has cost.
func (w *Wire) Forgotten() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dropped
}

// Find gives the packets that match, in order.
func (w *Wire) Find(match func(Packet) bool) []Packet {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []Packet
	for _, p := range w.packets {
		if match(p) {
			found = append(found, p)
		}
	}
	return found
}

// crossed gives the first message of a call that matches.
func (w *Wire) crossed(callID string, match func(*Packet) bool) (Packet, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, i := range w.calls[callID] {
		if p := &w.packets[i-w.dropped]; match(p) {
			return *p, true
		}
	}
	return Packet{}, false
}

// timeOf is the time of the latest such message of a call, or now if the record
// has none.
func (w *Wire) timeOf(phone, callID, method string, status int, out bool) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, i := range slices.Backward(w.calls[callID]) {
		p := &w.packets[i-w.dropped]
		if p.Phone == phone && p.Method == method && p.Status == status && p.Out == out && !p.Again {
			return p.At
		}
	}
	return time.Now()
}

// parsePacket reads what the record needs, and no more: the parser of the SIP
// stack is not trusted to judge itself. False means that it is no SIP message
// (keep-alive).
func parsePacket(b []byte) (Packet, bool) {
	raw := string(b)
	head, _, _ := strings.Cut(raw, "\r\n\r\n")
	first, rest, _ := strings.Cut(head, "\r\n")
	p := Packet{raw: raw}
	words := strings.SplitN(first, " ", 3)
	if len(words) < 3 {
		return p, false
	}
	if strings.HasPrefix(words[0], "SIP/2.0") {
		if _, err := fmt.Sscanf(words[1], "%d", &p.Status); err != nil {
			return p, false
		}
	} else {
		p.Method, p.URI = words[0], words[1]
	}
	for line := range strings.SplitSeq(rest, "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "call-id", "i":
			p.CallID = value
		case "via", "v":
			if p.Branch == "" { // the top one
				p.Branch = param(value, "branch")
			}
		case "to", "t":
			if _, after, ok := strings.Cut(value, ">"); ok {
				value = after
			}
			p.ToTag = param(value, "tag")
		case "from", "f":
			if _, after, ok := strings.Cut(value, "sip:"); ok {
				p.From, _, _ = strings.Cut(after, "@")
			}
		case "reason":
			p.Reason = value
		case "cseq":
			number, method, _ := strings.Cut(value, " ")
			p.CSeq = number
			if p.Status > 0 {
				p.Method = strings.TrimSpace(method)
			}
		}
	}
	return p, p.CallID != ""
}

// param is the value of ;name=value in a header.
func param(header, name string) string {
	for part := range strings.SplitSeq(header, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if strings.EqualFold(key, name) {
			if i := strings.IndexByte(value, ','); i >= 0 {
				value = value[:i]
			}
			return strings.Trim(value, `"`)
		}
	}
	return ""
}
