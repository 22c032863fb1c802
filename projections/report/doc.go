// Package report answers questions about the books from the read models: trial
// balance, balances, registers, the story of one payment with its proofs, events,
// lists, and how two versions of the read models differ. It reads and changes
// nothing.
//
// # Invariants
//
//  1. An answer is taken from one snapshot and says at which record: the same
//     sequence, accounting date and policy give the same answer for ever.
//  2. As of a date, entries count that are dated up to it; known by a sequence,
//     those that had been recorded by then.
//  3. A list at a cut says what it said when the log ended there.
//  4. What is not projected yet is never counted as if it were: a cut beyond it is
//     refused.
//  5. A list is read in pages by its key, never by counting rows.
//
// # Design
//
// Balances of today are sums that the books keep; balances of another day, or of
// what was known then, are summed from the postings, which have an index for it.
// Claims, payments and levies have a row that says where each stands now. Where one stood
// is told by its own records in the archive, of which it has a handful under one
// index, so that no table of steps is kept; budget lines of another day are summed
// from the control accounts. A party that was erased has no past name at any cut.
//
// What a list at a cut costs grows with the rows it passes over: a status that few
// have, asked for of an earlier day, passes over them all.
//
// A time is turned into the last record that is not later, by halving: the appender
// dates no record before the one in front of it.
//
// Amounts leave here as [ledger.Money] or as text, never as a number.
package report
