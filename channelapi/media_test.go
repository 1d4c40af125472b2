package channelapi

import (
	"strings"
	"testing"
)

func TestNumbersAreSaidInPartsThatCanBeCutShort(t *testing.T) {
	for _, row := range []struct {
		n        int
		language string
		want     string
	}{
		{2, "en", "2"}, {20, "", "20"}, {21, "en_GB", "20 1"}, {40, "en", "40"}, {99, "en", "90 9"},
		{100, "en", "1 hundred"}, {115, "en", "1 hundred 15"}, {342, "en", "3 hundred 40 2"},
	} {
		got := strings.ReplaceAll(strings.Join(number(row.n, row.language), " "), "sound:digits/", "")
		if got != row.want {
			t.Errorf("%d in %q: %q, want %q", row.n, row.language, got, row.want)
		}
	}
	for n, language := range map[int]string{1000: "en", 7: "ru"} {
		if got := number(n, language); len(got) != 1 || !strings.HasPrefix(got[0], "number:") {
			t.Errorf("%d in %q: %v, want Asterisk's own", n, language, got)
		}
	}
}
