#!/bin/bash
# Starts one Asterisk node: works out who it is, renders /usr/share/holdline/asterisk/*.conf
# into /run/asterisk/etc (the only place written to; a tmpfs when the root is read-only), and
# becomes Asterisk. No secret is in the image, in an argument or in the log.
#
#   HOLDLINE_NODE                      name of this node                 default ast-<hostname>
#   HOLDLINE_NODE_SECRET               shared with stasis; the event connection's password is
#                                      hex(HMAC-SHA256(secret, node))    required
#   HOLDLINE_ARI_STASIS_PASSWORD       ARI user "stasis"                 required
#   HOLDLINE_ARI_CHANNELAPI_PASSWORD   ARI user "channelapi"             required
#   HOLDLINE_ARI_OPERATOR_PASSWORD     ARI user "operator", who may only look      default no such user
#   HOLDLINE_EVENTS_URL                where events go     default ws://haproxy:8080/events
#   HOLDLINE_KAMAILIO                  route=address,... default
#                                      kamailio-1=172.30.77.11,kamailio-2=172.30.77.12
#   HOLDLINE_ADDRESS                   this node's own address           default the first one
#   HOLDLINE_RTP_RANGE                 media ports, two per channel      default 10000-10999
#   HOLDLINE_MAX_CALLS                 callers at a time; beyond, calls go to another node
#                                      default 0, no bound
#   HOLDLINE_LANGUAGE                  language of the prompts           default en
#   HOLDLINE_METRICS_TOKEN             turns on GET /metrics, user "metrics"       default off
#   HOLDLINE_ASTERISK_MODULES          more modules to load, e.g. app_voicemail.so default none
#   HOLDLINE_TIMER                     what paces music and prompts: pthread, one thread for all
#                                      channels, or timerfd, a timer each   default pthread
#   HOLDLINE_DIALPLAN                  conf or lua: extensions.conf or its twin   default conf
#   HOLDLINE_LOG_LEVEL                 debug info warn error             default info
# Each secret may be given as <NAME>_FILE. An unknown HOLDLINE_ name is an error.
#
# entrypoint.sh render   renders and stops (used by check).
set -euo pipefail
umask 077
shopt -u patsub_replacement 2>/dev/null || true # "&" in a value is a "&"

readonly templates=${TEMPLATES:-/usr/share/holdline/asterisk}
readonly dialplan=${DIALPLAN:-/usr/share/holdline/dialplan}
readonly run=/run/asterisk

die() { echo "entrypoint: $*" >&2; exit 64; }

readonly secrets="NODE_SECRET ARI_STASIS_PASSWORD ARI_CHANNELAPI_PASSWORD ARI_OPERATOR_PASSWORD METRICS_TOKEN"
readonly settings="NODE EVENTS_URL KAMAILIO ADDRESS RTP_RANGE MAX_CALLS LANGUAGE ASTERISK_MODULES TIMER DIALPLAN LOG_LEVEL"

known() {
	local name=$1 s
	for s in $settings; do [ "$name" = "HOLDLINE_$s" ] && return 0; done
	for s in $secrets; do
		case $name in "HOLDLINE_$s" | "HOLDLINE_${s}_FILE") return 0 ;; esac
	done
	return 1
}

for name in $(compgen -e HOLDLINE_); do known "$name" || die "unknown setting $name"; done

# secret NAME: its value, from NAME or the file that NAME_FILE names. What would be read as
# configuration syntax is refused rather than quoted.
secret() {
	local name=HOLDLINE_$1 file=HOLDLINE_$1_FILE value
	if [ -n "${!file:-}" ]; then
		[ -r "${!file}" ] || die "$file: cannot read the file it names"
		value=$(<"${!file}")
	else
		value=${!name:-}
	fi
	[ -z "$value" ] || [[ $value =~ ^[A-Za-z0-9._~+/=-]+$ ]] ||
		die "$name: only letters, digits and . _ ~ + / = - may be in it"
	printf '%s' "$value"
}

