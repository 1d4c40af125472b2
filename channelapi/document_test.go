package channelapi

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"holdline/internal/web"
)

// The parts of an OpenAPI document that the tests compare with the code.
type (
	openAPI struct {
		Paths      map[string]map[string]yaml.Node `yaml:"paths"`
		Components struct {
			Schemas    map[string]schema    `yaml:"schemas"`
			Parameters map[string]parameter `yaml:"parameters"`
			Responses  map[string]yaml.Node `yaml:"responses"`
		} `yaml:"components"`
	}
	reference struct {
		Ref string `yaml:"$ref"`
	}
	parameter struct {
		reference `yaml:",inline"`
		Name      string `yaml:"name"`
		In        string `yaml:"in"`
		Required  bool   `yaml:"required"`
		Schema    schema `yaml:"schema"`
	}
	schema struct {
		reference            `yaml:",inline"`
		Type                 string            `yaml:"type"`
		Properties           map[string]schema `yaml:"properties"`
		Required             []string          `yaml:"required"`
		AdditionalProperties any               `yaml:"additionalProperties"`
		Pattern              string            `yaml:"pattern"`
		Enum                 []string          `yaml:"enum"`
		Items                *schema           `yaml:"items"`
		Names                *schema           `yaml:"propertyNames"`
	}
	content struct {
		JSON struct {
			Schema schema `yaml:"schema"`
		} `yaml:"application/json"`
	}
	documented struct {
		OperationID string      `yaml:"operationId"`
		Summary     string      `yaml:"summary"`
		Parameters  []parameter `yaml:"parameters"`
		RequestBody *struct {
			Required bool    `yaml:"required"`
			Content  content `yaml:"content"`
		} `yaml:"requestBody"`
		Responses map[string]struct {
			reference `yaml:",inline"`
			Content   content `yaml:"content"`
		} `yaml:"responses"`
		Samples []struct{ Source string } `yaml:"x-codeSamples"`

		path, method string
	}
)

func readDocument(t *testing.T) (openAPI, map[string]documented) {
	t.Helper()
	var doc openAPI
	if err := yaml.Unmarshal(Document(), &doc); err != nil {
		t.Fatal(err)
	}
	all := map[string]documented{}
	for path, item := range doc.Paths {
		var shared []parameter
		for key, node := range item {
			if key == "parameters" {
				if err := node.Decode(&shared); err != nil {
					t.Fatal(err)
				}
			}
		}
		for method, node := range item {
			if method == "parameters" {
				continue
			}
			var o documented
			if err := node.Decode(&o); err != nil {
				t.Fatalf("%s %s: %v", method, path, err)
			}
			o.path, o.method = path, strings.ToUpper(method)
			o.Parameters = append(o.Parameters, shared...)
			for i, p := range o.Parameters {
				if p.Ref != "" {
					o.Parameters[i] = doc.Components.Parameters[strings.TrimPrefix(p.Ref, "#/components/parameters/")]
				}
			}
			if _, twice := all[o.OperationID]; twice {
				t.Errorf("two operations are called %s", o.OperationID)
			}
			all[o.OperationID] = o
		}
	}
	return doc, all
}

func TestTheDocumentKnowsTheRoutesAndNoOthers(t *testing.T) {
	t.Parallel()
	_, all := readDocument(t)
	want := map[string]string{"document": "GET /openapi.yaml"}
	for _, r := range routes {
		want[r.operation] = r.method + " " + r.path
	}
	got := map[string]string{}
	for id, o := range all {
		got[id] = o.method + " " + o.path
		if o.Summary == "" || len(o.Samples) == 0 {
			t.Errorf("%s has no summary, or no sample", id)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-) and document (+) differ:\n%s", diff)
	}
	served := New(Options{}).router.Patterns()
	slices.Sort(served)
	if listed := slices.Sorted(maps.Values(want)); !slices.Equal(listed, served) {
		t.Errorf("the router serves %q, the table lists %q", served, listed)
	}
}

func TestTheDocumentKnowsTheParameters(t *testing.T) {
	t.Parallel()
	doc, all := readDocument(t)
	for _, r := range routes {
		o := all[r.operation]
		var inPath, inQuery []string
		for _, p := range o.Parameters {
			switch p.In {
			case "path":
				inPath = append(inPath, p.Name)
				if !p.Required {
					t.Errorf("%s: %s must be required", r.operation, p.Name)
				}
			case "query":
				inQuery = append(inQuery, p.Name)
			case "header":
				if p.Name != web.HeaderRequestID && p.Name != web.HeaderIdempotencyKey {
					t.Errorf("%s: header %s is not read", r.operation, p.Name)
				}
			}
		}
		slices.Sort(inPath)
		if want := wildcards(r.path); !slices.Equal(inPath, want) {
			t.Errorf("%s: path parameters %q, want %q", r.operation, inPath, want)
		}
		if !slices.Equal(inQuery, r.query) {
			t.Errorf("%s: query parameters %q, want %q", r.operation, inQuery, r.query)
		}
	}
	for name, rule := range map[string]rule{"Node": nodeRule, "Channel": channelRule} {
		if got := doc.Components.Parameters[name].Schema.Pattern; got != rule.pattern.String() {
			t.Errorf("%s: document says %s, code %s", name, got, rule.pattern)
		}
	}
}

func wildcards(path string) []string {
	var names []string
	for part := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(part, "{") {
			names = append(names, strings.Trim(part, "{}"))
		}
	}
	slices.Sort(names)
	return names
}

