package projections

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/events"
	"zhucan/events/merkle"
	"zhucan/projections/archive"
)

// A session is a time during which this runner is the active one, on one
// connection that holds the lock. Any fault ends it; the next one begins with what
// the database says.
type session struct {
	r       *Runner
	conn    *pgxpool.Conn
	targets []target // as they are known to be in meta.read_model, by name
}

// begin takes the lock, raises the epoch and checks that log and checkpoints fit.
func (r *Runner) begin(ctx context.Context) (*session, error) {
	conn, err := r.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	begun := false
	defer func() {
		if !begun {
			free(ctx, conn)
		}
	}()
	ok, err := try(ctx, conn, tryRunner, pgx.NamedArgs{"class": lockRunner})
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrNotActive
	}
	if err := r.first(ctx, conn); err != nil {
		return nil, err
	}
	s := &session{r: r, conn: conn}
	all, err := targets(ctx, conn, takeOver, nil)
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		switch {
		case t.archive() || t.Fold == r.fold:
			s.targets = append(s.targets, t)
		case t.Status == "serving":
			return nil, &Halt{FoldChanged, t.Seq, fmt.Sprintf("version %s was made by fold %s, this program has %s: rebuild under another name and switch", t.Name, t.Fold, r.fold)}
		}
	}
	slices.SortFunc(s.targets, byName)
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, clearHalt); err != nil {
		return nil, fmt.Errorf("clear the halt: %w", err)
	}
	begun = true
	return s, nil
}

func byName(a, b target) int {
	if a.Name < b.Name {
		return -1
	}
	return 1
}

// first makes the archive's checkpoint and, in a database without any read model
// being served, the first version, empty: the archive begins there too.
func (r *Runner) first(ctx context.Context, conn *pgxpool.Conn) error {
	var empty merkle.Frontier
	root := empty.Root()
	if _, err := conn.Exec(ctx, ensureArchive, pgx.NamedArgs{"root": root[:]}); err != nil {
		return fmt.Errorf("make the archive's checkpoint: %w", err)
	}
	all, err := targets(ctx, conn, listTargets, nil)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(t target) bool { return t.Status == "serving" }) {
		return nil
	}
	if !slices.ContainsFunc(all, func(t target) bool { return t.Name == r.cfg.Version && t.Status == "ready" }) {
		if err := r.rebuild(ctx, r.cfg.Version, 0, "ready"); err != nil {
			return err
		}
	}
	return r.Switch(ctx, r.cfg.Version)
}

// recheck is how many records in front of the checkpoint are read again at the
// start. A log that has lost its tail and grown again differs there.
const recheck = 64

// check compares the log with the archive at the checkpoints: its length, and the
// records in front of the newest one.
func (s *session) check(ctx context.Context) error {
	last, err := s.r.log.Last(ctx)
	if err != nil {
		return fmt.Errorf("read the log's last number: %w", err)
	}
	var archived target
	for _, t := range s.targets {
		if t.Seq > last {
			return &Halt{Behind, t.Seq, fmt.Sprintf("%s is at %d, the log ends at %d", t.Name, t.Seq, last)}
		}
		if t.archive() {
			archived = t
		}
	}
	if archived.Seq == 0 {
		return nil
	}
	after := archived.Seq - min(recheck, archived.Seq)
	leaves, err := archivedLeaves(ctx, s.conn, after, archived.Seq)
	if err != nil {
		return err
	}
	var scratch []byte
	seq := after
	for r, err := range upTo(s.r.log.Read(ctx, after), archived.Seq) {
		if err != nil {
			return interpret(err, seq)
		}
		seq = r.Seq
		var leaf merkle.Hash
		if leaf, scratch = r.Leaf(scratch); leaves[seq] != leaf {
			return &Halt{Fork, seq, fmt.Sprintf("the log has leaf %s, the archive %s", leaf, leaves[seq])}
		}
	}
	if seq != archived.Seq {
		return &Halt{Behind, archived.Seq, fmt.Sprintf("the log ends at %d", seq)}
	}
	tree, err := frontierAt(ctx, s.conn, archived.Seq)
	if err != nil {
		return err
	}
	return checkRoot(archived, tree)
}

