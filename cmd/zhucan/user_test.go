package main

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

	"zhucan/schema/schematest"
)

// Run by root the tests have root's way to the database; this one goes the way of
// everybody else, from an empty folder to books that verify.
func TestAnOrdinaryUserRunsTheProgram(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // the others have shown it
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(nobody.Uid)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(nobody.Gid)
	if err != nil {
		t.Fatal(err)
	}
	dir := schematest.Dir(t)
	home := filepath.Join(dir, "home")
	if err := errors.Join(os.Mkdir(home, 0o700), os.Chown(home, uid, gid)); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "zhucan.test") // the go command's folder is closed to nobody
	in, err := os.Open(self)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(binary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
	for _, verb := range [][]string{{"demo", "--once"}, {"trial-balance"}} { // made, and found again
		c := exec.CommandContext(t.Context(), binary, append([]string{"--data", filepath.Join(home, "data")}, verb...)...)
		c.Dir = home
		c.Env = []string{"ZHUCAN_TEST_PROGRAM=1", "HOME=" + home, "TMPDIR=" + home, "PATH=" + os.Getenv("PATH"), "GORACE=" + os.Getenv("GORACE")}
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		if printed, err := c.CombinedOutput(); err != nil { // demo: 3 when the books do not verify
			t.Fatalf("%v as nobody: %v\n%s", verb, err, printed)
		}
	}
	for _, secret := range []string{"access.json", "keys/master.key"} {
		info, err := os.Stat(filepath.Join(home, "data", secret))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", secret, info.Mode(), err)
		}
	}
}
