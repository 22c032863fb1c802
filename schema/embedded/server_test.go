//go:build linux || darwin

package embedded_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"zhucan/schema/embedded"
	"zhucan/schema/schematest"
)

// hold names the folder on which the test binary, run as a child, starts a server
// that it holds until it is killed.
const hold = "ZHUCAN_TEST_HOLD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(hold); dir != "" {
		s, err := embedded.Start(context.Background(), embedded.Config{Dir: dir, Durable: true})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(s.Pid())
		<-s.Done()
		os.Exit(1)
	}
	m.Run()
}

func start(t *testing.T, cfg embedded.Config) *embedded.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := embedded.Start(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *embedded.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// kill ends s as a crash would, and waits for the news of it.
func kill(t *testing.T, s *embedded.Server) {
	t.Helper()
	signal(t, s.Pid(), syscall.SIGKILL)
	if err := <-s.Done(); !errors.Is(err, embedded.ErrDied) {
		t.Errorf("the reason is %v, want %v", err, embedded.ErrDied)
	}
}

func signal(t *testing.T, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, s *embedded.Server) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) }) // cut off already, often
	return conn
}

func execute(t *testing.T, s *embedded.Server, statements ...string) {
	t.Helper()
	conn := connect(t, s)
	for _, text := range statements {
		if _, err := conn.Exec(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

func ask(t *testing.T, s *embedded.Server, question string) string {
	t.Helper()
	var answer string
	if err := connect(t, s).QueryRow(t.Context(), question).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	return answer
}

func want(t *testing.T, s *embedded.Server, question, answer string) {
	t.Helper()
	if got := ask(t, s, question); got != answer {
		t.Errorf("%s is %q, want %q", question, got, answer)
	}
}

// until waits for a condition that another process brings about.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("%s did not come about", what)
		case <-tick.C:
		}
	}
}

// gone reports whether the process has ended; whether an orphan is also reaped is
// the affair of process 1, which may take its time.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && bytes.Contains(stat, []byte(") Z "))
}

const (
	makeFigures = "create table figure (fen bigint not null)"
	addFigures  = "insert into figure select generate_series(1, 1000)"
	sumFigures  = "select sum(fen)::text from figure"
	sum         = "500500"
)

func TestAStoppedServerKeepsWhatWasCommitted(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "cluster")
	s := start(t, embedded.Config{Dir: dir, Durable: true})
	execute(t, s, makeFigures, addFigures)
	pid := s.Pid()
	stop(t, s)
	if !gone(pid) {
		t.Errorf("process %d is there after Stop", pid)
	}
	if err, died := <-s.Done(); died {
		t.Errorf("Done says %v of a server that was stopped", err)
	}
	stop(t, s) // once more is no error

	s = start(t, embedded.Config{Dir: dir, Durable: true})
	want(t, s, sumFigures, sum)
}

func TestAKilledServerRecoversWhatWasCommitted(t *testing.T) {
	t.Parallel()
	s := schematest.Cluster(t)
	execute(t, s, makeFigures, addFigures)
	kill(t, s)
	s = start(t, embedded.Config{Dir: s.Dir(), Durable: true})
	want(t, s, sumFigures, sum)
}

func TestTheBackendsOfAKilledServerAreWaitedFor(t *testing.T) {
	t.Parallel()
	s := schematest.Cluster(t)
	execute(t, s, makeFigures, addFigures)
	busy := connect(t, s)
	pid := strconv.Itoa(int(busy.PgConn().PID()))
	cut := make(chan struct{})
	go func() {
		defer close(cut)
		busy.Exec(t.Context(), `do $$ declare start timestamptz := clock_timestamp();
			begin while clock_timestamp() < start + interval '2 seconds' loop end loop; end $$`)
	}()
	const of = " from pg_stat_activity where state = 'active' and pid = "
	until(t, "the long computation", func() bool { return ask(t, s, "select count(*)::text"+of+pid) == "1" })
	end := ask(t, s, "select (query_start + interval '2 seconds')::text"+of+pid)
	signal(t, s.Pid(), syscall.SIGKILL)
	s = start(t, embedded.Config{Dir: s.Dir(), Durable: true})
	<-cut
	want(t, s, "select (pg_postmaster_start_time() >= '"+end+"')::text", "true")
	want(t, s, sumFigures, sum)
}

