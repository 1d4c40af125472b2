package queue

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The directory says steps, delays and reserves; the scripts know one thing: the
// number of a line's steps that a contact's wait has opened, and the first of them that
// admits an agent. Here the one becomes the other.

// compiledLine is a need's line. Its letters, steps and holds decide where contacts and
// agents stand: when one changes the need goes on as a new version.
type compiledLine struct {
	need   NeedSpec
	queue  QueueSpec
	steps  []int64 // ms after the arrival, rising; the first is 0
	asked  []int   // for each of the need's own steps, its number in steps
	holds  []held
	places map[int]int // agent → the number of their step
	name   string      // with the version, once that is known
}

// held says whom a line holds back: agents of the group who would be admitted from
// step from on, and are so from step on only, unless more than keep are available.
type held struct {
	Group string `json:"group"`
	Keep  int    `json:"keep"`
	From  int    `json:"from"`
	Step  int    `json:"step"`
}

type lineRecord struct {
	Queue   string `json:"queue"`
	Need    string `json:"need"` // name
	After   string `json:"after"`
	Last    int    `json:"last"`
	Reserve []held `json:"reserve,omitempty"`
	Asked   []int  `json:"asked"`
	Title   string `json:"title"` // what each step asks, for people
	At      int64  `json:"version"`
}

func (l *compiledLine) letters() (strategy, medium byte) {
	strategy, medium = strategies[l.queue.Strategy], mediumLetters[l.queue.Medium]
	if len(l.holds) > 0 {
		strategy -= 'a' - 'A'
	}
	return strategy, medium
}

func millis(d time.Duration) int64 { return (d + time.Millisecond - 1).Milliseconds() }

// candidate is one who serves a need: the number of the agent, and their place.
type candidate struct {
	agent  int
	place  Place
	skills map[string]int
}

// candidatesOf sorts the agents' places by need.
func candidatesOf(agents []AgentSpec) map[int64][]candidate {
	all := map[int64][]candidate{}
	for i, a := range agents {
		for _, p := range a.Places {
			all[p.Need] = append(all[p.Need], candidate{i, p, a.Skills})
		}
	}
	return all
}

// compileLine gives the line of a need that these serve.
func compileLine(n NeedSpec, q QueueSpec, serve []candidate) *compiledLine {
	l := &compiledLine{need: n, queue: q, places: map[int]int{}}
	own := []int64{0} // ms of the need's own steps
	for i, s := range n.Steps {
		if i > 0 {
			own = append(own, max(millis(s.After), own[i-1]+1))
		}
	}
	opens := map[int64]bool{}
	for _, ms := range own {
		opens[ms] = true
	}
	admitted := make([]int64, len(serve)) // ms
	for i, c := range serve {
		admitted[i] = max(own[min(c.place.Step, len(own)-1)], millis(c.place.Delay))
		opens[admitted[i]] = true
	}
	type hold struct{ from, until int64 }
	var holds []hold
	if r := n.Reserve; r != nil {
		until := map[int64]int64{} // of those admitted then
		for i, from := range slices.Clone(admitted) {
			if _, has := serve[i].skills[r.Skill]; !has || from >= millis(r.Until) {
				continue
			}
			if until[from] == 0 { // a step of their own, so that nobody else is held back
				at := millis(r.Until)
				for opens[at] {
					at++
				}
				opens[at], until[from] = true, at
				holds = append(holds, hold{from, at})
			}
			admitted[i] = until[from]
		}
	}
	l.steps = slices.Sorted(maps.Keys(opens))
	number := func(ms int64) int { n, _ := slices.BinarySearch(l.steps, ms); return n }
	for _, ms := range own {
		l.asked = append(l.asked, number(ms))
	}
	for _, h := range holds {
		l.holds = append(l.holds, held{Group: groupLine(n.Reserve.Skill, mediumLetters[q.Medium]), Keep: n.Reserve.Keep,
			From: number(h.from), Step: number(h.until)})
	}
	slices.SortFunc(l.holds, func(a, b held) int { return cmp.Compare(a.From, b.From) })
	for i, c := range serve {
		l.places[c.agent] = number(admitted[i])
	}
	return l
}

