package natslog_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sys/unix"

	"zhucan/events"
	"zhucan/events/logtest"
	"zhucan/events/natslog"
)

// keeper is another victim: it stores documents until it is killed.
const keeper = "NATSLOG_TEST_KEEPER"

func documents(t testing.TB, s *natslog.Server) *natslog.Documents {
	t.Helper()
	d, err := open(t, s).Documents(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const documentStream = "OBJ_DOCUMENTS_" + logtest.Book

func TestAnObjectStoreIsAStoreOfDocuments(t *testing.T) {
	t.Parallel()
	logtest.RunDocuments(t, func(t *testing.T) events.Documents {
		return documents(t, start(t, natslog.ServerConfig{Dir: t.TempDir()}))
	})
}

func TestTheLargestDocumentComesBack(t *testing.T) {
	t.Parallel()
	s := documents(t, start(t, natslog.ServerConfig{Dir: t.TempDir()}))
	data := logtest.Document(1, events.MaxStored)
	if err := s.Put(t.Context(), "D1", data); err != nil {
		t.Fatal(err)
	}
	logtest.ExpectDocument(t, t.Context(), s, "D1", data)
}

// A disk that documents fill would stop the log.
func TestDocumentsLeaveRoomForRecords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		t.Fatal(err)
	}
	free := int64(disk.Bavail) * disk.Bsize
	server := start(t, natslog.ServerConfig{Dir: dir, MinFree: free / 2}) // a record fits, a document needs more
	if _, err := open(t, server).Append(t.Context(), 0, logtest.Record(1)); err != nil {
		t.Fatal(err)
	}
	if err := documents(t, server).Put(t.Context(), "D1", logtest.Document(1, 100)); !errors.Is(err, events.ErrFull) {
		t.Errorf("%v", err)
	}
}

// What is stored can be read with the tools of NATS too.
func TestADocumentIsAnOrdinaryObject(t *testing.T) {
	t.Parallel()
	server := start(t, natslog.ServerConfig{Dir: t.TempDir()})
	want := logtest.Document(1, 300_000)
	if err := documents(t, server).Put(t.Context(), "D1", want); err != nil {
		t.Fatal(err)
	}
	store, err := connect(t, server).ObjectStore(t.Context(), "DOCUMENTS_"+logtest.Book)
	if err != nil {
		t.Fatal(err)
	}
	got, err := store.GetBytes(t.Context(), "D1")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestAStoreOfDocumentsThatDriftedIsRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		drift func(*jetstream.StreamConfig)
		says  string
	}{
		{"documents that expire", func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }, "max_age"},
		{"old documents make room for new ones", func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld }, "discard"},
		{"a limit of chunks", func(c *jetstream.StreamConfig) { c.MaxMsgs = 10 }, "max_msgs"},
		{"reads that any replica answers", func(c *jetstream.StreamConfig) { c.AllowDirect = true }, "allow_direct"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := start(t, natslog.ServerConfig{Dir: t.TempDir()})
			documents(t, server)
			js := connect(t, server)
			stream, err := js.Stream(t.Context(), documentStream)
			if err != nil {
				t.Fatal(err)
			}
			config := stream.CachedInfo().Config
			test.drift(&config)
			if _, err := js.UpdateStream(t.Context(), config); err != nil {
				t.Fatal(err)
			}
			_, err = open(t, server).Documents(t.Context())
			if !errors.Is(err, events.ErrDrift) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A server that lost or cannot read a part of a document says so at once.
func TestADocumentThatLostChunksIsDamaged(t *testing.T) {
	t.Parallel()
	for n, name := range []string{"the first", "the first two", "all of them"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			server := start(t, natslog.ServerConfig{Dir: t.TempDir()})
			s := documents(t, server)
			if err := s.Put(ctx, "D1", logtest.Document(1, 300_000)); err != nil {
				t.Fatal(err)
			}
			js := connect(t, server)
			stream, err := js.Stream(ctx, documentStream)
			if err != nil {
				t.Fatal(err)
			}
			if err := stream.Purge(ctx, jetstream.WithPurgeSubject(fmt.Sprintf("$O.DOCUMENTS_%s.C.>", logtest.Book)), jetstream.WithPurgeSequence(uint64(n+2))); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if _, err := s.Get(ctx, "D1", io.Discard); !errors.Is(err, events.ErrDamaged) {
				t.Errorf("%v", err)
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("it took %s to notice", took)
			}
		})
	}
}

func TestAFlippedBitIsNeverReadAsADocument(t *testing.T) {
	t.Parallel()
	random := random(t)
	dir := t.TempDir()
	server := start(t, natslog.ServerConfig{Dir: dir})
	want := logtest.Document(1, 300_000)
	if err := documents(t, server).Put(t.Context(), "D1", want); err != nil {
		t.Fatal(err)
	}
	server.Shutdown()
	for range 6 {
		to := t.TempDir()
		if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		block := filepath.Join(to, "jetstream/$G/streams", documentStream, "msgs/1.blk")
		b, err := os.ReadFile(block)
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.Index(b, want[:64]) + random.IntN(100_000) // in the first chunk's data
		b[at] ^= 1 << random.IntN(8)
		write(t, block, b)
		again := start(t, natslog.ServerConfig{Dir: to})
		var got bytes.Buffer
		if _, err := documents(t, again).Get(t.Context(), "D1", &got); err == nil {
			t.Errorf("byte %d: %d bytes came back", at, got.Len())
		} else if !errors.Is(err, events.ErrDamaged) && !errors.Is(err, events.ErrNoDocument) {
			t.Errorf("byte %d: %v", at, err)
		}
		again.Shutdown()
	}
}