func TestASecondServerOnTheFolderIsRefused(t *testing.T) {
	t.Parallel()
	s := schematest.Cluster(t)
	link := filepath.Join(schematest.Dir(t), "link")
	if err := os.Symlink(s.Dir(), link); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{s.Dir(), link} {
		if _, err := embedded.Start(t.Context(), embedded.Config{Dir: dir}); !errors.Is(err, embedded.ErrRunning) {
			t.Errorf("a second start on %s: %v, want %v", dir, err, embedded.ErrRunning)
		}
	}
	want(t, s, "select 1::text", "1")
}

func TestOfSeveralStartsAtOnceOneSucceeds(t *testing.T) {
	t.Parallel()
	made := schematest.Cluster(t)
	stop(t, made)
	for name, dir := range map[string]string{"made": made.Dir(), "new": filepath.Join(schematest.Dir(t), "cluster")} {
		t.Run(name, func(t *testing.T) {
			var (
				wg      sync.WaitGroup
				mu      sync.Mutex
				servers []*embedded.Server
			)
			for range 3 {
				wg.Go(func() {
					s, err := embedded.Start(t.Context(), embedded.Config{Dir: dir})
					if err != nil {
						return
					}
					mu.Lock()
					defer mu.Unlock()
					servers = append(servers, s)
				})
			}
			wg.Wait()
			for _, s := range servers {
				want(t, s, "select 1::text", "1")
				stop(t, s)
			}
			if len(servers) != 1 {
				t.Errorf("%d of 3 starts on one folder succeeded", len(servers))
			}
		})
	}
}

// asServer returns the attributes of a process of the user who runs the server
// on dir, and that user.
func asServer(t *testing.T, dir string) (attributes *syscall.SysProcAttr, uid, gid int) {
	t.Helper()
	fi, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	st := fi.Sys().(*syscall.Stat_t)
	if os.Geteuid() == 0 {
		attributes = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: st.Uid, Gid: st.Gid}}
	}
	return attributes, int(st.Uid), int(st.Gid)
}

// byHand runs a server on the folder of a stopped one as a program other than
// this package would, with extra settings.
func byHand(t *testing.T, dir string, extra ...string) *exec.Cmd {
	t.Helper()
	bin, _, err := embedded.Find()
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-D", dir, "-k", dir, "-c", "listen_addresses="}, extra...)
	cmd := exec.Command(filepath.Join(bin, "postgres"), append(args, "-c", "fsync=off")...)
	cmd.Dir = dir
	cmd.SysProcAttr, _, _ = asServer(t, dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGINT) // ended already in one test
		<-ended
	})
	until(t, "the server's lock file", func() bool {
		b, _ := os.ReadFile(filepath.Join(dir, "postmaster.pid"))
		return strings.Contains(string(b), "ready")
	})
	return cmd
}

func TestAServerThatOthersStartedIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := schematest.Cluster(t)
	stop(t, s)
	other := byHand(t, s.Dir())
	if _, err := embedded.Start(t.Context(), embedded.Config{Dir: s.Dir()}); !errors.Is(err, embedded.ErrRunning) {
		t.Errorf("start beside a foreign server: %v, want %v", err, embedded.ErrRunning)
	}
	want(t, s, "select pg_read_file('postmaster.pid', 0, "+strconv.Itoa(len(strconv.Itoa(other.Process.Pid)))+")", strconv.Itoa(other.Process.Pid))
}

func TestAServerThatADeadProgramLeftBehindIsStopped(t *testing.T) {
	t.Parallel()
	s := schematest.Cluster(t)
	execute(t, s, makeFigures, addFigures)
	stop(t, s)
	// As after the program's end: the server's parent is not who started it.
	left := byHand(t, s.Dir(), "-c", "zhucan.owner=1")
	s = start(t, embedded.Config{Dir: s.Dir(), Durable: true})
	if !gone(left.Process.Pid) {
		t.Errorf("the server left behind, process %d, still runs", left.Process.Pid)
	}
	want(t, s, sumFigures, sum)
}

