package natslog_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"zhucan/events"
	"zhucan/events/logtest"
	"zhucan/events/natslog"
)

var (
	seed   = flag.Uint64("seed", 0, "seed of the crash and damage tests; 0 is a new one")
	rounds = flag.Int("rounds", 12, "how many times the crash test kills the server")
)

func random(t testing.TB) *rand.Rand {
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("-seed=%d", s)
	return rand.New(rand.NewPCG(s, 0))
}

// The test binary is its own victim. With one of these set it works on the folder
// named: it appends until it is killed, or it reads what is there.
const (
	victim = "NATSLOG_TEST_VICTIM"
	reader = "NATSLOG_TEST_READER"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(victim); dir != "" {
		fmt.Fprintln(os.Stderr, appendForEver(dir))
		os.Exit(1)
	}
	if dir := os.Getenv(keeper); dir != "" {
		fmt.Fprintln(os.Stderr, storeForEver(dir))
		os.Exit(1)
	}
	if dir := os.Getenv(reader); dir != "" {
		if err := readAll(dir); err != nil {
			fmt.Println("fault", err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// serve opens the log in a folder, in a process that ends with it.
func serve(ctx context.Context, dir string, timeout time.Duration) (*natslog.Log, error) {
	s, err := natslog.StartServer(ctx, natslog.ServerConfig{Dir: dir})
	if err != nil {
		return nil, err
	}
	nc, err := s.Connect()
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	return natslog.Open(ctx, js, natslog.Config{Book: logtest.Book, Server: s, Timeout: timeout})
}

// appendForEver says on standard output what it is about to append and what was
// acknowledged, one line each.
func appendForEver(dir string) error {
	ctx := context.Background()
	log, err := serve(ctx, dir, 0)
	if err != nil {
		return err
	}
	last, err := log.Last(ctx)
	if err != nil {
		return err
	}
	for {
		n := 1
		if rand.IntN(2) == 0 {
			n = 2 + rand.IntN(300)
		}
		tag := rand.IntN(1 << 40)
		fmt.Println("sent", last+1, n, tag)
		first, err := log.Append(ctx, last, tagged(tag, n)...)
		if err != nil {
			return err
		}
		fmt.Println("acknowledged", first, n, tag)
		last += uint64(n)
	}
}

// tagged returns n records that no other tag has.
func tagged(tag, n int) []events.Record {
	r := logtest.Records(1, n)
	for i := range r {
		r[i].Header[0].Value = fmt.Sprintf("%d:%d", tag, i)
		r[i].Data = bytes.Repeat(fmt.Appendf(nil, `{"%d":%d}`, tag, i), 30)
	}
	return r
}

func TestWhatWasAcknowledgedSurvivesAKill(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	random := random(t)
	dir := t.TempDir()
	var want []events.Record // acknowledged, or found in the log after an earlier kill
	for round := range *rounds {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), victim+"="+dir)
		var said, fault bytes.Buffer
		cmd.Stderr = &fault
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		first := make(chan struct{})
		lines := make(chan struct{})
		go func() {
			defer close(lines)
			scanner := bufio.NewScanner(out)
			for scanner.Scan() {
				if said.Len() == 0 {
					close(first)
				}
				said.WriteString(scanner.Text() + "\n")
			}
		}()
		select {
		case <-first:
		case <-lines:
		}
		timer := time.NewTimer(time.Duration(random.IntN(250)) * time.Millisecond)
		select {
		case <-timer.C:
		case <-lines:
		}
		cmd.Process.Kill()
		<-lines
		cmd.Wait()
		if fault.Len() > 0 {
			t.Fatalf("round %d: the victim stopped by itself: %s", round, &fault)
		}

		// Only the last append may be in doubt.
		var doubt []events.Record
		for line := range strings.Lines(said.String()) {
			var word string
			var at, n, tag int
			if _, err := fmt.Sscan(line, &word, &at, &n, &tag); err != nil {
				continue // cut off by the kill
			}
			if word == "sent" {
				doubt = tagged(tag, n)
				continue
			}
			if at != len(want)+1 {
				t.Fatalf("round %d: %d acknowledged after %d", round, at, len(want))
			}
			want, doubt = append(want, tagged(tag, n)...), nil
		}
		s := start(t, natslog.ServerConfig{Dir: dir})
		log := open(t, s)
		last, err := log.Last(ctx)
		if err != nil {
			t.Fatal(err)
		}
		switch int(last) - len(want) {
		case 0:
		case len(doubt):
			want = append(want, doubt...)
		default:
			t.Fatalf("round %d: %d records are there, %d were acknowledged, %d more in doubt", round, last, len(want), len(doubt))
		}
		logtest.Expect(t, ctx, log, 0, want)
		s.Shutdown()
	}
	t.Logf("%d rounds, %d records", *rounds, len(want))
}

// damage copies the folder of a server that is down and changes one of its files.
func damage(t *testing.T, dir, block string, change func([]byte) []byte, keepIndex bool) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	folder := to + "/jetstream/$G/streams/" + bookStream + "/msgs/"
	if !keepIndex {
		if err := os.Remove(folder + "index.db"); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(folder + block)
	if err != nil {
		t.Fatal(err)
	}
	write(t, folder+block, change(b))
	return to
}

// readAll prints the leaf of each record.
func readAll(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	log, err := serve(ctx, dir, 500*time.Millisecond)
	if err != nil {
		return err
	}
	for r, err := range log.Read(ctx, 0) {
		if err != nil {
			return err
		}
		leaf, _ := r.Leaf(nil)
		fmt.Println("record", leaf)
	}
	return nil
}

// reread returns how many records of a damaged log come back before it ends or
// says what is wrong. It fails the test when one comes back changed. It reads in
// another process: the server never comes up on some damage, and cannot be stopped.
func reread(t *testing.T, dir string, want []events.Record) (n int, fault string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), reader+"="+dir)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if word == "fault" {
			return n, rest
		}
		if n == len(want) || word != "record" {
			t.Fatalf("after %d records: %s", n, line)
		}
		r := want[n]
		r.Seq = uint64(n + 1)
		if leaf, _ := r.Leaf(nil); fmt.Sprint(leaf) != rest {
			t.Fatalf("record %d came back changed", n+1)
		}
		n++
	}
	return n, ""
}

