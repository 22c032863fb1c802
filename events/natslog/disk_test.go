package natslog

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhucan/events"
	"zhucan/events/logtest"
)

// embedded returns a server and a log on it.
func embedded(t *testing.T) (*Server, *Log) {
	t.Helper()
	s, err := StartServer(t.Context(), ServerConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s, through(t, s)
}

// through returns the log of a server through a connection of its own.
func through(t *testing.T, s *Server, opts ...nats.Option) *Log {
	t.Helper()
	nc, err := s.Connect(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	log, err := Open(t.Context(), js, Config{Book: logtest.Book, Server: s})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// readDisk returns the records from the one after at that d yields, up to end.
func readDisk(t *testing.T, d *disk, at, end uint64) (all []events.Record) {
	t.Helper()
	d.read(t.Context(), at, end, func(next delivered) bool {
		r, err := next.record()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
		return true
	})
	return all
}

func sameRecords(a, b []events.Record) bool {
	return slices.EqualFunc(a, b, func(x, y events.Record) bool { return x.Seq == y.Seq && same(x, y) })
}

func TestADiskHasWhatTheServerHas(t *testing.T) {
	t.Parallel()
	s, log := embedded(t)
	var want []events.Record
	for last := 0; last < 12_000; last += 1000 {
		r := logtest.Records(last+1, last+1000)
		for i := range r {
			r[i].Data = append(r[i].Data, bytes.Repeat([]byte{byte(i)}, i*2)...)
		}
		r[500].Data = bytes.Repeat([]byte("x"), MaxRecord-2048)
		r[700].Header = nil
		if _, err := log.Append(t.Context(), uint64(last), r...); err != nil {
			t.Fatal(err)
		}
	}
	log.cfg.Dir = "" // through the consumer
	for r, err := range log.Read(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, r)
	}
	d := newDisk(s.cfg.Dir, log.stream)
	if blocks, err := d.blocks(); err != nil || len(blocks) < 2 {
		t.Fatalf("blocks %v, %v: the test wants several", blocks, err)
	}
	for _, at := range []int{0, 1, 6999, 7000, 11_999, 12_000} {
		if got := readDisk(t, newDisk(s.cfg.Dir, log.stream), uint64(at), 12_000); !sameRecords(got, want[at:]) {
			t.Errorf("%d records after %d, want %d, or others", len(got), at, len(want)-at)
		}
	}
	// Read on from where it was, beyond records that came in another way.
	for _, part := range [][2]int{{0, 10}, {10, 5000}, {5500, 5501}, {11_000, 12_000}} {
		if got := readDisk(t, d, uint64(part[0]), uint64(part[1])); !sameRecords(got, want[part[0]:part[1]]) {
			t.Errorf("%d records of %v", len(got), part)
		}
	}
	if got := readDisk(t, d, 12_000, 13_000); len(got) > 0 {
		t.Errorf("%d records that the log does not have", len(got))
	}
}

// Whatever becomes of a file, what a disk yields is the beginning of what was written.
func TestADiskYieldsNothingElse(t *testing.T) {
	t.Parallel()
	s, log := embedded(t)
	const n = 4
	want := logtest.Records(1, n)
	if _, err := log.Append(t.Context(), 0, want...); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		want[i].Seq = uint64(i + 1)
	}
	whole, err := os.ReadFile(newDisk(s.cfg.Dir, log.stream).file(1))
	if err != nil {
		t.Fatal(err)
	}
	d := &disk{dir: t.TempDir(), stream: log.stream}
	most := func(b []byte) int {
		t.Helper()
		if err := os.WriteFile(filepath.Join(d.dir, "1.blk"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		d.block = 0
		got := readDisk(t, d, 0, n)
		if !sameRecords(got, want[:min(len(got), n)]) {
			t.Errorf("%v", got)
		}
		return len(got)
	}
	if got := most(whole); got != n {
		t.Fatalf("%d records of %d", got, n)
	}
	var starts []int
	for at := 0; at < len(whole); at += storedSize(whole[at:]) {
		starts = append(starts, at)
	}
	before := func(at int) int { // records that end before a byte
		i, found := slices.BinarySearch(starts, at)
		if !found {
			i--
		}
		return i
	}
	for at := range whole {
		for _, bit := range []byte{1, 0x80} {
			b := bytes.Clone(whole)
			b[at] ^= bit
			if got := most(b); got != before(at) {
				t.Errorf("byte %d with %#x changed: %d records, want %d", at, bit, got, before(at))
			}
		}
		if got := most(whole[:at]); got != before(at) {
			t.Errorf("cut at %d: %d records, want %d", at, got, before(at))
		}
	}
	first, second := whole[:starts[1]], whole[starts[1]:starts[2]]
	for name, b := range map[string][]byte{
		"twice":     slices.Concat(first, first, whole[starts[1]:]),
		"exchanged": slices.Concat(second, first, whole[starts[2]:]),
		"left out":  slices.Concat(first, whole[starts[2]:]),
		"another's": slices.Concat(first, bytes.Repeat([]byte{0}, 100), whole[starts[1]:]),
	} {
		got := most(b)
		if want := map[string]int{"twice": n, "exchanged": 0, "left out": 1, "another's": 1}[name]; got != want {
			t.Errorf("%s: %d records, want %d", name, got, want)
		}
	}
}

// A reader that is far behind leaves the consumer for the disk, and comes back.
func TestAReaderThatFallsBehindCatchesUp(t *testing.T) {
	t.Parallel()
	_, log := embedded(t)
	last := uint64(0)
	add := func() {
		if _, err := log.Append(t.Context(), last, logtest.Records(int(last)+1, int(last)+events.MaxAppend)...); err != nil {
			t.Fatal(err)
		}
		last += events.MaxAppend
	}
	add()
	want := uint64(1)
	for r, err := range log.Follow(t.Context(), 0) {
		if err != nil || r.Seq != want || !same(r, logtest.Record(int(want))) {
			t.Fatalf("%v, %v, want %d", r, err, want)
		}
		switch {
		case want == 500:
			for range 14 {
				add()
			}
		case want == last && last < 20_000:
			add()
		case want == last:
			return
		}
		want++
	}
}
