package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sys/unix"

	"zhucan/cmd/zhucan/access"
	"zhucan/cmd/zhucan/document"
	"zhucan/events"
	"zhucan/events/natslog"
	"zhucan/events/seal"
	"zhucan/ledger"
	"zhucan/projections"
	"zhucan/projections/books"
	"zhucan/projections/budgets"
	"zhucan/projections/cases"
	"zhucan/projections/indicators"
	"zhucan/projections/levies"
	"zhucan/projections/vault"
	"zhucan/schema"
	"zhucan/schema/embedded"
)

// bookCode is the province whose book this is: 吉林省 (GB/T 2260).
const bookCode = "220000"

// ErrInUse refuses a data folder that another process holds.
var ErrInUse = &ledger.Rejection{
	Code: "data-in-use", Rule: "one process writes a data folder", RuleZH: "同一数据目录只能由一个进程使用",
	Next: "stop the other process, or use another --data folder", NextZH: "请停止另一进程，或使用其他 --data 目录",
}

// A serverFile tells other processes of the same machine how to reach the server
// of a data folder. It is readable by its owner only.
type serverFile struct {
	HTTP      string    `json:"http"`
	NATS      string    `json:"nats"`
	NATSToken string    `json:"nats_token"`
	PID       int       `json:"pid"`
	Postgres  string    `json:"postgres"`
	Started   time.Time `json:"started"`
	Token     string    `json:"token"`
	Version   string    `json:"version"`
}

// Stores are the log, the database and the keys of a data folder: those of the
// server that runs on it, or started for this process and stopped by close.
type stores struct {
	dir     string
	js      jetstream.JetStream
	log     *natslog.Log
	papers  *document.Keeper // documents of claims
	pool    *pgxpool.Pool
	vault   *vault.Vault
	runner  *projections.Runner
	access  *access.Access
	server  *serverFile // when another process serves the folder
	mine    serverFile  // how this process's stores are reached, when it started them
	fatal   <-chan error
	closers []func()
}

func (s *stores) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
	s.closers = nil
}

func (s *stores) onClose(f func()) { s.closers = append(s.closers, f) }

func (p *program) logger() *slog.Logger {
	if !p.verbose {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(p.stderr, nil))
}

// open opens the stores of the data folder: through the server that runs on it,
// or by starting what is missing under the folder's lock.
func (p *program) open(ctx context.Context) (*stores, error) {
	s := &stores{dir: p.data}
	err := p.openInto(ctx, s)
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (p *program) openInto(ctx context.Context, s *stores) error {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	lock, err := lockFolder(s.dir)
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		if s.server, err = readServerFile(s.dir); err != nil {
			return ErrInUse.Of("%s: %v", s.dir, err)
		}
	case err != nil:
		return err
	default:
		s.onClose(func() { unlockFolder(lock) })
	}
	if err := p.openLog(ctx, s); err != nil {
		return err
	}
	if err := p.openDatabase(ctx, s); err != nil {
		return err
	}
	if s.access, err = access.Open(filepath.Join(s.dir, "access.json")); err != nil {
		return err
	}
	master, err := masterKey(filepath.Join(s.dir, "keys", "master.key"))
	if err != nil {
		return err
	}
	s.vault = vault.New(s.pool, master)
	s.papers.Vault, s.papers.DB = s.vault, s.pool
	s.runner = projections.New(s.pool, s.log, projectorConfig(projections.Config{Logger: p.logger(), Step: p.step}))
	return nil
}

// projectorConfig adds the read models of the program to a configuration.
func projectorConfig(c projections.Config) projections.Config {
	c.Projections = []projections.Projection{books.New(), cases.New(), budgets.New(), levies.New(), indicators.New()}
	return c
}

// lockFolder takes the lock of a data folder; it is given back when the file is
// closed or the process ends, however it ends.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	return f, nil
}

// unlockFolder gives the lock back at once: a process that is being started shares
// the open file until it has become itself.
func unlockFolder(f *os.File) {
	_ = unix.Flock(int(f.Fd()), unix.LOCK_UN) // closing does it too, later
	f.Close()
}

func readServerFile(dir string) (*serverFile, error) {
	b, err := os.ReadFile(filepath.Join(dir, "server.json"))
	if err != nil {
		return nil, err
	}
	var f serverFile
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("read server.json: %w", err)
	}
	return &f, nil
}

