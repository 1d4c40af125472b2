package stasis

import (
	"context"
	"errors"
	"time"

	"holdline/ari"
	"holdline/queue"
)

// Queue is what stasis asks of one pool's queue. queue.Pool satisfies it.
type Queue interface {
	NodeUp(ctx context.Context, node, boot string) (queue.Origin, error)
	Enqueue(ctx context.Context, from queue.Origin, a queue.Arrival) (queue.Entered, error)
	CallerGone(ctx context.Context, from queue.Origin, channel string) (queue.Ended, error)
	Key(ctx context.Context, from queue.Origin, channel, key string) (c queue.Contact, left bool, err error)
	LegQueue
	DialplanQueue
	SetMode(ctx context.Context, agent string, c queue.ModeChange) (queue.Agent, error)
	Agent(ctx context.Context, id string) (queue.Agent, error)
	RecoveryQueue
}

// RecoveryQueue is the part of Queue by which lines and records are compared.
type RecoveryQueue interface {
	Seen(ctx context.Context, from queue.Origin) error
	Readopt(ctx context.Context, from queue.Origin, a queue.Adoption) (queue.Contact, error)
	Repaired(ctx context.Context, from queue.Origin, r queue.Repair) error
	Contact(ctx context.Context, id string) (queue.Contact, error)
	ContactsOn(ctx context.Context, node string) ([]queue.Contact, error)
	Queue(ctx context.Context, name string) (queue.QueueSpec, error)
}

// DialplanQueue is the part of Queue that follows callers whom the dialplan dials for.
type DialplanQueue interface {
	CallerLeft(ctx context.Context, from queue.Origin, channel string) (queue.Ended, error)
	Dialled(ctx context.Context, from queue.Origin, channel, agent string) (queue.Contact, error)
	Returned(ctx context.Context, from queue.Origin, channel string, d queue.DialResult) (queue.Contact, error)
}

// LegQueue is the part of Queue that follows the legs of offers.
type LegQueue interface {
	Ringing(ctx context.Context, from queue.Origin, leg string) error
	Answered(ctx context.Context, from queue.Origin, leg string) (queue.Answer, error)
	Bridged(ctx context.Context, from queue.Origin, offer string) error
	LegEnded(ctx context.Context, from queue.Origin, leg string, cause int) (queue.LegEnd, error)
	Offer(ctx context.Context, id string) (queue.Offer, error)
	Offers(ctx context.Context) ([]queue.Offer, error)
}

// ErrNoPool is what Directory.Pool gives for a name that no directory knows.
var ErrNoPool = errors.New("no such pool")

// Directory tells which pools exist and keeps the addresses of the nodes.
type Directory interface {
	Pools(ctx context.Context) ([]string, error)
	Pool(ctx context.Context, name string) (Queue, error)
	PutNode(ctx context.Context, n queue.Node) error
}

// Caller is what stasis asks of the node for a channel. ari.Client satisfies it.
type Caller interface {
	Claim(ctx context.Context, channel, application string) error
	Answer(ctx context.Context, channel string) error
	StartMusic(ctx context.Context, channel, class string) error
	StopMusic(ctx context.Context, channel string) error
	StopPlayback(ctx context.Context, playback string) error
	SetChannelVariable(ctx context.Context, channel, name, value string) error
	ChannelVariable(ctx context.Context, channel, name string) (string, error)
	SetReportedVariable(ctx context.Context, channel, name, value string) error
	RTPStatistics(ctx context.Context, channel string) (ari.RTPStatistics, error)
	Continue(ctx context.Context, channel string, r ari.ContinueRequest) error
	Hangup(ctx context.Context, channel string, reason ari.Reason) error
}

// Asterisk is what stasis asks of one node. ari.Client satisfies it.
type Asterisk interface {
	Caller
	CreateBridge(ctx context.Context, id, typ, name string) (ari.Bridge, error)
	AddToBridge(ctx context.Context, bridge string, channels ...string) error
	RemoveFromBridge(ctx context.Context, bridge string, channels ...string) error
	DeleteBridge(ctx context.Context, bridge string) error
	Bridges(ctx context.Context) ([]ari.Bridge, error)
	Clock(ctx context.Context) (time.Time, error)
	Application(ctx context.Context, name string) (ari.Application, error)
	Channels(ctx context.Context) ([]ari.Channel, error)
	SetEventFilter(ctx context.Context, application string, allowed, disallowed []string) (ari.Application, error)
}

// Events is one event connection. ari.Session satisfies it.
type Events interface {
	Next(ctx context.Context) (ari.Event, error)
	Close(reason string)
}
