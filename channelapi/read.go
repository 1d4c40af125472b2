package channelapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"holdline/internal/web"
)

// order is a command on its way: whom it concerns, and who can carry it out.
type order struct {
	node     string
	channel  string
	asterisk Telephony
	routes   *chooser
}

// step is a command that has been read and checked. What it returns is the
// answer's body; nil is none.
type step func(context.Context, *Server, order) (any, error)

// reader reads a command's body or query, checks it, and gives what is to be
// done. Nothing is asked of a node before all of the request has been checked.
type reader struct {
	read     func(http.ResponseWriter, *http.Request) (step, error)
	body     any // the body's type, as a zero value; nil: none
	optional bool
}

// checked is a body that can check itself.
type checked interface{ check() error }

// body reads a command with a body that must be there.
func body[B checked](run func(context.Context, *Server, order, B) (any, error)) reader {
	return bodyBy(web.Decode, run)
}

// optional reads a command whose body may be left out.
func optional[B checked](run func(context.Context, *Server, order, B) (any, error)) reader {
	r := bodyBy(web.DecodeOptional, run)
	r.optional = true
	return r
}

func bodyBy[B checked](
	decode func(http.ResponseWriter, *http.Request, any) error,
	run func(context.Context, *Server, order, B) (any, error),
) reader {
	var zero B
	return reader{body: zero, read: func(w http.ResponseWriter, r *http.Request) (step, error) {
		var b B
		if err := decode(w, r, &b); err != nil {
			return nil, err
		}
		if err := b.check(); err != nil {
			return nil, err
		}
		return func(ctx context.Context, s *Server, o order) (any, error) { return run(ctx, s, o, b) }, nil
	}}
}

// nothing is a command that says all it has to say in its path.
func nothing(run step) reader {
	return reader{read: func(http.ResponseWriter, *http.Request) (step, error) { return run, nil }}
}

// inQuery reads a command that says the rest in its query.
func inQuery(run func(url.Values) (step, error)) reader {
	return reader{read: func(_ http.ResponseWriter, r *http.Request) (step, error) { return run(r.URL.Query()) }}
}

// checkQuery refuses parameters that the route does not know, as a body's
// fields are refused.
func checkQuery(r *http.Request, known []string) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return web.BadField("query", r.URL.RawQuery, "the query cannot be read", "send name=value, percent-encoded")
	}
	for name, values := range query {
		if !slices.Contains(known, name) {
			remedy := "leave it out"
			if len(known) > 0 {
				remedy = "this knows " + strings.Join(known, ", ")
			}
			return &web.Problem{
				Status: http.StatusBadRequest, Code: web.CodeUnknownField,
				Message: "there is no such parameter", Field: name, Remedy: remedy,
			}
		}
		if len(values) > 1 {
			return web.BadField(name, strings.Join(values, ","), name+" is given more than once", "give it once")
		}
	}
	return nil
}