// storeForEver says what was stored, one line each.
func storeForEver(dir string) error {
	ctx := context.Background()
	log, err := serve(ctx, dir, 0)
	if err != nil {
		return err
	}
	d, err := log.Documents(ctx)
	if err != nil {
		return err
	}
	for {
		n, size := rand.IntN(1<<40), 1+rand.IntN(600_000)
		fmt.Println("sent", n, size)
		if err := d.Put(ctx, fmt.Sprint(n), logtest.Document(n, size)); err != nil {
			return err
		}
		fmt.Println("stored", n, size)
	}
}

func TestADocumentThatWasStoredSurvivesAKill(t *testing.T) {
	t.Parallel()
	random := random(t)
	dir := t.TempDir()
	stored := make(map[int]int)
	rests := 0
	for round := range *rounds {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), keeper+"="+dir)
		var fault bytes.Buffer
		cmd.Stderr = &fault
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		began, ended := make(chan struct{}), make(chan struct{})
		lines := 0
		go func() {
			defer close(ended)
			scanner := bufio.NewScanner(out)
			for ; scanner.Scan(); lines++ {
				if lines == 0 {
					close(began)
				}
				var word string
				var n, size int
				if _, err := fmt.Sscan(scanner.Text(), &word, &n, &size); err == nil && word == "stored" {
					stored[n] = size
				}
			}
		}()
		select {
		case <-began:
		case <-ended:
		}
		timer := time.NewTimer(time.Duration(random.IntN(700)) * time.Millisecond)
		select {
		case <-timer.C:
		case <-ended:
		}
		cmd.Process.Kill()
		<-ended
		cmd.Wait()
		if fault.Len() > 0 {
			t.Fatalf("round %d: the victim stopped by itself: %s", round, &fault)
		}

		s := start(t, natslog.ServerConfig{Dir: dir})
		d := documents(t, s)
		for n, size := range stored {
			logtest.ExpectDocument(t, t.Context(), d, fmt.Sprint(n), logtest.Document(n, size))
		}
		// What is left of the one under way is listed, and can be removed.
		all, err := d.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range all {
			var n int
			if _, err := fmt.Sscan(found.Name, &n); err == nil && !found.Partial && stored[n] > 0 {
				continue
			}
			rests++
			if err := d.Remove(t.Context(), found); err != nil {
				t.Fatalf("%+v: %v", found, err)
			}
		}
		if all, err = d.List(t.Context()); err != nil || len(all) != len(stored) || slices.ContainsFunc(all, func(s events.Stored) bool { return s.Partial }) {
			t.Fatalf("round %d: %d are left of %d, %v", round, len(all), len(stored), err)
		}
		for n, size := range stored {
			logtest.ExpectDocument(t, t.Context(), d, fmt.Sprint(n), logtest.Document(n, size))
		}
		s.Shutdown()
	}
	t.Logf("%d rounds, %d documents, %d rests of others", *rounds, len(stored), rests)
}

// Facts that the store of documents rests on, to be asked again of every new version.
func TestWhatAnObjectStoreDoesByItself(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	js := connect(t, start(t, natslog.ServerConfig{Dir: t.TempDir()}))
	_, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "OBJ_A", Subjects: []string{"$O.A.C.>", "$O.A.M.>"}, AllowRollup: true, DenyPurge: true})
	if err == nil {
		t.Error("roll-ups and denial of purging go together: deny it")
	}
	store, err := js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: "B"})
	if err != nil {
		t.Fatal(err)
	}
	messages := func() uint64 {
		t.Helper()
		s, err := js.Stream(ctx, "OBJ_B")
		if err != nil {
			t.Fatal(err)
		}
		return s.CachedInfo().State.Msgs
	}
	for range 2 {
		if _, err := store.PutBytes(ctx, "D", logtest.Document(1, 300_000)); err != nil {
			t.Fatal(err)
		}
		if n := messages(); n != 4 {
			t.Errorf("%d messages: a name that is used again no longer takes the chunks of the first", n)
		}
	}
	if err := store.Delete(ctx, "D"); err != nil {
		t.Fatal(err)
	}
	if n := messages(); n != 1 {
		t.Errorf("%d messages: what is deleted leaves a mark", n)
	}
	stream, err := js.Stream(ctx, "OBJ_B")
	if err != nil {
		t.Fatal(err)
	}
	if !stream.CachedInfo().Config.AllowDirect {
		t.Error("an object store is no longer read from any replica: the configuration of its own need not differ")
	}
}
