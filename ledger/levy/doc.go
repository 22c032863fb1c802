// Package levy computes the employment security fund levy (残疾人就业保障金, 残保金) of
// one employer and one year: pure arithmetic over facts and a policy, without books.
//
//	full = max(0, N × r − D) × min(W, k × S)      财税〔2015〕72号 art. 8
//	due  = full × tier,  relief = full − due
//
// N is the staff, D the disabled staff (weighted), r the required ratio, W the own and S
// the local average wage, k the cap multiple. The data are those of the year before
// the filing year; the rules are those in force on the filing day.
//
//	filed, err := levy.FilingDay(pack, "220104", 2022, known)
//	rules, err := levy.NewRules(pack, "220104", filed, known, "")
//	a, err := rules.Assess(levy.Facts{Class: ledger.Enterprise, Staff: levy.Int(99), …})
//
// # Invariants
//
//  1. Full = Due + Relief, to the fen: relief is the difference and has no percentage
//     of its own. Full and due are rounded once each, half up (policy.md §1.9).
//  2. No figure rests on a constant: rates, limits, windows and rounding are parameters,
//     and [Assessment.Basis] names the rows used. What is unset refuses with
//     [policy.ErrUnset], but only where the answer depends on it.
//  3. The same facts, policy, filing day and day of knowledge give the same answer.
//
// # Failures
//
// Facts that cannot be meant are refused, in the order in which [Rejections] lists them.
// The figures reached before a refusal are given with it: an assessment with an error has
// no amounts.
//
// # Design
//
// Money is whole fen and everything else an exact fraction of 64 bits, multiplied in 128:
// it is fast, and an overflow is a refusal. Rules of one region, filing day, rounding and
// edition ([policy.Editions]) are the same for every employer, so that whoever assesses
// many keeps them.
package levy
