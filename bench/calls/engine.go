package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// settled is how long after its start a Kamailio is itself: until then it makes each
// agent's call wait for a CANCEL (kamailio/etc/calls.cfg, GIVEN_UP).
const settled = 37 * time.Second

// jiffy is the unit of /proc/stat, USER_HZ, which is 100 on every Linux.
const jiffy = 10 * time.Millisecond

// engine asks Docker's API over its socket.
type engine struct {
	http    *http.Client
	project string
	running map[string][]string // service → ids of its containers
}

func newEngine(ctx context.Context, project string) (*engine, error) {
	var dialer net.Dialer
	e := &engine{project: project, http: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", "/var/run/docker.sock")
		},
	}}}
	return e, e.refresh(ctx)
}

// refresh reads which containers run.
func (e *engine) refresh(ctx context.Context) error {
	filter := url.QueryEscape(`{"label":["com.docker.compose.project=` + e.project + `"]}`)
	var list []struct {
		ID     string            `json:"Id"`
		Labels map[string]string `json:"Labels"`
	}
	if err := e.get(ctx, "/containers/json?filters="+filter, &list); err != nil {
		return err
	}
	e.running = map[string][]string{}
	for _, c := range list {
		service := c.Labels["com.docker.compose.service"]
		e.running[service] = append(e.running[service], c.ID)
	}
	return nil
}

func (e *engine) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/v1.41"+path, nil)
	if err != nil {
		return err
	}
	res, err := e.http.Do(req)
	if err != nil {
		return fmt.Errorf("ask the engine: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 300))
		return fmt.Errorf("ask the engine: %s: %s: %s", path, res.Status, text)
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		return fmt.Errorf("ask the engine: %s: %w", path, err)
	}
	return nil
}

// settle waits until a service's containers have run for a while.
func (e *engine) settle(ctx context.Context, service string) error {
	for _, id := range e.running[service] {
		var c struct {
			State struct {
				StartedAt time.Time
			}
		}
		if err := e.get(ctx, "/containers/"+id+"/json", &c); err != nil {
			return err
		}
		timer := time.NewTimer(time.Until(c.State.StartedAt.Add(settled)))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// usage is processor time so far, of each service, of this process and of the
// whole machine.
type usage struct {
	at       time.Time
	services map[string]time.Duration
	own      time.Duration
	machine  time.Duration
}

func (e *engine) usage(ctx context.Context) (usage, error) {
	u := usage{at: time.Now(), services: map[string]time.Duration{}}
	var asking errgroup.Group
	var mu sync.Mutex
	for service, ids := range e.running {
		for _, id := range ids {
			asking.Go(func() error {
				var stats struct {
					CPU struct {
						Usage struct {
							Total int64 `json:"total_usage"`
						} `json:"cpu_usage"`
					} `json:"cpu_stats"`
				}
				err := e.get(ctx, "/containers/"+id+"/stats?stream=false&one-shot=true", &stats)
				mu.Lock()
				defer mu.Unlock()
				u.services[service] += time.Duration(stats.CPU.Usage.Total)
				return err
			})
		}
	}
	if err := asking.Wait(); err != nil {
		return u, err
	}
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return u, err
	}
	u.own = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	var err error
	u.machine, err = busy()
	return u, err
}

// busy is what all processors of the machine have worked since it started.
func busy() (time.Duration, error) {
	f, err := os.Open("/proc/stat")
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	line, err := bufio.NewReader(f).ReadString('\n')
	if err != nil {
		return 0, err
	}
	// cpu user nice system idle iowait irq softirq steal
	var sum time.Duration
	for i, field := range strings.Fields(line)[1:] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read /proc/stat: %w", err)
		}
		if i != 3 && i != 4 && i < 8 {
			sum += time.Duration(n) * jiffy
		}
	}
	return sum, nil
}

// spent is what was used between two readings.
type spent struct {
	Seconds  float64            `json:"seconds"`
	Services map[string]float64 `json:"services_s"` // of processor time
	Own      float64            `json:"generator_s"`
	Noise    float64            `json:"noise_cores"` // what none of them explains
}

func between(a, b usage) spent {
	s := spent{Seconds: b.at.Sub(a.at).Seconds(), Services: map[string]float64{}, Own: (b.own - a.own).Seconds()}
	rest := (b.machine - a.machine).Seconds() - s.Own
	for service, now := range b.services {
		s.Services[service] = (now - a.services[service]).Seconds()
		rest -= s.Services[service]
	}
	s.Noise = rest / s.Seconds
	return s
}
