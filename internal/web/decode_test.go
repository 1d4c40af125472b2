package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"holdline/internal/web"
)

type lamp struct {
	Name  string   `json:"name"`
	Watts int      `json:"watts"`
	On    bool     `json:"on"`
	Rooms []string `json:"rooms"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body, kind    string
		optional      bool
		status        int // 0: taken
		code, field   string
		remedyMention string
	}{
		"a whole object is taken":         {body: `{"name":"a","watts":60}`},
		"a declared charset is taken":     {body: `{}`, kind: "application/json; charset=utf-8"},
		"an undeclared type is taken":     {body: `{}`, kind: "-"},
		"an empty body is refused":        {body: "", status: 400, code: "invalid_body"},
		"an empty body may be left out":   {body: "", kind: "-", optional: true},
		"an unknown field is named":       {body: `{"title":"a"}`, status: 400, code: "unknown_field", field: "title"},
		"a wrong type is named":           {body: `{"watts":"60"}`, status: 400, code: "invalid_field", field: "watts", remedyMention: "whole number"},
		"a wrong type says what would do": {body: `{"rooms":"a"}`, status: 400, code: "invalid_field", field: "rooms", remedyMention: "list"},
		"a fraction is no whole number":   {body: `{"watts":1.5}`, status: 400, code: "invalid_field", field: "watts"},
		"a number too large is refused":   {body: `{"watts":99999999999999999999}`, status: 400, code: "invalid_field", field: "watts"},
		"half an object is refused":       {body: `{"name":`, status: 400, code: "invalid_body"},
		"what is not JSON is refused":     {body: `name=a`, status: 400, code: "invalid_body"},
		"something behind the object":     {body: `{} {}`, status: 400, code: "invalid_body"},
		"garbage behind the object":       {body: `{} x`, status: 400, code: "invalid_body"},
		"a list is no object":             {body: `[]`, status: 400, code: "invalid_field"},
		"a form is refused by its type":   {body: `name=a`, kind: "application/x-www-form-urlencoded", status: 415, code: "unsupported_media_type", field: "Content-Type"},
		"too much is refused":             {body: `{"name":"` + strings.Repeat("a", web.MaxBody) + `"}`, status: 413, code: "body_too_large"},
		"an unreadable type is refused":   {body: `{}`, kind: ";;", status: 415, code: "unsupported_media_type", field: "Content-Type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/", strings.NewReader(c.body))
			switch c.kind {
			case "":
				r.Header.Set("Content-Type", "application/json")
			case "-":
			default:
				r.Header.Set("Content-Type", c.kind)
			}
			var v lamp
			decode := web.Decode
			if c.optional {
				decode = web.DecodeOptional
			}
			err := decode(httptest.NewRecorder(), r, &v)
			if c.status == 0 {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var p *web.Problem
			if !errors.As(err, &p) {
				t.Fatalf("got %v, want a problem", err)
			}
			if p.Status != c.status || p.Code != c.code || p.Field != c.field {
				t.Errorf("got %d %s %q, want %d %s %q", p.Status, p.Code, p.Field, c.status, c.code, c.field)
			}
			if p.Remedy == "" || !strings.Contains(p.Remedy, c.remedyMention) {
				t.Errorf("remedy %q", p.Remedy)
			}
		})
	}
}
