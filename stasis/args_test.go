package stasis

import (
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestArgumentsOfAnEnteringChannel(t *testing.T) {
	for _, c := range []struct {
		name string
		list []string
		want args
		err  string
	}{
		{"colon-separated, as the dialplan gives them", []string{"pool=demo:queue=support:timeout=30"}, args{"pool": "demo", "queue": "support", "timeout": "30"}, ""},
		{"comma-separated, as originate gives them", []string{"pool=demo", "leg=ab"}, args{"pool": "demo", "leg": "ab"}, ""},
		{"separators inside a value come encoded", []string{"queue=a%3Ab%2Cc"}, args{"queue": "a:b,c"}, ""},
		{"nothing at all", nil, args{}, ""},
		{"an empty part is no argument", []string{"pool=demo::queue=q"}, args{"pool": "demo", "queue": "q"}, ""},
		{"a word without a value", []string{"pool"}, nil, "want key=value"},
		{"a broken escape", []string{"queue=a%zz"}, nil, "read argument queue"},
		{"the same key twice, as an injection would", []string{"queue=a:queue=b"}, nil, "given twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseArgs(c.list)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want one with %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(c.want) {
				t.Fatalf("got %v, want %v", got, c.want)
			}
			for k, v := range c.want {
				if got[k] != v {
					t.Errorf("%s=%q, want %q", k, got[k], v)
				}
			}
		})
	}
}

func TestSecondsAreBounded(t *testing.T) {
	for raw, want := range map[string]time.Duration{"0": 0, "30": 30 * time.Second, "86400": 24 * time.Hour} {
		d, err := args{"timeout": raw}.seconds("timeout")
		if err != nil || d == nil || *d != want {
			t.Errorf("%s: %v, %v; want %v", raw, d, err, want)
		}
	}
	for _, raw := range []string{"-1", "86401", "x", "1e9"} {
		if _, err := (args{"timeout": raw}).seconds("timeout"); err == nil {
			t.Errorf("%s was taken", raw)
		}
	}
	if d, err := (args{}).seconds("timeout"); d != nil || err != nil {
		t.Errorf("absent: %v, %v; want nil, nil", d, err)
	}
}

func FuzzParseArgs(f *testing.F) {
	f.Add("pool=demo:queue=support")
	f.Add("queue=%3A%25")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseArgs([]string{s})
		if err == nil && len(got) > strings.Count(s, "=") {
			t.Errorf("%q gave %d arguments", s, len(got))
		}
	})
}

func TestHelloOfANode(t *testing.T) {
	good := url.Values{"node": {"ast-0123456789ab"}, "boot": {"00112233aabbccdd"}, "rest": {"http://10.0.0.7:8088/ari"}, "sip": {"sip:10.0.0.7:5060"}}
	if _, err := ParseHello(good, "ast-0123456789ab"); err != nil {
		t.Fatalf("a good address was refused: %v", err)
	}
	bounded := maps.Clone(good)
	bounded.Set("max", "200")
	if h, err := ParseHello(bounded, "ast-0123456789ab"); err != nil || h.Max != 200 {
		t.Errorf("max=200 gave %d, %v", h.Max, err)
	}
	for _, c := range []struct{ name, key, value string }{
		{"no node", "node", ""},
		{"another node's name", "node", "ast-ffffffffffff"},
		{"no boot", "boot", ""},
		{"rest is no address", "rest", "8088"},
		{"rest is a file", "rest", "file:///etc/passwd"},
		{"sip with a line end", "sip", "sip:10.0.0.7\r\nX: y"},
		{"sip is no sip", "sip", "10.0.0.7"},
		{"max is no number", "max", "many"},
		{"max is below nothing", "max", "-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := url.Values{}
			for k, v := range good {
				q[k] = v
			}
			q.Set(c.key, c.value)
			if _, err := ParseHello(q, "ast-0123456789ab"); err == nil {
				t.Errorf("%s=%q was taken", c.key, c.value)
			}
		})
	}
}
