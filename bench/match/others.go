package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// The ways of others, on the floor's own agents and needs, every agent available.

// release is how redis-py gives a lock back.
var release = redis.NewScript(`
local token = redis.call('get', KEYS[1])
if not token or token ~= ARGV[1] then return 0 end
redis.call('del', KEYS[1])
return 1`)

// inOne is what basic-acd does, in one script: the longest available of all who
// have the skills, taken out of each of their sets.
var inOne = redis.NewScript(`
local required = {}
for i = 2, #KEYS do required[#required + 1] = KEYS[i] end
local found = redis.call('ZINTER', #required, unpack(required))
local agent = found[1]
if not agent then return nil end
for skill in string.gmatch(redis.call('HGET', KEYS[1], agent), '%d+') do
  redis.call('ZREM', ARGV[1] .. skill, agent)
end
redis.call('HSET', ARGV[1] .. 'state', agent, '1')
return agent`)

const acd = "{availAgentsSkill}:"

func (f *floor) others(ctx context.Context, out *figures) error {
	progress("%d agents, the ways of others", len(f.agents))
	var loop, one []float64
	for b := range 5 {
		if err := f.fillSkills(ctx); err != nil { // who was taken is there again
			return err
		}
		us, err := f.spent(ctx, everything, func() error {
			for i := range batch {
				if err := f.basicACD(ctx, f.asked(b*batch+i)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("basic-acd: %w", err)
		}
		loop = append(loop, us/batch)
		us, err = f.spent(ctx, scriptsAlone, func() error {
			for i := range batch {
				keys := []string{acd + "agents"}
				for _, k := range f.needs[f.asked(b*batch+i)-1] {
					keys = append(keys, acd+strconv.Itoa(k))
				}
				if err := inOne.Run(ctx, f, keys, acd).Err(); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("zinter: %w", err)
		}
		one = append(one, us/batch)
	}
	out.others(len(f.agents), middle(loop), middle(one))
	return nil
}

// fillSkills makes every agent available under each skill, as basic-acd has it.
func (f *floor) fillSkills(ctx context.Context) error {
	return eight(len(f.agents), func(i int) error {
		pipe := f.Pipeline()
		list := ""
		for _, k := range f.agents[i] {
			pipe.ZAdd(ctx, acd+strconv.Itoa(k), redis.Z{Score: float64(i), Member: agentID(i)})
			list += strconv.Itoa(k) + " "
		}
		pipe.HSet(ctx, acd+"agents", agentID(i), list)
		pipe.Set(ctx, "agent:"+agentID(i), list, 0)
		_, err := pipe.Exec(ctx)
		return err
	})
}

// basicACD is one turn of its dispatcher, command by command (basic-acd's
// dispatcher.py and agent.py; its JSON documents are plain strings here, which
// is cheaper for it): take the contact, intersect, lock, check, take the agent
// out of each skill, unlock, write both.
func (f *floor) basicACD(ctx context.Context, need int) error {
	contact := f.channel()
	if err := f.ZAdd(ctx, "acd:queue", redis.Z{Score: 1, Member: contact}).Err(); err != nil {
		return err
	}
	if err := f.Set(ctx, "contact:"+contact, strconv.Itoa(need), 0).Err(); err != nil {
		return err
	}
	if err := f.BZPopMin(ctx, time.Second, "acd:queue").Err(); err != nil {
		return err
	}
	if err := f.Get(ctx, "contact:"+contact).Err(); err != nil {
		return err
	}
	var keys []string
	for _, k := range f.needs[need-1] {
		keys = append(keys, acd+strconv.Itoa(k))
	}
	found, err := f.ZInter(ctx, &redis.ZStore{Keys: keys}).Result()
	if err != nil || len(found) == 0 {
		return fmt.Errorf("%d agents for need %d: %w", len(found), need, err)
	}
	agent := found[0]
	if err := f.SetNX(ctx, acd+agent+":lock", contact, time.Second).Err(); err != nil { //nolint:staticcheck // as basic-acd does
		return err
	}
	if err := f.Exists(ctx, "agent:"+agent).Err(); err != nil {
		return err
	}
	for range 2 { // its state, then its skills
		if err := f.Get(ctx, "agent:"+agent).Err(); err != nil {
			return err
		}
	}
	i, _ := strconv.Atoi(agent[1:])
	for _, k := range f.agents[i] {
		if err := f.ZRem(ctx, acd+strconv.Itoa(k), agent).Err(); err != nil {
			return err
		}
		if err := f.Set(ctx, "agent:"+agent, "1", 0).Err(); err != nil {
			return err
		}
	}
	if err := f.Get(ctx, acd+agent+":lock").Err(); err != nil {
		return err
	}
	if err := release.Run(ctx, f, []string{acd + agent + ":lock"}, contact).Err(); err != nil {
		return err
	}
	return f.MSet(ctx, "contact:"+contact, agent, "agent:"+agent, "1").Err()
}