func (s *stores) writeServerFile() error {
	b, err := json.Marshal(s.mine, jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	path := filepath.Join(s.dir, "server.json")
	if err := os.WriteFile(path+".new", append(b, '\n'), 0o600); err != nil {
		return err
	}
	s.onClose(func() { os.Remove(path) })
	return os.Rename(path+".new", path)
}

// logFolder is where in the data folder the log's server keeps its files.
const logFolder = "nats"

// openLog connects to the log: the external server of --nats, the server that
// serves the folder, or one started here.
func (p *program) openLog(ctx context.Context, s *stores) error {
	var nc *nats.Conn
	var started *natslog.Server
	var files string // of a server in another process, where they are at hand
	var err error
	switch {
	case p.nats != "":
		s.mine.NATS = p.nats
		nc, err = natslog.Connect(p.nats, p.logger())
	case s.server != nil:
		if s.server.NATSToken != "" { // it started the log's server too, in the folder
			files = filepath.Join(s.dir, logFolder)
		}
		nc, err = natslog.Connect(s.server.NATS, p.logger(), nats.Token(s.server.NATSToken))
	default:
		token := newToken()
		server, serverErr := natslog.StartServer(ctx, natslog.ServerConfig{
			Dir: filepath.Join(s.dir, logFolder), Listen: "127.0.0.1:-1", Token: token, Logger: p.logger(),
		})
		if serverErr != nil {
			return fmt.Errorf("start the log's server: %w", serverErr)
		}
		started = server
		s.onClose(server.Shutdown)
		s.mine.NATS, s.mine.NATSToken = server.ClientURL(), token
		nc, err = server.Connect()
	}
	if err != nil {
		return fmt.Errorf("connect to the log: %w", err)
	}
	s.onClose(nc.Close)
	if s.js, err = jetstream.New(nc); err != nil {
		return fmt.Errorf("connect to the log: %w", err)
	}
	if s.log, err = natslog.Open(ctx, s.js, natslog.Config{Book: bookCode, Server: started, Dir: files, Logger: p.logger()}); err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	store, err := s.log.Documents(ctx)
	if err != nil {
		return fmt.Errorf("open the store of documents: %w", err)
	}
	s.papers = &document.Keeper{Store: store, Max: p.maxDocument << 20}
	return nil
}

// openDatabase connects to the database: the external one of --postgres, that of
// the server that serves the folder, or one started here.
func (p *program) openDatabase(ctx context.Context, s *stores) error {
	url := p.postgres
	switch {
	case url != "":
	case s.server != nil:
		url = s.server.Postgres
	default:
		server, err := embedded.Start(ctx, embedded.Config{Dir: filepath.Join(s.dir, "postgres"), Durable: true, Logger: p.logger()})
		if err != nil {
			return fmt.Errorf("start the database: %w", err)
		}
		s.onClose(func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
			defer cancel()
			if err := server.Stop(ctx); err != nil {
				p.logger().Warn("stop the database", slog.Any("error", err))
			}
		})
		s.fatal, url = server.Done(), server.URL()
	}
	s.mine.Postgres = url
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	cfg.MaxConns = 12
	if s.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	s.onClose(s.pool.Close)
	if s.server != nil {
		return nil
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer conn.Release()
	if err := schema.Migrate(ctx, conn.Conn()); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}

// masterKey loads the key that wraps the keys of persons, and makes it when the
// folder is new. It lies outside the database, so that a copy of the database
// alone opens nothing.
func masterKey(path string) (*seal.Master, error) {
	master, err := seal.LoadMaster(path)
	if errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("make the folder of keys: %w", err)
		}
		master, err = seal.CreateMaster(path)
	}
	if err != nil {
		return nil, fmt.Errorf("load the master key: %w", err)
	}
	return master, nil
}

func newToken() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

// A submitter has commands decided: an appender of this process, or the server's.
type submitter interface {
	SubmitAll(ctx context.Context, rs []events.Request) ([]events.Receipt, error)
}

// submitter returns who decides commands for this folder, and a function that
// stops it. Nothing is ordered as of a day or a record: what is asked for would be dated today.
func (p *program) submitter(ctx context.Context, s *stores) (submitter, func(), error) {
	if p.asOf != "" || p.knownBy != "" {
		return nil, nil, usage("--as-of and --known-by are for what is read; the day of an order is --on")
	}
	if s.server != nil {
		return &remote{base: "http://" + s.server.HTTP, token: s.server.Token}, func() {}, nil
	}
	if err := p.catchUp(ctx, s); err != nil {
		return nil, nil, err
	}
	a := events.NewAppender(s.log, events.Config{Book: bookCode, Documents: s.papers.Store, Logger: p.logger(), Today: p.today, Step: p.step})
	if _, err := a.Load(ctx); err != nil {
		return nil, nil, fmt.Errorf("load the book: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	return a, func() { cancel(); <-done }, nil
}

// ErrDamaged refuses to write behind a log that is not the one the second copy
// knows: numbers would be used a second time.
var ErrDamaged = &ledger.Rejection{
	Code: "log-damaged", Rule: "nothing is written behind a log that has lost records or has another history than the second copy", RuleZH: "日志缺失或与第二副本不一致时不得写入",
	Next: "run zhucan verify; if only the end is lost, zhucan event restore; otherwise restore the log from a backup", NextZH: "请运行 zhucan verify；若仅末尾缺失，可用 zhucan event restore；否则请从备份恢复日志",
}

// whole turns the halts of a projection that concern the log itself into a refusal
// to write. The others concern the read models, and what is written waits for
// them.
func whole(err error) error {
	halt, halted := errors.AsType[*projections.Halt](err)
	if !halted {
		return err
	}
	switch halt.Reason {
	case projections.Behind, projections.Fork, projections.Gap:
		return ErrDamaged.Of("%v", halt)
	}
	return nil
}

// catchUp projects what the log holds, and destroys the keys that a crash or a
// restored vault left of erased persons, before anything more is written
// (个人信息保护法 art. 47). Read models that stand still have no say in writing.
func (p *program) catchUp(ctx context.Context, s *stores) error {
	err := s.runner.CatchUp(ctx)
	if err == nil {
		return p.destroyErased(ctx, s)
	}
	return whole(err)
}

// order makes the order of a command given on the command line.
func (p *program) order(s *stores, id ledger.CommandID, on ledger.Date) (ledger.Order, error) {
	return p.orderAs(s, "", id, on)
}

// orderAs is order in the name of another actor; empty: that of the command line.
func (p *program) orderAs(s *stores, as ledger.ActorID, id ledger.CommandID, on ledger.Date) (ledger.Order, error) {
	if as == "" {
		as = ledger.ActorID(p.actor)
	}
	actor, err := s.access.Actor(as)
	if err != nil {
		return ledger.Order{}, err
	}
	if id == "" {
		id = ledger.CommandID(newULID(p.now()))
	}
	if on.IsZero() {
		on = p.today()
	}
	return ledger.Order{ID: id, By: actor, On: on}, nil
}
