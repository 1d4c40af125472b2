package channelapi

import (
	"context"

	"holdline/ari"
)

// Node is where a node takes commands.
type Node struct {
	Name string
	URL  string // of its REST interface: http://10.0.0.5:8088/ari
}

// Nodes tells where the nodes are.
type Nodes interface {
	// Node is ErrNoNode for a name that is not known; any other error means that
	// nobody can say.
	Node(ctx context.Context, name string) (Node, error)
	Nodes(ctx context.Context) ([]Node, error)
}

// Telephony is what the server asks of one node. Errors are those of package
// ari, whose Client satisfies it.
type Telephony interface {
	Calls
	Legs
	Media
	Bridges
}

// Calls are commands to one channel.
type Calls interface {
	Channel(ctx context.Context, id string) (ari.Channel, error)
	Answer(ctx context.Context, id string) error
	Hangup(ctx context.Context, id string, reason ari.Reason) error
	Continue(ctx context.Context, id string, r ari.ContinueRequest) error
	SetChannelVariables(ctx context.Context, id string, values map[string]string) error
	Subscribe(ctx context.Context, application, channel string) error
}

// Legs makes new legs, by routes whose state can be asked.
type Legs interface {
	Originate(ctx context.Context, r ari.OriginateRequest) (ari.Channel, error)
	Endpoint(ctx context.Context, tech, resource string) (ari.Endpoint, error)
}

// Media is what a channel hears.
type Media interface {
	Play(ctx context.Context, channel string, r ari.PlayRequest) (ari.Playback, error)
	Playback(ctx context.Context, id string) (ari.Playback, error)
	StopPlayback(ctx context.Context, id string) error
	StartMusic(ctx context.Context, channel, class string) error
	StopMusic(ctx context.Context, channel string) error
}

// Bridges connects channels.
type Bridges interface {
	Bridge(ctx context.Context, id string) (ari.Bridge, error)
	CreateBridge(ctx context.Context, id, kind, name string) (ari.Bridge, error)
	AddToBridge(ctx context.Context, bridge string, channels ...string) error
}

var _ Telephony = (*ari.Client)(nil)
