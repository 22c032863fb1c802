// Package events is what the book remembers: the catalogue of event types and
// their encoding, the contract of the log they are kept in, and the appender that
// decides commands and writes what they decide.
//
// # Encoding
//
// A record is one event. Its data is canonical JSON (RFC 8785): members in the
// order of their names, amounts as strings in yuan with two decimals, dates as
// 2006-01-02, no floats; package canon writes and reads it. Its header holds the attributes of
// CloudEvents 1.0 in binary mode, keys in lower case:
//
//	ce-actor          who gave the order
//	ce-correlationid  what the order belongs to, where it belongs to something
//	ce-id             <command>:1 — one decision is one event
//	ce-request        first 16 bytes of SHA-256 over what was asked for, in hex
//	ce-source         /zhucan/<book>
//	ce-specversion    1.0
//	ce-subject        the case: a claim, payment, batch, party, budget line, period…
//	ce-time           when it was recorded, RFC 3339 in UTC, never before the record in front of it
//	ce-type           its name in the catalogue, with a version: claim.submitted.v1
//
// The same record always encodes to the same bytes, and the bytes that are stored
// are the bytes that are hashed. Reading is strict: another attribute, another
// order, another spelling of an amount or a time, a member that is missing, null or
// one too many is refused. A record that [Decode] accepts is byte for byte what
// [Encode] writes. The appender reads back what it is about to append, and refuses
// what would not come back.
//
// # Versions
//
// A name with its version means one shape for ever. A field that may be absent is
// added to the same version; any other change is a new version, and the row of
// the old one in the catalogue then turns the old shape into today's event.
// Every version has a JSON Schema in schema/events, which a test holds against the
// struct, and a golden file in testdata that must decode for ever. Schemas are for
// readers elsewhere; nothing is validated against them while the program runs.
//
// # Invariants
//
//  1. A record that cannot be decoded strictly is [ErrType] or [ErrMalformed];
//     nothing skips it.
//  2. An acknowledged command is on disk; it is never lost and has one effect.
//  3. A command identifier has one effect for ever. Repeating it answers with the
//     first one; with another content it is refused ([ErrReused]).
//  4. What a command is refused for has no effect, and poisons nothing; what goes ahead
//     of it has effect with it, or not at all.
//  5. What cannot be kept or read back is refused before it is on record, and alone.
//  6. While it is not known what is on record, nothing is decided or refused.
//  7. Two appenders on one log cannot both write: the sequence each expects is the
//     fence.
//  8. No event refers to a document that its store has not, whole: see [Documents].
//
// # Failures
//
// See [Appender]. A log that is full, a conflict with another writer and an unknown
// outcome are told apart ([ErrFull], [ErrConflict], [ErrUnknown]).
//
// # Design
//
// One appender decides for the whole book in memory, so that budgets, period
// locks, "paid once" and identifiers are exact. JetStream's own duplicate window
// is not used: it forgets after minutes and keeps every identifier in memory until
// then, while the book remembers for ever.
package events
