package queue

import "errors"

// The errors a caller may meet. Test with errors.Is: what is returned carries
// the act and the object as well.
var (
	// ErrName: a name that cannot stand in a key (see ValidName).
	ErrName = errors.New("bad name")
	// ErrSchema: the pool's data was written by a newer Holdline than this one, or by one so
	// old that the pool is to be emptied first; its callers then come back by themselves.
	ErrSchema = errors.New("the pool's schema is not this program's")
	// ErrStaleEpoch: somebody else has taken over this node since; stop speaking for it.
	ErrStaleEpoch = errors.New("stale epoch")
	// ErrNoQueue: the pool has no such queue; the arrival is journalled as refused.
	ErrNoQueue = errors.New("no such queue")
	// ErrNoNeed: the queue has no need of that name; the arrival is journalled as refused.
	ErrNoNeed = errors.New("no such need")
	// ErrClosed: the queue takes nobody now; the arrival is journalled as refused.
	ErrClosed = errors.New("queue is closed")
	// ErrFull: as many wait in the queue as may; the arrival is journalled as refused.
	ErrFull = errors.New("queue is full")
	// ErrEmpty: no agent counts who could serve the queue (QueueSpec.JoinEmpty); the arrival
	// is journalled as refused.
	ErrEmpty = errors.New("nobody serves the queue now")
	// ErrNoContact: nobody by that id or channel is live. Harmless after an end.
	ErrNoContact = errors.New("no such contact")
	// ErrNoOffer: the offer is closed or never was. Harmless after an end.
	ErrNoOffer = errors.New("no such offer")
	// ErrNoAgent: the pool has no such agent.
	ErrNoAgent = errors.New("no such agent")
	// ErrNoNode: no node of that id is registered.
	ErrNoNode = errors.New("no such node")
	// ErrRefused: the table of moves (life.go) has no such move from the present state.
	ErrRefused = errors.New("move refused")
	// ErrNotReady: the pool has no projection (yet, or again): it will be taken in a moment.
	ErrNotReady = errors.New("pool has no projection")
	// ErrSpec: a projection that makes no sense; nothing of it was written.
	ErrSpec = errors.New("bad projection")
	// ErrRecord: Redis holds something that this program cannot read.
	ErrRecord = errors.New("unreadable record")
)

// codes maps the first word of a script's reply to the error it means.
var codes = map[string]error{
	"schema":      ErrSchema,
	"stale_epoch": ErrStaleEpoch,
	"no_queue":    ErrNoQueue,
	"no_need":     ErrNoNeed,
	"closed":      ErrClosed,
	"full":        ErrFull,
	"empty":       ErrEmpty,
	"no_contact":  ErrNoContact,
	"no_offer":    ErrNoOffer,
	"no_agent":    ErrNoAgent,
	"refused":     ErrRefused,
	"not_ready":   ErrNotReady,
}
