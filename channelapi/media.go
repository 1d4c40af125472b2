package channelapi

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"holdline/ari"
)

// What is played when the command does not say. The files are those of
// Asterisk's core sounds.
const (
	mediaNext    = "sound:queue-youarenext"
	mediaThere   = "sound:queue-thereare"
	mediaWaiting = "sound:queue-callswaiting"
)

// DefaultApology is what a timeout plays.
var DefaultApology = []string{"sound:sorry", "sound:tt-allbusy", "sound:please-try-call-later"}

// number is how n is said. Asterisk knows the grammar of every language, but says a
// whole number at once: an agent who answers meanwhile waits for its end, unheard.
// So English, whose grammar is known here, is put together from its parts.
func number(n int, language string) []string {
	if n >= 1000 || (language != "" && !strings.HasPrefix(language, "en")) {
		return []string{"number:" + strconv.Itoa(n)}
	}
	var parts []string
	digit := func(d int) { parts = append(parts, "sound:digits/"+strconv.Itoa(d)) }
	if n >= 100 {
		digit(n / 100)
		parts = append(parts, "sound:digits/hundred")
		n %= 100
	}
	if n > 20 {
		digit(n / 10 * 10)
		n %= 10
	}
	if n > 0 {
		digit(n)
	}
	return parts
}

// announce says the position. The music that it ends is started again behind
// it, at once: nobody has to be there when the announcement ends. One that is
// being said is cut short by a newer one: the position has changed meanwhile.
func announce(ctx context.Context, _ *Server, o order, r AnnounceRequest) (any, error) {
	media := []string{mediaNext}
	if r.Position > 1 {
		media = append(append([]string{mediaThere}, number(r.Position, r.Language)...), mediaWaiting)
	}
	repeated, err := makeRoom(ctx, o, r.Playback, media)
	if err != nil {
		return nil, err
	}
	var said error
	if !repeated {
		said = start(ctx, o, ari.PlayRequest{ID: r.Playback, Media: media, Language: r.Language})
	}
	if gone(said) {
		return nil, said
	}
	// Also when it failed: it may have got as far as ending the music.
	return nil, errors.Join(said, of("channel", o.channel, o.asterisk.StartMusic(ctx, o.channel, r.Music)))
}

// timeout apologises and lets the channel go on. The variables come first: a
// node sets them only once nothing is being played. It lets a channel go only
// when what was queued before has been played, so that order can be given at once.
func timeout(ctx context.Context, _ *Server, o order, r LeaveRequest) (any, error) {
	media := r.Media
	if len(media) == 0 {
		media = DefaultApology
	}
	repeated, err := makeRoom(ctx, o, r.Playback, media)
	if err != nil {
		return nil, err
	}
	var said error
	if !repeated { // else all but the last step is done
		if err := setVariables(ctx, o, r.Variables); err != nil {
			return nil, err
		}
		// Leaving matters more than the apology: its failure is told, and no more.
		said = start(ctx, o, ari.PlayRequest{ID: r.Playback, Media: media, Language: r.Language})
	}
	if err := o.asterisk.Continue(ctx, o.channel, ari.ContinueRequest{}); err != nil {
		return nil, errors.Join(of("channel", o.channel, err), said)
	}
	return LeaveAnswer{Said: said == nil}, nil
}

// play plays media. What the same playback still plays of something else is
// cut short.
func play(ctx context.Context, _ *Server, o order, r PlayRequest) (any, error) {
	repeated, err := makeRoom(ctx, o, r.Playback, r.Media)
	if err != nil || repeated {
		return nil, err
	}
	return nil, start(ctx, o, ari.PlayRequest{ID: r.Playback, Media: r.Media, Language: r.Language})
}

func startMusic(ctx context.Context, _ *Server, o order, r MusicRequest) (any, error) {
	return nil, of("channel", o.channel, o.asterisk.StartMusic(ctx, o.channel, r.Class))
}

// stopMusic makes a channel quiet: an announcement first, because music may be
// waiting behind it.
func stopMusic(query url.Values) (step, error) {
	playback := query.Get("playback")
	if err := checkPlayback(playback); err != nil {
		return nil, err
	}
	return func(ctx context.Context, _ *Server, o order) (any, error) {
		if err := cutShort(ctx, o, playback); err != nil {
			return nil, err
		}
		return nil, of("channel", o.channel, o.asterisk.StopMusic(ctx, o.channel))
	}, nil
}

// makeRoom comes before media is played: repeated says that the playback plays it
// already. What else it still plays is cut short.
func makeRoom(ctx context.Context, o order, playback string, media []string) (repeated bool, err error) {
	now, err := playing(ctx, o, playback)
	switch {
	case err != nil:
		return false, err
	case now == "":
		return false, nil
	case slices.Contains(media, now):
		return true, nil
	}
	return false, cutShort(ctx, o, playback)
}

// playing is what a playback is playing, or about to; "" when there is none. A
// node plays a repeated command again, so it is asked first.
func playing(ctx context.Context, o order, id string) (string, error) {
	now, err := o.asterisk.Playback(ctx, id)
	switch {
	case errors.Is(err, ari.ErrNotFound):
		return "", nil
	case err != nil:
		return "", of("playback", id, err)
	case now.State == "done" || now.State == "failed":
		return "", nil
	}
	return now.MediaURI, nil
}

// start starts a playback, and asks for it when the command got no answer.
func start(ctx context.Context, o order, r ari.PlayRequest) error {
	_, err := o.asterisk.Play(ctx, o.channel, r)
	if errors.Is(err, ari.ErrUnknown) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askWait)
		defer cancel()
		if now, asked := playing(ctx, o, r.ID); asked == nil && now != "" {
			return nil
		}
	}
	return of("channel", o.channel, err)
}

// cutShort ends a playback that may be there.
func cutShort(ctx context.Context, o order, playback string) error {
	if playback == "" {
		return nil
	}
	err := o.asterisk.StopPlayback(ctx, playback)
	if errors.Is(err, ari.ErrNotFound) {
		return nil
	}
	return of("playback", playback, err)
}

// gone says whether err is about a channel for which nothing more can be done.
func gone(err error) bool {
	return errors.Is(err, ari.ErrNotFound) || errors.Is(err, ari.ErrNotInApplication)
}
