package callmanager

import (
	"context"
	"errors"
	"fmt"

	"holdline/channelapi"
	"holdline/queue"
)

// leave sends a caller back to the dialplan, which decides what comes next. A
// caller who waited too long hears that first.
func (p *pool) leave(ctx context.Context, w queue.Work) error {
	if w.Outcome == queue.OutcomeTimedOut {
		return gone(p.o.Telephony.Timeout(ctx, w.Node, w.Channel, channelapi.LeaveRequest{
			Variables: w.Vars, Language: w.Language, Playback: queue.PlaybackID(w.Contact),
		}))
	}
	request := channelapi.ContinueRequest{Variables: w.Vars}
	if w.Outcome != queue.OutcomeAnswered { // then the bridge has ended what was played
		request.Playback = queue.PlaybackID(w.Contact)
	}
	return gone(p.o.Telephony.Continue(ctx, w.Node, w.Channel, request))
}

// announce is acknowledged before it is played: said at most once. A caller who
// misses one hears the next.
func (p *pool) announce(ctx context.Context, w queue.Work) error {
	if _, err := p.queue.Done(ctx, w.ID); err != nil {
		return err
	}
	err := p.o.Telephony.Announce(ctx, w.Node, w.Channel, channelapi.AnnounceRequest{
		Position: w.Position, Waiting: w.Waiting, Language: w.Language,
		Music: w.MusicClass, Playback: queue.PlaybackID(w.Contact),
	})
	if err = gone(err); err != nil {
		p.log.Warn().Err(err).Str("contact", w.Contact).Msg("announcement not played")
	}
	return p.undoLate(ctx, w, queue.PlaybackID(w.Contact))
}

// undoLate makes a call quiet that was connected while an announcement or music was
// on its way to the waiting caller. It misses none: the answer is written before
// the legs are bridged, so what reached the bridge finds the answer here.
func (p *pool) undoLate(ctx context.Context, w queue.Work, playback string) error {
	c, err := p.queue.Contact(ctx, w.Contact)
	if errors.Is(err, queue.ErrNoContact) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read contact: %w", err)
	}
	if c.State == queue.Waiting || c.State == queue.Offered {
		return nil
	}
	return gone(p.o.Telephony.Quiet(ctx, w.Node, w.Channel, playback))
}

func (p *pool) music(ctx context.Context, w queue.Work) error {
	err := gone(p.o.Telephony.StartMusic(ctx, w.Node, w.Channel, channelapi.MusicRequest{Class: w.MusicClass}))
	if err != nil {
		return err
	}
	return p.undoLate(ctx, w, "")
}
