package natslog_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/nats-io/nats.go"

	"zhucan/events"
	"zhucan/events/logtest"
	"zhucan/events/natslog"
)

// typical returns n records of 900 bytes, nine fields of header among them.
func typical(from, n int) []events.Record {
	r := logtest.Records(from, from+n-1)
	for i := range r {
		r[i].Header = events.Header{
			{Key: "ce-actor", Value: "clerk-7"}, {Key: "ce-correlationid", Value: "01J00000000000000000000000"},
			r[i].Header[0], {Key: "ce-request", Value: "0123456789abcdef0123456789abcdef"}, r[i].Header[1],
			{Key: "ce-specversion", Value: "1.0"}, {Key: "ce-subject", Value: "01J00000000000000000000000"},
			{Key: "ce-time", Value: "2023-03-04T05:06:07.123456789Z"}, r[i].Header[2],
		}
		r[i].Data = append(r[i].Data, bytes.Repeat([]byte("0123456789"), 57)...)
	}
	return r
}

func benchmarkAppend(b *testing.B, n int) {
	ctx := context.Background()
	log := open(b, start(b, natslog.ServerConfig{Dir: b.TempDir()}))
	r := typical(1, n)
	last := uint64(0)
	for b.Loop() {
		if _, err := log.Append(ctx, last, r...); err != nil {
			b.Fatal(err)
		}
		last += uint64(n)
	}
	b.ReportMetric(float64(last)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkAppendOne(b *testing.B)      { benchmarkAppend(b, 1) }
func BenchmarkAppendTen(b *testing.B)      { benchmarkAppend(b, 10) }
func BenchmarkAppendThousand(b *testing.B) { benchmarkAppend(b, events.MaxAppend) }

func BenchmarkRead(b *testing.B) {
	ctx := context.Background()
	s := start(b, natslog.ServerConfig{Dir: b.TempDir(), Listen: "127.0.0.1:-1", Token: "secret"})
	inProcess := open(b, s)
	const n = 100_000
	for last := 0; last < n; last += events.MaxAppend {
		if _, err := inProcess.Append(ctx, uint64(last), typical(last+1, events.MaxAppend)...); err != nil {
			b.Fatal(err)
		}
	}
	nc, err := natslog.Connect(s.ClientURL(), discard, nats.Token("secret"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(nc.Close)
	loopback, err := natslog.Open(ctx, stream(b, nc), natslog.Config{Book: logtest.Book})
	if err != nil {
		b.Fatal(err)
	}
	for name, log := range map[string]*natslog.Log{"in process": inProcess, "loopback": loopback} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			read := 0
			for b.Loop() {
				for _, err := range log.Read(ctx, 0) {
					if err != nil {
						b.Fatal(err)
					}
					read++
				}
			}
			if read != n*b.N {
				b.Fatalf("%d records read, want %d", read, n*b.N)
			}
			b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
