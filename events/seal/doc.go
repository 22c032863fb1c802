// Package seal encrypts personal data under a key of each person's own, so that
// destroying the key erases the person while every event, hash and total stays.
//
// A [Key] seals what is of one party: the particulars of a person ([SealPerson]),
// bank accounts ([SealAccount]) and documents ([SealDocument]). The first two stand in
// events as [ledger.Sealed]. A [Master] key, kept in a file outside every database,
// wraps the keys for package vault and computes the keyed hash by which the vault finds
// a person again. Nothing here stores anything or asks anybody.
//
// # Encoding
//
// A sealed field is text:
//
//	s1.<base64url without padding of: key mark (4) | nonce (12) | ciphertext | tag (16)>
//
// It is AES-256-GCM (NIST SP 800-38D) with a fresh random nonce. Associated data
// is "zhucan/seal/s1", the party's identifier and the name of the field, with a
// zero byte between them, so that a sealed text moved to another party, field or
// version does not open. The key mark is the first 4 bytes of SHA-256 over
// "zhucan/seal/mark/1", a zero byte and the key: it tells the wrong key from a
// changed text, and nothing about the key. Text that is not exactly as written
// here, down to unused bits of base64, is refused. Another cipher or layout takes
// another prefix, and s1 is opened for ever.
//
// The names of fields in events are "person" and "account/<ref>". The plaintext of the
// first is a [Person] in JSON, of the second the account number as it is given to
// the bank:
//
//	{"certificate":"22240119001231023542","name":"张某三","number":"222401190012310235"}
//
// A sealed document is bytes, for it does not stand in an event:
//
//	"zhucan d1" | line feed | key mark (4) | nonce (12) | ciphertext | tag (16)
//
// with the same cipher and associated data; its field is "document/" and the
// document's SHA-256 in hexadecimal, which the event has. A document is sealed whole
// and opened whole.
//
// A wrapped key is bytes:
//
//	1 | master id (8) | nonce (12) | ciphertext (32) | tag (16)
//
// likewise AES-256-GCM, with associated data "zhucan/wrap/1", the master's id in
// hex and the party's identifier, with a zero byte between them.
//
// A master key file is one line: "m1." and the 32 bytes in base64url without
// padding. What a master key is used for are keys derived from it (HKDF-SHA-256,
// RFC 5869, without salt): "zhucan/master/wrap/1" to wrap, "zhucan/master/index/1"
// to hash, and the first 8 bytes of "zhucan/master/id/1" as its id.
//
// # Invariants
//
//  1. What opens is what was sealed, for the same party and field; every changed
//     byte is noticed.
//  2. Sealing the same twice gives two texts: nobody sees by comparison that two
//     events hold the same account.
//  3. No error and no formatted value of this package holds plaintext or a key.
//  4. An existing master key file is never overwritten.
//
// # Failures
//
// [ErrKey] and [ErrMaster] are the wrong key, [ErrTampered] the right key and a
// text that was changed or moved, [ErrForm] and [ErrPerson] what this package never
// wrote. [ErrMasterFile] and [ErrExposed] refuse a file.
//
// # Design
//
// Tink's AES-GCM is used for its random nonces and its refusal to let the caller
// choose them. Its keysets are not: a keyset in JSON or protobuf per person would
// be many times the key, and rotation of one person's key has no use here.
//
// The length of a sealed text tells the length of what is in it. It is not padded:
// accounts are of few lengths anyway, and names are two to four characters.
//
// The hash of an identity number is a keyed one because such numbers are few:
// a plain hash of all of them is computed in a day. Whoever has the index key and the
// hashes has the numbers, so neither leaves the vault.
//
// Go cannot promise to wipe a key from memory; none of it is tried.
package seal
