-- extensions.lua: the dialplan of a Holdline node. Callers come in, wait in the application
-- `holdline`, and come back with HOLDLINE_STATUS, which decides what happens next. The twin of
-- extensions.conf, for who prefers Lua (HOLDLINE_DIALPLAN=lua); a call costs the node more by it,
-- because pbx_lua reads this file anew for each.
--
-- Read by pbx_lua (Lua 5.1), once for every call: `asterisk -rx "module reload pbx_lua.so"`
-- takes an edit over for new calls. Checked by: lua5.1 extensions_test.lua (in this folder),
-- and by asterisk/check on a real node. Edit the tables; the code is below them.
--
-- What the code relies on (each seen on Asterisk 22.10.1):
--   * app.X(argument) does not expand ${...}: what a caller dialled is text, not code.
--   * An application that ends because the caller hung up ends the whole function.
--   * A subroutine on another channel (Dial's b) may be a function here; it ends with app.Return.
--   * ARI's "continue" without a place resumes the function after StasisBroadcast; with a
--     place it abandons the function and goes there.

-- pbx_lua lends the channel to a helper thread ("autoservice") while Lua runs, and takes it back
-- for every application. The helper looks up from its list every 50 ms, and gives one channel
-- back at a look: so a call waited 25 ms on average before it reached Holdline, and a node took
-- 40 calls a second, whatever the machine. A flag in Lua's registry tells pbx_lua to do it (exec
-- in pbx/pbx_lua.c); it is set after this file has run, and is not taken here. Nothing below
-- takes long enough to need the helper.
setmetatable(debug.getregistry(), {
	__newindex = function(registry, key, value)
		if key ~= "autoservice" then rawset(registry, key, value) end
	end,
})

-- What a step is: { application, argument }. The steps of a list run in order.
local busy = { { "Busy", "3" } }
local later = { { "Playback", "sorry&please-try-call-later" }, { "Congestion", "3" } }
local hangup = { { "Hangup" } }

-- Where a caller goes when Holdline is away, for longer than `ring_on` seconds. It needs
-- neither Redis nor MySQL. For example, to a phone, then to a mailbox (load app_voicemail.so):
--   { { "Dial", "PJSIP/kamailio-1/sip:201@demo.holdline.test,20" },
--     { "VoiceMail", "600@default,u" } }
local fallback = later
local ring_on = 10

-- How an agent is dialled in queues of connect mode `dialplan`. g: the caller stays when the
-- agent hangs up. m: the caller hears music while it rings. b: what is done on the agent's leg
-- before it is dialled. TRUNK in the call string is replaced by the variable TRUNK, which is the
-- route that Holdline chose unless you set another here.
local dial_options = "gmb(holdline-leg^s^1)"

-- Where a caller goes who comes back, by HOLDLINE_STATUS. Holdline has already played what
-- belongs to the outcome (for TIMEOUT: the apology). No status, or one that is not here: the
-- fallback.
local after = {
	ANSWERED = hangup,
	ABANDONED = hangup,
	WITHDRAWN = hangup,
	TIMEOUT = busy,
	OVERFLOW = { { "Playback", "tt-allbusy" }, { "Busy", "3" } },
	LEFT_BY_KEY = { { "Playback", "vm-goodbye" }, { "Hangup" } },
	REFUSED = later,
}

-- What can be dialled. An extension that is not here leads to the queue `<exten>@<context>`
-- of the caller's pool; the variable QUEUE_NAME, where set, goes before both. Beside `queue`
-- an entry may have timeout and announce (seconds), need, priority (minutes of credit), prefer (an
-- agent) and prefer_for (seconds), credit (seconds), and its own `after` and
-- `fallback`.
local queues = {
	["600"] = { queue = "support" },
	["601"] = { queue = "sales" },
}

