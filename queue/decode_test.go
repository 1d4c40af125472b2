package queue

import (
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"
)

// FuzzDecode: whatever stands in Redis gives a value or ErrRecord, and no panic.
func FuzzDecode(f *testing.F) {
	f.Add(`["0123","waiting","a%7Cb","av0000100",0,"501760000000000000","1760000000000000","1760000000000000","1.1","ast-1","b","","","",0,0,1,{"skip":"201,202"}]`)
	f.Add(`["0123",7]`)
	f.Add(`{"id":"0123","legs":"hl-a-00,hl-a-01","fence":"12","ring_ms":15000,"at":"-1"}`)
	f.Add(`{"mode":"ready","avail":"x","calls":"a,b","held":2}`)
	f.Add(`{"need":"00000001","open":true,"ring_ms":1e99}`)
	f.Add(`[]`)
	f.Add(`{"fence":12}`)
	f.Fuzz(func(t *testing.T, text string) {
		_, err1 := decodeContact(text)
		_, err2 := decodeOffer(text, "demo.test")
		_, err3 := decodeAgent("201", text)
		_, err4 := decodeQueue("support", text, text)
		_, err5 := decodeNode("ast-1", text)
		for _, err := range []error{err1, err2, err3, err4, err5} {
			if err != nil && !errors.Is(err, ErrRecord) {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}

// FuzzDecodeWork: the same for entries of streams.
func FuzzDecodeWork(f *testing.F) {
	f.Add("kind", "leave", "position", "1")
	f.Add("legs", "a,,%7C", "wait_ms", "x")
	f.Fuzz(func(_ *testing.T, k1, v1, k2, v2 string) {
		w := decodeWorks([]redis.XMessage{{ID: "1-0", Values: map[string]any{k1: v1, k2: v2}}, {ID: "2-0"}})
		if len(w) != 1 {
			panic("an entry deleted while pending is none")
		}
	})
}

// FuzzMembers: a deadline's member and a key's name come from outside.
func FuzzMembers(f *testing.F) {
	f.Add("timeout|support|0123")
	f.Add("{demo}:timeout:support::0123")
	f.Fuzz(func(t *testing.T, s string) {
		kind, queue, contact, ok := ttlMember(s)
		if ok && kind+"|"+queue+"|"+contact != s {
			t.Errorf("%q became %q %q %q", s, kind, queue, contact)
		}
		if offer, ok := OfferOfLeg(s); ok && LegID(offer, 0)[:len(s)-2] != s[:len(s)-2] {
			t.Errorf("%q is a leg of %q", s, offer)
		}
	})
}