// stored fills a log and stops its server.
func stored(t *testing.T, records []events.Record) (dir string) {
	t.Helper()
	dir = t.TempDir()
	s := start(t, natslog.ServerConfig{Dir: dir})
	if _, err := open(t, s).Append(context.Background(), 0, records...); err != nil {
		t.Fatal(err)
	}
	s.Shutdown()
	return dir
}

func TestAFlippedBitIsNeverReadAsARecord(t *testing.T) {
	t.Parallel()
	random := random(t)
	for _, test := range []struct {
		name    string
		records []events.Record
		block   string
	}{
		{"in the only block", logtest.Records(1, 50), "1.blk"},
		{"in an older block", heavy(1, 1000), "1.blk"},
		{"in the last block", heavy(1, 1000), "2.blk"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := stored(t, test.records)
			for round := range 10 {
				var at, bit int
				keep := round%2 == 0
				changed := damage(t, dir, test.block, func(b []byte) []byte {
					at, bit = random.IntN(len(b)), random.IntN(8)
					b[at] ^= 1 << bit
					return b
				}, keep)
				n, fault := reread(t, changed, test.records)
				if n == len(test.records) && fault == "" {
					t.Errorf("bit %d of byte %d, index kept %t: nothing was noticed", bit, at, keep)
				}
				t.Logf("bit %d of byte %d, index kept %t: %d records, then %q", bit, at, keep, n, fault)
			}
		})
	}
}

func TestADamagedIndexIsRebuilt(t *testing.T) {
	t.Parallel()
	random := random(t)
	want := logtest.Records(1, 50)
	dir := stored(t, want)
	for range 4 {
		n, fault := reread(t, damage(t, dir, "index.db", func(b []byte) []byte {
			b[random.IntN(len(b))] ^= 1 << random.IntN(8)
			return b
		}, true), want)
		if n != len(want) || fault != "" {
			t.Errorf("%d records, then %s", n, fault)
		}
	}
}

func TestATornTailIsAShorterLog(t *testing.T) {
	t.Parallel()
	random := random(t)
	want := logtest.Records(1, 50)
	dir := stored(t, want)
	for round := range 10 {
		cut, keep := 1+random.IntN(600), round%2 == 0
		if round < 4 {
			cut = 1 + round
		}
		n, fault := reread(t, damage(t, dir, "1.blk", func(b []byte) []byte { return b[:len(b)-cut] }, keep), want)
		if n == len(want) {
			t.Errorf("%d bytes cut, index kept %t: nothing was noticed", cut, keep)
		}
		t.Logf("%d bytes cut, index kept %t: %d records, then %q", cut, keep, n, fault)
	}
}

// The length of the header is the one field of a stored message that the server's
// hash does not cover.
func TestADamagedLengthOfAHeaderIsNoticed(t *testing.T) {
	t.Parallel()
	var want []events.Record
	for n := range 3 {
		// Any of the data may be taken for header, as far as its reader is concerned.
		r := logtest.Record(n)
		r.Data = bytes.Repeat([]byte("a: b\r\n\r\n"), 40)
		want = append(want, r)
	}
	dir := stored(t, want)
	for _, bit := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 31} {
		n, fault := reread(t, damage(t, dir, "1.blk", func(b []byte) []byte {
			subject := []byte(want[1].Subject)
			second := bytes.Index(b, subject) + len(subject)
			at := second + bytes.Index(b[second:], subject) + len(subject)
			b[at+bit/8] ^= 1 << (bit % 8)
			return b
		}, true), want)
		if n != 1 || fault == "" {
			t.Errorf("bit %d: %d records, then %q", bit, n, fault)
		}
		t.Logf("bit %d: %d records, then %q", bit, n, fault)
	}
}

// A sequence far away makes the server count up to it when it starts.
func TestAServerThatDoesNotComeUpOnDamageIsGivenUp(t *testing.T) {
	t.Parallel()
	want := logtest.Records(1, 3)
	dir := stored(t, want)
	n, fault := reread(t, damage(t, dir, "1.blk", func(b []byte) []byte {
		length := binary.LittleEndian.Uint32(b) &^ (1 << 31) // of the first message; the bit tells that it has a header
		b[int(length)+4+6] ^= 1 << 5                         // in the second one's sequence
		return b
	}, true), want)
	if n == len(want) || fault == "" {
		t.Errorf("%d records, then %q", n, fault)
	}
}