required() {
	local value
	value=$(secret "$1") || exit
	[ "${#value}" -ge 16 ] || die "HOLDLINE_$1: required, at least 16 characters"
	printf '%s' "$value"
}

# setting NAME PATTERN DEFAULT
setting() {
	local name=HOLDLINE_$1 value
	value=${!name:-$3}
	[[ $value =~ ^($2)$ ]] || die "$name: not understood: ${value//[^[:print:]]/?}"
	printf '%s' "$value"
}

# hmac KEY MESSAGE, both plain text: hex(HMAC-SHA256). By hand (RFC 2104), because openssl
# takes the key as an argument, which every process could read.
hmac() {
	local key=$1 message=$2 i byte inner outer digest LC_ALL=C
	local -a bytes=()
	if [ "${#key}" -gt 64 ]; then
		digest=$(printf '%s' "$key" | sha256sum)
		for ((i = 0; i < 64; i += 2)); do bytes+=($((16#${digest:i:2}))); done
	else
		for ((i = 0; i < ${#key}; i++)); do
			printf -v byte '%d' "'${key:i:1}"
			bytes+=("$byte")
		done
	fi
	inner='' outer=''
	for ((i = 0; i < 64; i++)); do
		printf -v inner '%s\\x%02x' "$inner" $((${bytes[i]:-0} ^ 0x36))
		printf -v outer '%s\\x%02x' "$outer" $((${bytes[i]:-0} ^ 0x5c))
	done
	digest=$({ printf '%b' "$inner"; printf '%s' "$message"; } | sha256sum)
	digest=${digest%% *}
	for ((i = 0; i < 64; i += 2)); do outer+="\\x${digest:i:2}"; done
	digest=$(printf '%b' "$outer" | sha256sum)
	printf '%s' "${digest%% *}"
}

if [ "${1:-}" = hmac ]; then # for the check: RFC 4231 vectors
	hmac "$2" "$3"
	exit
fi

declare -A put

own=$(hostname -I 2>/dev/null || true)
put[NODE]=$(setting NODE '[A-Za-z0-9][A-Za-z0-9._-]{0,62}' "ast-$(hostname)")
put[ADDRESS]=$(setting ADDRESS '[0-9.]+' "${own%% *}")
put[LANGUAGE]=$(setting LANGUAGE '[a-z]{2}(_[A-Z]{2})?' en)
put[STASIS_PASSWORD]=$(required ARI_STASIS_PASSWORD)
put[CHANNELAPI_PASSWORD]=$(required ARI_CHANNELAPI_PASSWORD)
operator=$(secret ARI_OPERATOR_PASSWORD)
put[OPERATOR]=
[ -z "$operator" ] || put[OPERATOR]=$'[operator]\ntype = user\nread_only = yes\npassword_format = plain\npassword = '"$operator"
put[METRICS_TOKEN]=$(secret METRICS_TOKEN)
put[MODULE_DIR]=$(dirname /usr/lib/*/asterisk/modules/pbx_lua.so)
node_secret=$(required NODE_SECRET)
put[EVENTS_PASSWORD]=$(hmac "$node_secret" "${put[NODE]}")

# This run of the node: contacts of an earlier one ended with it.
put[BOOT]=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')

events=$(setting EVENTS_URL 'wss?://[A-Za-z0-9.:_-]+/[A-Za-z0-9/._-]*' ws://haproxy:8080/events)
put[EVENTS_URI]="$events?node=${put[NODE]}&boot=${put[BOOT]}"
put[EVENTS_URI]+="&rest=http://${put[ADDRESS]}:8088/ari&sip=sip:${put[ADDRESS]}:5060"
put[MAX_CALLS]=$(setting MAX_CALLS '[0-9]{1,5}' 0)
[ "${put[MAX_CALLS]}" = 0 ] || put[EVENTS_URI]+="&max=${put[MAX_CALLS]}"
put[EVENTS_TLS]=no
[[ $events == wss:* ]] && put[EVENTS_TLS]=yes

# A locally administered MAC address made from the name: the same node has the same entity id.
sum=$(printf '%s' "${put[NODE]}" | sha256sum)
put[ENTITY_ID]="02:${sum:0:2}:${sum:2:2}:${sum:4:2}:${sum:6:2}:${sum:8:2}"

range=$(setting RTP_RANGE '[0-9]{4,5}-[0-9]{4,5}' 10000-10999)
put[RTP_START]=${range%-*}
put[RTP_END]=${range#*-}

case $(setting LOG_LEVEL 'debug|info|warn|error' info) in
debug) put[LOG_LEVELS]=error,warning,notice,verbose ;;
info) put[LOG_LEVELS]=error,warning,notice ;;
warn) put[LOG_LEVELS]=error,warning ;;
error) put[LOG_LEVELS]=error ;;
esac

put[TIMER]=$(setting TIMER 'pthread|timerfd' pthread)

kind=$(setting DIALPLAN 'lua|conf' conf)
put[DIALPLAN_MODULES]=
case $kind in
lua) needs=pbx_lua.so ;;
conf) needs="pbx_config.so app_exec.so func_logic.so func_uri.so" ;;
esac
for module in $needs; do put[DIALPLAN_MODULES]+="load = $module"$'\n'; done

put[EXTRA_MODULES]=
modules=$(setting ASTERISK_MODULES '[a-z0-9_.,]*' '')
for module in ${modules//,/ } ${put[METRICS_TOKEN]:+res_prometheus.so}; do
	put[EXTRA_MODULES]+="load = $module"$'\n'
done

put[MUSIC_CLASSES]=
for dir in /usr/share/asterisk/moh/*/; do
	class=$(basename "$dir")
	[ "$class" = default ] && continue
	put[MUSIC_CLASSES]+="[$class]"$'\n'"mode = files"$'\n'"directory = ${dir%/}"$'\n'
	put[MUSIC_CLASSES]+="sort = randstart"$'\n'
done

# fill TEXT: every @NAME@ replaced. The values are put in by the shell itself.
fill() {
	local text=$1 name
	for name in "${!put[@]}"; do text=${text//"@$name@"/"${put[$name]}"}; done
	printf '%s\n' "$text"
}

mkdir -p $run/{etc,lib,log,cache} $run/spool/{monitor,recording,tmp,outgoing,voicemail}
for template in "$templates"/*.conf; do
	text=$(<"$template")
	[[ $text == *";@EACH_KAMAILIO@"* ]] && each=${text#*";@EACH_KAMAILIO@"} || each=
	text=${text%%";@EACH_KAMAILIO@"*}
	out=$(fill "$text")
	if [ -n "$each" ]; then
		pairs=$(setting KAMAILIO '[a-z0-9-]+=[0-9.]+(,[a-z0-9-]+=[0-9.]+)*' \
			kamailio-1=172.30.77.11,kamailio-2=172.30.77.12)
		for pair in ${pairs//,/ }; do
			put[ROUTE]=${pair%=*} put[ROUTE_ADDRESS]=${pair#*=}
			out+=$'\n'$(fill "$each")$'\n'
		done
	fi
	if [[ $out =~ @[A-Z_]+@ ]]; then die "$template: nothing to put in for ${BASH_REMATCH[0]}"; fi
	printf '%s\n' "$out" >"$run/etc/$(basename "$template")"
done
ln -sf "$dialplan/extensions.$kind" $run/etc/

[ "${1:-}" = render ] && exit 0
echo "node ${put[NODE]} boot ${put[BOOT]} address ${put[ADDRESS]} events $events"
unset "${!HOLDLINE_@}" put node_secret operator
exec asterisk -f -C $run/etc/asterisk.conf
