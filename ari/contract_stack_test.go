//go:build stack

package ari_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"holdline/ari"
	"holdline/ari/aritest"
)

// declaration is one resource of the interface as Asterisk declares it.
type declaration struct {
	APIs []struct {
		Path       string
		Operations []struct {
			Method     string `json:"httpMethod"`
			Parameters []struct {
				Name      string
				ParamType string
				Required  bool
				DataType  string
			}
		}
	}
	Models map[string]struct {
		SubTypes   []string
		Properties map[string]struct{ Type string }
	}
}

func declarations(t *testing.T, w aritest.World) map[string]declaration {
	t.Helper()
	all := map[string]declaration{}
	for _, resource := range []string{"asterisk", "channels", "bridges", "playbacks", "applications", "events", "endpoints"} {
		var d declaration
		if err := json.Unmarshal(aritest.Declarations(t, w, resource), &d); err != nil {
			t.Fatalf("declarations of %s: %v", resource, err)
		}
		all[resource] = d
	}
	return all
}

// TestContract: every operation, parameter, event and field that is used here is declared
// by a running Asterisk, and no required parameter is missing. The client cannot send what
// is not in the table of operations (TestTableBinds).
func TestContract(t *testing.T) {
	all := declarations(t, aritest.NewRealWorld(t))
	t.Run("operations", func(t *testing.T) {
		for _, op := range ari.Operations() {
			compare(t, op, all[strings.Split(op.Path, "/")[1]])
		}
	})
	t.Run("events", func(t *testing.T) {
		for _, name := range ari.EventTypes() {
			if !slices.Contains(all["events"].Models["Event"].SubTypes, name) {
				t.Errorf("%s is not declared", name)
			}
		}
	})
	t.Run("fields", func(t *testing.T) {
		events := map[string]bool{}
		for name, model := range all["events"].Models {
			if name == "Event" || name == "Message" || slices.Contains(all["events"].Models["Event"].SubTypes, name) {
				for field := range model.Properties {
					events[field] = true
				}
			}
		}
		home := map[string]string{
			"Channel": "channels", "CallerID": "channels", "DialplanCEP": "channels", "Bridge": "bridges",
			"Playback": "playbacks", "Application": "applications", "Endpoint": "endpoints",
		}
		for model, fields := range ari.Fields() {
			for _, field := range fields {
				_, declared := all[home[model]].Models[model].Properties[field]
				if model == "Event" {
					declared = events[field]
				}
				if !declared {
					t.Errorf("%s.%s is not declared", model, field)
				}
			}
		}
	})
}

func compare(t *testing.T, op ari.Operation, d declaration) {
	t.Helper()
	for _, api := range d.APIs {
		if api.Path != op.Path {
			continue
		}
		for _, declared := range api.Operations {
			if declared.Method != op.Method {
				continue
			}
			query, body := map[string]bool{}, map[string]bool{}
			whole := false // the body itself is the parameter
			for _, p := range declared.Parameters {
				switch p.ParamType {
				case "query":
					query[p.Name] = true
					if p.Required && !slices.Contains(op.Query, p.Name) {
						t.Errorf("%s: %s is required and never sent", op.Name, p.Name)
					}
				case "body":
					body[p.Name] = true
					whole = whole || p.DataType == "object"
				}
			}
			for _, name := range op.Query {
				if !query[name] {
					t.Errorf("%s: query parameter %s is not declared", op.Name, name)
				}
			}
			for _, name := range op.Body {
				if !body[name] && !whole {
					t.Errorf("%s: key %s of the body is not declared", op.Name, name)
				}
			}
			return
		}
	}
	t.Errorf("%s: %s is not declared", op.Name, op.Endpoint())
}
