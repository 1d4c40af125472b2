package standin

import (
	"fmt"
	"regexp"
	"sync"

	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/expression"
	"github.com/dolthub/go-mysql-server/sql/types"
)

// matchesName is the function that stands for REGEXP in CHECK constraints: text,
// pattern → 1 or 0. go-mysql-server's own REGEXP runs a library for the browser, and
// now and then compiles it anew, for a third of a second.
const matchesName = "holdline_matches"

// binary of a column and a text, before it is written as a function.
var binary = regexp.MustCompile(`(\w+) REGEXP ('[^']*')`)

type matches struct {
	expression.BinaryExpressionStub
}

var _ sql.FunctionExpression = (*matches)(nil)

func newMatches(text, pattern sql.Expression) sql.Expression {
	return &matches{expression.BinaryExpressionStub{LeftChild: text, RightChild: pattern}}
}

func (m *matches) FunctionName() string { return matchesName }
func (m *matches) Description() string  { return "says whether a text matches a regular expression" }
func (m *matches) Type() sql.Type       { return types.Boolean }

func (m *matches) String() string {
	return fmt.Sprintf("%s(%s,%s)", matchesName, m.LeftChild, m.RightChild)
}

func (m *matches) WithChildren(children ...sql.Expression) (sql.Expression, error) {
	if len(children) != 2 {
		return nil, sql.ErrInvalidChildrenNumber.New(m, len(children), 2)
	}
	return newMatches(children[0], children[1]), nil
}

// Eval gives NULL for NULL, as REGEXP does.
func (m *matches) Eval(ctx *sql.Context, row sql.Row) (any, error) {
	text, err := m.LeftChild.Eval(ctx, row)
	if err != nil || text == nil {
		return nil, err
	}
	pattern, err := m.RightChild.Eval(ctx, row)
	if err != nil || pattern == nil {
		return nil, err
	}
	compiled, err := compile(fmt.Sprint(pattern))
	if err != nil {
		return nil, err
	}
	return compiled.MatchString(fmt.Sprint(text)), nil
}

var patterns sync.Map // string → *regexp.Regexp

func compile(pattern string) (*regexp.Regexp, error) {
	if known, ok := patterns.Load(pattern); ok {
		return known.(*regexp.Regexp), nil
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	patterns.Store(pattern, compiled)
	return compiled, nil
}
