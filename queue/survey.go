package queue

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// A survey is what explanations are made of: the records as they stand, each read once,
// when it is asked for. They are not of one moment, as with all views.
type survey struct {
	p        *Pool
	now      time.Time // the pool's
	hold     time.Time // an emptied pool makes no offers before
	strict   bool
	targets  bool // contacts by service level
	contacts map[string]*contactRecord
	offers   map[string]*offerRecord
	people   map[string]*person // by escaped id
	lines    map[string]*lineRecord
	queues   map[string]*queueRecord // by escaped name
	groups   map[string]int
}

// person is an agent: what the directory says of them, and their record.
type person struct {
	id   string // escaped
	spec *agentRecordSpec
	agentRecord
}

func (a *person) name() string { return Unescape(a.id) }

func (p *Pool) survey(ctx context.Context) (*survey, error) {
	if p.bad != nil {
		return nil, p.bad
	}
	m, err := p.rdb.HMGet(ctx, p.keys["meta"], "clock", "hold", "frozen", "opts").Result()
	if err != nil {
		return nil, fmt.Errorf("read pool: %w", err)
	}
	word := func(i int) string { s, _ := m[i].(string); return s }
	s := &survey{p: p, hold: micros(word(1)).time(), now: micros(word(2)).time(),
		strict: strings.Contains(word(3), "s"), targets: strings.Contains(word(3), "l"),
		contacts: map[string]*contactRecord{}, offers: map[string]*offerRecord{}, people: map[string]*person{},
		lines: map[string]*lineRecord{}, queues: map[string]*queueRecord{}, groups: map[string]int{}}
	if s.now.IsZero() {
		if s.now, err = p.serverTime(ctx); err != nil {
			return nil, fmt.Errorf("read clock: %w", err)
		}
	}
	if last := micros(word(0)).time(); !s.now.After(last) {
		s.now = last.Add(time.Microsecond)
	}
	return s, nil
}

