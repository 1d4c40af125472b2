package sim

import (
	"syscall"
	"testing"
	"time"
)

// BenchmarkHundredPhones: fifty calls of two phones, both talking and listening.
// cores is what they cost of one, the proxy of the test left out because it
// carries no audio.
//
//	go test -run '^$' -bench Hundred -benchtime 1x ./sim
func BenchmarkHundredPhones(b *testing.B) {
	const pairs, talk = 50, 10 * time.Second
	floor := NewFloor(FloorOptions{})
	defer func() { _ = floor.Close() }()
	phone := func(behave Behaviour) *Phone {
		p, err := floor.Phone(PhoneOptions{User: "u", Domain: "test.invalid", LocalIP: "127.0.0.1", OnCall: behave})
		if err != nil {
			b.Fatal(err)
		}
		return p
	}
	calls := make([]*Call, pairs)
	for i := range calls {
		callee, caller := phone(Answer(0)), phone(nil)
		c, err := caller.Call(b.Context(), "u", Through(callee.Address()))
		if err == nil {
			err = c.WaitAnswered(b.Context())
		}
		if err != nil {
			b.Fatal(err)
		}
		calls[i] = c
	}
	for b.Loop() {
		var before, after syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
			b.Fatal(err)
		}
		start, packets := time.Now(), received(calls)
		<-time.After(talk) // the span that is measured
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
			b.Fatal(err)
		}
		took := time.Since(start)
		b.ReportMetric(float64(cpu(after)-cpu(before))/float64(took), "cores")
		b.ReportMetric(float64(received(calls)-packets)/float64(pairs)/took.Seconds(), "packets/s/call")
	}
}

func cpu(r syscall.Rusage) time.Duration {
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func received(calls []*Call) (n int64) {
	for _, c := range calls {
		n += c.Reception().Received
	}
	return n
}
