package embedded

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// attributes puts the server under user u and out of reach of a terminal's
// interrupt, which is for us to handle. There is no parent-death signal here: the
// next Start stops what was left behind.
func attributes(u *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: u, Setpgid: true}
}

// look returns what runs under pid, and false when nothing does.
func look(pid int) (process, bool, error) {
	ask := func(column string) (string, error) {
		out, err := exec.Command("/bin/ps", "-ww", "-o", column+"=", "-p", strconv.Itoa(pid)).Output()
		return strings.TrimSpace(string(out)), err
	}
	var answers [4]string
	for i, column := range []string{"state", "ppid", "comm", "command"} {
		a, err := ask(column)
		if _, gone := errors.AsType[*exec.ExitError](err); gone || err == nil && strings.HasPrefix(a, "Z") && i == 0 {
			return process{}, false, nil
		}
		if err != nil {
			return process{}, false, fmt.Errorf("look at process %d: %w", pid, err)
		}
		answers[i] = a
	}
	parent, err := strconv.Atoi(answers[1])
	if err != nil {
		return process{}, false, fmt.Errorf("look at process %d: parent: %w", pid, err)
	}
	return process{parent: parent, name: filepath.Base(answers[2]), command: answers[3] + " "}, true, nil
}
