package natslog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"zhucan/events"
)

// Documents is the store of a book's documents: the JetStream object store
// DOCUMENTS_<book>. It is safe for concurrent use.
type Documents struct {
	log     *Log // of the same book and server
	bucket  string
	objects jetstream.ObjectStore
	stream  jetstream.Stream // that the objects are in
	putting sync.Mutex       // one object at a time: nats.go sends all its chunks before it waits
}

var _ events.Documents = (*Documents)(nil)

const (
	chunk = 128 << 10
	// pace is what a server is trusted to take or give in a second at the very least.
	pace = 1 << 20
)

// wanted is the configuration of the stream of the object store. It is the
// one that nats.go would make, except that messages are not deleted, that no limit
// removes any, and that every read is answered by the leader. Purging cannot be
// denied: the server has no roll-ups then, by which an object is named.
func (d *Documents) wanted() jetstream.StreamConfig {
	want := d.log.wanted()
	want.Name = "OBJ_" + d.bucket
	want.Subjects = []string{d.chunks(">"), d.meta(">")}
	want.Metadata = map[string]string{"zhucan.book": d.log.cfg.Book, "zhucan.documents": "1"}
	want.DenyPurge, want.AllowRollup = false, true
	want.AllowDirect, want.AllowAtomicPublish = false, false
	return want
}

func (d *Documents) chunks(id string) string { return "$O." + d.bucket + ".C." + id }
func (d *Documents) meta(name string) string { return "$O." + d.bucket + ".M." + name }

// Documents opens the store of documents beside the log. Like [Open] it makes the
// stream when there is none, and refuses with [events.ErrDrift] one that is
// configured otherwise.
func (l *Log) Documents(ctx context.Context) (*Documents, error) {
	d := &Documents{log: l, bucket: "DOCUMENTS_" + l.cfg.Book}
	if err := d.open(ctx); err != nil {
		return nil, fmt.Errorf("open documents %s: %w", d.bucket, err)
	}
	return d, nil
}

func (d *Documents) open(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, d.log.cfg.Timeout)
	defer cancel()
	want := d.wanted()
	d.stream, err = d.log.js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		make := want
		if make.MaxBytes < 0 && d.log.cfg.Server == nil {
			make.MaxBytes = 16 << 30
		}
		d.stream, err = d.log.js.CreateStream(ctx, make)
	}
	if err != nil {
		return err
	}
	live := d.stream.CachedInfo().Config
	if d.log.cfg.MaxBytes == 0 && d.log.cfg.Server == nil {
		want.MaxBytes = live.MaxBytes
	}
	if drift := differences(live, want); len(drift) > 0 {
		return fmt.Errorf("%w: %s", events.ErrDrift, strings.Join(drift, "; "))
	}
	d.objects, err = d.log.js.ObjectStore(ctx, d.bucket)
	return err
}

// within bounds a request that moves size bytes.
func (d *Documents) within(ctx context.Context, size int) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d.log.cfg.Timeout+time.Duration(size/pace)*time.Second)
}

// Put stores data. Every chunk and the object's description are acknowledged, hence
// on disk as records are, before it is read back.
func (d *Documents) Put(ctx context.Context, name string, data []byte) error {
	if err := d.put(ctx, name, data); err != nil {
		return fmt.Errorf("store %s in %s: %w", name, d.bucket, err)
	}
	return nil
}

func (d *Documents) put(ctx context.Context, name string, data []byte) error {
	if len(data) == 0 || len(data) > events.MaxStored {
		return fmt.Errorf("%d bytes: from 1 to %d are taken", len(data), events.MaxStored)
	}
	d.putting.Lock()
	defer d.putting.Unlock()
	send, cancel := d.within(ctx, len(data))
	defer cancel()
	_, err := d.objects.GetInfo(send, name, jetstream.GetObjectInfoShowDeleted())
	switch {
	case err == nil:
		return events.ErrStored
	case !errors.Is(err, jetstream.ErrObjectNotFound):
		return err
	}
	if s := d.log.cfg.Server; s != nil {
		// Documents leave more room than records need, so that they do not stop the log.
		if err := s.roomFor(len(data) + int(s.cfg.MinFree)); err != nil {
			return err
		}
	}
	meta := jetstream.ObjectMeta{Name: name, Opts: &jetstream.ObjectMetaOptions{ChunkSize: chunk}}
	if _, err := d.objects.Put(send, meta, bytes.NewReader(data)); err != nil {
		return translate(err)
	}
	back := sha256.New()
	if _, err := d.get(ctx, name, back); err != nil {
		return fmt.Errorf("read it back: %w", err)
	}
	if sum := sha256.Sum256(data); !bytes.Equal(back.Sum(nil), sum[:]) {
		return fmt.Errorf("read it back: %w", events.ErrDamaged)
	}
	return nil
}

// Get writes what is stored under name to w.
func (d *Documents) Get(ctx context.Context, name string, w io.Writer) (time.Time, error) {
	at, err := d.get(ctx, name, w)
	if err != nil {
		return time.Time{}, fmt.Errorf("read %s of %s: %w", name, d.bucket, err)
	}
	return at, nil
}

