package sim

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"github.com/emiago/sipgo/sip"
)

// ErrClosed is the answer of a floor or phone that was closed.
var ErrClosed = errors.New("closed")

// ListenFunc opens a UDP socket. Another network namespace is another ListenFunc.
type ListenFunc func(network, address string) (*net.UDPConn, error)

func listenHere(network, address string) (*net.UDPConn, error) {
	a, err := net.ResolveUDPAddr(network, address)
	if err != nil {
		return nil, err
	}
	return net.ListenUDP(network, a)
}

// FloorOptions are what all phones of a floor share.
type FloorOptions struct {
	// Packets bounds the record of the wire. Default 200,000.
	Packets int
}

// A Floor holds the phones of one process: their common audio clock, the
// frequency plan, the record of the wire.
type Floor struct {
	wire  *Wire
	pacer *pacer

	mu     sync.Mutex
	phones map[*Phone]struct{}
	tones  map[int]int // Hz -> phones that have it
	closed bool
}

// NewFloor starts an empty floor. Close it.
func NewFloor(o FloorOptions) *Floor {
	if o.Packets <= 0 {
		o.Packets = 200_000
	}
	stackOnce.Do(setUpStack)
	return &Floor{wire: newWire(o.Packets), pacer: newPacer(), phones: map[*Phone]struct{}{}, tones: map[int]int{}}
}

var stackOnce sync.Once

// setUpStack corrects two process-wide settings of the SIP library: it refuses to
// send more than 1,300 bytes, which an answer with two Record-Routes exceeds, and
// it logs by itself, while here only the outermost layer logs.
func setUpStack() {
	sip.UDPMTUSize = 1 << 16
	sip.SetDefaultLogger(slog.New(slog.DiscardHandler))
}

// Wire is the record of every SIP message of every phone of the floor.
func (f *Floor) Wire() *Wire { return f.wire }

// Phones are the open ones, in no order.
func (f *Floor) Phones() []*Phone {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]*Phone, 0, len(f.phones))
	for p := range f.phones {
		all = append(all, p)
	}
	return all
}

// takeTone gives hz, or the first free frequency of the plan for 0.
func (f *Floor) takeTone(hz int) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if hz == 0 {
		for i := range PlanSize {
			if h := planFirstHz + i*binHz; f.tones[h] == 0 {
				hz = h
				break
			}
		}
		if hz == 0 {
			return 0, fmt.Errorf("all %d frequencies of the plan are in use", PlanSize)
		}
	}
	if err := checkHz(hz); err != nil {
		return 0, err
	}
	f.tones[hz]++
	return hz, nil
}

func (f *Floor) giveTone(hz int) {
	if hz == 0 {
		return // a light phone has none
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tones[hz]--
}

// enter adds a phone, unless the floor is closed.
func (f *Floor) enter(p *Phone) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return ErrClosed
	}
	f.phones[p] = struct{}{}
	return nil
}

func (f *Floor) leave(p *Phone) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.phones, p)
}

// Close closes every phone and returns when nothing of the floor runs any more.
func (f *Floor) Close() error {
	f.mu.Lock()
	was := f.closed
	f.closed = true
	f.mu.Unlock()
	if was {
		return nil
	}
	var errs []error
	for _, p := range f.Phones() {
		errs = append(errs, p.Close())
	}
	f.pacer.close()
	return errors.Join(errs...)
}