func (l *compiledLine) record(version int64) lineRecord {
	after, title := make([]string, len(l.steps)), make([]string, 0, len(l.need.Steps))
	for i, ms := range l.steps {
		after[i] = strconv.FormatInt(ms, 10)
	}
	for _, s := range l.need.Steps {
		title = append(title, strings.TrimSpace(fmt.Sprintf("after %s: tier<=%d %s", s.After, s.MaxTier, skills(s.Skills, ">="))))
	}
	return lineRecord{Queue: Escape(l.queue.Name), Need: l.need.Name, After: strings.Join(after, ","), Last: len(l.steps) - 1,
		Reserve: l.holds, Asked: l.asked, Title: strings.Join(title, "; "), At: version}
}

// became is what a step of an older version is at least in this one: the step of the
// need itself that was open is open still.
func (l *compiledLine) became(older lineRecord) string {
	var least []string
	for s := range older.Last + 1 {
		opened := 0
		for i, n := range older.Asked {
			if n <= s {
				opened = i
			}
		}
		least = append(least, strconv.Itoa(l.asked[min(opened, len(l.asked)-1)]))
	}
	return l.name + "|" + strings.Join(least, ",")
}

// agentRecordSpec is what the scripts read of an agent.
type agentRecordSpec struct {
	Name    string   `json:"name"`
	Line    string   `json:"line"`
	CapV    int      `json:"cap_v"`
	CapC    int      `json:"cap_c"`
	Beside  string   `json:"beside"`
	WrapUp  int64    `json:"wrap_up_ms"`
	Always  int      `json:"always"`
	Skilled int      `json:"skilled"`
	FairOn  int      `json:"fair_on,omitempty"`
	Places  []string `json:"places"`
	Own     []string `json:"own,omitempty"`
	Heads   []string `json:"heads"`
	Ranks   []string `json:"ranks,omitempty"`
	Targets []int64  `json:"targets,omitempty"`
	Spare   []spare  `json:"spare,omitempty"`
	Frees   []spare  `json:"frees,omitempty"` // what is worth a look when they make it more than Keep
	Duty    []string `json:"duty,omitempty"`
	Leaves  []string `json:"leaves,omitempty"`
	Skills  string   `json:"skills"` // for people
}

// spare are the heads that the agent looks at only while more than Keep of the group
// are available.
type spare struct {
	Group   string   `json:"group"`
	Keep    int      `json:"keep"`
	Heads   []string `json:"heads"`
	Ranks   []string `json:"ranks,omitempty"`
	Targets []int64  `json:"targets,omitempty"`
}

// serving is a place of an agent with its line.
type serving struct {
	Place
	line *compiledLine
	at   int // step
	held *held
}

func (s serving) String() string { return fmt.Sprintf("%s|%02d|%02d", s.line.name, s.at, s.Tier) }

// own is what the strategy wants of the place.
func (s serving) own() string {
	switch s.line.queue.Strategy {
	case "linear":
		return fmt.Sprintf("%04d", s.Position)
	case "weighted-random":
		return fmt.Sprintf("%04d", max(1, s.Weight))
	}
	return "0000"
}

// heldHeads are the heads of each group whose contacts wait for more than Keep of it.
func heldHeads(lines map[int64]*compiledLine) map[string][]spare {
	all := map[string][]spare{}
	for _, id := range slices.Sorted(maps.Keys(lines)) {
		for _, h := range lines[id].holds {
			all[h.Group] = append(all[h.Group], spare{Group: h.Group, Keep: h.Keep, Heads: headsOf(lines[id].name, h.From, h.Step-1)})
		}
	}
	return all
}

