package queue

import "context"

// Match brings together the longest waiting contacts and the agents whose turn
// it is, for the agent or the line of the subject, until one of the two has
// nobody left. cause is the id of the work entry it is run for: run again with
// the same cause it gives the offers of the first run that are still open, and
// matches nothing new; once the entry is Done it gives none. cause "" is for
// operators: not remembered.
func (p *Pool) Match(ctx context.Context, cause string, s Subject) ([]Offer, error) {
	what := "match agent " + s.Agent
	kind, id := "agent", Escape(s.Agent)
	if s.Agent == "" {
		what, kind, id = "match line "+s.Line, "need", s.Line
	}
	r, err := p.do(ctx, "match", what, nil, cause, kind, id)
	if err != nil {
		return nil, err
	}
	var offers []Offer
	for i := 0; i+2 < len(r); i += 3 {
		o, c, err := decodePair(r[i], r[i+1], r[i+2])
		if err != nil {
			return nil, err
		}
		offers = append(offers, o.of(c))
	}
	return offers, nil
}
