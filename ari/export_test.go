package ari

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// EventTypes are the types of events that this package names, without its own.
func EventTypes() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(types)), func(t string) bool {
		return t == EventsDropped || t == EventMalformed
	})
}

// Fields are the JSON fields that are read, by the name of Asterisk's model. "Event" are
// those of all events together.
func Fields() map[string][]string {
	return map[string][]string{
		"Event":       tags(wireEvent{}),
		"Channel":     tags(wireChannel{}),
		"CallerID":    tags(CallerID{}),
		"DialplanCEP": tags(Dialplan{}),
		"Bridge":      append(tags(Bridge{}), "creationtime"),
		"Playback":    tags(Playback{}),
		"Application": tags(Application{}),
		"Endpoint":    tags(Endpoint{}),
	}
}

func tags(v any) []string {
	var names []string
	for field := range reflect.TypeOf(v).Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "-" {
			names = append(names, name)
		}
	}
	return names
}
