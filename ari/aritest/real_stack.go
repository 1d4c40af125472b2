//go:build stack

package aritest

import (
	"cmp"
	"context"
	"crypto/rand"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdline/ari"

	"github.com/coder/websocket"
)

// The far ends of calls live in an application of their own, so that the one under test
// hears only of its side.
const farApp = "far"

//go:embed asterisk/*.conf
var configuration embed.FS

// Declarations fetches what a real Asterisk says of a resource of its interface:
// "channels", "events"...
func Declarations(t *testing.T, w World, resource string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.Client.Base()+"/api-docs/"+resource+".json", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("watcher", realPassword)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("declarations of %s: status %d, %v", resource, resp.StatusCode, err)
	}
	return body
}

const realPassword = "conformance-suite"

// NewRealWorld starts an Asterisk in a container and removes it when the test ends.
func NewRealWorld(t *testing.T) World {
	t.Helper()
	const node, password = "a1", realPassword
	network, gateway := newNetwork(t)
	hear := NewHearer(t, gateway+":0", node, password)
	address := startAsterisk(t, network, map[string]string{
		"@PASSWORD@": password,
		"@NODE@":     node,
		"@EVENTS@":   hear.URL() + "?node=" + node + "&boot=b1",
	})
	base := "http://" + address + ":8088/ari"
	performed := &Performed{}
	client := func(user, password string) *ari.Client {
		c := ari.New(base, ari.Options{User: user, Password: password, Application: App, Observe: performed.Observe})
		t.Cleanup(c.Close)
		return c
	}
	w := World{
		Client: client("holdline", password), Reader: client("watcher", password), Nobody: client("holdline", "wrong"),
		Hear: hear, Node: node, PrefixIDs: true, Performed: performed,
	}
	w.ClientOf = func(transport http.RoundTripper, user, pass string) *ari.Client {
		return ari.New(base, ari.Options{
			User: user, Password: cmp.Or(pass, password), Application: App, Transport: transport, Timeout: Patience,
		})
	}
	wire := listenForCalls(t, gateway)
	w.Wire = func(does string) string { return "PJSIP/wire/sip:" + does + "@" + wire }
	w.Phone = func(does Doing, after time.Duration) string {
		kind := map[Doing]string{Answers: "1", Declines: "2", Busies: "3", Rings: "4", Nowhere: "nowhere", Hanger: "6"}[does]
		return fmt.Sprintf("PJSIP/loop/sip:%s%04d@127.0.0.1", kind, after.Milliseconds())
	}
	hear.Connected(t, 1)
	// The event connection comes before Asterisk has booted: until then it answers 503.
	Eventually(t, "Asterisk answers", func() bool { return w.Client.Ping(t.Context()) == nil })
	openFarApp(t, base, password)
	w.Freeze = func(t *testing.T) { docker(t, "pause", network) }
	w.Thaw = func(t *testing.T) { docker(t, "unpause", network) }
	w.Call = func(t testing.TB, args string) Caller { return realCall(t, w.Client, args) }
	return w
}

// newNetwork makes a network for the test and returns its name and this machine's
// address in it.
func newNetwork(t *testing.T) (name, gateway string) {
	t.Helper()
	name = "hlari-" + strings.ToLower(rand.Text())[:8]
	args := []string{"network", "create", name}
	if subnet := os.Getenv("HOLDLINE_TEST_SUBNET"); subnet != "" {
		args = append(args, "--subnet", subnet)
	}
	docker(t, args...)
	t.Cleanup(func() { docker(t, "network", "rm", name) })
	// Docker takes the first address for the host; not every version says so.
	subnet, err := netip.ParsePrefix(docker(t, "network", "inspect", name, "-f", "{{(index .IPAM.Config 0).Subnet}}"))
	if err != nil {
		t.Fatalf("subnet of the network: %v", err)
	}
	return name, subnet.Masked().Addr().Next().String()
}

