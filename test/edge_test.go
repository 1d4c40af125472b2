//go:build stack

package test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// ask asks a Kamailio by its JSON-RPC. found is false when it has nothing to say.
func (s *stack) ask(ctx context.Context, proxy, method string, params ...any) (result json.RawMessage, found bool, err error) {
	host, _, _ := strings.Cut(proxy, ":")
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": append([]any{}, params...)})
	if err != nil {
		return nil, false, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+host+":8090/rpc", strings.NewReader(string(body)))
	if err != nil {
		return nil, false, err
	}
	req.Header.Set("Authorization", "Bearer "+s.secrets["KAMAILIO_RPC_TOKEN"])
	res, err := s.http.Do(req)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = res.Body.Close() }()
	var answer struct {
		Result json.RawMessage `json:"result"`
		Error  *struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return nil, false, fmt.Errorf("ask %s: %s: %w", proxy, res.Status, err)
	}
	return answer.Result, answer.Error == nil && len(answer.Result) > 0, nil
}

// located asks a Kamailio whether it has a registration of the agent.
func (s *stack) located(ctx context.Context, proxy, aor string) (bool, error) {
	_, found, err := s.ask(ctx, proxy, "ul.lookup", "location", aor)
	return found, err
}

// A destination is a node in a Kamailio's list. Flags: A active, P probed.
type destination struct {
	URI   string `json:"URI"`
	Flags string `json:"FLAGS"`
}

// dispatched are the nodes that a Kamailio sends calls to.
func (s *stack) dispatched(ctx context.Context, proxy string) ([]destination, error) {
	result, _, err := s.ask(ctx, proxy, "dispatcher.list")
	if err != nil {
		return nil, err
	}
	var list struct {
		Records []struct {
			Set struct {
				ID      int `json:"ID"`
				Targets []struct {
					Dest destination `json:"DEST"`
				} `json:"TARGETS"`
			} `json:"SET"`
		} `json:"RECORDS"`
	}
	if err := json.Unmarshal(result, &list); err != nil {
		return nil, fmt.Errorf("ask %s for its nodes: %w", proxy, err)
	}
	var nodes []destination
	for _, r := range list.Records {
		for _, t := range r.Set.Targets {
			if r.Set.ID == 1 && strings.HasPrefix(t.Dest.Flags, "A") {
				nodes = append(nodes, t.Dest)
			}
		}
	}
	return nodes, nil
}
