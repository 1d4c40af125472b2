package main

import (
	"fmt"
	"net"
	"net/http"
	"time"
)

type healthcheckCmd struct{}

// Run asks the role on this host whether it works; for container health checks. One
// that is full or drains works.
func (healthcheckCmd) Run(p *process) error {
	_, port, err := net.SplitHostPort(p.common.AdminListen)
	if err != nil {
		return fmt.Errorf("read admin-listen %q: %w", p.common.AdminListen, err)
	}
	client := &http.Client{Timeout: 3 * time.Second}
	req, err := http.NewRequestWithContext(p.ctx, http.MethodGet, "http://"+net.JoinHostPort("127.0.0.1", port)+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("ask readiness: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("ask readiness: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusTooManyRequests {
		return fmt.Errorf("ask readiness: %s", resp.Status)
	}
	return nil
}