// get asks the leader for one chunk after another, each the first after the one
// before; one that the server cannot read is not among them. The client's own way is
// a consumer, which waits until ctx ends for a last chunk that is not there.
func (d *Documents) get(ctx context.Context, name string, w io.Writer) (time.Time, error) {
	info, err := d.info(ctx, name)
	if err != nil {
		return time.Time{}, err
	}
	want, err := jetstream.DecodeObjectDigest(info.Digest)
	if err != nil || info.Size == 0 || info.Size > events.MaxStored {
		return time.Time{}, fmt.Errorf("%w: %d bytes with digest %q", events.ErrDamaged, info.Size, info.Digest)
	}
	h := sha256.New()
	size, seq := uint64(0), uint64(0)
	for range info.Chunks {
		m, err := d.chunk(ctx, seq+1, info.NUID)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return time.Time{}, fmt.Errorf("%w: %d of %d bytes are there", events.ErrDamaged, size, info.Size)
		}
		if err != nil {
			return time.Time{}, err
		}
		if seq, size = m.Sequence, size+uint64(len(m.Data)); size > info.Size {
			break
		}
		h.Write(m.Data)
		if _, err := w.Write(m.Data); err != nil {
			return time.Time{}, err
		}
	}
	if size != info.Size || !bytes.Equal(h.Sum(nil), want) {
		return time.Time{}, fmt.Errorf("%w: its digest is another", events.ErrDamaged)
	}
	return info.ModTime, nil
}

// chunk returns the first chunk of an object from a message on.
func (d *Documents) chunk(ctx context.Context, seq uint64, object string) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := d.within(ctx, chunk)
	defer cancel()
	return d.stream.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(d.chunks(object)))
}

// info returns the description of an object.
func (d *Documents) info(ctx context.Context, name string) (*jetstream.ObjectInfo, error) {
	ctx, cancel := d.within(ctx, 0)
	defer cancel()
	info, err := d.objects.GetInfo(ctx, name)
	switch {
	case errors.Is(err, jetstream.ErrObjectNotFound), errors.Is(err, jetstream.ErrNameRequired):
		return nil, events.ErrNoDocument
	case errors.Is(err, jetstream.ErrBadObjectMeta):
		return nil, fmt.Errorf("%w: %w", events.ErrDamaged, err)
	case err != nil:
		return nil, err
	}
	return info, nil
}

// List returns every object, and of a Put that ended on its way the chunks that no
// object has. The leader is asked for the description of each: what a reader with a
// gap would leave out would look like chunks of nobody.
func (d *Documents) List(ctx context.Context) ([]events.Stored, error) {
	all, err := d.list(ctx)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", d.bucket, err)
	}
	return all, nil
}

func (d *Documents) list(ctx context.Context) ([]events.Stored, error) {
	// Chunks first: what is put meanwhile is then not taken for a part.
	chunks, err := d.subjects(ctx, d.chunks(">"))
	if err != nil {
		return nil, err
	}
	descriptions, err := d.subjects(ctx, d.meta(">"))
	if err != nil {
		return nil, err
	}
	var all []events.Stored
	for subject := range descriptions {
		m, err := d.newest(ctx, subject)
		if err != nil {
			return nil, err
		}
		var info jetstream.ObjectInfo
		if err := json.Unmarshal(m.Data, &info); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", events.ErrDamaged, subject, err)
		}
		if !info.Deleted {
			all = append(all, events.Stored{Name: info.Name, At: m.Time})
			delete(chunks, d.chunks(info.NUID))
		}
	}
	for subject := range chunks {
		m, err := d.newest(ctx, subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, err
		}
		all = append(all, events.Stored{Name: strings.TrimPrefix(subject, d.chunks("")), At: m.Time, Partial: true})
	}
	return all, nil
}

// subjects returns the subjects under filter that have messages.
func (d *Documents) subjects(ctx context.Context, filter string) (map[string]uint64, error) {
	ctx, cancel := d.within(ctx, 15*pace)
	defer cancel()
	s, err := d.log.js.Stream(ctx, "OBJ_"+d.bucket)
	if err != nil {
		return nil, err
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(filter))
	if err != nil {
		return nil, err
	}
	if info.State.Subjects == nil {
		return map[string]uint64{}, nil
	}
	return info.State.Subjects, nil
}

func (d *Documents) newest(ctx context.Context, subject string) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := d.within(ctx, 0)
	defer cancel()
	return d.stream.GetLastMsgForSubject(ctx, subject)
}

// Remove removes an object or the rest of one.
func (d *Documents) Remove(ctx context.Context, s events.Stored) error {
	ctx, cancel := d.within(ctx, 0)
	defer cancel()
	var err error
	if s.Partial {
		err = d.stream.Purge(ctx, jetstream.WithPurgeSubject(d.chunks(s.Name)))
	} else if _, err = d.info(ctx, s.Name); err == nil {
		err = d.objects.Delete(ctx, s.Name)
	}
	if err != nil {
		return fmt.Errorf("remove %s from %s: %w", s.Name, d.bucket, err)
	}
	return nil
}
