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

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sys/unix"

	"zhucan/projections"
	"zhucan/projections/sampletest"
	"zhucan/schema"
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
	server := schematest.Cluster(t)
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	var data, database string
	if err := conn.QueryRow(t.Context(), "select current_setting('data_directory'), current_database()").Scan(&data, &database); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(data)
	if err != nil {
		t.Fatal(err)
	}
	own := info.Sys().(*syscall.Stat_t) // who the server runs as
	if err := errors.Join(os.Chown(dir, int(own.Uid), int(own.Gid)), schema.Migrate(t.Context(), conn)); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"create tablespace small location '" + dir + "'", "alter database " + database + " set default_tablespace = 'small'"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	conn.Close(t.Context())
	pool, err := pgxpool.New(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()

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
	compare(t, "while the disk is full", digest(t, pool, "v0001"), wanted(t, b.Records[:st.ProjectedSeq]))

	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	if err := r.Wait(t.Context(), uint64(len(b.Records))); err != nil {
		t.Fatal(err)
	}
	compare(t, "with room again", digest(t, pool, "v0001"), wanted(t, b.Records))
}
