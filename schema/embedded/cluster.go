//go:build linux || darwin

package embedded

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// superuser is the role that initdb makes and clients log in as, whatever the
// name of the system's user.
const superuser = "postgres"

// locate returns the one true name of dir, made absolute and without symbolic
// links, as the check for a second server compares names. The folders above it
// are made when missing, it itself is not.
func locate(dir string) (string, error) {
	if dir == "" {
		return "", errors.New("no data folder was named")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("name the data folder: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", fmt.Errorf("make the folder above the data folder: %w", err)
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real, nil
	}
	above, err := filepath.EvalSymlinks(filepath.Dir(dir))
	if err != nil {
		return "", fmt.Errorf("name the data folder: %w", err)
	}
	return filepath.Join(above, filepath.Base(dir)), nil
}

// furnish sees to it that there is a cluster in dir and that u owns it.
func furnish(ctx context.Context, with installation, dir string, durable bool, u *syscall.Credential) error {
	made, err := madeBy(dir)
	if err != nil {
		return err
	}
	if made == "" {
		return create(ctx, with, dir, durable, u)
	}
	fi, err := os.Stat(filepath.Join(dir, "PG_VERSION"))
	if err != nil {
		return err
	}
	if u == nil || fi.Sys().(*syscall.Stat_t).Uid == u.Uid {
		return nil
	}
	return own(dir, u)
}

// create makes a cluster in dir, which is missing or empty. It is made beside dir
// and takes its name when complete, so that no crash leaves half a cluster there.
func create(ctx context.Context, with installation, dir string, durable bool, u *syscall.Credential) error {
	made, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".new-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(made) }() // gone by that name on success
	if err := own(made, u); err != nil {
		return err
	}
	args := []string{"--pgdata=" + made, "--username=" + superuser, "--encoding=UTF8", "--locale=C", "--data-checksums",
		"--auth-local=trust", "--auth-host=reject"}
	if !durable {
		args = append(args, "--no-sync")
	}
	initdb := exec.CommandContext(ctx, filepath.Join(with.bin, "initdb"), args...)
	initdb.Dir = made
	initdb.Env = environment()
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: u, Setpgid: true}
	initdb.Cancel = func() error { return syscall.Kill(-initdb.Process.Pid, syscall.SIGKILL) } // with the servers it runs
	initdb.WaitDelay = time.Second
	if out, err := initdb.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		said := strings.Join(strings.Fields(string(out)), " ")
		return fmt.Errorf("initdb: %w: %s", reachable(err, dir, u), said[max(0, len(said)-400):])
	}
	if err := os.Rename(made, dir); err != nil {
		return err
	}
	if !durable {
		return nil
	}
	above, err := os.Open(filepath.Dir(dir))
	if err != nil {
		return err
	}
	defer above.Close()
	return above.Sync()
}

// environment is what the server's programs see of ours: nothing that would
// change a setting, and no secret.
func environment() []string {
	env := []string{"LC_ALL=C", "TZ=UTC", "PATH=" + os.Getenv("PATH")}
	if path := os.Getenv("LD_LIBRARY_PATH"); path != "" {
		env = append(env, "LD_LIBRARY_PATH="+path)
	}
	return env
}

const (
	port       = "5432" // part of the socket's name only: no network port is opened
	socketName = ".s.PGSQL." + port

	// The shortest limit of the systems supported: sun_path has 104 bytes on
	// macOS and 108 on Linux, one of them for the final zero.
	longestSocket = 103
)

// socketFolder returns the folder for the socket of the cluster in dir: dir
// itself, unless its name is too long or means something else in Postgres's list of
// folders or in an address, as a comma does; then one of mode 0700 below the folder
// for temporary files.
func socketFolder(dir string, u *syscall.Credential) (string, error) {
	fits := func(folder string) bool { return len(folder)+1+len(socketName) <= longestSocket }
	if fits(dir) && !strings.ContainsAny(dir, "\", \t\n") {
		return dir, nil
	}
	name := fmt.Sprintf("zhucan-pg-%x", sha256.Sum256([]byte(dir)))[:len("zhucan-pg-")+16]
	temp, err := filepath.Abs(os.TempDir())
	if err != nil {
		return "", err
	}
	folder := filepath.Join(temp, name)
	if !fits(folder) || strings.ContainsAny(folder, "\", \t\n") {
		folder = filepath.Join("/tmp", name)
	}
	uid, gid := os.Geteuid(), os.Getegid()
	if u != nil {
		uid, gid = int(u.Uid), int(u.Gid)
	}
	err = os.Mkdir(folder, 0o700)
	switch {
	case err == nil:
		return folder, os.Lchown(folder, uid, gid)
	case !errors.Is(err, os.ErrExist):
		return "", err
	}
	// Left by a crash, or laid out for us by somebody who would read along.
	fi, err := os.Lstat(folder)
	if err != nil {
		return "", err
	}
	if st := fi.Sys().(*syscall.Stat_t); !fi.IsDir() || fi.Mode().Perm() != 0o700 || int(st.Uid) != uid {
		return "", fmt.Errorf("%s is not a folder of mode 0700 of user %d: remove it", folder, uid)
	}
	return folder, nil
}
