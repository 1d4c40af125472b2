package directory

import (
	"fmt"
	"strings"
)

// Problem is a row that was left out of a projection, or corrected in it.
type Problem struct {
	Table   string // as in the database
	Row     string // its key, parts joined by '/', without the pool
	Message string // what is wrong, what was done about it, what helps
}

func (p Problem) String() string {
	return fmt.Sprintf("%s %s: %s", p.Table, p.Row, p.Message)
}

// Problems of one load, in the order of the tables.
type Problems []Problem

func (p Problems) String() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "; ")
}

func (p *Problems) add(table, row, format string, args ...any) {
	*p = append(*p, Problem{Table: table, Row: row, Message: fmt.Sprintf(format, args...)})
}
