//go:build stack

package test

import (
	"sync"
	"time"
)

// prompts are recordings of the nodes, by name, in µ-law.
var prompts sync.Map

// prompt is what the nodes play under this name, from the node itself.
func (s *Shift) prompt(name string) []byte {
	s.t.Helper()
	if audio, ok := prompts.Load(name); ok {
		return audio.([]byte)
	}
	audio, err := s.stack.compose("exec", "-T", "asterisk", "cat", "/usr/share/asterisk/sounds/en/"+name+".ulaw")
	if err != nil {
		s.t.Fatalf("read the prompt %s: %v", name, err)
	}
	prompts.Store(name, audio)
	return audio
}

// length is how long a prompt lasts.
func (s *Shift) length(name string) time.Duration {
	s.t.Helper()
	return time.Duration(len(s.prompt(name))) * time.Second / 8000
}