func TestTheDocumentKnowsBodiesAndAnswers(t *testing.T) {
	t.Parallel()
	doc, all := readDocument(t)
	used := map[string]bool{"Problem": true}
	compare := func(where string, s schema, v any) {
		t.Helper()
		name := strings.TrimPrefix(s.Ref, "#/components/schemas/")
		used[name] = true
		compareSchema(t, where+" "+name, doc.Components.Schemas[name], v)
	}
	for _, r := range routes {
		o := all[r.operation]
		switch {
		case (r.takes.body == nil) != (o.RequestBody == nil):
			t.Errorf("%s: one of document and code knows a body", r.operation)
		case r.takes.body != nil:
			if o.RequestBody.Required == r.takes.optional {
				t.Errorf("%s: whether the body is required differs", r.operation)
			}
			compare(r.operation, o.RequestBody.Content.JSON.Schema, r.takes.body)
		}
		success, ok := o.Responses["200"]
		if _, empty := o.Responses["204"]; ok == empty {
			t.Errorf("%s: wants one of 200 and 204", r.operation)
		}
		if ok != (r.answer != nil) {
			t.Errorf("%s: one of document and code knows an answer", r.operation)
		} else if ok {
			compare(r.operation, success.Content.JSON.Schema, r.answer)
		}
	}
	compareSchema(t, "Problem", doc.Components.Schemas["Problem"], web.Problem{})
	for name, s := range doc.Components.Schemas {
		if s.Type == "object" && len(s.Properties) > 0 && !used[name] {
			t.Errorf("schema %s is nobody's", name)
		}
	}
}

// compareSchema compares names, kinds and optionality of fields, both ways.
func compareSchema(t *testing.T, where string, s schema, v any) {
	t.Helper()
	if s.AdditionalProperties != false {
		t.Errorf("%s: unknown fields are refused, and the document does not say so", where)
	}
	type field struct{ required bool }
	code, document := map[string]field{}, map[string]field{}
	for f := range fields(reflect.TypeOf(v)) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "-" {
			code[name] = field{required: !strings.Contains(options, "omitempty")}
		}
	}
	for name := range s.Properties {
		document[name] = field{required: slices.Contains(s.Required, name)}
	}
	if diff := cmp.Diff(code, document, cmp.AllowUnexported(field{})); diff != "" {
		t.Errorf("%s: code (-) and document (+) differ:\n%s", where, diff)
	}
}

func fields(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

func TestTheDocumentKnowsTheRules(t *testing.T) {
	t.Parallel()
	doc, _ := readDocument(t)
	schemas := doc.Components.Schemas
	for name, c := range map[string]struct {
		documented string
		rule       rule
	}{
		"Id":           {schemas["Id"].Pattern, idRule},
		"Word":         {schemas["Word"].Pattern, wordRule},
		"Place":        {schemas["Place"].Pattern, placeRule},
		"Media":        {schemas["Media"].Items.Pattern, mediaRule},
		"VariableMap":  {schemas["VariableMap"].Names.Pattern, variableRule},
		"to":           {schemas["Connect"].Properties["to"].Pattern, toRule},
		"to of a dial": {schemas["Dial"].Properties["to"].Items.Pattern, toRule},
		"app_args":     {schemas["Connect"].Properties["app_args"].Pattern, argsRule},
		"headers":      {schemas["Connect"].Properties["headers"].Names.Pattern, headerRule},
		"with":         {schemas["Bridge"].Properties["with"].Pattern, channelRule},
	} {
		if c.documented != c.rule.pattern.String() {
			t.Errorf("%s: document says %s, code %s", name, c.documented, c.rule.pattern)
		}
	}
	if got, want := schemas["HangupReason"].Enum, slices.Sorted(maps.Keys(reasons)); !slices.Equal(got, want) {
		t.Errorf("reasons of a hangup: document %q, code %q", got, want)
	}
}

// Each code of a problem body is explained in the document, under the status
// that it has in the code.
func TestTheDocumentKnowsTheCodes(t *testing.T) {
	t.Parallel()
	doc, _ := readDocument(t)
	text := map[string]string{}
	for name, node := range doc.Components.Responses {
		var r struct {
			Description string `yaml:"description"`
		}
		if err := node.Decode(&r); err != nil {
			t.Fatal(err)
		}
		text[name] = r.Description
	}
	under := map[int]string{
		400: "BadRequest", 401: "Unauthorized", 404: "NotFound", 409: "NotInApplication", 413: "TooLarge",
		415: "UnsupportedMediaType", 500: "Internal", 502: "NodeUnreachable", 503: "NodesUnknown", 504: "OutcomeUnknown",
	}
	codes := map[string]int{
		web.CodeInvalidField: 400, web.CodeUnknownField: 400, web.CodeInvalidBody: 400, web.CodeUnauthorized: 401,
		web.CodeBodyTooLarge: 413, web.CodeUnsupportedMedia: 415, web.CodeInternal: 500,
	}
	for _, k := range kinds {
		codes[k.code] = k.status
	}
	for code, status := range codes {
		if !strings.Contains(text[under[status]], "`"+code+"`") {
			t.Errorf("%s (%d) is not explained", code, status)
		}
	}
	var r struct {
		Content map[string]struct {
			Example map[string]any `yaml:"example"`
		} `yaml:"content"`
	}
	node := doc.Components.Responses["BadRequest"]
	if err := node.Decode(&r); err != nil {
		t.Fatal(err)
	}
	example := r.Content["application/problem+json"].Example
	encoded, err := json.Marshal(example)
	if err != nil {
		t.Fatal(err)
	}
	var p web.Problem
	if err := json.Unmarshal(encoded, &p); err != nil || p.Code != web.CodeInvalidField || p.Remedy != toRule.remedy {
		t.Errorf("the example is not what the service answers: %v %+v", err, p)
	}
}
