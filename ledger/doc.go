// Package ledger is the vocabulary of the books: money, dates, periods, regions,
// identifiers, accounts, postings, entries, rejections, and the shape of a
// decider.
//
// It knows no database, no log and no clock. Everything that moves money in
// zhucan is expressed in these words: a command is ordered by an [Actor], is
// answered with events or a [Rejection], and an event that moves money carries
// one balanced [Entry] of [Posting]s to the accounts of a [Chart].
//
// # Invariants
//
//  1. Money is exact at scale 2; nothing here is a binary float.
//  2. An entry that passes [Entry.Check] balances in each of its books
//     (平行记账: financial, budget and control postings each on their own).
//  3. Amounts of postings are positive; the side says the direction.
//  4. A value that prints parses back to itself, and has one spelling.
//
// # Failures
//
// What a rule refuses is a [Rejection], wrapped with particulars. A value that no
// rule knows (an unknown side, an unknown command) is a programmer's error and
// panics.
//
// # Design
//
// Three books in one entry: since 2019 budget units keep financial and budget
// accounting side by side (政府会计制度, 财会〔2017〕25号), and appropriations are
// themselves kept by double entry (预算指标核算管理办法（试行）, 财办〔2022〕36号).
// One entry with three balanced parts keeps them from drifting apart; three
// entries would have to be reconciled with each other.
//
// What deciders remember lies in a [Table], or by the numbers of [Names] in a [Column]
// where there are millions: decisions are tried there before they are on disk, and can
// be taken back.
package ledger
