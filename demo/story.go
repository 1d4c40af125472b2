package main

import (
	"context"
	"fmt"
	"time"

	"holdline/ari/fake"
)

// act is something that is done to the demo on purpose.
type act struct {
	at time.Duration // from the beginning of the round
	do func(d *demo, ctx context.Context, round int)
}

// story is what happens, over and over. In twenty seconds all of it has happened once.
var story = []act{
	{2500 * time.Millisecond, (*demo).leavesTheDesk},
	{4 * time.Second, (*demo).goesToLunch},
	{5500 * time.Millisecond, (*demo).insertsBySQL},
	{7 * time.Second, (*demo).killsManager},
	{8500 * time.Millisecond, (*demo).replacesManager},
	{10 * time.Second, (*demo).unplugsPhone},
	{12 * time.Second, (*demo).plugsPhone},
	{13 * time.Second, (*demo).losesNode}, // in a rush
	{15 * time.Second, (*demo).comesBack},
	{17 * time.Second, (*demo).isBackFromLunch},
	{18 * time.Second, (*demo).startsNode},
}

// roundTime is how long the story takes, with a breath at its end.
const roundTime = 26 * time.Second

// tellStory does the acts, in their time, until ctx ends.
func (d *demo) tellStory(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	begun := time.Now()
	for round := 0; ; round++ {
		for _, a := range story {
			timer.Reset(time.Until(begun.Add(time.Duration(round)*roundTime + a.at)))
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
				a.do(d, ctx, round)
			}
		}
	}
}

// who plays a part in a round: another one each time.
func (d *demo) who(part, round int) agent {
	all := staff(min(d.o.Agents, len(names)))
	return all[(part+round*2)%len(all)]
}

const (
	sleeper  = 1     // Ben: for support and sales
	hungry   = 2     // Cleo
	unlucky  = 0     // Ada
	newcomer = "199" // below all others
)

func (d *demo) leavesTheDesk(_ context.Context, round int) {
	who := d.who(sleeper, round)
	rings := fake.Ring()
	d.agents.Behave(who.id, &rings)
	d.told.Say("%s leaves the desk and tells nobody: the phone will ring on", who.name)
}

func (d *demo) comesBack(ctx context.Context, round int) {
	who := d.who(sleeper, round)
	d.agents.Behave(who.id, nil)
	d.told.Say("%s comes back, and dials *48", who.name)
	d.dial(ctx, who, "unpause", "")
}

func (d *demo) goesToLunch(ctx context.Context, round int) {
	who := d.who(hungry, round)
	d.told.Say("%s goes to lunch, and dials *47*2", who.name)
	d.dial(ctx, who, "pause", "lunch")
}

func (d *demo) isBackFromLunch(ctx context.Context, round int) {
	who := d.who(hungry, round)
	d.told.Say("%s is back from lunch, and dials *48", who.name)
	d.dial(ctx, who, "unpause", "")
}

// dial does not hold up the story.
func (d *demo) dial(ctx context.Context, who agent, feature, reason string) {
	d.running.Go(func() {
		if _, err := d.agents.Dial(ctx, who.id, feature, reason); err != nil && ctx.Err() == nil {
			d.told.Say("%v", err)
		}
	})
}

// insertsBySQL happens once: the row stays.
func (d *demo) insertsBySQL(ctx context.Context, round int) {
	if round > 0 {
		return
	}
	statements := newcomerSQL(newcomer, "Zoe")
	for _, s := range statements {
		d.told.Say("an admin writes: %s", s)
		if _, err := d.db.ExecContext(ctx, s); err != nil && ctx.Err() == nil {
			d.told.Say("MySQL: %v", err)
		}
	}
}

func newcomerSQL(id, name string) []string {
	return []string{
		fmt.Sprintf("INSERT INTO agents (pool, id, name) VALUES ('demo', '%s', '%s')", id, name),
		fmt.Sprintf("INSERT INTO agent_skills (pool, agent, skill) VALUES ('demo', '%s', 'support')", id),
	}
}

func (d *demo) killsManager(context.Context, int) {
	m := d.oldestManager()
	d.told.Say("%s is killed, in the middle of what it does: the other takes over what it had begun", m.Name)
	m.Kill()
}

func (d *demo) replacesManager(_ context.Context, round int) {
	name := fmt.Sprintf("callmanager-%d", round+3)
	d.startManager(name)
	d.told.Say("%s is started in its place; it has nothing to learn, all is in Redis", name)
}

// calm is how long everybody on a node holds the line before it is lost, so that what
// they did before has been told: who hung up in that very moment could be called
// either.
const calm = 500 * time.Millisecond

func (d *demo) losesNode(ctx context.Context, round int) {
	n := d.nodes[(round+1)%len(d.nodes)]
	d.crowd.HoldStill(n.Name(), true)
	defer d.crowd.HoldStill(n.Name(), false)
	timer := time.NewTimer(calm)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return
	case <-timer.C:
	}
	d.told.Say("%s loses its power: the calls on it break, and no others; those who waited there call again", n.Name())
	n.Crash()
}

func (d *demo) startsNode(_ context.Context, round int) {
	n := d.nodes[(round+1)%len(d.nodes)]
	boot := fmt.Sprintf("boot-%d", round+2)
	if err := n.Restart(boot); err != nil {
		d.told.Say("%s does not start: %v", n.Name(), err)
		return
	}
	d.told.Say("%s starts again, as %s", n.Name(), boot)
}

func (d *demo) unplugsPhone(_ context.Context, round int) {
	who := d.who(unlucky, round)
	gone := fake.Unregistered()
	d.agents.Behave(who.id, &gone)
	d.told.Say("the phone of %s loses its network", who.name)
}

func (d *demo) plugsPhone(_ context.Context, round int) {
	who := d.who(unlucky, round)
	d.agents.Behave(who.id, nil)
	d.told.Say("the phone of %s is back", who.name)
}

// welcome gives a phone to whoever appears in the directory, and lets them log in. So
// an agent who is inserted by SQL takes calls.
func (d *demo) welcome(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		all, err := d.queue.Agents(ctx)
		if err != nil {
			continue
		}
		for _, a := range all {
			if d.agents.Sit(a.ID) {
				d.told.Say("%s appears in the directory, gets a phone, and dials *45", a.Name)
				d.dial(ctx, agent{id: a.ID, name: a.Name}, "login", "")
			}
		}
	}
}

// lookEvery is part of the two seconds in which an agent takes calls.
const lookEvery = 150 * time.Millisecond
