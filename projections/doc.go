// Package projections folds the log into tables: the runner keeps read models and
// archive up to date, rebuilds them beside the old ones, and switches readers over.
//
// A [Projection] is a function from records to rows. The [Runner] reads the log
// once and writes the rows of every projection, and the archive, in one
// transaction with their checkpoint. All tables of a version are in one schema and
// always at one record, so that every report is.
//
// # Tables
//
// The tables of version v0001 are in schema rm_v0001. What the versions are and how
// far is in meta.read_model; the views of schema read show the version that is
// served. The second copy of the log is archive.record (package archive).
//
//	building → ready → serving → ready → …      kept up to date from ready on
//	       │                  └→ retired        made by other code: no longer followed
//	       └→ retired                           made as of an earlier record
//
// # Invariants
//
//  1. Rows and checkpoint are written in one transaction, and the checkpoint is
//     moved by comparing it with what it was: each record has its effect once.
//  2. Tables are a function of the log: rebuilt, or caught up in chunks of any
//     size, they are the same, row for row.
//  3. Records are folded in the order of their numbers, from 1, without a gap.
//  4. At every checkpoint the root of the Merkle tree over the log is kept; a
//     checkpoint whose root is not that of the archived log is not followed.
//  5. One runner writes. It holds an advisory lock on the connection it writes
//     with, and raises the epoch when it takes over: what an earlier one still
//     tries to write matches no checkpoint.
//  6. Nothing is skipped. A record that cannot be read, folded or written stops the
//     runner in front of it, and what came before has its effect.
//  7. Readers see one version or the other, never a part of both.
//  8. A change to a row that is not there, or an insert of one that is, is a fault
//     and not an effect.
//
// # Failures
//
// A fault that may go away (a connection, a deadlock, a server that restarts, a full
// disk) ends the session; the next one reads the checkpoint, which tells whether
// the last commit took place, and goes on from there. Everything else is a [Halt],
// with one of five reasons, which stays on record in meta.halt until a runner
// starts well again. What to do: gap and behind, restore the log from the archive;
// fork, keep both copies and find out who wrote; poison, correct the program and
// rebuild; fold-changed, rebuild under a new name and switch.
//
// # Design
//
// One transaction takes what is ready: one record when things are quiet, up to
// Config.Live under load. One goroutine reads, one decodes, one folds and encodes
// the next chunk while the one before is being written; two cores are busy then.
//
// Rows go in by binary COPY, straight from the values (package pgcopy). Changes to
// rows that the chunk itself inserts are merged before; the others are one
// statement for each set of columns. Sums are added up in the chunk first.
//
// synchronous_commit stays on. Read models could do without, since they are replayed;
// but the archive is the second copy of the money's history and counts only when it
// is on disk, it shares their transaction, and with chunks the wait is small.
//
// A rebuild deals the tables to a few connections. Each makes its tables, fills them by
// COPY, and only then makes their keys and indexes, all in one transaction: what is made
// and filled in one goes to disk once. Sums and later changes are kept in memory and
// written once. The version is ready when all have committed. One that is interrupted
// is still marked as building, and the next rebuild drops it. The
// first version of an empty database is not rebuilt but followed from the first
// record: the archive has to begin there anyway.
//
// A projection that wanted the state so far (whether this is the first closing of a
// period) writes a merged row instead of asking. What only a join can tell is
// told by the view.
package projections
