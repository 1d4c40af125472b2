package ari

import (
	"errors"
	"net/http"
	"slices"
)

// Operation is one REST endpoint as this package uses it: what it may send there,
// and what a refusal means. Tests compare it with Asterisk's own declarations.
type Operation struct {
	Name   string   // "channels.hangup": Error.Operation, and the label of metrics
	Method string   // HTTP method
	Path   string   // as in the declarations: "/channels/{channelId}"
	Query  []string // every query parameter this package may send
	Body   []string // every key of a JSON body this package may send

	// meaning overrides the general table of statuses (see Error.meaning).
	meaning map[int]error
	// parks marks what is done for a caller who waits anyway (answer, music, a
	// variable): it waits its turn on connections of its own, so that a burst of
	// callers holds up neither the claims of the next nor the legs of agents.
	parks bool
}

// Endpoint names the operation the way Asterisk documents it.
func (o *Operation) Endpoint() string { return o.Method + " " + o.Path }

// Operations returns every operation that a Client can perform.
func Operations() []Operation {
	all := make([]Operation, 0, len(operations))
	for _, o := range operations {
		all = append(all, *o)
	}
	return all
}

var (
	// Where we choose the id, a conflict means that it is taken.
	takenID = map[int]error{http.StatusConflict: ErrExists}
	// A claim conflicts with another application's; 404 also means that no broadcast is on.
	claimed = map[int]error{http.StatusConflict: ErrClaimed}
	// A bridge that was just deleted answers 409 for a moment ("not in Stasis application").
	alreadyDeleted = map[int]error{http.StatusConflict: ErrNotFound}
	// Adding answers 400 for a channel that is not there, 404 for the bridge.
	addRefused = map[int]error{
		http.StatusBadRequest:          ErrNotFound,
		http.StatusUnprocessableEntity: ErrNotInApplication,
	}
	// Removing answers 422 for a channel that is in another bridge or in none.
	removeRefused = map[int]error{
		http.StatusBadRequest:          ErrNotFound,
		http.StatusUnprocessableEntity: ErrNotFound,
	}
	// The channel left the application while the answer waited for its turn.
	answerFailed = map[int]error{http.StatusInternalServerError: ErrNotInApplication}
	// What says numbers cannot be stopped (number:, digits:, characters:, with no sound: before).
	unstoppable = map[int]error{http.StatusInternalServerError: ErrInvalid}
	// Subscribing answers 422 for a channel that is not there.
	noSource = map[int]error{http.StatusUnprocessableEntity: ErrNotFound}
	// Asterisk answers 404 for an unknown tech and 400 for a malformed resource.
	noEndpoint = map[int]error{http.StatusBadRequest: ErrNotFound}
)

