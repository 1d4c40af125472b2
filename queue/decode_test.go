package queue

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"
)

// What stands in Redis comes from outside: whatever it is, it gives a value or
// ErrRecord, and no panic.

// records of every kind, good and not.
var records = []string{
	`["0123","waiting","a%7Cb","av0000100",0,"501760000000000000","1760000000000000","1760000000000000","1.1","ast-1","b","","","",0,0,1,{"skip":"201,202"}]`,
	`["0123","waiting","q","av0000100",0,"5","1","c","n","b","","","",0,0,1,{"given":1,"prefer":"201"}]`,
	`["0123",7]`,
	`{"id":"0123","legs":"hl-a-00,hl-a-01","fence":"12","ring_ms":15000,"at":"-1"}`,
	`{"mode":"ready","avail":"x","calls":"a,b","held":2}`,
	`{"mode":"ready","cap_v":1,"ix":"v","fair":"1e999"}`,
	`{"need":"00000001","open":true,"ring_ms":1e99}`,
	`{"places":["","av0000100|00|00"],"own":["0000"],"cap_v":1,"heads":["x"]}`,
	`{"after":"0,1000","last":1,"asked":[0,1]}`,
	`{"after":"0","last":2000000000,"asked":[7]}`,
	`[]`, `{"fence":12}`, `null`, ``,
}

func FuzzDecode(f *testing.F) {
	for _, text := range records {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err1 := decodeContact(text)
		_, err2 := decodeOffer(text, "demo.test")
		_, err3 := decodeAgent("201", text)
		_, err4 := decodeQueue("support", text, text)
		_, err5 := decodeNode("ast-1", text)
		_, err6 := readAuditContact("0123", text)
		_, err7 := readAuditAgent("201", text)
		_, _, err8 := decodePair(text, text, "demo.test")
		for _, err := range []error{err1, err2, err3, err4, err5, err6, err7, err8} {
			if err != nil && !errors.Is(err, ErrRecord) {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}

// FuzzAudit: the records of a pool, held against each other and against its indexes.
func FuzzAudit(f *testing.F) {
	f.Add(records[0], records[4], records[3], records[6], "av0000100|00|00|0000|201", "av0000100|00")
	f.Add(records[1], records[5], records[3], records[7], "av0000100|00|501760000000000000|0123", "-")
	f.Fuzz(func(t *testing.T, contact, agent, offer, spec, member, head string) {
		s := shelf{dir: map[string]string{"agent|201": spec}, heads: map[string]string{head: member}, index: map[string][]string{}}
		for _, key := range []string{"elements", "waiting", "order", "available"} {
			s.index[key] = slices.Compact(slices.Sorted(slices.Values([]string{member, head})))
		}
		if c, err := readAuditContact("0123", contact); err == nil {
			s.contacts = append(s.contacts, c)
		}
		if a, err := readAuditAgent("201", agent); err == nil {
			s.agents = append(s.agents, a)
		}
		if o, err := decodeOffer(offer, "demo.test"); err == nil {
			s.offers = append(s.offers, o)
		}
		for _, fault := range s.faults() {
			if fault.Text == "" {
				t.Errorf("a fault without words: %+v", fault)
			}
		}
	})
}

// FuzzDirectory: what stands in dir, when the next version is compiled against it.
func FuzzDirectory(f *testing.F) {
	f.Add("line|av0000100", `{"after":"0","last":0,"asked":[0]}`, records[7])
	f.Add("line|av0000100", records[9], `{"places":["av0000100|00|00","av0000100|01|00"],"own":["0000"],"heads":["av0000100|00"]}`)
	f.Add("line|av0000100", `{"after":"0,1","last":1,"asked":[1,0,5]}`, `{"spare":[{"heads":[]}]}`)
	f.Add("was|av0000100", "", "")
	d := Projection{Version: 2, Queues: []QueueSpec{{Name: "support", Need: 1, Strategy: "linear"}},
		Needs:  []NeedSpec{{ID: 1, Queue: "support", Steps: []StepSpec{{}, {After: 5e9}}}},
		Agents: []AgentSpec{{ID: "201", Places: []Place{{Need: 1, Step: 1}}}}}
	f.Fuzz(func(t *testing.T, field, value, agent string) {
		have := map[string]string{field: value, "agent|201": agent}
		c, err := d.compile(maps.Clone(have))
		if err != nil {
			t.Fatal(err)
		}
		if c.agents["agent|201"] == "" || len(c.lines) == 0 {
			t.Errorf("compiled %+v", c)
		}
	})
}

// FuzzDecodeStreams: entries of work, of the journal, of the repairs.
func FuzzDecodeStreams(f *testing.F) {
	f.Add("kind", "leave", "position", "1")
	f.Add("legs", "a,,%7C", "wait_ms", "x")
	f.Add("at", "99999999999999999999", "until", "-5")
	f.Add("behind", ",%", "fence", "1e3")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		m := redis.XMessage{ID: "1-0", Values: map[string]any{k1: v1, k2: v2}}
		if w := decodeWorks([]redis.XMessage{m, {ID: "2-0"}}); len(w) != 1 || w[0].ID != m.ID {
			t.Errorf("an entry deleted while pending is none: %+v", w)
		}
		if e := decodeEntry(m); e.ID != m.ID {
			t.Errorf("entry %+v", e)
		}
		if r := decodeRepair(m); k1 == "kind" && k2 != "kind" && r.Kind != v1 {
			t.Errorf("repair %+v", r)
		}
	})
}

// FuzzDecodeReplies: numbers and deadlines, as scripts give them of what stands in Redis.
func FuzzDecodeReplies(f *testing.F) {
	f.Add("1", "1760000000000000", "support|ended", "3")
	f.Add("1760000000000000", "2", "support|ended|answered", "3")
	f.Add("0", "", "|", "x")
	f.Fuzz(func(t *testing.T, a, b, field, value string) {
		s := decodeStats(reply{a, b, field, value, field})
		if s.Live != int(reply{b}.int(0)) {
			t.Errorf("live %d", s.Live)
		}
		if turn := decodeTurn(reply{a, b, value, field, value, field}); len(turn.Due) != 1 || turn.Due[0].Member != field {
			t.Errorf("due %+v", turn)
		}
	})
}

// FuzzMembers: a deadline's member, a key's name and a line's come from outside.
func FuzzMembers(f *testing.F) {
	f.Add("timeout|support|0123")
	f.Add("{demo}:timeout:support::0123")
	f.Add("av0000100|00|00")
	f.Fuzz(func(t *testing.T, s string) {
		kind, queue, contact, ok := ttlMember(s)
		if ok && kind+"|"+queue+"|"+contact != s {
			t.Errorf("%q became %q %q %q", s, kind, queue, contact)
		}
		if offer, ok := OfferOfLeg(s); ok && LegID(offer, 0)[:len(s)-2] != s[:len(s)-2] {
			t.Errorf("%q is a leg of %q", s, offer)
		}
		if id, version := needOfLine(s); id < 0 || id > needIDMax || version < 0 || version >= lineVersions {
			t.Errorf("%q is version %d of need %d", s, version, id)
		}
		if name := Unescape(Escape(s)); name != s {
			t.Errorf("%q became %q", s, name)
		}
	})
}