// load fills a cache with records that are not in it: those that there are.
func load[T any](ctx context.Context, s *survey, cache map[string]*T, key, prefix string, ids []string, what string) error {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { _, is := cache[id]; return is || id == "" })
	slices.Sort(ids)
	for part := range slices.Chunk(slices.Compact(ids), 500) {
		fields := make([]string, len(part))
		for i, id := range part {
			fields[i] = prefix + id
		}
		found, err := s.p.rdb.HMGet(ctx, s.p.keys[key], fields...).Result()
		if err != nil {
			return fmt.Errorf("read %s: %w", what, err)
		}
		for i, v := range found {
			cache[part[i]] = nil
			if text, is := v.(string); is {
				cache[part[i]] = new(T)
				if err := parse(text, cache[part[i]], what+" "+part[i]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s *survey) loadContacts(ctx context.Context, ids ...string) error {
	return load(ctx, s, s.contacts, "contacts", "", ids, "contact")
}

// loadQueues reads queues by their escaped names.
func (s *survey) loadQueues(ctx context.Context, names ...string) error {
	return load(ctx, s, s.queues, "dir", "queue|", names, "queue")
}

func (s *survey) loadLines(ctx context.Context, lines ...string) error {
	return load(ctx, s, s.lines, "dir", "line|", lines, "line")
}

// loadPeople reads agents whom the directory has, and what occupies them.
func (s *survey) loadPeople(ctx context.Context, ids ...string) error {
	specs, records := map[string]*agentRecordSpec{}, map[string]*agentRecord{}
	if err := load(ctx, s, specs, "dir", "agent|", ids, "agent"); err != nil {
		return err
	}
	if err := load(ctx, s, records, "agents", "", ids, "agent"); err != nil {
		return err
	}
	for _, id := range ids {
		if r := records[id]; r != nil && s.people[id] == nil {
			if specs[id] == nil { // leaving, as in spec_of
				specs[id] = &agentRecordSpec{CapV: 1, WrapUp: -1}
			}
			s.people[id] = &person{id, specs[id], *r}
		}
	}
	return s.loadWork(ctx, ids)
}

// loadWork reads the offers and calls of these agents, with their contacts.
func (s *survey) loadWork(ctx context.Context, ids []string) error {
	var offers, contacts []string
	for _, id := range ids {
		if a := s.people[id]; a != nil {
			offers = append(append(offers, a.Offer), split(a.Calls)...)
		}
	}
	if err := load(ctx, s, s.offers, "offers", "", offers, "offer"); err != nil {
		return err
	}
	for _, id := range offers {
		if o := s.offers[id]; o != nil {
			contacts = append(contacts, o.Contact)
		}
	}
	return s.loadContacts(ctx, contacts...)
}

// serving gives the agents who have a place in the line, by escaped id; it may name some
// who have not. It looks at what the directory says of every agent.
func (s *survey) serving(ctx context.Context, line string) ([]string, error) {
	return s.fields(ctx, "agent|", `"`+line+"|")
}

// fields gives what stands behind the prefix in the fields of dir, sorted: of those whose
// record holds the words.
func (s *survey) fields(ctx context.Context, prefix, words string) ([]string, error) {
	var names []string
	for cursor := uint64(0); ; {
		found, next, err := s.p.rdb.HScan(ctx, s.p.keys["dir"], cursor, prefix+"*", 1000).Result()
		if err != nil {
			return nil, fmt.Errorf("find %s in dir: %w", prefix, err)
		}
		for i := 0; i+1 < len(found); i += 2 {
			if strings.Contains(found[i+1], words) {
				names = append(names, strings.TrimPrefix(found[i], prefix))
			}
		}
		if cursor = next; cursor == 0 {
			slices.Sort(names)
			return slices.Compact(names), nil
		}
	}
}

// contactsIn gives the first contacts of a sorted set whose members begin with the prefix,
// PassedMost at most, and reads their records.
func (s *survey) contactsIn(ctx context.Context, key, prefix string) ([]string, error) {
	members, err := s.lex(ctx, key, prefix, PassedMost)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m[max(0, len(m)-contactLen):]
	}
	return ids, s.loadContacts(ctx, ids...)
}

// lex gives up to n members of a sorted set that begin with the prefix and a |.
func (s *survey) lex(ctx context.Context, key, prefix string, n int64) ([]string, error) {
	all, err := s.p.rdb.ZRangeByLex(ctx, s.p.keys[key],
		&redis.ZRangeBy{Min: "[" + prefix + "|", Max: "(" + prefix + "}", Count: n}).Result()
	if err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", key, prefix, err)
	}
	return all, nil
}

func (s *survey) lexCount(ctx context.Context, key, prefix string) (int, error) {
	n, err := s.p.rdb.ZLexCount(ctx, s.p.keys[key], "["+prefix+"|", "("+prefix+"}").Result()
	if err != nil {
		return 0, fmt.Errorf("count %s of %s: %w", key, prefix, err)
	}
	return int(n), nil
}

// left is how many of a group that is held back are available.
func (s *survey) left(ctx context.Context, group string) (int, error) {
	if n, known := s.groups[group]; known {
		return n, nil
	}
	n, err := s.lexCount(ctx, "available", group)
	s.groups[group] = n
	return n, err
}

// deadline is when it is due; zero when it is not set.
func (s *survey) deadline(ctx context.Context, member string) (time.Time, error) {
	at, err := s.p.rdb.ZScore(ctx, s.p.keys["deadlines"], member).Result()
	if err == redis.Nil { //nolint:errorlint // go-redis gives it as it is
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read deadline %s: %w", member, err)
	}
	return time.UnixMicro(int64(at)), nil
}

// opens is when a step of the line opens to the contact.
func (l *lineRecord) opens(c *contactRecord, step int) time.Time {
	after := strings.Split(l.After, ",")
	if step >= len(after) {
		return time.Time{}
	}
	n, _ := strconv.ParseInt(after[step], 10, 64)
	return c.At.time().Add(ms(n))
}

// asks is what the need asks at the step, for people.
func (l *lineRecord) asks(step int) string {
	titles, asks := strings.Split(l.Title, "; "), ""
	for i, n := range l.Asked {
		if n <= step && i < len(titles) {
			asks = titles[i]
		}
	}
	return asks
}

// place is the agent's in the line: the step that admits them, the tier.
func (a *person) place(line string) (step, tier int, is bool) {
	for _, p := range a.spec.Places {
		if part := strings.Split(p, "|"); len(part) == 3 && part[0] == line {
			step, _ = strconv.Atoi(part[1])
			tier, _ = strconv.Atoi(part[2])
			return step, tier, true
		}
	}
	return 0, 0, false
}

// load is what the agent holds of the medium, and how much of it they may.
func (a *person) load(m Medium) (held, capacity int) {
	if m == Chat {
		return a.HeldC, a.spec.CapC
	}
	return a.HeldV, a.spec.CapV
}

// rank is the contact's in heads, as rank_of in lua/lib/contact.lua.
func (c *contactRecord) rank() string {
	if c.Given == 1 && len(c.Score) > 2 {
		return "00" + c.Score[2:] + "|" + c.ID
	}
	return c.Score + "|" + c.ID
}

func (c *contactRecord) field() string {
	if c.Line != "" {
		return c.Line + "|" + step(c.Step)
	}
	return c.Need + "|" + step(c.Step)
}

// key is by what the agent compares contacts: the first of rank, with their own order of
// queues and the pool's order, as first in lua/match.lua. i is the place among the heads.
func (s *survey) key(rank string, ranks []string, targets []int64, i int) string {
	if i < len(targets) && len(rank) > 18 && targets[i] > 0 {
		at, _ := strconv.ParseFloat(rank[2:18], 64)
		share := math.Floor((float64(s.now.UnixMicro()) - at) / float64(targets[i]) * 1e6)
		rank = rank[:2] + fmt.Sprintf("%016.0f", max(0, min(9e15-share, 9e15))) + rank[18:]
	}
	if i < len(ranks) {
		rank = ranks[i] + rank
	}
	return rank
}

// before gives the contact that the agent would be asked for in place of this one; nil
// when this one is their first.
func (s *survey) before(ctx context.Context, a *person, c *contactRecord) (*contactRecord, error) {
	parts := []spare{{Heads: a.spec.Heads, Ranks: a.spec.Ranks, Targets: a.spec.Targets}}
	for _, g := range a.spec.Spare {
		n, err := s.left(ctx, g.Group)
		if err != nil {
			return nil, err
		}
		if n > g.Keep {
			parts = append(parts, g)
		}
	}
	own, best, id := "", "", ""
	for _, part := range parts {
		if len(part.Heads) == 0 {
			continue
		}
		found, err := s.p.rdb.HMGet(ctx, s.p.keys["heads"], part.Heads...).Result()
		if err != nil {
			return nil, fmt.Errorf("read heads: %w", err)
		}
		heads, others := make([]string, len(found)), make([]string, len(found))
		for i := range found {
			if h, is := found[i].(string); is && len(h) >= contactLen {
				heads[i], others[i] = h, h[len(h)-contactLen:]
			}
		}
		if err := s.loadContacts(ctx, others...); err != nil {
			return nil, err
		}
		for i, f := range part.Heads {
			if f == c.field() {
				own = s.key(c.rank(), part.Ranks, part.Targets, i)
			}
			o := s.contacts[others[i]]
			if o == nil || o.State != string(Waiting) || slices.Contains(split(o.Skip), a.name()) {
				continue
			}
			if key := s.key(heads[i], part.Ranks, part.Targets, i); best == "" || key < best {
				best, id = key, others[i]
			}
		}
	}
	if id == "" || id == c.ID || own != "" && own <= best {
		return nil, nil //nolint:nilnil // nobody comes before
	}
	return s.contacts[id], nil
}
