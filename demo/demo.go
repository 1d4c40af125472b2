package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"holdline/ari/fake"
	"holdline/demo/people"
	"holdline/demo/standin"
	"holdline/demo/view"
	"holdline/directory"
	"holdline/internal/logging"
	"holdline/queue"
	"holdline/test/center"
)

// demo is a contact center with everything that it needs, in this process.
type demo struct {
	o        options
	password string
	redis    *standin.Redis
	mysql    *standin.MySQL
	db       *sql.DB
	rdb      redis.UniversalClient
	queue    *queue.Pool
	registry *queue.Registry
	center   *center.Center
	nodes    []*fake.Node
	agents   *people.Agents
	crowd    *people.Crowd
	model    *view.Model
	told     *view.Told // what the stage directions say

	mu       sync.Mutex
	managers []*center.Manager // guarded by mu

	running sync.WaitGroup // what goes on until the end
	stop    []func()       // last started first
}

// nodesHere is how many fake Asterisks there are.
const nodesHere = 3

// open starts everything. tell is told how far it is. Close it, also after an error.
func open(ctx context.Context, o options, tell func(string)) (*demo, error) {
	d := &demo{o: o, password: password(), told: &view.Told{}}
	log, err := d.log()
	if err != nil {
		return d, err
	}
	logging.Drivers(log)
	tell("starts the embedded Redis and MySQL")
	if err := d.startStores(ctx); err != nil {
		return d, err
	}
	tell(fmt.Sprintf("makes %d agents by SQL", o.Agents))
	all := staff(o.Agents)
	if err := seed(ctx, d.db, all); err != nil {
		return d, err
	}
	tell("starts stasis, channelapi, two callmanagers and three fake Asterisk nodes")
	d.center, err = center.Open(center.Options{Redis: d.redis.Client, Log: log, ARITime: ariTime})
	if err != nil {
		return d, err
	}
	d.onStop(func() { _ = d.center.Close() })
	d.onStop(d.stopManagers)
	d.startManager("callmanager-1")
	d.startManager("callmanager-2")
	if err := d.startNodes(ctx); err != nil {
		return d, err
	}
	d.agents = people.NewAgents(d.nodes, pool, quick, slow)
	d.model = view.NewModel(d.queue)
	return d, d.logIn(ctx, all, tell)
}

// ariTime outlasts what a busy machine takes with ten thousand callers.
const ariTime = 5 * time.Second

func (d *demo) onStop(f func()) { d.stop = append(d.stop, f) }

func (d *demo) close() {
	for len(d.stop) > 0 {
		last := len(d.stop) - 1
		d.stop[last]()
		d.stop = d.stop[:last]
	}
}

// password is for the two stores. They listen on the loopback alone, but so does
// everybody else on this machine; and who may write SQL may have MySQL read files.
func password() string {
	if given := os.Getenv("HOLDLINE_DEMO_PASSWORD"); given != "" {
		return given
	}
	return rand.Text()
}

func (d *demo) log() (zerolog.Logger, error) {
	if d.o.Log == "" {
		return zerolog.Nop(), nil
	}
	file, err := os.OpenFile(d.o.Log, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return zerolog.Nop(), fmt.Errorf("write the log: %w", err)
	}
	d.onStop(func() { _ = file.Close() })
	return zerolog.New(io.Writer(file)).With().Timestamp().Logger(), nil
}

func (d *demo) startStores(ctx context.Context) (err error) {
	if d.redis, err = standin.OpenRedis(d.o.Redis, d.password); err != nil {
		return err
	}
	d.onStop(d.redis.Close)
	d.rdb = d.redis.Client()
	d.onStop(func() { _ = d.rdb.Close() })
	d.queue, d.registry = queue.Open(d.rdb, pool), queue.NewRegistry(d.rdb)
	if d.mysql, err = standin.OpenMySQL(ctx, d.o.MySQL, d.password, directory.Migrations()); err != nil {
		return err
	}
	d.onStop(func() { _ = d.mysql.Close() })
	if d.db, err = d.mysql.Client(); err != nil {
		return err
	}
	d.onStop(func() { _ = d.db.Close() })
	return nil
}

func (d *demo) startManager(name string) {
	m := d.center.Manager(center.ManagerOptions{Name: name, Directory: d.db})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.managers = append(d.managers, m)
}

// oldestManager takes it out of the list.
func (d *demo) oldestManager() *center.Manager {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.managers[0]
	d.managers = d.managers[1:]
	return m
}

func (d *demo) managerNames() (names []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range d.managers {
		names = append(names, m.Name)
	}
	return names
}

func (d *demo) stopManagers() {
	d.mu.Lock()
	defer d.mu.Unlock()
	var ending sync.WaitGroup
	for _, m := range d.managers {
		ending.Go(m.Stop)
	}
	ending.Wait()
	d.managers = nil
}

func (d *demo) startNodes(ctx context.Context) error {
	for i := range nodesHere {
		name := fmt.Sprintf("ast-%d", i+1)
		n, err := fake.New(fake.Options{
			Node: name, Boot: "boot-1", User: center.NodeUser, Password: center.NodePassword,
			EventURL:      d.center.EventURL + fmt.Sprintf("?sip=sip:127.0.0.%d:5060", i+1),
			EventPassword: center.EventPassword(name), Sound: 800 * time.Millisecond,
			Reconnect: 200 * time.Millisecond,
		})
		if err != nil {
			return fmt.Errorf("start %s: %w", name, err)
		}
		d.nodes = append(d.nodes, n)
		d.onStop(n.Close)
	}
	return within(ctx, 10*time.Second, "the nodes have registered", func() bool {
		there, err := d.registry.Nodes(ctx)
		return err == nil && len(there) == nodesHere
	})
}

// logIn gives everybody a phone, from which they log in.
func (d *demo) logIn(ctx context.Context, all []agent, tell func(string)) error {
	err := within(ctx, 20*time.Second, "the directory is projected", func() bool {
		there, err := d.queue.Agents(ctx)
		return err == nil && len(there) == len(all)
	})
	if err != nil {
		return err
	}
	tell(fmt.Sprintf("%d agents log in from their phones", len(all)))
	for _, a := range all {
		d.agents.Sit(a.id)
	}
	ids := make(chan string)
	failed := make(chan error, len(all))
	var dialling sync.WaitGroup
	for range 8 {
		dialling.Go(func() {
			for id := range ids {
				if _, err := d.agents.Dial(ctx, id, "login", ""); err != nil {
					failed <- err
				}
			}
		})
	}
	for _, a := range all {
		ids <- a.id
	}
	close(ids)
	dialling.Wait()
	close(failed)
	var problems []error
	for err := range failed {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// within waits for a condition.
func within(ctx context.Context, limit time.Duration, what string, condition func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %v: %s", limit, what)
		case <-ticker.C:
		}
	}
	return nil
}
