// Package vault keeps the keys of persons in Postgres, and by what a person is
// found again; destroying a key erases the person.
//
// Who registers a person first asks [Vault.Identify], which answers with the party
// the person is known as, or reserves the one proposed, and returns the key to
// seal with; then the registration is appended to the log. Who may see a person in
// full asks [Vault.Reveal]; lists join vault.display.
//
// # Tables
//
//	vault.master     the id of the master key that all the rest is under
//	vault.key        party → its key, wrapped by the master key
//	vault.identity   kind and keyed hash of an identity number → party
//	vault.display    party → masked name of a person, for lists
//	vault.destroyed  party → the event that erased it
//
// They are in schema/0002_vault.sql and what follows it. Nobody else writes them, and
// nobody else reads the first three. They are no function of the log and are never
// rebuilt.
//
// # Invariants
//
//  1. One person is one party, however many ask at once.
//  2. A key is committed before the event that needs it can be: a key without an
//     event is harmless, an event without a key is a loss.
//  3. A key that is destroyed comes back neither by registering nor, after
//     [Vault.Reconcile], by restoring a backup.
//  4. Nobody is registered in a vault that was not found complete ([Vault.Check]),
//     or with another master key: a person it had forgotten would be registered
//     again, and paid twice.
//  5. No personal data is in an error.
//
// # Failures
//
// [ErrIncomplete] and [ErrMaster] stop the program: the vault, or the master key
// file, is to be restored. [party.ErrErased] says that there is nothing to see any
// more. [ErrIdentity] and [ErrTaken] are faults of the caller. Everything done in
// the database is one transaction and may be repeated after any error.
//
// # Starting
//
// In this order: [Vault.Reconcile] with every party the book has erased, which
// finishes what a crash interrupted and what a restored backup brought back; then
// [Vault.Check] with every party that must have a key. Whoever starts to write does the
// first, the server and each import both.
//
// Whoever is reserved and never registered is found by [Vault.Reserved] and given back
// by [Vault.Release], while nobody registers.
//
// # Backup
//
// The log without the vault is a book without names, and cannot be paid from. Dump
// schema vault daily and after every import (pg_dump --schema=vault), and keep the
// dumps as short as the risk allows. Keep the master key file apart from the dumps, in
// two places; whoever has both has every person. After restoring, [Vault.Check] names
// what is missing: keys made since the dump can not be made again.
//
// Erasure is final only when no copy of the key is left: when the dumps and archived WAL
// from before it have expired, and the freed pages of the table are overwritten. Sooner:
// [Vault.Rotate] to a new master key, then destroy the old one with all its copies.
// Whatever key was destroyed before the rotation, and every hash in older dumps, is then
// beyond anybody's reach. Only masked names remain in such dumps.
//
// # Design
//
// Keys are in Postgres and not in NATS, whose streams, mirrors and snapshots keep
// what was deleted, and not in the log, which forgets nothing.
//
// The identity number is kept a second time, sealed under the person's key, so that
// the index can be hashed anew under the next master key. An index key that
// outlives its master would leave the hashes in old dumps open to it.
//
// Concurrent registrations agree through the primary key of vault.identity and
// insert in the order of it, so that they wait for each other and in a circle only where
// somebody is erased meanwhile; then Postgres ends one, which begins anew. A
// lock around all of them would let one import of a hundred thousand rows stop every
// counter.
package vault
