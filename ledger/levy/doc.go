// Package levy computes the employment security fund levy (残疾人就业保障金, 残保金) of
// one employer and one year, and decides what may be done about it: filed, reviewed,
// assessed, relieved, collected, refunded.
//
// The arithmetic ([Rules]) is pure and needs no books. The decider ([Decide]) keeps one
// [Case] for each employer and filing year:
//
//	filed + reviewed → assessed → received … settled
//	                      │└ relieved, deferred (hardship)
//	                      └ overdue → warned → ordered to pay → late fee
//	assessed again → refund decided → refunded
//
// Overdue is no event: it is what the last day to pay makes of what is owed. What an
// assessment adds is warned of and ordered anew before it bears a late fee, and so is all of it
// after a deferral.
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
//  4. A levy is assessed under the rules of its filing day as known on the day of the
//     assessment, and the event keeps every figure, the policy's version and the clauses.
//     What is published later changes nothing until it is assessed anew ([State.Affected]).
//  5. Money that reached the treasury is recorded, expected or not; a receipt only once, until
//     another accountant withdraws it. It counts for what it says it is for; who owes nothing
//     because the levy itself came as late fee is charged none until the receipt is put right.
//  6. A person is counted by one employer at a time.
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
