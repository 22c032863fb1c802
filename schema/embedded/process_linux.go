package embedded

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// attributes puts the server under user u, out of reach of a terminal's
// interrupt, which is for us to handle, and has it stopped by the kernel when we
// are gone. SIGINT is Postgres's fast shutdown.
func attributes(u *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: u, Setpgid: true, Pdeathsig: syscall.SIGINT}
}

// look returns what runs under pid, and false when nothing does. A process that
// has ended and waits to be reaped has no command line any more.
func look(pid int) (process, bool, error) {
	folder := "/proc/" + strconv.Itoa(pid)
	command, err := os.ReadFile(folder + "/cmdline")
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) || err == nil && len(command) == 0 {
		return process{}, false, nil
	}
	if err != nil {
		return process{}, false, fmt.Errorf("look at process %d: %w", pid, err)
	}
	stat, err := os.ReadFile(folder + "/stat")
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return process{}, false, nil
	}
	if err != nil {
		return process{}, false, fmt.Errorf("look at process %d: %w", pid, err)
	}
	// "pid (name) state parent …", where the name may hold parentheses: proc(5).
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return process{}, false, fmt.Errorf("look at process %d: stat %q", pid, stat)
	}
	fields := strings.Fields(string(stat[end+1:]))
	if len(fields) < 2 {
		return process{}, false, fmt.Errorf("look at process %d: stat %q", pid, stat)
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return process{}, false, fmt.Errorf("look at process %d: parent: %w", pid, err)
	}
	return process{
		parent:  parent,
		name:    string(stat[open+1 : end]),
		command: string(bytes.ReplaceAll(command, []byte{0}, []byte{' '})),
	}, true, nil
}
