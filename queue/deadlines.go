package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Due gives up to limit deadlines that are due, and when the next one will be,
// on the caller's own clock (zero: none is set).
func (p *Pool) Due(ctx context.Context, limit int) ([]Deadline, time.Time, error) {
	t, err := p.DueFor(ctx, limit, "", 0)
	return t.Due, t.Next, err
}

// Turn is what one of several who fire a pool's deadlines is to do now.
type Turn struct {
	Mine bool // false: another fires them; ask again at Next
	Due  []Deadline
	Next time.Time // on the caller's own clock: when the next one will be due; zero: none is set
}

// DueFor asks for one of several who fire the pool's deadlines: whoever asks first has the
// turn for that long, and keeps it by asking again. One who stops asking loses it.
func (p *Pool) DueFor(ctx context.Context, limit int, who string, turn time.Duration) (Turn, error) {
	r, err := p.do(ctx, "due", "list due deadlines", nil, limit, who, turn.Milliseconds())
	if err != nil {
		return Turn{}, err
	}
	return decodeTurn(r), nil
}

func decodeTurn(r reply) Turn {
	t := Turn{Mine: r.at(0) == "1"}
	now, next := micros(r.at(1)).time(), micros(r.at(2)).time()
	if !next.IsZero() {
		t.Next = time.Now().Add(next.Sub(now))
	}
	for i := 3; i+1 < len(r); i += 2 {
		t.Due = append(t.Due, Deadline{Member: r[i], At: micros(r[i+1]).time()})
	}
	return t
}

// firing says which script a deadline's kind is fired by. One that is not here has
// its TTL keys (ttlMember), or is nothing that we know.
var firing = map[string]string{
	"setup": "fire_offer", "ring": "fire_offer", "bridge": "fire_offer", "dialplan": "fire_offer",
	"wrapup": "fire_agent", "limit": "fire_agent", "guard": "fire_agent", "device": "fire_agent",
	"retry": "fire_contact", "step": "fire_contact", "prefer": "fire_contact", "overflow": "fire_contact",
}

// Fire lets a deadline do what it is there for, if it still is due: the script
// decides, so any number of callmanagers may fire the same one. A deadline of a
// TTL key looks at the key: alive, it is re-armed to the key's expiry; gone, it fires.
func (p *Pool) Fire(ctx context.Context, d Deadline) error {
	what := "fire " + d.Member
	if kind, queue, contact, ok := ttlMember(d.Member); ok {
		return p.look(ctx, kind+"|"+queue+"|"+contact, queue, contact, "due")
	}
	kind, _, _ := strings.Cut(d.Member, "|")
	_, err := p.do(ctx, cmp.Or(firing[kind], "fire_pool"), what, nil, d.Member)
	return err
}

// look runs the script of the deadlines that have TTL keys. how is due, or look
// for a suspicion before the time.
func (p *Pool) look(ctx context.Context, member, queue, contact, how string) error {
	_, err := p.do(ctx, "fire_ttl", how+" "+member,
		[]string{p.timeoutKey(queue, contact), p.announceKey(queue, contact)}, member, how)
	return err
}

// ttlMember takes a deadline apart whose firing touches TTL keys.
func ttlMember(member string) (kind, queue, contact string, ok bool) {
	part := strings.Split(member, "|")
	if len(part) != 3 {
		return "", "", "", false
	}
	// the kinds that fire_ttl.lua knows
	switch part[0] {
	case "both", "timeout", "announce", "near", "arm":
		return part[0], part[1], part[2], true
	}
	return "", "", "", false
}

// Hint says that a keyspace notification named this key: a TTL key that expired,
// was deleted or got another expiry is looked at now. Other keys are ignored.
func (p *Pool) Hint(ctx context.Context, key string) error {
	rest, ours := strings.CutPrefix(key, "{"+p.name+"}:")
	kind, name, found := strings.Cut(rest, ":")
	if !ours || !found || (kind != "timeout" && kind != "announce") {
		return p.bad
	}
	queue, contact, found := strings.Cut(name, "::")
	if !found || len(contact) != contactLen {
		return p.bad
	}
	for _, d := range []string{"both", kind} {
		if err := p.look(ctx, d+"|"+queue+"|"+contact, queue, contact, "look"); err != nil {
			return err
		}
	}
	return nil
}

// Sweep looks at the TTL keys of about n deadlines from the cursor on, and
// fires those whose key an operator has deleted or let expire early. It is what
// makes a shortened TTL work when its notification was lost. A cursor of 0
// begins; 0 given back ends the round.
func (p *Pool) Sweep(ctx context.Context, from Cursor, n int) (Cursor, error) {
	if p.bad != nil {
		return 0, p.bad
	}
	found, next, err := p.rdb.ZScan(ctx, p.keys["deadlines"], uint64(from), "", int64(n)).Result()
	if err != nil {
		return from, fmt.Errorf("sweep deadlines: %w", err)
	}
	var members, keys []string
	for i := 0; i < len(found); i += 2 { // member, score
		kind, queue, contact, ok := ttlMember(found[i])
		if ok && (kind == "timeout" || kind == "both") {
			members, keys = append(members, found[i]), append(keys, p.timeoutKey(queue, contact))
		}
		if ok && (kind == "announce" || kind == "both") {
			members, keys = append(members, found[i]), append(keys, p.announceKey(queue, contact))
		}
	}
	return Cursor(next), p.lookGone(ctx, members, keys)
}

// lookGone finds the keys that are gone and looks at their deadlines. All there
// is the usual case, and costs one command.
func (p *Pool) lookGone(ctx context.Context, members, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	alive, err := p.rdb.Exists(ctx, keys...).Result()
	if err != nil {
		return fmt.Errorf("sweep deadlines: %w", err)
	}
	if alive == int64(len(keys)) {
		return nil
	}
	if len(keys) > 1 { // halve until the gone ones stand alone
		m := len(keys) / 2
		return errors.Join(p.lookGone(ctx, members[:m], keys[:m]), p.lookGone(ctx, members[m:], keys[m:]))
	}
	_, queue, contact, _ := ttlMember(members[0])
	return p.look(ctx, members[0], queue, contact, "look")
}
