// Package sampledata writes a synthetic province: what sixty county-level units would hand in
// over a year, as the files that zhucan import reads, and beside them what must come of it.
//
// Nobody in it is real, and every file says so. Persons are born in 1900; organisations have
// codes whose body begins with 999999; bank cards begin with 9999, which ISO/IEC 7812 gives
// to no bank (9 and a country code, and no country has 999); names begin with 示例. Counties
// are those of Jilin, by their own codes. Amounts and wages are sample values.
//
// # Files
//
//	README.md          what each file is, the same for everybody who writes this sample
//	import.sh          the imports in their order
//	policy/            the policy pack: rules of the levy as they are, everything else sample values
//	payments.yaml      the mapping of the lists of payments
//	YEAR/*.csv         budget, declarations, reviews, receipts, achievements, payments,
//	                   applications, and a bank statement of the receipts with known errors
//	truth.json         a [Truth], written last
//
// Apart from these, [Roster] writes a workbook of applications of the same persons, of any
// length.
//
// # Invariants
//
//  1. A seed and a scale give the same bytes on every machine: numbers come from the
//     generator of this package, no map is walked, and there is no clock.
//  2. Rows that are wrong on purpose stand in the files among the others, each in the truth with
//     its line and the published code it is refused with. They leave nothing, nor make
//     anybody known.
//  3. The truth is reckoned beside the rows, by plain sums of fen: nothing of packages levy,
//     book or report computes it.
//  4. Memory does not grow with the province: a person is a function of county and number, so
//     that every file meets the same one again. What is kept is a bit for each party met and,
//     for the statement, the receipts of one year.
//
// # Design
//
// A person has one part in the province (learns, is paid monthly, applies, …), by the range its
// number lies in, and the same part every year. How many distinct persons there are of
// something is then a count of numbers, and needs no set.
package sampledata
