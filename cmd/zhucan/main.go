// Command zhucan (助残账本) is an event-sourced ledger for disability-employment
// subsidies and the Disability Employment Security Fund (残疾人就业保障金).
//
// Each file beside this one holds one verb or one family of verbs: flags, a call,
// and how the answer is printed. Stores are opened in stores.go, answers printed
// in output.go. Exit codes: 0 done, 1 fault, 2 refused, 3 a check found something.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"zhucan/cmd/zhucan/document"
	"zhucan/ledger"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	collectLess(os.Getenv)
	oneMore(os.Getenv)
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

// oneMore has one goroutine more run at a time than there are processors: what feeds Postgres
// has little to do, and must not wait for its turn behind those that decode and fold, or
// Postgres waits too. The kernel gives it its turn at once. Go's own variable goes before.
func oneMore(getenv func(string) string) {
	if getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}

// spare is what the heap may grow to before it is collected more often than it must be. The
// whole program then takes less than a GiB with a million events.
const spare = 832 << 20

// collectLess lets the heap grow to spare before it is collected: the book is long-lived,
// holds next to no pointers, and the rest is short-lived. Of a book that takes half of that
// the heap may grow to twice its size, as is usual: a limit that it comes near would have
// it collected without end. Go's own variables go before.
func collectLess(getenv func(string) string) {
	if getenv("GOGC") != "" || getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(spare)
	go func() {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		for range time.Tick(time.Second) {
			if metrics.Read(live); live[0].Value.Uint64() > spare/2 {
				debug.SetGCPercent(100)
				debug.SetMemoryLimit(math.MaxInt64)
				return
			}
		}
	}()
}

// errFound is what a check returns that ran and found something: exit code 3. What
// it found has been printed.
var errFound = errors.New("the check found something")

// run is the whole program. It returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr, now: time.Now}
	return p.run(ctx, args)
}

func (p *program) run(ctx context.Context, args []string) int {
	root := p.command()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch r, _ := ledger.Refused(err); {
	case err == nil:
		return 0
	case errors.Is(err, errFound):
		return 3
	case r != nil:
		p.printError(err)
		return 2
	default:
		p.printError(err)
		return 1
	}
}

// A program is one run of the command: its surroundings and its global flags.
type program struct {
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
	step           func(string) // told each step of append and projection; tests end the process there

	data     string
	nats     string
	postgres string
	lang     string
	output   string
	asOf     string
	knownBy  string
	actor    string
	verbose  bool

	maxDocument int    // MiB
	profiles    string // folder for CPU profiles of bench
}

// ErrUsage refuses a command line that cannot be understood.
var ErrUsage = &ledger.Rejection{
	Code: "usage", Rule: "a command line has a known verb, its arguments and known flags", RuleZH: "命令、参数和选项须正确",
	Next: "see --help", NextZH: "请查看 --help",
}

func usage(format string, args ...any) error { return ErrUsage.Of(format, args...) }

func (p *program) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "zhucan",
		Short: "助残账本: an audited ledger for disability-employment subsidies",
		Long: `zhucan (助残账本) records subsidy payments as immutable events in NATS JetStream,
projects them into Postgres, and proves that the books follow from the events.

With nothing but a data folder it runs both servers itself. With --nats and
--postgres (or ZHUCAN_NATS, ZHUCAN_POSTGRES) it uses servers of your own.`,
		Example:       "  zhucan demo\n  zhucan trial-balance\n  zhucan verify",
		Args:          args(cobra.NoArgs),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
	}
	env := func(name, otherwise string) string {
		if v := p.getenv(name); v != "" {
			return v
		}
		return otherwise
	}
	f := root.PersistentFlags()
	f.StringVar(&p.data, "data", env("ZHUCAN_DATA", "data"), "data `folder`: log, database, keys")
	f.StringVar(&p.nats, "nats", env("ZHUCAN_NATS", ""), "`URL` of a NATS server to use instead of the built-in one")
	f.StringVar(&p.postgres, "postgres", env("ZHUCAN_POSTGRES", ""), "`URL` of a Postgres database to use instead of a private one")
	f.StringVar(&p.lang, "lang", env("ZHUCAN_LANG", "zh"), "`zh` or en")
	f.StringVarP(&p.output, "output", "o", "table", "`form` of the answer: table, csv or json")
	f.Var((*given)(&p.asOf), "as-of", "accounting `date` up to which entries count (2006-01-02)")
	f.Var((*given)(&p.knownBy), "known-by", "`sequence` or time up to which what was recorded counts (500, 2023-05-31T18:00)")
	f.StringVar(&p.actor, "as", env("ZHUCAN_ACTOR", "local"), "`actor` who gives the order")
	f.IntVar(&p.maxDocument, "max-document", megabytes(env("ZHUCAN_MAX_DOCUMENT", "16")), "most `MiB` of a document of a claim, 1 to 64")
	f.BoolVarP(&p.verbose, "verbose", "v", false, "log what the servers say")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage("%v", err) })
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		switch {
		case p.output != "table" && p.output != "csv" && p.output != "json":
			return usage("--output %q is not table, csv or json", p.output)
		case p.lang != "zh" && p.lang != "en":
			return usage("--lang %q is not zh or en", p.lang)
		case p.maxDocument < 1 || p.maxDocument > document.MostSize>>20:
			return usage("--max-document (ZHUCAN_MAX_DOCUMENT) is a number of MiB from 1 to %d", document.MostSize>>20)
		}
		return nil
	}
	root.AddCommand(
		p.serveCommand(), p.demoCommand(), p.sampleDataCommand(), p.statusCommand(), p.doctorCommand(), p.accessCommand(),
		p.importCommand(), p.policyCommand(), p.levyCommand(), p.idCommand(), p.indicatorCommand(), p.achievementCommand(),
		p.balanceCommand(), p.trialBalanceCommand(), p.registerCommand(), p.traceCommand(), p.eventCommand(),
		p.claimCommand(), p.paymentCommand(), p.periodCommand(), p.partyCommand(), p.suspectsCommand(),
		p.correctCommand(), p.replayCommand(), p.checkpointCommand(), p.verifyCommand(), p.benchCommand(), p.codesCommand(),
	)
	return root
}

// megabytes is a number, or 0 for what is none.
func megabytes(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// given is a flag that says something where it is there: an empty day of a script would count everything.
type given string

func (g *given) String() string { return string(*g) }
func (g *given) Type() string   { return "string" }
func (g *given) Set(text string) error {
	if text == "" {
		return errors.New("nothing is given")
	}
	*g = given(text)
	return nil
}

// args wraps an argument check so that its error is a refusal of usage.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usage("%s: %v", cmd.CommandPath(), err)
		}
		return nil
	}
}

// group is a verb that only holds others.
func group(use, short string, verbs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: args(cobra.NoArgs), RunE: func(cmd *cobra.Command, _ []string) error {
		return usage("%s needs one of its verbs", cmd.CommandPath())
	}}
	c.AddCommand(verbs...)
	return c
}

// asOfDate is the date of --as-of, or the zero Date.
func (p *program) asOfDate() (ledger.Date, error) {
	if p.asOf == "" {
		return ledger.Date{}, nil
	}
	return ledger.ParseDate(p.asOf)
}

// today is the day of the machine's clock in China, where the books are kept.
func (p *program) today() ledger.Date { return ledger.DayOf(p.now()) }

// dayOr is a day, or today where none is given.
func (p *program) dayOr(d ledger.Date) ledger.Date { return cmp.Or(d, p.today()) }

// version is the module version the program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			v = fmt.Sprintf("%s (%s)", v, s.Value[:12])
		}
	}
	return v
}