func TestALockFileWhoseProcessIsSomebodyElseNowIsNoObstacle(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]func(t *testing.T, dir string) string{
		"unrelated process":      bystander,
		"no process":             func(*testing.T, string) string { return "2147483646\n" },
		"crash before the write": func(*testing.T, string) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := schematest.Cluster(t)
			stop(t, s)
			text := []byte(content(t, s.Dir()))
			_, uid, gid := asServer(t, s.Dir())
			for _, file := range []string{"postmaster.pid", ".s.PGSQL.5432.lock"} {
				path := filepath.Join(s.Dir(), file)
				if err := errors.Join(os.WriteFile(path, text, 0o600), os.Chown(path, uid, gid)); err != nil {
					t.Fatal(err)
				}
			}
			want(t, start(t, embedded.Config{Dir: s.Dir()}), "select 1::text", "1")
		})
	}
}

// bystander runs a program of the server's user, which the server might take for
// another server, and returns its number as a line.
func bystander(t *testing.T, dir string) string {
	t.Helper()
	cmd := exec.Command("cat")
	cmd.Dir = dir
	cmd.SysProcAttr, _, _ = asServer(t, dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the unrelated process came to harm: %v", err)
		}
	})
	return strconv.Itoa(cmd.Process.Pid) + "\n"
}

// child runs a program that starts a server on dir, and returns it and the
// server's process number.
func child(t *testing.T, dir string) (*exec.Cmd, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), executable(t))
	cmd.Env = append(os.Environ(), hold+"="+dir)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the child did not say which process its server is: %v", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	return cmd, pid
}

func TestAKilledProgramLeavesNoServerInTheWay(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "cluster")
	program, pid := child(t, dir)
	if _, err := embedded.Start(t.Context(), embedded.Config{Dir: dir}); !errors.Is(err, embedded.ErrRunning) {
		t.Errorf("start beside another program's server: %v, want %v", err, embedded.ErrRunning)
	}
	program.Process.Kill()
	program.Wait()
	s := start(t, embedded.Config{Dir: dir, Durable: true})
	if !gone(pid) {
		t.Errorf("process %d still runs after its program was killed", pid)
	}
	want(t, s, "select 1::text", "1")
}

func TestAKilledProgramTakesItsServerAlong(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		return // no signal on the parent's death: the next start cleans up, as above
	}
	program, pid := child(t, filepath.Join(schematest.Dir(t), "cluster"))
	program.Process.Kill()
	program.Wait()
	until(t, "the server's end", func() bool { return gone(pid) })
}

func TestAnInterruptAtTheTerminalIsOursToHandle(t *testing.T) {
	t.Parallel()
	s := schematest.Cluster(t)
	if group, err := syscall.Getpgid(s.Pid()); err != nil || group != s.Pid() {
		t.Errorf("the server %d is in process group %d (%v), want one of its own", s.Pid(), group, err)
	}
}

func executable(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAnOrdinaryUserCanRunAServer repeats this file's tests as nobody, when they
// run as root. Run by anybody else they have shown it themselves.
func TestAnOrdinaryUserCanRunAServer(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return
	}
	_, program := schematest.Ordinary(t)
	out, err := program("-test.parallel=2", "-test.timeout=5m",
		"-test.run=^Test(AStopped|AKilled|ASecond|AServerThat|ALockFile)").CombinedOutput()
	if err != nil || !bytes.HasSuffix(bytes.TrimSpace(out), []byte("PASS")) || bytes.Contains(out, []byte("no tests")) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}

