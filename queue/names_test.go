package queue

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestValidName(t *testing.T) {
	for name, ok := range map[string]bool{
		"support": true, "600@internal": true, "очередь, 1": true, "{x}|y:z%": true, strings.Repeat("a", nameMax): true,
		"": false, " a": false, "a ": false, "a\nb": false, "a\x00": false, "\xff": false, strings.Repeat("a", nameMax+1): false,
	} {
		if err := ValidName(name); (err == nil) != ok || (err != nil && !errors.Is(err, ErrName)) {
			t.Errorf("%q: %v", name, err)
		}
	}
	for name, ok := range map[string]bool{
		"demo": true, "a-1": true, "": false, "Demo": false, "1a": false, "-a": false, "a_b": false, "a{b": false,
		strings.Repeat("a", poolMax): true, strings.Repeat("a", poolMax+1): false,
	} {
		if err := ValidPool(name); (err == nil) != ok {
			t.Errorf("pool %q: %v", name, err)
		}
	}
}

func TestIDs(t *testing.T) {
	a, b := NewContactID(), NewContactID()
	if len(a) != contactLen || !isHex(a) || a == b {
		t.Fatalf("ids %q %q", a, b)
	}
	at := time.UnixMilli(1795851180673)
	came := ArrivalID(at, "ast-1", "boot-1", "1795851180.91")
	if len(came) != contactLen || !isHex(came) || came != ArrivalID(at.Add(999*time.Microsecond), "ast-1", "boot-1", "1795851180.91") ||
		came == ArrivalID(at, "ast-1", "boot-2", "1795851180.91") || came == ArrivalID(at, "ast-1", "boot-1", "1795851180.92") {
		t.Errorf("id of an arrival: %q", came)
	}
	offer := a + "00000000000001"
	for _, id := range []string{LegID(offer, 0), LegID(offer, 99), BridgeID(offer)} {
		if len(id) != legLen || !strings.HasPrefix(id, "hl-") {
			t.Errorf("%q is not of the fixed length", id)
		}
	}
	if got, ok := OfferOfLeg(LegID(offer, 7)); !ok || got != offer {
		t.Errorf("offer of the leg: %q", got)
	}
	for _, no := range []string{"", BridgeID(offer), "1732294838.12", LegID(offer, 7) + "0", "hl-" + strings.Repeat("z", offerLen) + "-00"} {
		if got, ok := OfferOfLeg(no); ok {
			t.Errorf("%q is a leg of %q", no, got)
		}
	}
	if ContactOfOffer(offer) != a {
		t.Errorf("contact of the offer: %q", ContactOfOffer(offer))
	}
	if PlaybackID(a) != "hl-"+a+"-announce" {
		t.Error(PlaybackID(a))
	}
}

func TestStatus(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range ContactOutcomes {
		s := Status(o)
		if seen[s] || (s == "ERROR") != (o == OutcomeLostWithNode) {
			t.Errorf("%s gives %s", o, s)
		}
		seen[s] = true
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"support", "a|b", "{x}:y,100%", "%7C", "%zz", "%", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e := Escape(s)
		if strings.ContainsAny(e, "{}:|,") {
			t.Errorf("%q still separates", e)
		}
		if got := Unescape(e); got != s {
			t.Errorf("%q came back as %q", s, got)
		}
		Unescape(s) // anything may stand in Redis
	})
}