// compileAgent gives the i-th agent's record. frees: see heldHeads.
func compileAgent(i int, a AgentSpec, lines map[int64]*compiledLine, frees map[string][]spare, pool PoolSpec) agentRecordSpec {
	r := agentRecordSpec{Name: a.Name, Line: agentLine(Escape(a.ID)), CapV: 1, WrapUp: -1, Skilled: len(a.Skills),
		Skills: skills(a.Skills, "="), Places: []string{}}
	if a.Capacity != nil {
		r.CapV, r.CapC = a.Capacity[Voice], a.Capacity[Chat]
	}
	for _, m := range a.Beside {
		r.Beside += string(mediumLetters[m])
	}
	if a.WrapUp != nil {
		r.WrapUp = max(0, a.WrapUp.Milliseconds())
	}
	if a.AlwaysIn {
		r.Always = 1
	}
	all := servings(i, a, lines)
	r.Heads = []string{r.Line + "|00"}
	ranked := slices.ContainsFunc(all, func(s serving) bool { return s.Priority != 0 })
	if ranked {
		r.Ranks = []string{"00"}
	}
	if pool.Order == byServiceLevel {
		r.Targets = []int64{DefaultTarget.Milliseconds()}
	}
	groups, asks := map[string]bool{}, false
	for _, s := range all {
		r.Places = append(r.Places, s.String())
		heads := headsOf(s.line.name, s.at, len(s.line.steps)-1)
		r.Heads = append(r.Heads, heads...)
		r.Ranks, r.Targets = s.look(r.Ranks, ranked, len(heads)), s.target(r.Targets, pool, len(heads))
		if h := s.held; h != nil {
			heads := headsOf(s.line.name, h.From, h.Step-1)
			r.Spare = append(r.Spare, spare{h.Group, h.Keep, heads, s.look(nil, ranked, len(heads)), s.target(nil, pool, len(heads))})
			groups[h.Group] = true
		}
		q := s.line.queue
		asks = asks || q.Strategy == "linear" || q.Strategy == "weighted-random"
		if q.Strategy == "fair" {
			r.FairOn = 1
		}
		if len(q.JoinEmpty)+len(q.LeaveEmpty) > 0 {
			r.Duty = append(r.Duty, s.line.name+"|"+step(s.at))
		}
		if len(q.LeaveEmpty) > 0 {
			r.Leaves = append(r.Leaves, s.line.name)
		}
	}
	for _, g := range slices.Sorted(maps.Keys(groups)) {
		r.Frees = append(r.Frees, frees[g]...)
		r.Places = append(r.Places, g+"|00|00")
	}
	if asks {
		for _, s := range all {
			r.Own = append(r.Own, s.own())
		}
		for range groups {
			r.Own = append(r.Own, "0000")
		}
	}
	return r
}

func servings(i int, a AgentSpec, lines map[int64]*compiledLine) []serving {
	var all []serving
	for _, p := range a.Places {
		l := lines[p.Need]
		s := serving{Place: p, line: l, at: l.places[i]}
		for h := range l.holds {
			if l.holds[h].Step == s.at {
				s.held = &l.holds[h]
			}
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b serving) int { return strings.Compare(a.String(), b.String()) })
	return all
}

func (s serving) look(ranks []string, ranked bool, n int) []string {
	for range n {
		if ranked {
			ranks = append(ranks, step(s.Priority))
		}
	}
	return ranks
}

func (s serving) target(targets []int64, pool PoolSpec, n int) []int64 {
	for range n {
		if pool.Order == byServiceLevel {
			targets = append(targets, cmp.Or(s.line.queue.Target, DefaultTarget).Milliseconds())
		}
	}
	return targets
}

func skills(levels map[string]int, sign string) string {
	var b []string
	for _, s := range slices.Sorted(maps.Keys(levels)) {
		b = append(b, s+sign+strconv.Itoa(levels[s]))
	}
	return strings.Join(b, " ")
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // records of strings and numbers
	}
	return string(b)
}
