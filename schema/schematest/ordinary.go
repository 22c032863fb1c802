package schematest

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// Ordinary returns a folder of nobody's and a function that makes a command: this
// test's own program with other arguments, to be run there as nobody, with little more
// in its environment than extra. It is for a test that root runs and that must hold for
// everybody else.
func Ordinary(t testing.TB, extra ...string) (home string, command func(args ...string) *exec.Cmd) {
	t.Helper()
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatalf("schematest: %v", err)
	}
	uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
	if err != nil {
		t.Fatalf("schematest: user nobody: %v", err)
	}
	gid, err := strconv.ParseUint(nobody.Gid, 10, 32)
	if err != nil {
		t.Fatalf("schematest: group of nobody: %v", err)
	}
	dir := Dir(t)
	home = filepath.Join(dir, "home")
	binary := filepath.Join(dir, "program.test") // the go command's folder is closed to nobody
	self, err := os.Executable()
	if err == nil {
		err = errors.Join(os.Mkdir(home, 0o700), os.Chown(home, int(uid), int(gid)), copyFile(binary, self))
	}
	if err != nil {
		t.Fatalf("schematest: %v", err)
	}
	return home, func(args ...string) *exec.Cmd {
		c := exec.CommandContext(t.Context(), binary, args...)
		c.Dir = home
		c.Env = append([]string{"HOME=" + home, "TMPDIR=" + home, "PATH=" + os.Getenv("PATH"), "GORACE=" + os.Getenv("GORACE")}, extra...)
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		return c
	}
}

// copyFile lets nobody fork while it writes: the child would have the copy open for writing for a
// moment, in which it cannot be run (ETXTBSY).
func copyFile(to, from string) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
