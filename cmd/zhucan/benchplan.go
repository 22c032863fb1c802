package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/cmd/zhucan/bench"
	"zhucan/cmd/zhucan/sampledata"
	"zhucan/ledger"
	"zhucan/projections/report"
	"zhucan/schema"
)

// planRows are how many rows the levy and a roster have beside a province of a scale.
var planRows = map[sampledata.Scale]struct{ levy, roster int }{
	sampledata.Small:     {50_000, 2_000},
	sampledata.Year:      {1_000_000, 100_000},
	sampledata.FiveYears: {1_000_000, 100_000},
}

// benchPlan measures what the plan asks for: the levy, a roster, and a province that comes
// in as its counties would send it. Each command is a process of its own.
func (p *program) benchPlan(ctx context.Context, scale sampledata.Scale, say func(bench.Figure)) error {
	for _, measure := range []func(context.Context, sampledata.Scale, func(bench.Figure)) error{p.benchLevy, p.benchRoster, p.benchProvince} {
		if err := measure(ctx, scale, say); err != nil {
			return err
		}
	}
	return nil
}

// benchLevy computes the levy on one processor.
func (p *program) benchLevy(ctx context.Context, scale sampledata.Scale, say func(bench.Figure)) error {
	rows := planRows[scale].levy
	path := filepath.Join(p.data, "employers.csv")
	if err := create(path, func(w io.Writer) error { return bench.Employers(w, rows) }); err != nil {
		return err
	}
	var out lines
	spent, peak, err := p.child(ctx, &out, []string{"GOMAXPROCS=1"}, "levy", "compute", path)
	if err == nil && int(out) != rows+1 {
		err = fmt.Errorf("levy compute wrote %d lines of %d", out, rows+1)
	}
	if err != nil {
		return err
	}
	raw, err := bench.CopyCSV(path)
	if err != nil {
		return err
	}
	say(perRow("levy_compute", rows, spent, raw, fmt.Sprintf("one processor, %.1f s in all, peak memory %d MB; raw: the rows read as CSV and written again", spent.Seconds(), peak>>20)))
	return os.Remove(path)
}

// perRow is a figure of rows that took ours, and raw without us.
func perRow(name string, rows int, ours, raw time.Duration, note string) bench.Figure {
	return bench.Figure{
		Name: name, Unit: "rows/s", Value: float64(rows) / ours.Seconds(), Raw: float64(rows) / raw.Seconds(), Ratio: raw.Seconds() / ours.Seconds(), Events: rows, Note: note,
	}
}

// benchRoster imports a workbook of applications into an empty book, read models included.
func (p *program) benchRoster(ctx context.Context, scale sampledata.Scale, say func(bench.Figure)) error {
	q := *p
	q.data = filepath.Join(p.data, "roster")
	rows, pack, book := planRows[scale].roster, filepath.Join(p.data, "policy"), filepath.Join(p.data, "roster.xlsx")
	folder, err := fs.Sub(schema.Files, "policy/sample")
	if err == nil {
		err = os.CopyFS(pack, folder)
	}
	if err == nil {
		err = create(book, func(w io.Writer) error { return sampledata.Roster(w, rows) })
	}
	if err != nil {
		return err
	}
	if _, _, err := q.child(ctx, io.Discard, nil, "import", "policy", pack); err != nil {
		return err
	}
	var answer bytes.Buffer
	spent, peak, err := q.child(ctx, &answer, nil, "import", "applications", book, "--output", "json")
	if err != nil {
		return err
	}
	var got imported
	if err := json.Unmarshal(answer.Bytes(), &got); err != nil || got.Accepted != rows {
		return fmt.Errorf("of a roster %d rows of %d were accepted: %w", got.Accepted, rows, err)
	}
	raw, err := q.rawImport(ctx)
	if err != nil {
		return err
	}
	say(perRow("import_roster", rows, spent, raw, fmt.Sprintf("xlsx, %.1f s in all, both servers started, read models up to date; peak memory %d MB; raw: its %d records in atomic batches, then COPY of its rows", spent.Seconds(), peak>>20, got.Seq)))
	return os.RemoveAll(q.data)
}