func startAsterisk(t *testing.T, network string, values map[string]string) string {
	t.Helper()
	image := os.Getenv("HOLDLINE_TEST_ASTERISK_IMAGE")
	if image == "" {
		image = "holdline/asterisk"
	}
	dir := t.TempDir()
	if err := fs.WalkDir(configuration, "asterisk", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := configuration.ReadFile(path)
		if err != nil {
			return err
		}
		rendered := string(text)
		for name, value := range values {
			rendered = strings.ReplaceAll(rendered, name, value)
		}
		return os.WriteFile(filepath.Join(dir, filepath.Base(path)), []byte(rendered), 0o644)
	}); err != nil {
		t.Fatalf("render configuration: %v", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // the container's user reads it
		t.Fatal(err)
	}
	id := docker(t, "run", "-d", "--rm", "--name", network, "--network", network, "--user", "0", "--tmpfs", "/run/asterisk",
		"-v", dir+":/etc/asterisk:ro", "--entrypoint", "sh", image,
		"-c", "mkdir -p /run/asterisk /var/log/asterisk /var/spool/asterisk; exec asterisk -f")
	t.Cleanup(func() {
		if t.Failed() {
			_ = exec.CommandContext(context.Background(), "docker", "unpause", id).Run() // it may not be paused
			t.Logf("Asterisk said:\n%s", docker(t, "logs", "--tail", "60", id))
		}
		docker(t, "rm", "-f", id)
	})
	return docker(t, "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", id)
}

func docker(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // cleanups run after t.Context ended
	defer cancel()
	out, err := exec.CommandContext(ctx, "docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", args[0], err, out)
	}
	return strings.TrimSpace(string(out))
}

// openFarApp registers the far ends' application by an inbound event connection, of
// which nobody needs the events.
func openFarApp(t *testing.T, base, password string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	target := strings.Replace(base, "http", "ws", 1) + "/events?app=" + farApp +
		"&api_key=" + url.QueryEscape("holdline:"+password)
	conn, _, err := websocket.Dial(ctx, target, &websocket.DialOptions{Subprotocols: []string{"ari"}})
	if err != nil {
		t.Fatalf("register application %s: %v", farApp, err)
	}
	conn.SetReadLimit(-1)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			if _, _, err := conn.Read(context.Background()); err != nil {
				return // closed below
			}
		}
	}()
	t.Cleanup(func() {
		_ = conn.CloseNow()
		<-over
	})
}

type realCaller struct {
	client *ari.Client
	id     string // far end of the call
	number string
}

func realCall(t testing.TB, client *ari.Client, args string) Caller {
	t.Helper()
	n, err := rand.Int(rand.Reader, big.NewInt(90_000_000))
	if err != nil {
		t.Fatal(err)
	}
	c := &realCaller{client: client, id: NewID(), number: n.Add(n, big.NewInt(10_000_000)).String()}
	if _, err := client.Originate(t.Context(), ari.OriginateRequest{
		ID: c.id, Endpoint: "PJSIP/loop/sip:call@127.0.0.1", Application: farApp, Timeout: time.Hour,
		CallerID: "Some Body <" + c.number + ">", Variables: map[string]string{"PJSIP_HEADER(add,X-Args)": args},
	}); err != nil {
		t.Fatalf("call: %v", err)
	}
	t.Cleanup(func() { _ = client.Hangup(context.Background(), c.id, ari.ReasonNormal) }) // may be over
	return c
}

func (c *realCaller) Number() string { return c.number }

func (c *realCaller) HangUp(t testing.TB) {
	t.Helper()
	if err := c.client.Hangup(t.Context(), c.id, ari.ReasonNormal); err != nil {
		t.Fatalf("caller hangs up: %v", err)
	}
}

func (c *realCaller) Press(t testing.TB, digits string) {
	t.Helper()
	Eventually(t, "caller is answered", func() bool {
		far, err := c.client.Channel(t.Context(), c.id)
		return err == nil && far.Dialplan.AppName == "Stasis"
	})
	if err := c.client.SendDTMF(t.Context(), c.id, digits); err != nil {
		t.Fatalf("caller presses %s: %v", digits, err)
	}
}

func (c *realCaller) Became(t testing.TB, variable string) string {
	t.Helper()
	name := map[string]string{"STASISSTATUS": "STATUS_", "HOLDLINE_STATUS": "GAVE_", "AFTER": "AFTER_"}[variable] + c.number
	var value string
	Eventually(t, variable+" is set", func() bool {
		var err error
		value, err = c.client.Variable(t.Context(), name)
		return err == nil && value != ""
	})
	return value
}
