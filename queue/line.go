package queue

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// A line is where contacts wait, and for which agents stand: one for each need, one for
// each agent's own callers. Its name has nine characters, so that members of sorted sets
// have fixed widths, and says how it is matched:
//
//	a v 0000c 03   the strategy's letter, upper case when agents are held back; the
//	               medium's letter; the need's id and the version of its steps, in base 36
//	= 0k3j9x2p     the callers who wait for this agent alone
//	+ v 04zq81m    agents of a skill who are held back; nobody waits here
const lineLen = 9

// Medium is how contact and agent meet.
type Medium string

// The media. An agent has a capacity for each.
const (
	Voice Medium = "voice"
	Chat  Medium = "chat"
)

// Media lists them all.
var Media = []Medium{Voice, Chat}

var mediumLetters = map[Medium]byte{"": 'v', Voice: 'v', Chat: 'c'}

// strategies that a queue may have, each with the letter by which the scripts know
// its score (lua/lib/agent.lua).
var strategies = map[string]byte{
	"": 'a', "longest-available": 'a', "fair": 'f', "specialist-first": 's', "fewest-calls": 'c', "round-robin": 'r',
	"linear": 'l', "random": 'x', "weighted-random": 'w', "least-loaded": 'b', "ring-all": 'g',
}

const (
	needIDMax      = 36*36*36*36*36 - 1
	lineVersions   = 36 * 36
	base36, zeroes = 36, "00000000"
)

func digits36(n uint64, width int) string {
	s := strconv.FormatUint(n, base36)
	if len(s) < width {
		s = zeroes[:width-len(s)] + s
	}
	return s[len(s)-width:]
}

// needLine is the name of a need's line.
func needLine(letter, medium byte, id int64, version int) string {
	return string(letter) + string(medium) + digits36(uint64(id), 5) + digits36(uint64(version%lineVersions), 2) //nolint:gosec // ids are checked
}

// needOfLine takes the need's id and the line's version out of its name; 0 when the line is no need's.
func needOfLine(line string) (id int64, version int) {
	if len(line) != lineLen || line[0] == '=' || line[0] == '+' {
		return 0, 0
	}
	id, err := strconv.ParseInt(line[2:7], base36, 64)
	if err != nil || id < 0 {
		return 0, 0
	}
	v, err := strconv.ParseInt(line[7:], base36, 32)
	if err != nil || v < 0 {
		return 0, 0
	}
	return id, int(v)
}

func mediumOfLine(line string) Medium {
	if len(line) == lineLen && line[1] == 'c' {
		return Chat
	}
	return Voice
}

// hashed is a number for a name. Two names may share one: then one line has the callers
// of two agents, who each pass over the other's.
func hashed(name string, width int) string {
	sum := sha256.Sum256([]byte(name))
	return digits36(binary.BigEndian.Uint64(sum[:8]), width)
}

// agentLine is the agent's own; id is escaped.
func agentLine(id string) string { return "=" + hashed(id, lineLen-1) }

// groupLine is that of the agents with a skill who are held back.
func groupLine(skill string, medium byte) string {
	return "+" + string(medium) + hashed(skill, lineLen-2)
}

// step is a step's number as it stands in members.
func step(n int) string { return fmt.Sprintf("%02d", n) }

// fields of heads: the line at each of its steps from one to the last.
func headsOf(line string, from, last int) []string {
	var all []string
	for s := from; s <= last; s++ {
		all = append(all, line+"|"+step(s))
	}
	return all
}

// placeLine is the line of a place, 'line|step|tier'.
func placeLine(place string) string {
	line, _, _ := strings.Cut(place, "|")
	return line
}
