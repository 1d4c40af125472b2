package ari

import (
	"context"
	"time"
)

// every is one call of every operation, with everything it can send. Tests of errors, of
// the table and of the contract with Asterisk go through it.
var every = map[string]func(context.Context, *Client) error{
	"asterisk.ping":         func(ctx context.Context, c *Client) error { return c.Ping(ctx) },
	"asterisk.info":         func(ctx context.Context, c *Client) error { return second(c.Info(ctx)) },
	"asterisk.variable":     func(ctx context.Context, c *Client) error { return second(c.Variable(ctx, "V")) },
	"asterisk.set_variable": func(ctx context.Context, c *Client) error { return c.SetVariable(ctx, "V", "v") },
	"channels.list":         func(ctx context.Context, c *Client) error { return second(c.Channels(ctx)) },
	"channels.get":          func(ctx context.Context, c *Client) error { return second(c.Channel(ctx, "c")) },
	"channels.originate": func(ctx context.Context, c *Client) error {
		return second(c.Originate(ctx, OriginateRequest{
			ID: "c", Endpoint: "PJSIP/r/sip:201@d", CallerID: `"N" <1>`, Timeout: time.Second, AppArgs: "a",
			Variables: map[string]string{"A": "b"}, Reported: map[string]string{"C": "d"}, Originator: "o", Formats: "ulaw",
		}))
	},
	"channels.create": func(ctx context.Context, c *Client) error {
		return second(c.Create(ctx, CreateRequest{
			ID: "c", Endpoint: "PJSIP/r", AppArgs: "a", Variables: map[string]string{"A": "b"}, Originator: "o", Formats: "ulaw",
		}))
	},
	"channels.dial":   func(ctx context.Context, c *Client) error { return c.Dial(ctx, "c", "o", time.Second) },
	"channels.answer": func(ctx context.Context, c *Client) error { return c.Answer(ctx, "c") },
	"channels.hangup": func(ctx context.Context, c *Client) error { return c.Hangup(ctx, "c", ReasonNormal) },
	"channels.continue": func(ctx context.Context, c *Client) error {
		return c.Continue(ctx, "c", ContinueRequest{Context: "x", Extension: "e", Priority: 1, Label: "l"})
	},
	"channels.ring":        func(ctx context.Context, c *Client) error { return c.Ring(ctx, "c") },
	"channels.stop_ring":   func(ctx context.Context, c *Client) error { return c.StopRing(ctx, "c") },
	"channels.dtmf":        func(ctx context.Context, c *Client) error { return c.SendDTMF(ctx, "c", "1") },
	"channels.start_music": func(ctx context.Context, c *Client) error { return c.StartMusic(ctx, "c", "default") },
	"channels.stop_music":  func(ctx context.Context, c *Client) error { return c.StopMusic(ctx, "c") },
	"channels.play":        func(ctx context.Context, c *Client) error { return second(c.Play(ctx, "c", everything)) },
	"channels.variable":    func(ctx context.Context, c *Client) error { return second(c.ChannelVariable(ctx, "c", "V")) },
	"channels.set_variable": func(ctx context.Context, c *Client) error {
		return c.SetReportedVariable(ctx, "c", "V", "v")
	},
	"channels.variables": func(ctx context.Context, c *Client) error {
		return second(c.ChannelVariables(ctx, "c", "V", "W"))
	},
	"channels.set_variables": func(ctx context.Context, c *Client) error {
		return c.SetChannelVariables(ctx, "c", map[string]string{"V": "v"})
	},
	"channels.transfer_progress": func(ctx context.Context, c *Client) error {
		return c.TransferProgress(ctx, "c", "channel_declined")
	},
	"channels.rtp_statistics": func(ctx context.Context, c *Client) error { return second(c.RTPStatistics(ctx, "c")) },

	"bridges.list":        func(ctx context.Context, c *Client) error { return second(c.Bridges(ctx)) },
	"bridges.get":         func(ctx context.Context, c *Client) error { return second(c.Bridge(ctx, "b")) },
	"bridges.create":      func(ctx context.Context, c *Client) error { return second(c.CreateBridge(ctx, "b", "mixing", "n")) },
	"bridges.delete":      func(ctx context.Context, c *Client) error { return c.DeleteBridge(ctx, "b") },
	"bridges.add":         func(ctx context.Context, c *Client) error { return c.AddToBridge(ctx, "b", "c", "d") },
	"bridges.remove":      func(ctx context.Context, c *Client) error { return c.RemoveFromBridge(ctx, "b", "c") },
	"bridges.start_music": func(ctx context.Context, c *Client) error { return c.StartBridgeMusic(ctx, "b", "default") },
	"bridges.stop_music":  func(ctx context.Context, c *Client) error { return c.StopBridgeMusic(ctx, "b") },
	"bridges.play":        func(ctx context.Context, c *Client) error { return second(c.PlayOnBridge(ctx, "b", everything)) },
	"playbacks.get":       func(ctx context.Context, c *Client) error { return second(c.Playback(ctx, "p")) },
	"playbacks.stop":      func(ctx context.Context, c *Client) error { return c.StopPlayback(ctx, "p") },
	"applications.list":   func(ctx context.Context, c *Client) error { return second(c.Applications(ctx)) },
	"applications.get":    func(ctx context.Context, c *Client) error { return second(c.Application(ctx, "a")) },
	"applications.filter": func(ctx context.Context, c *Client) error {
		return second(c.SetEventFilter(ctx, "a", []string{"x"}, []string{"y"}))
	},
	"applications.subscribe": func(ctx context.Context, c *Client) error { return c.Subscribe(ctx, "a", "c") },
	"events.claim":           func(ctx context.Context, c *Client) error { return c.Claim(ctx, "c", "") },
	"endpoints.get":          func(ctx context.Context, c *Client) error { return second(c.Endpoint(ctx, "PJSIP", "r")) },
}

var everything = PlayRequest{ID: "p", Media: []string{"sound:a", "number:3"}, Language: "en"}

func second[T any](_ T, err error) error { return err }
