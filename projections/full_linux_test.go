package projections_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"zhucan/projections"
	"zhucan/projections/sampletest"
	"zhucan/schema/schematest"
)

// F11: the disk on which the read models lie is full. What is projected is whole chunks,
// the runner says what it waits for, and goes on when there is room.
func TestADiskThatIsFullHoldsTheProjectorUpAndNothingIsHalfProjected(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "small")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=2m")
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		t.Logf("no small disk: mounting needs root (%v)", err)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // once the server has stopped
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	pool := connect(t, cluster(t).URL(), nil)
	info, err := os.Stat(query[string](t, pool, "select current_setting('data_directory')")[0])
	if err != nil {
		t.Fatal(err)
	}
	own := info.Sys().(*syscall.Stat_t) // who the server runs as
	if err := os.Chown(dir, int(own.Uid), int(own.Gid)); err != nil {
		t.Fatal(err)
	}
	exec(t, pool, "create tablespace small location '"+dir+"'")
	exec(t, pool, "do $$ begin execute format('alter database %I set default_tablespace = small', current_database()); end $$")
	pool.Reset()

	b := sampletest.Story(t)
	b.Record(4000)
	r := runner(pool, b.Log(), func(c *projections.Config) { c.Live = 500 })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	defer func() {
		stop()
		<-ended
	}()
	var st projections.Status
	for wait := time.Now().Add(time.Minute); !strings.Contains(st.Detail, "No space left") && !strings.Contains(st.Detail, "53100"); {
		if st, err = r.Status(t.Context()); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(wait) {
			t.Fatalf("the disk is not full: %+v", st)
		}
		select {
		case err := <-ended:
			t.Fatalf("the runner ended: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	if st.Halted || st.ProjectedSeq == 0 || st.ProjectedSeq == uint64(len(b.Records)) {
		t.Errorf("%+v", st)
	}
	// A smaller chunk may still fit: what is compared is what stood while it was read.
	seq := func() int64 {
		return query[int64](t, pool, "select seq from meta.read_model where name = 'v0001'")[0]
	}
	for at := seq(); ; at = seq() {
		got := digest(t, pool, "v0001")
		if seq() == at {
			compare(t, "while the disk is full", got, wanted(t, b.Records[:at]))
			break
		}
	}

	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	if err := r.Wait(t.Context(), uint64(len(b.Records))); err != nil {
		t.Fatal(err)
	}
	compare(t, "with room again", digest(t, pool, "v0001"), wanted(t, b.Records))
}
