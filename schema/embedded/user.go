//go:build linux || darwin

package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// servant returns the user to run the server as: nil for the caller's own, which
// serves unless that is root, whom Postgres refuses. An existing cluster is
// run by the user that owns it.
func servant(dir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	if fi, err := os.Stat(filepath.Join(dir, "PG_VERSION")); err == nil {
		if st := fi.Sys().(*syscall.Stat_t); st.Uid != 0 {
			return &syscall.Credential{Uid: st.Uid, Gid: st.Gid}, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("group of user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("root may not run Postgres, and there is neither a user postgres nor nobody to run it as（root 不能运行 PostgreSQL，且系统中没有 postgres 或 nobody 用户）")
}

// own gives dir and what is in it to u. A cluster that root owns was copied here
// by root, from a backup perhaps.
func own(dir string, u *syscall.Credential) error {
	if u == nil {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(u.Uid), int(u.Gid))
	})
}

// reachable names the folder on the way to dir that keeps u out, if err
// says that something did.
func reachable(err error, dir string, u *syscall.Credential) error {
	if err == nil || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	if u == nil {
		return fmt.Errorf("%w: %w", ErrClosed, err)
	}
	who := strconv.FormatUint(uint64(u.Uid), 10)
	if found, err := user.LookupId(who); err == nil {
		who = found.Username
	}
	for p := dir; ; p = filepath.Dir(p) {
		if fi, statErr := os.Stat(p); statErr == nil && !passes(fi, u) {
			return fmt.Errorf("%w: user %s, as whom the server runs because Postgres refuses root, may not pass %s: "+
				"chmod o+x it, or choose another --data, or run zhucan as an ordinary user"+
				"（请对该目录执行 chmod o+x，或更换 --data 目录，或以普通用户运行）", ErrClosed, who, p)
		}
		if p == filepath.Dir(p) {
			return fmt.Errorf("%w: user %s: %w", ErrClosed, who, err)
		}
	}
}

// passes reports whether the mode of a folder lets u through.
func passes(fi fs.FileInfo, u *syscall.Credential) bool {
	st := fi.Sys().(*syscall.Stat_t)
	switch {
	case st.Uid == u.Uid:
		return fi.Mode()&0o100 != 0
	case st.Gid == u.Gid:
		return fi.Mode()&0o010 != 0
	}
	return fi.Mode()&0o001 != 0
}
