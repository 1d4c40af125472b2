package doctor

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// memoryNearly is the part of maxmemory from which on it is worth a warning.
const memoryNearly = 0.8

// redis reads what Redis says of itself.
func (d *Doctor) redis(ctx context.Context) []Finding {
	if d.Info == nil {
		return nil
	}
	text, err := d.Info(ctx)
	if err != nil {
		return []Finding{{Kind: "redis_not_asked", Note: true, Text: "Redis was not asked about itself: " + err.Error(),
			Remedy: "run it as a user who may INFO: callmanager or operator"}}
	}
	return judgeRedis(parseInfo(text))
}

func parseInfo(text string) map[string]string {
	info := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[name] = value
		}
	}
	return info
}

func judgeRedis(info map[string]string) []Finding {
	var found []Finding
	say := func(kind, text, remedy string) {
		found = append(found, Finding{Kind: kind, Text: text, Remedy: remedy})
	}
	if info["aof_enabled"] == "0" {
		say("redis_not_kept", "Redis keeps nothing on disk as it happens (appendonly no)",
			"set appendonly yes: a restart without data costs every caller the wait until the nodes have told of them")
	}
	for _, field := range []string{"aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status"} {
		if v, there := info[field]; there && v != "ok" {
			say("redis_disk", "Redis could not write to its disk: "+field+" is "+v, "look at the disk's space and rights, and at Redis's log")
		}
	}
	if policy := info["maxmemory_policy"]; policy != "" && policy != "noeviction" {
		say("redis_evicts", "Redis may throw records away when its memory is full: maxmemory-policy is "+policy, "set maxmemory-policy noeviction")
	}
	if n := info["evicted_keys"]; n != "" && n != "0" {
		say("redis_evicted", "Redis has thrown "+n+" keys away since its start", "set maxmemory-policy noeviction, and give it more memory")
	}
	used, _ := strconv.ParseFloat(info["used_memory"], 64)
	most, _ := strconv.ParseFloat(info["maxmemory"], 64)
	if most > 0 && used > memoryNearly*most {
		say("redis_memory", fmt.Sprintf("Redis uses %.0f %% of its maxmemory", 100*used/most), "raise maxmemory: at its end Redis refuses new callers")
	}
	if info["loading"] == "1" {
		say("redis_loading", "Redis is loading its data", "wait; callers stay on music meanwhile")
	}
	if info["role"] == "slave" {
		say("redis_replica", "this Redis is a replica", "point HOLDLINE_REDIS_ADDRS at the master, or set HOLDLINE_REDIS_MASTER and name the Sentinels")
	}
	return found
}
