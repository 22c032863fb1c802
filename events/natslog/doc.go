// Package natslog keeps a book's records in a JetStream stream and its documents in a
// JetStream object store, and runs the nats-server for them in this process when there
// is no other. It is the only package that knows NATS.
//
// # Streams
//
// Book 220000 is the stream BOOK_220000 over the subjects book.220000.>, one
// message for each record: its subject is the record's, its payload the record's
// data, its headers the record's and some of the server's own, Nats-*, which are
// left out when a record is read. The message's sequence is the record's number.
// The stream is in files, refuses what is new when it is full, and denies deletion
// and purging; [Open] compares every field of its configuration with the wanted one.
//
// Documents of book 220000 are the object store DOCUMENTS_220000, which is the stream
// OBJ_DOCUMENTS_220000: the bytes of an object in messages of 128 KiB on a subject of
// its own, and one message that describes it, with name, size and SHA-256. Any tool of
// NATS reads it. Its configuration is compared like the other's.
//
// # Invariants
//
//  1. What Append acknowledges is on disk: the embedded server syncs always, and on
//     others it is verified where the operator lets it be seen ([Log.Synced]).
//  2. A record is written only directly after the one its writer named: the first
//     message carries Nats-Expected-Last-Sequence, for the whole stream. Two
//     writers cannot both succeed.
//  3. Reading yields each number once and in order, or an error. A jump, a stored
//     record that the server cannot read and a log that has become shorter than
//     what was read are [events.ErrGap], after the leader was asked for the record.
//  4. A record comes back byte for byte. What NATS would change on its way, such as
//     a header value with a space in front, is refused by Append.
//  5. Nothing is read through a direct get, which any replica or mirror answers from
//     what it happens to have.
//  6. What Put acknowledges is on disk and was read back from the leader. A name is
//     used once, so that nothing is ever replaced.
//
// # Failures
//
// Two appenders: the loser gets [events.ErrConflict], codes 10071 and 10164.
//
// No answer, a lost connection, an end of ctx under way: Append reads back from the
// leader and answers with the number, with ErrConflict when another record is in the
// place, or with [events.ErrUnknown] when what was sent may still arrive. It may:
// a request can lie in a queue, and a batch of which the disk took a part is
// completed when the server restarts. Appending again after the same number is safe.
//
// A full stream, account or server limit: [events.ErrFull], codes 10077, 10002 and
// 10023, nothing written. A full disk is worse: the server answers nothing, may have
// stored a part of a batch, and takes nothing more until it is started again. So the
// embedded server is asked for room before each Append and keeps MinFree of the disk
// free; [Server.Health] tells when it has happened all the same. A server started
// on a disk that is still full would give up the rest of such a batch, so
// [StartServer] refuses. On other servers a limit of the account or of the server
// tears a batch apart in the same manner, which is why Open makes the stream with a
// limit of its own there; keep such an account for books alone.
//
// Damaged files: the server checks a hash over each message, so a changed byte is
// not read as a record. The hash leaves out one field, the length of the header, with
// which bytes change sides between header and data; [events.ErrMalformed] tells. After
// a clean stop the damaged record alone is ErrGap. When the server has to rebuild its
// index, after a kill, it drops damaged records of older blocks, and Open answers
// with ErrGap; but in the newest block it cuts the log off at the damage, for good,
// and nothing in the log tells. Neither does a torn tail. Only who knows how long the
// log was can notice: compare [Log.Last] with the archive before appending, or the
// numbers are given out a second time. A damaged sequence can keep the server busy
// for ever while it starts: give [StartServer] a ctx that ends, and end the process.
// Keep a copy of the folder before starting a server on a disk that is in doubt.
//
// Drift: everything that was tested as harmful (limits that drop records, a seal, a
// roll-up, storage in memory, asynchronous persistence) and everything else that
// differs is [events.ErrDrift]. DenyDelete and DenyPurge stop neither an update of
// the stream's limits nor its deletion: in production the account may do neither.
//
// Documents: a Put that ends on its way leaves chunks that no object has, or, with its
// last message stored, an object that nobody refers to. Both are listed and can be
// removed; nothing else is. A document of which a part is missing or changed is
// [events.ErrDamaged], one without its description [events.ErrNoDocument]. Messages of
// the store cannot be deleted, but purged they can be: the server has no roll-ups
// where purging is denied, and describes objects by roll-ups.
//
// # Design
//
// Figures are ratios, of records of 900 bytes on two cores with a synced disk.
//
// One record travels as a plain message, several as one atomic batch, which the
// server syncs once. A batch has a fixed price on a single server, a staging store
// made and removed: ten records in one cost about as much as ten sent singly, a
// thousand cost a tenth to a twenty-fifth each. Waiting for an acknowledgement of a
// batch's first message costs a tenth and tells nothing that the commit does not;
// above 16 MiB the server is waited for, because it drops what waits in front of a
// stream beyond 128 MiB.
//
// No compression: S2 took a tenth of the speed of appending.
//
// No Nats-Msg-Id: the duplicate window forgets after minutes and keeps its
// identifiers in memory. The book knows its command identifiers, and the expected
// sequence is the fence.
//
// Reading is one unfiltered consumer without acknowledgements, with two requests of
// a thousand messages open at a time: four to six times as fast as pages of direct
// gets, at a quarter of the processor time, and in step with the ordered consumer of
// nats.go however large its requests. It stands in that one's place because that one heals
// itself without end and without regard to ctx, and takes a message that the server
// cannot read for silence.
//
// A consumer costs the server's time for each message, and nats.go makes a map of each
// header: 34 allocations for a record. So the files of an embedded server are read first: about
// four times as fast, with three allocations (BenchmarkRead has both). Who follows looks again
// when its own Log has appended, and ten times a second for what others have. The server's word
// on how far the log goes stays the limit; a record counts when it is the next one, whole, and
// agrees with the hash that the server stored with it; whatever looks otherwise is left to the
// consumer, so that a disk never decides what is wrong. A version of the server that keeps its files in another way is
// read as one elsewhere is, more slowly, and the tests tell.
//
// Objects are written by nats.go and read without it. It sends all chunks of an object
// before it waits, at most 64 MiB here and one object at a time, which stays below what
// the server drops; it deletes the chunks of an object whose name is used again, so
// none is; and it reads through a consumer, which for a last chunk that is not there
// waits until ctx ends. Reading asks the leader for one chunk after another.
package natslog