-- What agents dial, and the reasons of *47*<digit>.
local features = { ["*45"] = "login", ["*46"] = "logout", ["*47"] = "pause", ["*48"] = "unpause", ["*49"] = "state" }
local reasons = { ["1"] = "break", ["2"] = "lunch", ["3"] = "meeting", ["4"] = "training" }

-- What an agent hears: the mode that the feature led to.
local modes = {
	ready = "agent-loginok",
	logged_out = "agent-loggedoff",
	paused = "do-not-disturb&activated",
	wrap_up = "agent-loginok&beep",
	not_responding = "number-not-answering",
}

local M = {}

-- escape makes a value safe as part of one argument: outside the letters below, every byte is
-- percent-encoded. Commas, colons, quotes, brackets and backslashes all mean something to
-- Asterisk's own parser, and the value may be what a stranger dialled.
function M.escape(value)
	return (value:gsub("[^%w%-_.@]", function(c)
		return string.format("%%%02X", c:byte())
	end))
end

-- arguments joins key, value, key, value, ... ; a nil or empty value leaves its key out.
function M.arguments(...)
	local out, n = {}, select("#", ...)
	for i = 1, n, 2 do
		local key, value = select(i, ...)
		if value ~= nil and value ~= "" then
			out[#out + 1] = key .. "=" .. M.escape(tostring(value))
		end
	end
	return table.concat(out, ":")
end

-- header reads a header of the INVITE, "" when there is none. Kamailio removes these headers
-- from whatever comes from outside and sets them itself.
local function header(name)
	return channel.PJSIP_HEADER("read", name):get() or ""
end

-- pool is in the domain that Kamailio dialled, <pool>.<ms>.pool, and edge the moment when the call
-- reached it, by which the caller is in line; an earlier Kamailio tells it in a header
-- alone. To read a header is a question to the thread of the call's signalling, which has the
-- INVITEs of other calls to do first.
local function pool_of_call()
	local pool, edge = (channel.SIPDOMAIN:get() or ""):match("^([0-9a-z-]+)%.(%d+)%.pool$")
	return pool or header("X-Holdline-Pool"), edge
end

local function run(steps)
	for _, step in ipairs(steps) do
		app[step[1]](step[2])
	end
end

-- moment is now, in milliseconds since 1970.
local function moment()
	return channel.STRFTIME("", "", "%s%3q"):get()
end

-- enter offers the call to Holdline for so many seconds, while the caller hears ringing. True
-- once the call was inside and came back. The first try lasts a second, later ones up to four:
-- an offer that nobody takes stays in the node's backlog, and one that got lost on its way
-- must be made again. Each try has its number, because what came of an earlier one may arrive
-- late; who comes `back` keeps the number of the try by which they came in. Gives it too.
local function enter(arguments, seconds, back)
	local window, left, try = 1, seconds, back or 0
	while left > 0 do
		channel.HOLDLINE_STATUS:set("")
		channel.HOLDLINE_MODE:set("")
		app.StasisBroadcast(tostring(window * 1000), "^holdline$", try > 0 and arguments .. ":try=" .. try or arguments)
		local status = channel.STASISSTATUS:get()
		if status == "SUCCESS" then
			return true, try
		end
		if not back then
			try = try + 1
		end
		app.Ringing() -- in case the call was inside, answered, and was put out again
		if status ~= "TIMEOUT" then
			app.Wait(tostring(window)) -- a refusal comes back at once, a timeout after its window
		end
		left = left - window
		window = math.min(window * 2, 4, left)
	end
	return false
end

-- dial calls the agents whom Holdline chose, and gives the DIALSTATUS and the arguments with
-- which the caller goes back; nil when nobody is to be dialled here.
local function dial()
	local call_string = channel.call_string:get() or ""
	if call_string == "" then
		return nil
	end
	local offer, trunk = channel.HOLDLINE_OFFER:get() or "", channel.TRUNK:get() or ""
	channel.call_string:set("")
	channel.DIALSTATUS:set("")
	channel.DIALEDPEERNUMBER:set("")
	channel.__HOLDLINE_CONTACT:set(channel.HOLDLINE_CONTACT:get() or "") -- for the agent's leg
	app.Dial(call_string:gsub("TRUNK", function() return trunk end), channel.HOLDLINE_RING:get() or "15", dial_options)
	local status = channel.DIALSTATUS:get() or ""
	return status, M.arguments("return", offer, "dialstatus", status, "cause", channel.HANGUPCAUSE:get(),
		"peer", channel.DIALEDPEERNUMBER:get())
end

-- The template `queue` of the talk: a caller waits here for an agent.
function M.queue(context, exten)
	local pool, edge = pool_of_call()
	if pool == "" then
		return app.Hangup("21") -- not from Kamailio, or for a domain that is no pool: 403
	end
	local entry = queues[exten] or {}
	local name = channel.QUEUE_NAME:get()
	if name == nil or name == "" then
		name = entry.queue or (exten .. "@" .. context)
	end
	app.Ringing()
	local arguments = M.arguments("pool", pool, "queue", name, "timeout", entry.timeout,
		"announce", entry.announce, "need", entry.need, "priority", entry.priority,
		"prefer", entry.prefer, "prefer_for", entry.prefer_for, "credit", entry.credit, "at", moment(), "edge", edge)
	channel.call_string:set("")
	local inside, try = enter(arguments, ring_on)
	local dialled, back
	while inside do
		if check_hangup() then
			return -- the caller is gone: nothing below is for nobody
		end
		dialled, back = dial()
		if not dialled then
			break
		end
		inside = enter(back .. ":" .. arguments, ring_on, try)
	end
	local status = inside and channel.HOLDLINE_STATUS:get() or ""
	if not inside and dialled == "ANSWER" then
		status = "ANSWERED" -- and Holdline has gone away meanwhile
	end
	local steps
	if inside or status ~= "" then
		steps = (entry.after or {})[status] or after[status]
	end
	run(steps or entry.fallback or fallback)
	app.Hangup()
end

-- feature carries out what an agent dialled, and says which mode the agent is in now. Who the
-- agent is, Kamailio knows from the phone's authentication; nobody can dial for another.
function M.feature(name, reason)
	local pool, agent = header("X-Holdline-Pool"), header("X-Holdline-Agent")
	if pool == "" or agent == "" then
		return app.Hangup("21")
	end
	local arguments = M.arguments("pool", pool, "feature", name, "agent", agent, "reason", reason)
	local sound
	if enter(arguments, 3) and channel.HOLDLINE_STATUS:get() == "OK" then
		sound = modes[channel.HOLDLINE_MODE:get() or ""]
	end
	if sound then
		app.Playback(sound)
	else
		app.Playback("im-sorry")
		app.Busy("2")
	end
	app.Hangup()
end

local incoming = {
	-- Whatever else is dialled: a number, or a name of two letters or more (h, i, s, t and their
	-- kind are Asterisk's own: h runs after every hang-up).
	["_X!"] = M.queue,
	["_+X!"] = M.queue,
	["_[a-zA-Z][0-9a-zA-Z_.]!"] = M.queue,
}
for exten in pairs(queues) do
	incoming[exten] = M.queue
end
for code, name in pairs(features) do
	incoming[code] = function()
		M.feature(name)
	end
end
for digit, reason in pairs(reasons) do
	incoming["*47*" .. digit] = function()
		M.feature("pause", reason)
	end
end

-- leg is what is done on an agent's leg before it is dialled: a subroutine, hence Return.
local function leg()
	channel.PJSIP_HEADER("add", "X-Holdline-Contact"):set(channel.HOLDLINE_CONTACT:get() or "")
	app.Return()
end

extensions = { ["holdline-in"] = incoming, ["holdline-leg"] = { s = leg } }
hints = {}
return M