func TestAFolderOfAnotherMajorVersionIsRefused(t *testing.T) {
	t.Parallel()
	dir := schematest.Dir(t)
	if err := os.WriteFile(filepath.Join(dir, "PG_VERSION"), []byte("12\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, installed, err := embedded.Find()
	if err != nil {
		t.Fatal(err)
	}
	_, err = embedded.Start(t.Context(), embedded.Config{Dir: dir})
	if !errors.Is(err, embedded.ErrVersion) {
		t.Fatalf("start on a folder of version 12: %v, want %v", err, embedded.ErrVersion)
	}
	for _, part := range []string{"version 12", installed, "pg_upgrade", "rebuilt from the log"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not mention %q", err, part)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the refused folder holds %v (%v), want PG_VERSION alone", entries, err)
	}
}

func TestAFolderOfSomethingElseIsRefused(t *testing.T) {
	t.Parallel()
	dir := schematest.Dir(t)
	if err := os.WriteFile(filepath.Join(dir, "accounts.csv"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.Start(t.Context(), embedded.Config{Dir: dir}); !errors.Is(err, embedded.ErrForeign) {
		t.Errorf("start on a folder of other things: %v, want %v", err, embedded.ErrForeign)
	}
}

func TestAFolderNameMayBeLongOrOdd(t *testing.T) {
	t.Parallel()
	for name, below := range map[string]string{
		"long":    strings.Repeat("very-long-folder-name/", 8) + "cluster",
		"Chinese": "助残账本/数据",
		"spaces":  "my data/a cluster",
		"comma":   "a,b/c",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(schematest.Dir(t), below)
			s := start(t, embedded.Config{Dir: dir})
			want(t, s, "show data_directory", s.Dir())
			signal(t, s.Pid(), syscall.SIGKILL) // what is left in the socket's folder is no obstacle
			s = start(t, embedded.Config{Dir: dir})
			want(t, s, "select 1::text", "1")
			socket := ask(t, s, "show unix_socket_directories")
			fi, err := os.Stat(socket)
			if err != nil {
				t.Fatal(err)
			}
			if fi.Mode().Perm() != 0o700 {
				t.Errorf("the socket's folder has mode %v", fi.Mode())
			}
			stop(t, s)
			if _, err := os.Stat(socket); socket != s.Dir() && !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the socket's folder %s is left after Stop: %v", socket, err)
			}
		})
	}
}

func TestAClosedFolderAboveIsNamed(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // the server's user is the caller, who made the folder
	}
	above := filepath.Join(schematest.Dir(t), "closed")
	if err := os.Mkdir(above, 0o700); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(above, "cluster")
	_, err := embedded.Start(t.Context(), embedded.Config{Dir: dir})
	if !errors.Is(err, embedded.ErrClosed) || !strings.Contains(err.Error(), "may not pass "+above+":") {
		t.Errorf("start below a closed folder: %v, want %v naming %s", err, embedded.ErrClosed, above)
	}
	if entries, err := os.ReadDir(above); err != nil || len(entries) != 0 {
		t.Errorf("a refused start left %v (%v)", entries, err)
	}
}

func TestAClusterThatRootCopiedIsGivenToTheServersUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // cannot give files to root
	}
	s := schematest.Cluster(t)
	execute(t, s, makeFigures, addFigures)
	stop(t, s)
	err := filepath.WalkDir(s.Dir(), func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, 0, 0))
	})
	if err != nil {
		t.Fatal(err)
	}
	want(t, start(t, embedded.Config{Dir: s.Dir(), Durable: true}), sumFigures, sum)
}

func TestServerBinariesAreFound(t *testing.T) {
	t.Parallel()
	bin, version, err := embedded.Find()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(bin, "initdb"), "--version").Output()
	if err != nil || !strings.Contains(string(out), "(PostgreSQL) "+version) {
		t.Errorf("Find says %s, initdb in %s says %q (%v)", version, bin, out, err)
	}
	_, err = embedded.Start(t.Context(), embedded.Config{Dir: filepath.Join(schematest.Dir(t), "cluster"), Bin: t.TempDir()})
	if !errors.Is(err, embedded.ErrNotInstalled) || !strings.Contains(err.Error(), "apt-get install postgresql") {
		t.Errorf("start without binaries: %v, want %v and how to install them", err, embedded.ErrNotInstalled)
	}
}

