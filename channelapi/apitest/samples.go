// Package apitest runs the command lines of channelapi's document, as they stand
// there, against a running service: each sample, each sample a second time, and
// each with the errors that its operation documents. It is for tests, here
// against the fake and a real Asterisk, and in the acceptance tests against the
// whole stack, which only have to give a World.
package apitest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"holdline/channelapi"
)

// Sample is one command line of the document.
type Sample struct {
	Operation string // operationId
	Method    string
	Path      string // with {node} and {channel}
	Label     string // what it shows
	Source    string // for a shell
	Status    int    // of the answer
	Again     []int  // of the answer when it is sent a second time
	// Documented are all the statuses that the operation can answer with.
	Documented []int
	// Open: no token is needed.
	Open bool
}

// Succeeds says whether the sample shows how it is done, not how it fails.
func (s Sample) Succeeds() bool { return s.Status < 300 }

// Samples reads them out of the document, in the order of paths and methods.
func Samples() ([]Sample, error) {
	var doc struct {
		Paths map[string]map[string]yaml.Node `yaml:"paths"`
	}
	if err := yaml.Unmarshal(channelapi.Document(), &doc); err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	var all []Sample
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(doc.Paths[path])) {
			if method == "parameters" {
				continue
			}
			node := doc.Paths[path][method]
			samples, err := read(&node)
			if err != nil {
				return nil, fmt.Errorf("read %s %s: %w", method, path, err)
			}
			for i := range samples {
				samples[i].Method, samples[i].Path = strings.ToUpper(method), path
			}
			all = append(all, samples...)
		}
	}
	return all, nil
}

func read(node *yaml.Node) ([]Sample, error) {
	var o struct {
		OperationID string               `yaml:"operationId"`
		Responses   map[string]yaml.Node `yaml:"responses"`
		Security    *[]any               `yaml:"security"`
		Samples     []struct {
			Label  string `yaml:"label"`
			Source string `yaml:"source"`
			Status int    `yaml:"x-status"`
			Again  []int  `yaml:"x-again"`
		} `yaml:"x-codeSamples"`
	}
	if err := node.Decode(&o); err != nil {
		return nil, err
	}
	var documented []int
	for code := range o.Responses {
		status, err := strconv.Atoi(code)
		if err != nil {
			return nil, fmt.Errorf("status %q: %w", code, err)
		}
		documented = append(documented, status)
	}
	slices.Sort(documented)
	var samples []Sample
	for _, s := range o.Samples {
		again := s.Again
		if len(again) == 0 {
			again = []int{s.Status}
		}
		samples = append(samples, Sample{
			Operation: o.OperationID, Label: cmp.Or(s.Label, o.OperationID), Source: s.Source,
			Status: s.Status, Again: again, Documented: documented, Open: o.Security != nil && len(*o.Security) == 0,
		})
	}
	return samples, nil
}
