//go:build linux || darwin

package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A process is what the system says of a running program.
type process struct {
	parent  int
	name    string // of the program, without its folder
	command string // arguments, each followed by a space
}

// owner is the setting on a server's command line that names the process that
// started it.
const owner = "zhucan.owner"

var ownerText = regexp.MustCompile(` ` + regexp.QuoteMeta(owner) + `=(\d+) `)

// startedBy returns the process that started p as a server of this package on
// dir, and false when p is nothing of the kind.
func (p process) startedBy(dir string) (int, bool) {
	m := ownerText.FindStringSubmatch(p.command)
	if p.name != "postgres" || m == nil || !strings.Contains(p.command, " -D "+dir+" ") {
		return 0, false
	}
	pid, err := strconv.Atoi(m[1])
	return pid, err == nil
}

// tidy makes way for a server on dir, whose socket is to be in socket: it stops
// one that an earlier, dead program left behind and waits until its backends are
// gone. It refuses with [ErrRunning] when the folder is in use.
//
// A lock file whose process is gone is Postgres's to replace. What Postgres would
// not replace is removed here: one whose number now belongs to an unrelated
// process, as is common after a crash in a container, where numbers are few, and
// one left empty by a crash of the machine.
func tidy(ctx context.Context, dir, socket string) error {
	lines, err := readLock(ctx, dir)
	if err != nil || lines == nil {
		return err
	}
	if first := strings.TrimSpace(lines[0]); first != "" {
		pid, err := strconv.Atoi(first)
		if err != nil {
			return fmt.Errorf("read the server's lock file in %s: process %q", dir, first)
		}
		if err := evict(ctx, dir, pid); err != nil {
			return err
		}
		if err := detached(ctx, lines); err != nil {
			return err
		}
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return nil
		}
	}
	for _, f := range []string{filepath.Join(dir, lockName), filepath.Join(socket, socketName), filepath.Join(socket, socketName+".lock")} {
		if err := os.Remove(f); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove what a crashed server left: %w", err)
		}
	}
	return nil
}

// lockName is the file in a data folder in which a server writes its process
// number (line 1) and the key of its shared memory (line 7).
const lockName = "postmaster.pid"

// readLock returns the lines of the lock file, or nil when there is none. A
// server makes the file and then fills it: an empty one is given a second.
func readLock(ctx context.Context, dir string) ([]string, error) {
	for until := time.Now().Add(time.Second); ; {
		b, err := os.ReadFile(filepath.Join(dir, lockName))
		if errors.Is(err, os.ErrNotExist) {
			return nil, nil // shut down in order, or never started
		}
		if err != nil {
			return nil, fmt.Errorf("read the server's lock file: %w", err)
		}
		if len(b) > 0 || time.Now().After(until) {
			return strings.Split(string(b), "\n"), nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for a server's lock file: %w", context.Cause(ctx))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// evict stops the server that was left behind under pid and waits until it is
// gone. The handle is taken before the look and used after it: on Linux it keeps
// meaning the same process even if the number is given to another one.
func evict(ctx context.Context, dir string, pid int) error {
	handle, err := os.FindProcess(pid)
	if err != nil {
		return fmt.Errorf("find process %d: %w", pid, err)
	}
	defer func() { _ = handle.Release() }()
	for signalled := false; ; {
		p, alive, err := look(pid)
		if err != nil {
			return err
		}
		if !alive || p.name != "postgres" && p.name != "postmaster" {
			return nil
		}
		by, ours := p.startedBy(dir)
		if !ours {
			return fmt.Errorf("%w: process %d on %s, not started by zhucan; stop it first（请先停止该进程）", ErrRunning, pid, dir)
		}
		if p.parent == by {
			return fmt.Errorf("%w: process %d on %s, started by process %d", ErrRunning, pid, dir, by)
		}
		if !signalled {
			if err := handle.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
				return fmt.Errorf("stop the server left behind, process %d: %w", pid, err)
			}
			signalled = true
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the server left behind, process %d: %w", pid, context.Cause(ctx))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// patience is how long detached waits before it leaves the judgement to
// Postgres, which knows the segment's header and so cannot take another
// cluster's for this one's.
const patience = 30 * time.Second

// detached waits until no backend of a killed server is attached to its shared
// memory, whose key is in the seventh line of the lock file. A backend in the
// midst of a long computation notices late that its server is gone, and no
// new one may start beside it.
func detached(ctx context.Context, lock []string) error {
	if len(lock) < 7 {
		return nil // died before it had shared memory
	}
	fields := strings.Fields(lock[6])
	if len(fields) != 2 {
		return nil
	}
	key, err := strconv.ParseUint(fields[0], 10, 64)
	if err != nil {
		return nil
	}
	for until := time.Now().Add(patience); time.Now().Before(until); {
		id, err := unix.SysvShmGet(int(int32(key)), 0, 0)
		if err != nil {
			return nil
		}
		var segment unix.SysvShmDesc
		if _, err := unix.SysvShmCtl(id, unix.IPC_STAT, &segment); err != nil || segment.Nattch == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the backends of a killed server: %w", context.Cause(ctx))
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}
