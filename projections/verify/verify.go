// Package verify checks the log, its second copy and the read models against one
// another, and names what does not agree.
//
// [Log] reads the whole log once beside the archive. [ReadModel] folds the log anew
// and compares the rows with those that are served, and computes again what closings of months
// say of the books. [All] does both. [Event] proves
// one record.
//
// # Invariants
//
//  1. Nothing is taken on trust that can be computed: leaves and roots are hashed
//     from the bytes, balances folded from the events.
//  2. What could not be checked is INCOMPLETE, never VERIFIED.
//  3. A finding names the record, and of a table the row and the column.
//
// # Failures
//
// An error is a check that could not be made (a connection, the disk); what a check
// found is in the [Result].
package verify

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/mod/sumdb/note"

	"zhucan/events"
	"zhucan/projections/report"
)

// A Verdict is the outcome of a check.
type Verdict string

// The verdicts, the worse the further down.
const (
	Verified   Verdict = "VERIFIED"
	Incomplete Verdict = "INCOMPLETE" // something could not be checked
	Failed     Verdict = "FAILED"     // something is not as it must be
)

// A Check is one question and its answer.
type Check struct {
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	Detail  string  `json:"detail"`
}

// A Result is what a verification found. Its verdict is the worst of its checks'.
type Result struct {
	Verdict     Verdict             `json:"verdict"`
	Events      uint64              `json:"events"` // that were read
	Root        string              `json:"root"`   // of the tree over them, in hexadecimal
	Seq         uint64              `json:"seq"`    // last of them
	AsOf        string              `json:"as_of"`  // "": all accounting dates
	Policy      string              `json:"policy"` // in force at Seq
	Checks      []Check             `json:"checks"`
	Differences []report.Difference `json:"differences,omitempty"` // before: served; after: as it must be
}

// Options say how to verify. The zero Options work.
type Options struct {
	// Known are the public keys of the log and its witnesses. Without them roots are
	// compared and signatures are not, which is INCOMPLETE if there are any.
	Known note.Verifiers

	// Documents is where the documents are that events refer to. Without it they are
	// not looked at, which is INCOMPLETE if there are any.
	Documents events.Documents

	// Progress, when set, is told now and then how many more records are done.
	Progress func(n int)
}

// damage makes a finding of a page of the database whose checksum is wrong: Postgres
// names its relation and block, and what is on it cannot be compared.
func damage(r Result, err error) (Result, error) {
	page, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || page.Code != "XX001" && page.Code != "XX002" { // data_corrupted, index_corrupted
		return r, err
	}
	r.add(Check{"database-pages", Failed, page.Message})
	return r, nil
}

// most is how many findings of a check are listed; all are counted.
const most = 20

// A check under way collects findings.
type check struct {
	name     string
	findings []string
	count    int
	open     string // why it could not be made, or not wholly
}

func (c *check) fail(format string, args ...any) {
	if c.count++; len(c.findings) < most {
		c.findings = append(c.findings, fmt.Sprintf(format, args...))
	}
}

// result closes the check; fine is what it says when nothing was found.
func (c *check) result(fine string) Check {
	switch {
	case c.count > 0:
		detail := c.findings[0]
		for _, f := range c.findings[1:] {
			detail += "; " + f
		}
		if c.count > len(c.findings) {
			detail += fmt.Sprintf("; and %d more", c.count-len(c.findings))
		}
		return Check{c.name, Failed, detail}
	case c.open != "":
		return Check{c.name, Incomplete, c.open}
	}
	return Check{c.name, Verified, fine}
}

// add adds a check and lets the verdict be the worst.
func (r *Result) add(c Check) {
	r.Checks = append(r.Checks, c)
	switch {
	case r.Verdict == "" || c.Verdict == Failed:
		r.Verdict = c.Verdict
	case c.Verdict == Incomplete && r.Verdict == Verified:
		r.Verdict = Incomplete
	}
}
