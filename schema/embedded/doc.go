// Package embedded runs a private Postgres from the installed binaries, for
// zhucan on one machine and for tests.
//
// [Start] takes a folder, makes a cluster in it when there is none, and returns
// once the server answers. The server listens on a Unix socket only, in a folder
// of mode 0700: who can enter it is let in without a password. The server runs
// under the caller's user, except that Postgres refuses root: started by root it
// runs as the owner of the data folder, else as postgres, else as nobody.
//
// # Invariants
//
//  1. One server per data folder. A second one is refused ([ErrRunning]), whether
//     this package started the first or somebody else did.
//  2. What was committed to a durable server is there after any crash of the
//     server, of the program or of the machine: fsync, full_page_writes and
//     synchronous_commit are on, pages carry checksums, and making a cluster is
//     all or nothing (initdb runs beside the folder, which then takes its name).
//  3. The server does not outlive the program: on Linux the kernel asks it to
//     stop when the program is gone, and everywhere the next Start stops what
//     the last one left behind.
//  4. No process is ever signalled but a server of this package, on this very
//     folder, whose program is gone.
//  5. A folder of another major version is not touched ([ErrVersion]).
//  6. What clients sent (statements, their parameters, the rows in an error's
//     detail) is never logged: it may be personal data.
//
// # Failures
//
// The caller keeps two programs off one folder with a lock of its own; the checks
// here are the second line. A program killed in the half second that initdb takes
// leaves a folder named after the data folder with ".new-" and a number, which is
// of no use to anybody. A server that ends by itself says why on [Server.Done]; it
// is not started again here. A server killed together with the machine recovers by
// its own log at the next Start, which waits for that as long as its context
// allows.
//
// # Design
//
// The postmaster is our direct child, without pg_ctl in between: its death is
// noticed at once, its output is ours to log, and the kernel's parent-death signal
// reaches it. That signal is tied to the thread that forked, so a goroutine
// locked to its thread lives as long as the server. The server's command line
// names our process as its owner; a server whose parent is no longer its
// owner has been left behind. Settings are given on the command line and not
// written to postgresql.conf, so that a newer zhucan brings newer settings to an
// old folder; who wants to tune runs a Postgres of his own and passes --postgres.
//
// github.com/fergusstrange/embedded-postgres was not taken: it downloads binaries,
// cannot change the user, and so does not run as root.
package embedded
