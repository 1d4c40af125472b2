package callmanager

import (
	"context"
	"time"

	"holdline/channelapi"
	"holdline/queue"
)

// Queue is what the call manager asks of one pool. queue.Pool satisfies it.
type Queue interface {
	Work
	Deadlines
	Match(ctx context.Context, cause string, s queue.Subject) ([]queue.Offer, error)
	NodeUp(ctx context.Context, node, boot string) (queue.Origin, error)
	SetupFailed(ctx context.Context, offer, leg, reason string) error
	Dialling(ctx context.Context, offer string) error
	Contact(ctx context.Context, id string) (queue.Contact, error)
	Project(ctx context.Context, p queue.Projection) (applied bool, err error)
	Version(ctx context.Context) (int64, error)
}

// Work is a pool's stream of things to be done.
type Work interface {
	Take(ctx context.Context, consumer string, block time.Duration, n int) ([]queue.Work, error)
	Takeover(ctx context.Context, consumer string, idle time.Duration, n int) ([]queue.Work, error)
	Done(ctx context.Context, workID string, offers ...string) (legs map[string][]string, err error)
}

// Deadlines are a pool's timers.
type Deadlines interface {
	DueFor(ctx context.Context, limit int, who string, turn time.Duration) (queue.Turn, error)
	Fire(ctx context.Context, d queue.Deadline) error
	Sweep(ctx context.Context, cursor queue.Cursor, n int) (queue.Cursor, error)
}

// HintTaker is a pool that is told of a TTL key. queue.Pool satisfies it.
type HintTaker interface {
	Hint(ctx context.Context, key string) error
}

// Telephony carries commands to live channels. channelapi.Client satisfies it.
type Telephony interface {
	Connect(ctx context.Context, node, channel string, r channelapi.ConnectRequest) error
	Dial(ctx context.Context, node, channel string, r channelapi.DialRequest) error
	Bridge(ctx context.Context, node, channel string, r channelapi.BridgeRequest) error
	Announce(ctx context.Context, node, channel string, r channelapi.AnnounceRequest) error
	Timeout(ctx context.Context, node, channel string, r channelapi.LeaveRequest) error
	Continue(ctx context.Context, node, channel string, r channelapi.ContinueRequest) error
	StartMusic(ctx context.Context, node, channel string, r channelapi.MusicRequest) error
	Quiet(ctx context.Context, node, channel, playback string) error
	Hangup(ctx context.Context, node, channel, reason string) error
}

// DeviceTaker is a pool that is told of its agents' devices. queue.Pool satisfies it.
type DeviceTaker interface {
	Device(ctx context.Context, agent string, inUseFor time.Duration) (news bool, err error)
}

// ModeSource is what a pool tells of its agents. queue.Pool satisfies it.
type ModeSource interface {
	Journal(ctx context.Context, after string, n int) ([]queue.Entry, error)
	JournalEnd(ctx context.Context) (string, error)
	Agents(ctx context.Context) ([]queue.Agent, error)
}

// ModeStore keeps modes where Redis' memory does not matter. directory.Directory satisfies it.
type ModeStore interface {
	SaveModes(ctx context.Context, pool string, modes map[string]queue.RestoredMode) error
}

// Directory is what people edit. directory.Directory satisfies it.
type Directory interface {
	Pools(ctx context.Context) ([]string, error)
	Load(ctx context.Context, pool string) (queue.Projection, error)
}

// Registry is what all pools share. queue.Registry satisfies it.
type Registry interface {
	Pools(ctx context.Context) ([]string, error)
	AddPool(ctx context.Context, pools ...string) error
	Nodes(ctx context.Context) ([]queue.Node, error)
	RemoveNode(ctx context.Context, id string) error
}
