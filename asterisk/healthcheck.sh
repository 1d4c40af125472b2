#!/bin/bash
# Healthy: Asterisk answers, ARI is on, and the event connection to stasis is up. A node that
# stasis does not hear takes no calls, so it is not healthy.
set -euo pipefail
remote() { timeout 4 asterisk -C /run/asterisk/etc/asterisk.conf -rx "$1"; }
sessions=$(remote "ari show websocket sessions")
grep -Eq "persistent.* Up .*holdline" <<<"$sessions" || {
	echo "no event connection to stasis" >&2
	exit 1
}