func archivedLeaves(ctx context.Context, db querier, after, upto uint64) (map[uint64]merkle.Hash, error) {
	rows, err := db.Query(ctx, selectArchived, pgx.NamedArgs{"after": after, "upto": upto})
	if err != nil {
		return nil, fmt.Errorf("read archived leaves: %w", err)
	}
	leaves := make(map[uint64]merkle.Hash)
	var (
		seq  int64
		leaf []byte
	)
	_, err = pgx.ForEachRow(rows, []any{&seq, &leaf}, func() error {
		leaves[uint64(seq)] = merkle.Hash(leaf)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read archived leaves: %w", err)
	}
	return leaves, nil
}

// A group is targets that stand at one checkpoint and are written together.
type group struct {
	names   []string
	schemas []string // of the read models among them
	archive bool
	tree    merkle.Frontier // up to the checkpoint
}

// level brings the targets that lag behind others to one checkpoint, the furthest
// behind first, and returns them as one group.
func (s *session) level(ctx context.Context) (*group, error) {
	for {
		seqs := make([]uint64, len(s.targets))
		for i, t := range s.targets {
			seqs[i] = t.Seq
		}
		slices.Sort(seqs)
		seqs = slices.Compact(seqs)
		g := &group{}
		for _, t := range s.targets {
			if t.Seq != seqs[0] {
				continue
			}
			g.names = append(g.names, t.Name)
			if t.archive() {
				g.archive = true
				continue
			}
			schema, err := schemaOf(t.Name)
			if err != nil {
				return nil, err
			}
			g.schemas = append(g.schemas, schema)
		}
		// The archive is a target itself, so it has everything up to the lowest
		// checkpoint.
		tree, err := frontierAt(ctx, s.conn, seqs[0])
		if err != nil {
			return nil, err
		}
		g.tree = tree
		for _, t := range s.targets {
			if t.Seq == seqs[0] {
				if err := checkRoot(t, tree); err != nil {
					return nil, err
				}
			}
		}
		if len(seqs) == 1 {
			s.r.projected(seqs[0])
			return g, nil
		}
		if err := s.follow(ctx, g, upTo(s.r.log.Read(ctx, seqs[0]), seqs[1])); err != nil {
			return nil, err
		}
		if g.tree.Size() != seqs[1] {
			return nil, &Halt{Behind, seqs[1], fmt.Sprintf("the log ends at %d", g.tree.Size())}
		}
	}
}

// follow writes what src yields until it ends.
func (s *session) follow(ctx context.Context, g *group, src iter.Seq2[events.Record, error]) error {
	f := &folder{r: s.r, tree: g.tree, models: len(g.schemas) > 0, archive: g.archive}
	for c := range f.chunks(ctx, src, s.r.cfg.Live) {
		if c.err != nil {
			return c.err
		}
		err := s.write(ctx, g, c)
		if deterministic(err) {
			err = s.bisect(ctx, g, c.records)
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// bisect writes records in ever smaller parts, in their order, until the one that
// cannot be written is alone. What comes before it has its effect.
func (s *session) bisect(ctx context.Context, g *group, records []events.Recorded) error {
	f := &folder{r: s.r, tree: g.tree, models: len(g.schemas) > 0, archive: g.archive}
	c := f.empty()
	if _, err := f.fold(c, records); err != nil {
		return err
	}
	err := s.write(ctx, g, c)
	switch {
	case !deterministic(err):
		return err
	case len(records) == 1:
		return &Halt{Poison, records[0].Seq, fmt.Sprintf("%s: %v", records[0].Name, err)}
	}
	half := len(records) / 2
	if err := s.bisect(ctx, g, records[:half]); err != nil {
		return err
	}
	return s.bisect(ctx, g, records[half:])
}

// write writes a chunk and moves the checkpoints of the group, in one transaction.
func (s *session) write(ctx context.Context, g *group, c *chunk) error {
	tx, err := s.conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	s.r.cfg.Step("chunk-begin")
	if err := s.unmoved(ctx, tx); err != nil {
		return err
	}
	if c.archive != nil {
		a := Copy{Table: archive.Table, Columns: archive.Columns, Rows: c.archive.Rows(), Data: c.archive.Bytes()}
		if err := s.r.send(ctx, tx, a, ""); err != nil {
			return err
		}
	}
	for _, schema := range g.schemas {
		if err := s.r.copyRows(ctx, tx, schema, c.rows.tables, ""); err != nil {
			return err
		}
		s.r.cfg.Step("copied")
		if err := s.r.change(ctx, tx, schema, c.rows.tables); err != nil {
			return err
		}
	}
	s.r.cfg.Step("written")
	root := c.after.Root()
	tag, err := tx.Exec(ctx, advance, pgx.NamedArgs{
		"from": c.before.Size(), "to": c.last(), "root": root[:], "names": g.names, "epoch": s.targets[0].Epoch,
	})
	if err != nil {
		return fmt.Errorf("move the checkpoint to %d: %w", c.last(), err)
	}
	if int(tag.RowsAffected()) != len(g.names) {
		return fmt.Errorf("%w: %d checkpoints of %d moved", errMoved, tag.RowsAffected(), len(g.names))
	}
	s.r.cfg.Step("checkpointed")
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit up to %d: %w", c.last(), err)
	}
	for i := range s.targets {
		if slices.Contains(g.names, s.targets[i].Name) {
			s.targets[i].Seq, s.targets[i].Root = c.last(), root[:]
		}
	}
	g.tree = c.after
	s.r.wrote(s, c)
	s.r.cfg.Step("committed")
	return nil
}

// unmoved locks the checkpoints and makes sure that they are those of this
// session.
func (s *session) unmoved(ctx context.Context, tx pgx.Tx) error {
	all, err := targets(ctx, tx, lockTargets, nil)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(t target) bool { return !t.archive() && t.Fold != s.r.fold })
	if len(all) != len(s.targets) {
		return errMoved
	}
	for i, t := range all {
		if own := s.targets[i]; t.Name != own.Name || t.Epoch != own.Epoch || t.Seq != own.Seq {
			return fmt.Errorf("%w: %s is at %d in epoch %d, not at %d in epoch %d", errMoved, t.Name, t.Seq, t.Epoch, own.Seq, own.Epoch)
		}
	}
	return nil
}

// end gives the lock back.
func (s *session) end(ctx context.Context) {
	free(ctx, s.conn)
	s.conn = nil
}

// moved tells that a session ended because the read models changed under it.
func moved(err error) bool { return errors.Is(err, errMoved) }