// rawImport returns how long it takes to publish as many messages as there are records,
// and then to copy what they become.
func (p *program) rawImport(ctx context.Context) (time.Duration, error) {
	s, err := p.open(ctx)
	if err != nil {
		return 0, err
	}
	defer s.close()
	m, err := p.gauge(ctx, s, nil)
	if err != nil {
		return 0, err
	}
	messages, err := bench.NewRaw(ctx, s.js, s.log, bookCode)
	if err != nil {
		return 0, err
	}
	spent, err := m.timed(ctx, func() error { _, err := messages.Batches(ctx, m.events); return err })
	if err != nil {
		return 0, err
	}
	err = s.apart(ctx, "bench", func(pool *pgxpool.Pool) error {
		tape := &bench.Tape{}
		if _, err := m.project(ctx, pool, tape.Tap); err != nil {
			return err
		}
		copied, err := m.copy(ctx, tape, pool, true)
		spent += copied
		return err
	})
	return spent, err
}

// benchProvince takes in a province, then asks for its indicators, builds its read models
// anew and verifies its log.
func (p *program) benchProvince(ctx context.Context, scale sampledata.Scale, say func(bench.Figure)) error {
	q := *p
	q.data = filepath.Join(p.data, "province")
	spent, peak, err := q.child(ctx, io.Discard, nil, "demo", "--scale", string(scale), "--once", "--listen", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var truth sampledata.Truth
	text, err := os.ReadFile(filepath.Join(q.data, "province-"+string(scale), "truth.json"))
	if err == nil {
		err = json.Unmarshal(text, &truth)
	}
	if err != nil {
		return err
	}
	say(bench.Figure{
		Name: "import_province", Unit: "events/s", Value: float64(truth.Events) / spent.Seconds(), Events: truth.Events,
		Note: fmt.Sprintf("%d files through a program that serves, read models, indicators and verify included, %.0f s in all, peak memory %d MB", len(truth.Steps), spent.Seconds(), peak>>20),
	})

	s, err := q.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	m, err := q.gauge(ctx, s, say)
	if err != nil {
		return err
	}
	if err := m.indicators(ctx, truth.AsOf); err != nil {
		return err
	}
	if err := m.rebuild(ctx); err != nil {
		return err
	}
	return m.verify(ctx)
}

// indicators measures the list of every target, beside counting the facts and payments
// that it is made of.
func (m gauge) indicators(ctx context.Context, day string) error {
	on, err := ledger.ParseDate(day)
	if err != nil {
		return err
	}
	var ours, limit []time.Duration
	for range turns {
		if err := m.settle(ctx); err != nil {
			return err
		}
		begin := time.Now()
		got, err := report.ListIndicators(ctx, m.s.pool, report.Ask{Cut: report.Cut{AsOf: on}})
		if err != nil {
			return err
		}
		if len(got.Indicators) == 0 {
			return errors.New("there are no indicators")
		}
		ours = append(ours, time.Since(begin))
		begin = time.Now()
		if err := bench.Count(ctx, m.s.pool, "read.fact", "read.payment"); err != nil {
			return err
		}
		limit = append(limit, time.Since(begin))
	}
	one, raw := bench.MedianOf(ours), bench.MedianOf(limit)
	m.say(bench.Figure{
		Name: "indicators", Unit: "ms", Value: bench.Milliseconds(one), Raw: bench.Milliseconds(raw), Ratio: float64(raw) / float64(one), Events: m.events,
		Note: "every target of the plan as of a day, median; raw: counting the facts and the payments",
	})
	return nil
}

// child runs a command of this program in a process of its own, on the folder and the servers
// of p whatever the environment says, and returns how long it took and the most memory in
// bytes that a process of it had.
func (p *program) child(ctx context.Context, stdout io.Writer, env []string, args ...string) (time.Duration, int64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, 0, err
	}
	c := exec.CommandContext(ctx, self, append(args, "--data", p.data, "--nats", p.nats, "--postgres", p.postgres, "--lang", p.lang)...)
	// On an interrupt it stops its own servers; killed, it would leave them.
	c.Cancel, c.WaitDelay = func() error { return c.Process.Signal(os.Interrupt) }, time.Minute
	var said bytes.Buffer
	c.Stdout, c.Stderr, c.Env = stdout, &said, append(os.Environ(), env...)
	begin := time.Now()
	if err := c.Run(); err != nil {
		last := said.String()[max(0, said.Len()-1000):]
		return 0, 0, fmt.Errorf("zhucan %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(last))
	}
	spent, peak := time.Since(begin), int64(0)
	if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		if peak = usage.Maxrss; runtime.GOOS == "linux" {
			peak <<= 10
		}
	}
	return spent, peak, nil
}

// lines counts the lines that are written to it.
type lines int

func (n *lines) Write(b []byte) (int, error) {
	*n += lines(bytes.Count(b, []byte("\n")))
	return len(b), nil
}

func create(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
