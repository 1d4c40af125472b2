-- extensions_test.lua: what the dialplan does, without Asterisk. Run in this folder with
-- lua5.1 (what pbx_lua is) or any later Lua. asterisk/Dockerfile runs it while it builds.

-- world loads extensions.lua into an imitation of pbx_lua: applications are noted in `ran`,
-- `on[application]` plays what Asterisk or Holdline would do meanwhile.
local function world(headers)
	local w = { ran = {}, vars = {}, on = {}, added = {} }
	app = setmetatable({}, { __index = function(_, name)
		return function(...)
			w.ran[#w.ran + 1] = table.concat({ name, ... }, " ")
			if w.on[name] then w.on[name](...) end
			if name == "Hangup" then error("hung up", 0) end
		end
	end })
	channel = setmetatable({}, { __index = function(_, name)
		return setmetatable({
			get = function() return w.vars[name] end,
			set = function(_, value)
				assert(type(value) == "string", name .. " set to a " .. type(value))
				w.vars[name] = value
			end,
		}, { __call = function(_, verb, header, format)
			if name == "STRFTIME" then
				assert(verb == "" and header == "" and format == "%s%3q")
				return { get = function() return "1764000000123" end }
			end
			assert(name == "PJSIP_HEADER" and (verb == "read" or verb == "add"))
			return {
				get = function() return headers[header] end,
				set = function(_, value) w.added[#w.added + 1] = header .. ": " .. value end,
			}
		end })
	end })
	check_hangup = function() return w.gone or false end
	w.M = dofile("extensions.lua")
	function w.dial(exten)
		local context = extensions["holdline-in"]
		local f = context[exten]
		if not f then
			for pattern in pairs(context) do
				if pattern:sub(1, 1) == "_" and pattern ~= "_+X!" then f = context[pattern] end
			end
		end
		local ok, err = pcall(f, "holdline-in", exten)
		assert(ok or err == "hung up", err)
		return w
	end
	-- answers makes the first StasisBroadcast end with SUCCESS and these variables.
	function w.answers(vars)
		w.on.StasisBroadcast = function()
			w.vars.STASISSTATUS = "SUCCESS"
			for k, v in pairs(vars) do w.vars[k] = v end
		end
		return w
	end
	return w
end

local caller = { ["X-Holdline-Pool"] = "demo" }
local agent = { ["X-Holdline-Pool"] = "demo", ["X-Holdline-Agent"] = "201" }
local failed = 0

local function test(name, f)
	local ok, err = pcall(f)
	if not ok then
		failed = failed + 1
		print("FAIL " .. name .. ": " .. tostring(err))
	end
end

local function same(got, want)
	if type(got) == "table" then got = table.concat(got, "\n") end
	if type(want) == "table" then want = table.concat(want, "\n") end
	assert(got == want, "\n-- got\n" .. tostring(got) .. "\n-- want\n" .. tostring(want))
end

test("values are escaped whatever they hold", function()
	local M = world(caller).M
	same(M.escape('a,b:c|d%e{f}"g\\h(i)[j]\r\n\0z'), "a%2Cb%3Ac%7Cd%25e%7Bf%7D%22g%5Ch%28i%29%5Bj%5D%0D%0A%00z")
	same(M.escape("${SHELL(id)}"), "%24%7BSHELL%28id%29%7D")
	same(M.escape("+7-912_5.a@b"), "%2B7-912_5.a@b")
	for byte = 0, 255 do
		local out = M.escape(string.char(byte))
		assert(not out:find('[,:|{}"\\()%[%]%c;&$ ]'), "byte " .. byte .. " gives " .. out)
	end
end)

test("arguments leave out what is not given", function()
	same(world(caller).M.arguments("pool", "p", "need", nil, "reason", "", "priority", 3), "pool=p:priority=3")
end)

test("an extension of the table leads to its queue", function()
	same(world(caller).answers({ HOLDLINE_STATUS = "ANSWERED" }).dial("600").ran,
		{ "Ringing", "StasisBroadcast 1000 ^holdline$ pool=demo:queue=support:at=1764000000123", "Hangup" })
end)

test("any other extension leads to <exten>@<context>, escaped", function()
	local w = world(caller).answers({ HOLDLINE_STATUS = "ANSWERED" }).dial("7:1,x")
	same(w.ran[2], "StasisBroadcast 1000 ^holdline$ pool=demo:queue=7%3A1%2Cx@holdline-in:at=1764000000123")
end)

test("QUEUE_NAME goes before the table, and is not left on the channel", function()
	local w = world(caller)
	w.vars.QUEUE_NAME = "vip"
	same(w.answers({ HOLDLINE_STATUS = "ANSWERED" }).dial("600").ran[2],
		"StasisBroadcast 1000 ^holdline$ pool=demo:queue=vip:at=1764000000123")
	same(tostring(world(caller).answers({ HOLDLINE_STATUS = "ANSWERED" }).dial("600").vars.QUEUE_NAME), "nil")
end)

test("the pool is the domain that was dialled, before any header", function()
	local w = world({ ["X-Holdline-Pool"] = "other" })
	w.vars.SIPDOMAIN = "demo.1764000000101.pool"
	same(w.answers({ HOLDLINE_STATUS = "ANSWERED" }).dial("600").ran[2],
		"StasisBroadcast 1000 ^holdline$ pool=demo:queue=support:at=1764000000123:edge=1764000000101")
	w = world(caller)
	w.vars.SIPDOMAIN = "demo.holdline.test"
	same(w.answers({ HOLDLINE_STATUS = "ANSWERED" }).dial("600").ran[2],
		"StasisBroadcast 1000 ^holdline$ pool=demo:queue=support:at=1764000000123")
end)

test("a call without a pool is refused", function()
	same(world({}).dial("600").ran, { "Hangup 21" })
	same(world({ ["X-Holdline-Agent"] = "201" }).dial("*45").ran, { "Hangup 21" })
end)

test("each outcome has its end", function()
	local ends = {
		ANSWERED = "Hangup", ABANDONED = "Hangup", WITHDRAWN = "Hangup", TIMEOUT = "Busy 3",
		OVERFLOW = "Playback tt-allbusy", LEFT_BY_KEY = "Playback vm-goodbye",
		REFUSED = "Playback sorry&please-try-call-later",
		UNAVAILABLE = "Playback sorry&please-try-call-later", -- the fallback
		ERROR = "Playback sorry&please-try-call-later",
		[""] = "Playback sorry&please-try-call-later",
		["a thing of tomorrow"] = "Playback sorry&please-try-call-later",
	}
	for status, want in pairs(ends) do
		local w = world(caller).answers({ HOLDLINE_STATUS = status }).dial("600")
		same(w.ran[3], want)
		same(w.ran[#w.ran], "Hangup")
	end
end)

test("a status of an earlier pass does not count", function()
	local w = world(caller)
	w.vars.HOLDLINE_STATUS = "ANSWERED"
	same(w.answers({}).dial("600").ran[3], "Playback sorry&please-try-call-later")
end)

test("a caller who hung up inside starts nothing more", function()
	local w = world(caller).answers({})
	w.gone = true
	same(w.dial("600").ran, { "Ringing", "StasisBroadcast 1000 ^holdline$ pool=demo:queue=support:at=1764000000123" })
end)

test("with Holdline away it rings on for ten seconds, then the fallback", function()
	local w, waited = world(caller), 0
	w.on.StasisBroadcast = function(ms)
		w.vars.STASISSTATUS = "TIMEOUT"
		waited = waited + tonumber(ms)
	end
	w.dial("600")
	same(waited, 10000)
	same(w.ran, {
		"Ringing",
		"StasisBroadcast 1000 ^holdline$ pool=demo:queue=support:at=1764000000123", "Ringing",
		"StasisBroadcast 2000 ^holdline$ pool=demo:queue=support:at=1764000000123:try=1", "Ringing",
		"StasisBroadcast 4000 ^holdline$ pool=demo:queue=support:at=1764000000123:try=2", "Ringing",
		"StasisBroadcast 3000 ^holdline$ pool=demo:queue=support:at=1764000000123:try=3", "Ringing",
		"Playback sorry&please-try-call-later", "Congestion 3", "Hangup",
	})
end)

test("a refusal at once is waited out, and a later success counts", function()
	local w, n = world(caller), 0
	w.on.StasisBroadcast = function()
		n = n + 1
		w.vars.STASISSTATUS = n == 1 and "FAILED" or "SUCCESS"
		if n == 2 then w.vars.HOLDLINE_STATUS = "ANSWERED" end
	end
	same(w.dial("600").ran, {
		"Ringing", "StasisBroadcast 1000 ^holdline$ pool=demo:queue=support:at=1764000000123", "Ringing", "Wait 1",
		"StasisBroadcast 2000 ^holdline$ pool=demo:queue=support:at=1764000000123:try=1", "Hangup",
	})
end)

-- dialled lets Holdline ask for these Dials in turn, then say TIMEOUT or ANSWERED. Each is
-- { call string, what Dial sets... }.
local function dialled(w, dials)
	local n = 0
	w.on.StasisBroadcast = function()
		n = n + 1
		w.vars.STASISSTATUS = "SUCCESS"
		if dials[n] then
			w.vars.call_string, w.vars.HOLDLINE_OFFER, w.vars.HOLDLINE_CONTACT = dials[n][1], "0ff" .. n, "c0de"
			w.vars.HOLDLINE_RING, w.vars.TRUNK = "15", "kamailio-2"
		else
			w.vars.HOLDLINE_STATUS = w.vars.DIALSTATUS == "ANSWER" and "ANSWERED" or "TIMEOUT"
		end
	end
	w.on.Dial = function()
		assert(w.vars.call_string == "", "the call string stays for the next time")
		assert(w.vars.__HOLDLINE_CONTACT == "c0de", "the leg does not know its contact")
		for k, v in pairs(dials[n]) do
			if k ~= 1 then w.vars[k] = v end
		end
	end
	return w
end

local dial = "Dial PJSIP/kamailio-2/sip:201@demo.test 15 gmb(holdline-leg^s^1)"
local enter = "StasisBroadcast 1000 ^holdline$ "

test("who came in by the third try is the same one when they come back", function()
	local w = dialled(world(caller), { {}, {}, { "PJSIP/TRUNK/sip:201@demo.test", DIALSTATUS = "BUSY" } })
	local inside, n = w.on.StasisBroadcast, 0
	w.on.StasisBroadcast = function()
		n = n + 1
		inside()
		if n < 3 then w.vars.STASISSTATUS, w.vars.call_string = "TIMEOUT", "" end
	end
	local ran = w.dial("600").ran
	same(ran[8], enter .. "return=0ff3:dialstatus=BUSY:pool=demo:queue=support:at=1764000000123:try=2")
end)

test("connect mode dialplan: dialled, answered, and back to say so", function()
	local w = dialled(world(caller), {
		{ "PJSIP/TRUNK/sip:201@demo.test", DIALSTATUS = "ANSWER", HANGUPCAUSE = "16", DIALEDPEERNUMBER = "kamailio-2/sip:201@demo.test" },
	})
	same(w.dial("600").ran, {
		"Ringing", enter .. "pool=demo:queue=support:at=1764000000123", dial,
		enter .. "return=0ff1:dialstatus=ANSWER:cause=16:peer=kamailio-2%2Fsip%3A201@demo.test:pool=demo:queue=support:at=1764000000123", "Hangup",
	})
end)

test("not answered: back to the place, and dialled again, until Holdline says otherwise", function()
	local w = dialled(world(caller), {
		{ "PJSIP/TRUNK/sip:201@demo.test", DIALSTATUS = "CHANUNAVAIL", HANGUPCAUSE = "21" },
		{ "PJSIP/TRUNK/sip:201@demo.test&PJSIP/TRUNK/sip:202@demo.test", DIALSTATUS = "NOANSWER", HANGUPCAUSE = "0" },
	})
	same(w.dial("600").ran, {
		"Ringing", enter .. "pool=demo:queue=support:at=1764000000123", dial,
		enter .. "return=0ff1:dialstatus=CHANUNAVAIL:cause=21:pool=demo:queue=support:at=1764000000123",
		"Dial PJSIP/kamailio-2/sip:201@demo.test&PJSIP/kamailio-2/sip:202@demo.test 15 gmb(holdline-leg^s^1)",
		enter .. "return=0ff2:dialstatus=NOANSWER:cause=0:pool=demo:queue=support:at=1764000000123", "Busy 3", "Hangup",
	})
end)

test("Holdline goes away while they talk: that is no reason for the fallback", function()
	local w = dialled(world(caller), { { "PJSIP/TRUNK/sip:201@demo.test", DIALSTATUS = "ANSWER" } })
	local first = w.on.StasisBroadcast
	w.on.StasisBroadcast = function()
		first()
		w.on.StasisBroadcast = function() w.vars.STASISSTATUS = "TIMEOUT" end
	end
	local ran = w.dial("600").ran
	same(ran[#ran], "Hangup")
	assert(not table.concat(ran, " "):find("Playback"), "the fallback, after a call")
end)

test("a caller who is gone while it rings is not taken back", function()
	local w = dialled(world(caller), { { "PJSIP/TRUNK/sip:201@demo.test", DIALSTATUS = "CANCEL" } })
	w.on.StasisBroadcast = (function(f) return function() f(); w.gone = w.vars.DIALSTATUS == "CANCEL" end end)(w.on.StasisBroadcast)
	same(w.dial("600").ran[4], enter .. "return=0ff1:dialstatus=CANCEL:pool=demo:queue=support:at=1764000000123")
	assert(#w.ran == 4)
end)

test("the agent's leg says whom it is for", function()
	local w = world(caller)
	w.vars.HOLDLINE_CONTACT = "c0de"
	extensions["holdline-leg"].s()
	same(w.added, { "X-Holdline-Contact: c0de" })
	same(w.ran, { "Return" })
end)

test("feature codes say who, what and why", function()
	for code, want in pairs({
		["*45"] = "feature=login:agent=201", ["*46"] = "feature=logout:agent=201",
		["*47"] = "feature=pause:agent=201", ["*47*2"] = "feature=pause:agent=201:reason=lunch",
		["*48"] = "feature=unpause:agent=201", ["*49"] = "feature=state:agent=201",
	}) do
		local w = world(agent).answers({ HOLDLINE_STATUS = "OK", HOLDLINE_MODE = "ready" }).dial(code)
		same(w.ran, { "StasisBroadcast 1000 ^holdline$ pool=demo:" .. want, "Playback agent-loginok", "Hangup" })
	end
end)

test("nobody dials a feature code without being an agent", function()
	same(world(caller).dial("*45").ran, { "Hangup 21" })
end)

test("a refused feature, an unknown mode and an absent Holdline all sound sorry", function()
	local sorry = { "Playback im-sorry", "Busy 2", "Hangup" }
	local function tail(w) return { w.ran[#w.ran - 2], w.ran[#w.ran - 1], w.ran[#w.ran] } end
	same(tail(world(agent).answers({ HOLDLINE_STATUS = "REFUSED" }).dial("*45")), sorry)
	same(tail(world(agent).answers({ HOLDLINE_STATUS = "OK", HOLDLINE_MODE = "flying" }).dial("*45")), sorry)
	local w, waited = world(agent), 0
	w.on.StasisBroadcast = function(ms)
		w.vars.STASISSTATUS, waited = "TIMEOUT", waited + tonumber(ms)
	end
	same(tail(w.dial("*45")), sorry)
	same(waited, 3000)
end)

test("patterns leave Asterisk's own one-letter extensions alone", function()
	world(caller)
	for name in pairs(extensions["holdline-in"]) do
		assert(not name:match("^_%[[^%]]*%]!?$"), name .. " matches h, i, s or t")
	end
end)

assert(failed == 0, failed .. " failed")
print("extensions.lua: all tests passed on " .. _VERSION)
