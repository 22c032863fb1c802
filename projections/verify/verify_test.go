package verify_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"zhucan/events"
	"zhucan/events/memlog"
	"zhucan/events/merkle"
	"zhucan/ledger"
	"zhucan/ledger/journal"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/payment"
	"zhucan/projections"
	"zhucan/projections/books"
	"zhucan/projections/budgets"
	"zhucan/projections/cases"
	"zhucan/projections/indicators"
	"zhucan/projections/levies"
	"zhucan/projections/report"
	"zhucan/projections/sampletest"
	"zhucan/projections/verify"
	"zhucan/schema"
	"zhucan/schema/schematest"
)

func TestMain(m *testing.M) { schematest.Main(m, schema.Migrate) }

func runner(pool *pgxpool.Pool, log events.Log) *projections.Runner {
	return projections.New(pool, log, projections.Config{Projections: []projections.Projection{books.New(), cases.New(), budgets.New(), levies.New(), indicators.New()}})
}

const origin = "zhucan.test/book/220000"

// book is a story that is projected, with a signed checkpoint at record 40 and one
// at the end.
func book(t testing.TB) (*sampletest.Book, *memlog.Log, *pgxpool.Pool, verify.Options) {
	t.Helper()
	private, public, err := merkle.GenerateKey(nil, origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	b, log, pool, store := sampletest.Story(t), new(memlog.Log), schematest.New(t), new(memlog.Documents)
	b.Document(store)
	b.Posts()
	b.Promise()
	b.Levy()
	b.Facts()
	for _, n := range []int{40, len(b.Records)} {
		sampletest.Extend(t, log, b.Records[:n])
		if err := runner(pool, log).CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		head, err := report.Head(t.Context(), pool)
		if err != nil {
			t.Fatal(err)
		}
		text, err := merkle.Sign(merkle.Checkpoint{Origin: origin, Size: head.Size, Root: head.Root}, signer)
		if err != nil {
			t.Fatal(err)
		}
		if err := report.KeepCheckpoint(t.Context(), pool, head, text); err != nil {
			t.Fatal(err)
		}
	}
	return b, log, pool, verify.Options{Known: note.VerifierList(verifier), Documents: store}
}

func exec(t testing.TB, pool *pgxpool.Pool, sql string) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func check(t testing.TB, r verify.Result, name string) verify.Check {
	t.Helper()
	i := slices.IndexFunc(r.Checks, func(c verify.Check) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("no check %s in %+v", name, r.Checks)
	}
	return r.Checks[i]
}

func TestWhatIsAsItMustBeIsVerified(t *testing.T) {
	t.Parallel()
	b, log, pool, o := book(t)
	done := 0
	o.Progress = func(n int) { done += n }
	r, err := verify.All(t.Context(), pool, log, runner(pool, log), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != verify.Verified || r.Events != uint64(len(b.Records)) || done != len(b.Records) || r.Policy != "test-3" || len(r.Differences) != 0 {
		t.Errorf("%+v", r)
	}
	head, err := report.Root(t.Context(), pool, r.Seq)
	if err != nil || head != r.Root {
		t.Errorf("root %s, %v, want %s", head, err, r.Root)
	}
	if len(r.Checks) < 15 {
		t.Errorf("%d checks", len(r.Checks))
	}
	e, err := verify.Event(t.Context(), pool, log, 17, o)
	if err != nil || e.Verdict != verify.Verified {
		t.Errorf("event 17: %+v, %v", e, err)
	}
}

// F13, F14: each column of the second copy.
func TestAnArchiveThatWasChangedIsNamedByRowAndColumn(t *testing.T) {
	t.Parallel()
	_, log, pool, o := book(t)
	exec(t, pool, "alter table archive.record disable trigger append_only")
	for column, value := range map[string]string{
		"recorded_at": "recorded_at + interval '1 second'", "effective": "effective + 1", "name": "'claim.withdrawn.v1'", "case_id": "case_id || 'x'",
		"command": "command || 'x'", "actor": "'somebody'", "subject": "subject || 'x'",
		"header": "set_byte(header, 9, 65)", "data": "convert_to(replace(convert_from(data, 'UTF8'), '5000.00', '5000.01'), 'UTF8')",
		"hashes": "set_byte(hashes, 3, (get_byte(hashes, 3) + 1) % 256)",
	} {
		tx, err := pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var seq int
		sql := "with old as (select * from archive.record where name = 'claim.approved.v1' order by seq limit 1) update archive.record r set " + column + " = (select " + value + " from old) where r.seq = (select seq from old) returning r.seq"
		if err := tx.QueryRow(t.Context(), sql).Scan(&seq); err != nil {
			t.Fatalf("%s: %v", column, err)
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		r, err := verify.Log(t.Context(), pool, log, o)
		if err != nil {
			t.Fatal(err)
		}
		c := check(t, r, "archive-rows")
		if r.Verdict != verify.Failed || !strings.HasSuffix(c.Detail, "column "+column) || strings.Contains(c.Detail, ";") {
			t.Errorf("%s of %d: %s %+v", column, seq, r.Verdict, c)
		}
		exec(t, pool, "delete from archive.record")
		exec(t, pool, "update meta.read_model set seq = 0, root = sha256('') where name = 'archive'")
		if err := runner(pool, log).CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRowsThatAreMissingOrTooManyInTheArchiveAreNamed(t *testing.T) {
	t.Parallel()
	_, log, pool, o := book(t)
	exec(t, pool, "alter table archive.record disable trigger append_only")
	exec(t, pool, "delete from archive.record where seq = 23")
	exec(t, pool, "insert into archive.record select seq + 1000, recorded_at, effective, name, case_id, command, actor, subject, header, data, hashes from archive.record where seq = 24")
	r, err := verify.Log(t.Context(), pool, log, o)
	if err != nil {
		t.Fatal(err)
	}
	c := check(t, r, "archive-rows")
	if r.Verdict != verify.Failed || !strings.Contains(c.Detail, "archive row 23 is missing") || !strings.Contains(c.Detail, "archive row 1024 is beyond") {
		t.Errorf("%+v", c)
	}
}

// alter returns a log of records that f has changed.
func alter(t testing.TB, b *sampletest.Book, f func([]events.Record) []events.Record) *memlog.Log {
	t.Helper()
	all := make([]events.Record, len(b.Records))
	for i, r := range b.Records {
		r.Header, r.Data = slices.Clone(r.Header), slices.Clone(r.Data)
		all[i] = r
	}
	log := new(memlog.Log)
	sampletest.Extend(t, log, f(all))
	return log
}

func TestALogThatWasChangedIsFound(t *testing.T) {
	t.Parallel()
	b, _, pool, o := book(t)
	for _, c := range []struct {
		name, check, detail string
		change              func([]events.Record) []events.Record
	}{{
		"an amount", "archive-rows", "record 14 of the log is not the one archived", func(all []events.Record) []events.Record {
			all[13].Data = []byte(strings.ReplaceAll(string(all[13].Data), "5000.00", "5000.01"))
			return all
		},
	}, {
		"an actor", "archive-rows", "record 31 of the log is not the one archived", func(all []events.Record) []events.Record {
			all[30].Header[0].Value = "somebody"
			return all
		},
	}, {
		"two swapped", "time-monotonic", "record 35 was recorded at", func(all []events.Record) []events.Record {
			all[33], all[34] = all[34], all[33]
			return all
		},
	}, {
		"the tail cut off", "archive-complete", "record 60 is missing from the log", func(all []events.Record) []events.Record { return all[:59] },
	}, {
		"the tail cut off below a signed checkpoint", "signed-checkpoints", "a checkpoint of", func(all []events.Record) []events.Record { return all[:59] },
	}, {
		"one taken out", "archive-rows", "record 20 of the log is not the one archived", func(all []events.Record) []events.Record {
			return slices.Concat(all[:19], all[20:], all[len(all)-1:])
		},
	}} {
		r, err := verify.Log(t.Context(), pool, alter(t, b, c.change), o)
		if err != nil {
			t.Fatal(err)
		}
		if got := check(t, r, c.check); r.Verdict != verify.Failed || got.Verdict != verify.Failed || !strings.Contains(got.Detail, c.detail) {
			t.Errorf("%s: %s %+v", c.name, r.Verdict, got)
		}
	}
}

func TestARecordThatDoesNotDecodeLeavesTheRestIncomplete(t *testing.T) {
	t.Parallel()
	b, _, pool, o := book(t)
	log := alter(t, b, func(all []events.Record) []events.Record {
		all[44].Data = []byte(`{"x":1}`)
		return all
	})
	r, err := verify.Log(t.Context(), pool, log, o)
	if err != nil {
		t.Fatal(err)
	}
	if c := check(t, r, "log-decodes"); r.Verdict != verify.Failed || !strings.Contains(c.Detail, "record 45") {
		t.Errorf("%s %+v", r.Verdict, c)
	}
	for _, name := range []string{"entries-balanced", "archive-rows", "tree-roots", "signed-checkpoints"} {
		if c := check(t, r, name); c.Verdict != verify.Incomplete {
			t.Errorf("%+v", c)
		}
	}
}

// An entry that does not balance was decided by no rule; it is found whoever wrote it.
func TestAnEntryThatDoesNotBalanceIsFound(t *testing.T) {
	t.Parallel()
	b := sampletest.New(t)
	accountant := ledger.Actor{ID: "accountant", Roles: []ledger.Role{ledger.Accountant}}
	proposed := b.Do(sampletest.Second, sampletest.Day, journal.ProposeEntry{Memo: "synthetic", Postings: []ledger.Posting{
		{Account: "5001", Amount: ledger.Fen(100), Side: ledger.Debit}, {Account: "2103", Amount: ledger.Fen(100), Side: ledger.Credit},
	}}).(journal.EntryProposed)
	posted := b.Do(accountant, sampletest.Day, journal.ApproveEntry{Entry: proposed.Entry.ID}).(journal.EntryPosted)
	posted.Entry.Postings = slices.Clone(posted.Entry.Postings)
	posted.Entry.Postings[1].Amount = ledger.Fen(101)
	last := len(b.Records) - 1
	forged, err := events.Encode("220000", posted, events.Meta{Command: "forged", Actor: "x", Time: sampletest.Day.Time().AddDate(1, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	log, pool := new(memlog.Log), schematest.New(t)
	sampletest.Extend(t, log, append(b.Records[:last:last], forged))
	if err := runner(pool, log).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := verify.Log(t.Context(), pool, log, verify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c := check(t, r, "entries-balanced"); r.Verdict != verify.Failed || !strings.Contains(c.Detail, "debits exceed credits by -0.01") {
		t.Errorf("%s %+v", r.Verdict, c)
	}
}

func TestWhatWasNotCheckedIsIncomplete(t *testing.T) {
	t.Parallel()
	b, log, pool, o := book(t)
	r, err := verify.Log(t.Context(), pool, log, verify.Options{})
	if err != nil || r.Verdict != verify.Incomplete || check(t, r, "signed-checkpoints").Verdict != verify.Incomplete {
		t.Errorf("without keys: %+v, %v", r, err)
	}
	b.Person("P9")
	sampletest.Extend(t, log, b.Records)
	r, err = verify.Log(t.Context(), pool, log, o)
	if err != nil || r.Verdict != verify.Incomplete || check(t, r, "archive-complete").Verdict != verify.Incomplete {
		t.Errorf("with an archive that is behind: %+v, %v", r, err)
	}
	e, err := verify.Event(t.Context(), pool, log, uint64(len(b.Records)), o)
	if err != nil || e.Verdict != verify.Incomplete {
		t.Errorf("an event that no checkpoint covers: %+v, %v", e, err)
	}
	if e, err = verify.Event(t.Context(), pool, log, 9999, o); err != nil || e.Verdict != verify.Failed {
		t.Errorf("an event that is not there: %+v, %v", e, err)
	}
}

func TestRootsAndNotesThatWereChangedAreFound(t *testing.T) {
	t.Parallel()
	_, log, pool, o := book(t)
	for name, sql := range map[string]string{
		"tree-roots":         "update meta.read_model set root = sha256('x') where name = 'archive'",
		"signed-checkpoints": "update meta.checkpoint_note set root = sha256('x') where size = 40",
	} {
		exec(t, pool, sql)
		r, err := verify.Log(t.Context(), pool, log, o)
		if c := check(t, r, name); err != nil || c.Verdict != verify.Failed {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	exec(t, pool, "update meta.checkpoint_note set note = replace(note, '40', '41') where size = 40")
	r, err := verify.Log(t.Context(), pool, log, o)
	if c := check(t, r, "signed-checkpoints"); err != nil || c.Verdict != verify.Failed {
		t.Errorf("note: %+v, %v", c, err)
	}
}

// F15: an amount changed, a row deleted, a row added, in every table.
func TestTamperingWithAnyTableOfTheReadModelIsNamed(t *testing.T) {
	t.Parallel()
	_, log, pool, _ := book(t)
	r := runner(pool, log)
	for _, table := range r.Tables() {
		name := "rm_v0001." + table.Name
		key := table.Key[0]
		last := table.Columns[len(table.Columns)-1].Name
		for what, sql := range map[string]string{
			"deleted": "delete from " + name + " where ctid = (select min(ctid) from " + name + ")",
			"changed": "update " + name + " set " + last + " = " + changed(last) + " where ctid = (select min(ctid) from " + name + ")",
		} {
			if tag, err := pool.Exec(t.Context(), "create table keep as select * from "+name); err != nil || tag.RowsAffected() == 0 {
				t.Fatalf("%s: %s %v", name, tag, err)
			}
			if tag, err := pool.Exec(t.Context(), sql); err != nil || tag.RowsAffected() != 1 {
				t.Fatalf("%s: %s %v", sql, tag, err)
			}
			result, err := verify.ReadModel(t.Context(), pool, r, verify.Options{})
			if err != nil {
				t.Fatal(err)
			}
			c := check(t, result, "table "+table.Name)
			if result.Verdict != verify.Failed || c.Verdict != verify.Failed || len(result.Differences) != 1 || result.Differences[0].Table != table.Name {
				t.Errorf("%s %s: %+v %+v", table.Name, what, c, result.Differences)
			} else if d := result.Differences[0]; what == "changed" && d.Column != last || what == "deleted" && (d.Column != "*" || d.Before != nil) || d.Key == "" {
				t.Errorf("%s %s, key %s: %+v", table.Name, what, key, d)
			}
			exec(t, pool, "truncate "+name)
			exec(t, pool, "insert into "+name+" select * from keep")
			exec(t, pool, "drop table keep")
		}
	}
	result, err := verify.ReadModel(t.Context(), pool, r, verify.Options{})
	if err != nil || result.Verdict != verify.Verified {
		t.Fatalf("restored: %+v, %v", result, err)
	}
}

func changed(column string) string {
	switch column {
	case "reverses":
		return "'x'"
	case "prefecture":
		return "coalesce(" + column + ", '') || 'x'"
	case "to_year", "year", "seq", "last_seq", "weight", "withdrawn_seq":
		return "coalesce(" + column + ", 0) + 1"
	case "date":
		return "date + 1"
	}
	return column + " + 0.01"
}

func TestAnAddedRowAndAChangedCheckpointAreNamed(t *testing.T) {
	t.Parallel()
	_, log, pool, _ := book(t)
	r := runner(pool, log)
	exec(t, pool, "insert into rm_v0001.suspect select 999, payment, earlier, party, amount, date from rm_v0001.suspect limit 1")
	result, err := verify.ReadModel(t.Context(), pool, r, verify.Options{})
	if err != nil || len(result.Differences) != 1 || result.Differences[0].Key != "999" || result.Differences[0].After != nil {
		t.Errorf("added: %+v, %v", result, err)
	}
	exec(t, pool, "delete from rm_v0001.suspect where seq = 999")
	exec(t, pool, "update meta.read_model set seq = seq - 1 where name = 'v0001'")
	result, err = verify.ReadModel(t.Context(), pool, r, verify.Options{})
	if err != nil || check(t, result, "checkpoint").Verdict != verify.Failed {
		t.Errorf("checkpoint moved back: %+v, %v", result, err)
	}
	exec(t, pool, "update meta.read_model set seq = seq + 100 where name = 'v0001'")
	result, err = verify.ReadModel(t.Context(), pool, r, verify.Options{})
	if err != nil || check(t, result, "checkpoint").Verdict != verify.Failed {
		t.Errorf("checkpoint moved on: %+v, %v", result, err)
	}
	var left int
	if err := pool.QueryRow(t.Context(), "select count(*) from pg_namespace where nspname = 'rm_verify'").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d scratch schemas left, %v", left, err)
	}
}

func TestQueriesPrepare(t *testing.T) {
	t.Parallel()
	schematest.Prepare(t, schematest.New(t), verify.Queries)
}

// A month is closed with totals or a root that the books never had.
func TestAClosingThatSaysWhatTheBooksWereNotIsNamed(t *testing.T) {
	t.Parallel()
	april := ledger.PeriodOf(2023, 4)
	for name, c := range map[string]struct {
		change func(*journal.Close)
		says   string
	}{
		"totals": {func(k *journal.Close) {
			k.Debits, k.Credits = ledger.Total(ledger.Fen(1_00)), ledger.Total(ledger.Fen(1_00))
		}, "debits 1.00"},
		"the root":          {func(k *journal.Close) { k.Root = sampletest.Hash }, "under root " + sampletest.Hash},
		"a record to come":  {func(k *journal.Close) { k.Seq = 999_999 }, "as of record 999999"},
		"its own, as it is": {func(*journal.Close) {}, ""},
	} {
		b := sampletest.New(t)
		b.Person("P1")
		b.Approve("C1", "P1")
		b.Batch("B1", ledger.DateOf(2023, 4, 3), payment.Instruct{Batch: "B1", Claim: "C1", Payment: "PAY1"})
		b.Do(ledgertest.Cashier, ledger.DateOf(2023, 4, 4), payment.Confirm{Payment: "PAY1", Serial: "S-1"})
		do := b.Closing(april)
		c.change(&do)
		b.Do(ledgertest.Accountant, ledger.DateOf(2023, 5, 2), do)
		pool, log := schematest.New(t), b.Log()
		r := runner(pool, log)
		if err := r.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		result, err := verify.ReadModel(t.Context(), pool, r, verify.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, want := check(t, result, "period-totals"), verify.Failed
		if c.says == "" {
			want = verify.Verified
		}
		if got.Verdict != want || !strings.Contains(got.Detail, c.says) || result.Verdict != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
