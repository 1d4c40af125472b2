//go:build stack

package test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Addresses of compose.yaml. The suite runs on the machine with the containers,
// which reaches their network directly.
const (
	kamailio1 = "172.30.77.11:5060"
	kamailio2 = "172.30.77.12:5060"
	mysqlAddr = "172.30.77.7:3306"
	redisAddr = "172.30.77.6:6379"

	poolName  = "demo"
	sipDomain = "demo.holdline.test"
)

// root is the top of the repository.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "compose.yaml")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("find compose.yaml: not above the working directory")
}

// secrets are the values of .env; the environment goes first.
type secrets map[string]string

func readSecrets(dir string) (secrets, error) {
	f, err := os.Open(filepath.Join(dir, ".env"))
	if err != nil {
		return nil, fmt.Errorf("read secrets (make up writes them): %w", err)
	}
	defer func() { _ = f.Close() }()
	s := secrets{}
	for scan := bufio.NewScanner(f); scan.Scan(); {
		name, value, ok := strings.Cut(strings.TrimSpace(scan.Text()), "=")
		if ok && !strings.HasPrefix(name, "#") {
			s[name] = strings.Trim(value, `"'`)
		}
	}
	for name := range s {
		if v := os.Getenv(name); v != "" {
			s[name] = v
		}
	}
	return s, nil
}

// compose runs docker compose in the repository and gives what it printed.
func (s *stack) compose(args ...string) ([]byte, error) { return s.composeWith(nil, args...) }

// composeWith is compose with more environment.
func (s *stack) composeWith(env []string, args ...string) ([]byte, error) {
	cmd := exec.Command("docker", append([]string{"compose"}, args...)...)
	cmd.Dir, cmd.Env = s.root, append(os.Environ(), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("docker compose %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return out, nil
}
