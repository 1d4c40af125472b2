package callmanager

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// dispatcherSet is the dispatcher group that holds the Asterisk nodes.
const dispatcherSet = 1

// noDestinations is how module dispatcher says that its list is empty
// (dispatcher.c, dispatcher_rpc_list_helper).
const noDestinations = "No Destination Sets"

// rpcError is what the Kamailio answered instead of a result.
type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *rpcError) Error() string { return fmt.Sprintf("%s (%d)", e.Message, e.Code) }

// Kamailio speaks JSON-RPC 2.0 to one Kamailio (module jsonrpcs over xhttp).
type Kamailio struct {
	url, token string
	http       *http.Client
}

// NewKamailio gives a client of the Kamailio whose RPC listens at address.
func NewKamailio(address, token string) (*Kamailio, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("read kamailio address %q: want http://host:port/rpc", address)
	}
	return &Kamailio{url: address, token: token, http: &http.Client{Timeout: 2 * time.Second}}, nil
}

// Name is the host part of its address.
func (k *Kamailio) Name() string {
	u, _ := url.Parse(k.url)
	return u.Hostname()
}

// Destinations lists the addresses of the dispatcher set.
func (k *Kamailio) Destinations(ctx context.Context) (map[string]Destination, error) {
	var list struct {
		Records []struct {
			Set struct {
				ID      int `json:"ID"`
				Targets []struct {
					Dest struct {
						URI   string `json:"URI"`
						Flags string `json:"FLAGS"`
					} `json:"DEST"`
				} `json:"TARGETS"`
			} `json:"SET"`
		} `json:"RECORDS"`
	}
	err := k.call(ctx, "dispatcher.list", nil, &list)
	var refused *rpcError
	if errors.As(err, &refused) && refused.Message == noDestinations {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := map[string]Destination{}
	for _, r := range list.Records {
		if r.Set.ID != dispatcherSet {
			continue
		}
		for _, t := range r.Set.Targets {
			out[t.Dest.URI] = Open
			if strings.HasPrefix(t.Dest.Flags, "D") { // disabled, by us; A, T, I are its own judgement
				out[t.Dest.URI] = Closed
			}
		}
	}
	return out, nil
}

// closedFlags are DS_DISABLED_DST and DS_PROBING_DST (dispatch.h).
const closedFlags = 4 + 8

// Add puts an address into the set; probing decides when it takes calls. A closed
// one takes none from its first moment on.
func (k *Kamailio) Add(ctx context.Context, uri string, d Destination) error {
	if d == Closed {
		return k.call(ctx, "dispatcher.add", []any{dispatcherSet, uri, closedFlags}, nil)
	}
	return k.call(ctx, "dispatcher.add", []any{dispatcherSet, uri}, nil)
}

// Set opens or closes an address of the set. Calls in progress go on.
func (k *Kamailio) Set(ctx context.Context, uri string, d Destination) error {
	state := "ap" // active, probed
	if d == Closed {
		state = "dp"
	}
	return k.call(ctx, "dispatcher.set_state", []any{state, dispatcherSet, uri}, nil)
}

// Remove takes an address out of the set: it is nobody's node from now on.
func (k *Kamailio) Remove(ctx context.Context, uri string) error {
	return k.call(ctx, "dispatcher.remove", []any{dispatcherSet, uri}, nil)
}

// AgentCalls lists whom this Kamailio knows to be in a call outside the queues, once
// for each call: what its table agent_calls holds (kamailio/etc/agentcalls.cfg).
func (k *Kamailio) AgentCalls(ctx context.Context) ([]InCall, error) {
	var table []struct {
		Slot []struct {
			Value string `json:"value"`
		} `json:"slot"`
	}
	if err := k.call(ctx, "htable.dump", []any{"agent_calls"}, &table); err != nil {
		return nil, err
	}
	var all []InCall
	for _, entry := range table {
		for _, call := range entry.Slot {
			pool, agent, _ := strings.Cut(call.Value, "|")
			all = append(all, InCall{Pool: pool, Agent: agent})
		}
	}
	return all, nil
}

func (k *Kamailio) call(ctx context.Context, method string, params []any, result any) error {
	if params == nil {
		params = []any{} // null is no parameter list to Kamailio
	}
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, k.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	req.Header.Set("Authorization", "Bearer "+k.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := k.http.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	var answer struct {
		Result json.RawMessage `json:"result"`
		Error  *rpcError       `json:"error"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return fmt.Errorf("%s: status %d, no JSON-RPC answer", method, resp.StatusCode)
	}
	if answer.Error != nil {
		return fmt.Errorf("%s: %w", method, answer.Error)
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Result, result); err != nil {
		return fmt.Errorf("%s: read result: %w", method, err)
	}
	return nil
}
