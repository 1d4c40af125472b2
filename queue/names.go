package queue

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	nameMax    = 80
	poolMax    = 32
	contactLen = 24                        // 48 bits of unix ms, 48 random bits, in hex
	offerLen   = contactLen + 14           // + the moment it was made, in µs, in hex
	legLen     = len("hl-") + offerLen + 3 // + "-NN"
)

// ValidName says whether a queue, need, agent or node may be called so: 1 to
// 80 bytes of UTF-8, nothing unprintable, no space at either end.
func ValidName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: empty", ErrName)
	case len(name) > nameMax:
		return fmt.Errorf("%w: %.20q… is longer than %d bytes", ErrName, name, nameMax)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: %q is not UTF-8", ErrName, name)
	case strings.TrimSpace(name) != name:
		return fmt.Errorf("%w: %q begins or ends with a space", ErrName, name)
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%w: %q holds an unprintable character", ErrName, name)
		}
	}
	return nil
}

// ValidPool says whether a pool may be called so: a lower-case letter, then
// lower-case letters, digits and dashes, 32 at most. The pool's name is the
// hash tag of every key, so it is kept plain enough to type.
func ValidPool(name string) error {
	if name == "" || len(name) > poolMax || name[0] < 'a' || name[0] > 'z' {
		return fmt.Errorf("%w: pool %.40q", ErrName, name)
	}
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return fmt.Errorf("%w: pool %.40q", ErrName, name)
		}
	}
	return nil
}

// escaped lists what separates names inside keys, members and lists.
const escaped = "%{}:|,"

// Escape is how a name stands in Redis: the separators percent-encoded.
func Escape(name string) string {
	if !strings.ContainsAny(name, escaped) {
		return name
	}
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; strings.IndexByte(escaped, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Unescape undoes Escape. What is no escape stays as it is.
func Unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := hex.DecodeString(s[i+1 : i+3]); err == nil {
				b.WriteByte(c[0])
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// NewContactID makes an id of fixed length that sorts by time and that no
// other process makes.
func NewContactID() string {
	var random [6]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the process instead
	return fmt.Sprintf("%012x%x", time.Now().UnixMilli()&(1<<48-1), random)
}

// ArrivalID is the contact id of the caller on a channel who came at that moment:
// whoever knows the moment and the channel makes the same id, also after Redis has
// lost its memory. at counts in milliseconds.
func ArrivalID(at time.Time, node, boot, channel string) string {
	sum := sha256.Sum256([]byte(node + "|" + boot + "|" + channel))
	return fmt.Sprintf("%012x%x", at.UnixMilli()&(1<<48-1), sum[:6])
}

// LegID is the channel id of the offer's leg number i (0–99).
func LegID(offer string, i int) string { return fmt.Sprintf("hl-%s-%02d", offer, i) }

// BridgeID is the id of the bridge in which the offer's call is held.
func BridgeID(offer string) string { return "hl-" + offer + "-br" }

// ContactOfOffer is whom the offer was for.
func ContactOfOffer(offer string) string { return offer[:min(contactLen, len(offer))] }

// PlaybackID is the id of the playback of an announcement to the contact.
func PlaybackID(contact string) string { return "hl-" + contact + "-announce" }

// OfferOfLeg takes the offer's id out of a leg's channel id; false when the
// channel is no leg of ours.
func OfferOfLeg(channel string) (string, bool) {
	if len(channel) != legLen || channel[:3] != "hl-" || channel[3+offerLen] != '-' {
		return "", false
	}
	offer, n := channel[3:3+offerLen], channel[legLen-2:]
	if !isHex(offer) || n[0] < '0' || n[0] > '9' || n[1] < '0' || n[1] > '9' {
		return "", false
	}
	return offer, true
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