// The places are those of the packagers; the binaries here only say their version.
func TestServersOfEveryPackagerAreFoundNewestFirst(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	put := func(folder, version string, programs ...string) string {
		folder = filepath.Join(root, folder)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		syscall.ForkLock.RLock() // a child made meanwhile would have it open for writing: ETXTBSY
		defer syscall.ForkLock.RUnlock()
		for _, p := range programs {
			says := fmt.Sprintf("#!/bin/sh\necho '%s (PostgreSQL) %s'\n", p, version)
			if err := os.WriteFile(filepath.Join(folder, p), []byte(says), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return folder
	}
	server := []string{"initdb", "postgres"}
	want := []string{
		put("Applications/Postgres.app/Contents/Versions/18/bin", "18.2", server...),
		put("opt/homebrew/opt/postgresql@18/bin", "18.1 (Homebrew)", server...),
		put("usr/local/opt/postgresql@17/bin", "17.6 (Homebrew)", server...),
		put("own/bin", "17.2", server...), // on the path
		put("usr/lib/postgresql16/bin", "16.10", server...),
		put("usr/pgsql-16/bin", "16.9", server...),
		put("usr/lib/postgresql/15/bin", "15.14 (Debian 15.14-0+deb12u1)", server...),
		put("usr/libexec/postgresql14", "14.19", server...),
		put("usr/local/pgsql/bin", "13.22", server...),
	}
	put("usr/lib/postgresql/12/bin", "12.22", server...)
	put("usr/lib/postgresql/19/bin", "19.0", server...)
	put("usr/lib/postgresql/17/bin", "17.6", "psql", "postgres") // no initdb: the server's package is not there
	put("usr/pgsql-18/bin", "18.1", "initdb")
	path := strings.Join([]string{"relative", filepath.Join(root, "nowhere"), filepath.Join(root, "own/bin")}, string(filepath.ListSeparator))
	if got := embedded.Installed(root, path); !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestDurabilityIsAsAskedFor(t *testing.T) {
	t.Parallel()
	for answer, durable := range map[string]bool{"on": true, "off": false} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			s := start(t, embedded.Config{Dir: filepath.Join(schematest.Dir(t), "cluster"), Durable: durable})
			for _, setting := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
				want(t, s, "show "+setting, answer)
			}
			want(t, s, "show data_checksums", "on")
			want(t, s, "show server_encoding", "UTF8")
			want(t, s, "show listen_addresses", "")
			want(t, s, "show timezone", "UTC")
			want(t, s, "select datcollate from pg_database where datname = current_database()", "C")
		})
	}
}

// lines collects what is logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func TestWhatClientsSendIsNotLogged(t *testing.T) {
	t.Parallel()
	var log lines
	s := start(t, embedded.Config{
		Dir:    filepath.Join(schematest.Dir(t), "cluster"),
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	execute(t, s, "create table person (name text primary key)", "insert into person values ('张三')")
	conn := connect(t, s)
	for _, text := range []string{"insert into person values ('张三')", "select '张三'::date", "select 张三", "do $$ begin raise warning '张三'; end $$"} {
		_, err := conn.Exec(t.Context(), text)
		if err == nil && !strings.HasPrefix(text, "do") {
			t.Errorf("%s succeeded", text)
		}
	}
	stop(t, s)
	if got := log.text.String(); strings.Contains(got, "张三") || !strings.Contains(got, "ready to accept connections") {
		t.Errorf("the log quotes a client, or has nothing of the server:\n%s", got)
	}
}

func TestStoppingInAHurryLosesNothing(t *testing.T) {
	t.Parallel()
	s := schematest.Cluster(t)
	execute(t, s, makeFigures, addFigures)
	hurry, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Stop(hurry); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("stop in a hurry: %v, want nil or %v", err, context.Canceled)
	}
	if !gone(s.Pid()) {
		t.Errorf("process %d is there after Stop", s.Pid())
	}
	want(t, start(t, embedded.Config{Dir: s.Dir(), Durable: true}), sumFigures, sum)
}

func TestACancelledStartLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := schematest.Dir(t)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := embedded.Start(cancelled, embedded.Config{Dir: filepath.Join(dir, "cluster")})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled start: %v, want %v", err, context.Canceled)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 0 {
		t.Errorf("a cancelled start left %v (%v)", entries, err)
	}
}