var (
	opPing        = &Operation{Name: "asterisk.ping", Method: get, Path: "/asterisk/ping"}
	opInfo        = &Operation{Name: "asterisk.info", Method: get, Path: "/asterisk/info"}
	opVariable    = &Operation{Name: "asterisk.variable", Method: get, Path: "/asterisk/variable", Query: []string{"variable"}}
	opSetVariable = &Operation{Name: "asterisk.set_variable", Method: post, Path: "/asterisk/variable", Query: []string{"variable", "value"}}

	opChannels  = &Operation{Name: "channels.list", Method: get, Path: "/channels"}
	opChannel   = &Operation{Name: "channels.get", Method: get, Path: "/channels/{channelId}"}
	opOriginate = &Operation{Name: "channels.originate", Method: post, Path: "/channels", meaning: takenID,
		Query: []string{"endpoint", "app", "appArgs", "callerId", "timeout", "channelId", "originator", "formats"},
		Body:  []string{"variables"}}
	opCreate = &Operation{Name: "channels.create", Method: post, Path: "/channels/create", meaning: takenID,
		Query: []string{"endpoint", "app", "appArgs", "channelId", "originator", "formats"},
		Body:  []string{"variables"}}
	opDial     = &Operation{Name: "channels.dial", Method: post, Path: "/channels/{channelId}/dial", Query: []string{"caller", "timeout"}}
	opAnswer   = &Operation{Name: "channels.answer", Method: post, Path: "/channels/{channelId}/answer", meaning: answerFailed, parks: true}
	opHangup   = &Operation{Name: "channels.hangup", Method: del, Path: "/channels/{channelId}", Query: []string{"reason_code"}}
	opContinue = &Operation{Name: "channels.continue", Method: post, Path: "/channels/{channelId}/continue",
		Query: []string{"context", "extension", "priority", "label"}}
	opRing     = &Operation{Name: "channels.ring", Method: post, Path: "/channels/{channelId}/ring"}
	opStopRing = &Operation{Name: "channels.stop_ring", Method: del, Path: "/channels/{channelId}/ring"}
	opDTMF     = &Operation{Name: "channels.dtmf", Method: post, Path: "/channels/{channelId}/dtmf",
		Query: []string{"dtmf", "between", "duration"}}
	opStartMusic = &Operation{Name: "channels.start_music", Method: post, Path: "/channels/{channelId}/moh", Query: []string{"mohClass"}, parks: true}
	opStopMusic  = &Operation{Name: "channels.stop_music", Method: del, Path: "/channels/{channelId}/moh"}
	opPlay       = &Operation{Name: "channels.play", Method: post, Path: "/channels/{channelId}/play",
		Query: []string{"media", "lang", "playbackId"}}
	opGetVar = &Operation{Name: "channels.variable", Method: get, Path: "/channels/{channelId}/variable", Query: []string{"variable"}}
	opSetVar = &Operation{Name: "channels.set_variable", Method: post, Path: "/channels/{channelId}/variable",
		Query: []string{"variable", "value", "report_events"}, parks: true}
	opGetVars          = &Operation{Name: "channels.variables", Method: get, Path: "/channels/{channelId}/variables", Query: []string{"variables"}}
	opSetVars          = &Operation{Name: "channels.set_variables", Method: post, Path: "/channels/{channelId}/variables", Body: []string{"variables"}}
	opTransferProgress = &Operation{Name: "channels.transfer_progress", Method: post, Path: "/channels/{channelId}/transfer_progress", Query: []string{"states"}}

	opRTPStatistics = &Operation{Name: "channels.rtp_statistics", Method: get, Path: "/channels/{channelId}/rtp_statistics"}

	opBridges      = &Operation{Name: "bridges.list", Method: get, Path: "/bridges"}
	opBridge       = &Operation{Name: "bridges.get", Method: get, Path: "/bridges/{bridgeId}"}
	opCreateBridge = &Operation{Name: "bridges.create", Method: post, Path: "/bridges", meaning: takenID, Query: []string{"type", "bridgeId", "name"}}
	opDeleteBridge = &Operation{Name: "bridges.delete", Method: del, Path: "/bridges/{bridgeId}", meaning: alreadyDeleted}
	opAddToBridge  = &Operation{Name: "bridges.add", Method: post, Path: "/bridges/{bridgeId}/addChannel", meaning: addRefused,
		Query: []string{"channel", "inhibitConnectedLineUpdates"}}
	opRemoveFromBridge = &Operation{Name: "bridges.remove", Method: post, Path: "/bridges/{bridgeId}/removeChannel", meaning: removeRefused,
		Query: []string{"channel"}}
	opBridgeMusic     = &Operation{Name: "bridges.start_music", Method: post, Path: "/bridges/{bridgeId}/moh", Query: []string{"mohClass"}}
	opStopBridgeMusic = &Operation{Name: "bridges.stop_music", Method: del, Path: "/bridges/{bridgeId}/moh"}
	opPlayOnBridge    = &Operation{Name: "bridges.play", Method: post, Path: "/bridges/{bridgeId}/play",
		Query: []string{"media", "lang", "playbackId"}}

	opPlayback     = &Operation{Name: "playbacks.get", Method: get, Path: "/playbacks/{playbackId}"}
	opStopPlayback = &Operation{Name: "playbacks.stop", Method: del, Path: "/playbacks/{playbackId}", meaning: unstoppable}

	opApplications = &Operation{Name: "applications.list", Method: get, Path: "/applications"}
	opApplication  = &Operation{Name: "applications.get", Method: get, Path: "/applications/{applicationName}"}
	opEventFilter  = &Operation{Name: "applications.filter", Method: put, Path: "/applications/{applicationName}/eventFilter",
		Body: []string{"allowed", "disallowed"}}
	opSubscribe = &Operation{Name: "applications.subscribe", Method: post, Path: "/applications/{applicationName}/subscription",
		meaning: noSource, Query: []string{"eventSource"}}

	opClaim    = &Operation{Name: "events.claim", Method: post, Path: "/events/claim", meaning: claimed, Query: []string{"channelId", "application"}}
	opEndpoint = &Operation{Name: "endpoints.get", Method: get, Path: "/endpoints/{tech}/{resource}", meaning: noEndpoint}
)

const (
	get  = http.MethodGet
	post = http.MethodPost
	put  = http.MethodPut
	del  = http.MethodDelete
)

var operations = []*Operation{
	opPing, opInfo, opVariable, opSetVariable,
	opChannels, opChannel, opOriginate, opCreate, opDial, opAnswer, opHangup, opContinue, opRing, opStopRing,
	opDTMF, opStartMusic, opStopMusic, opPlay, opGetVar, opSetVar, opGetVars, opSetVars, opTransferProgress, opRTPStatistics,
	opBridges, opBridge, opCreateBridge, opDeleteBridge, opAddToBridge, opRemoveFromBridge,
	opBridgeMusic, opStopBridgeMusic, opPlayOnBridge,
	opPlayback, opStopPlayback,
	opApplications, opApplication, opEventFilter, opSubscribe,
	opClaim, opEndpoint,
}

var (
	errUndeclared = errors.New("parameter is not declared in the operations table")
	errPathParams = errors.New("path parameters do not match the operation's path")
)

// declares reports whether every key may be sent with the operation.
func declares(allowed []string, keys func(yield func(string) bool)) bool {
	for key := range keys {
		if !slices.Contains(allowed, key) {
			return false
		}
	}
	return true
}
