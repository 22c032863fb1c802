package projections

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"zhucan/events"
	"zhucan/ledger"
)

// A Reason says why the runner stands still.
type Reason string

// The reasons. Each is a fault that no retry heals and that nothing steps over.
const (
	Gap         Reason = "gap"          // a number is missing from the log
	Behind      Reason = "behind"       // the log ends before what was projected: it lost its tail
	Fork        Reason = "fork"         // a record is not the one that was projected under its number
	Poison      Reason = "poison"       // a record cannot be read, folded or written
	FoldChanged Reason = "fold-changed" // the read model that is served was made by other code
)

// A Halt stops the runner until somebody has looked.
type Halt struct {
	Reason Reason
	Seq    uint64 // the record in question
	Detail string
}

func (h *Halt) Error() string {
	return fmt.Sprintf("projection halted: %s at record %d: %s", h.Reason, h.Seq, h.Detail)
}

// What ends a runner without being wrong.
var (
	// ErrNotActive is another runner at work on the same database.
	ErrNotActive = errors.New("another runner is projecting into this database")
	// ErrVersion is a version that is not fit for what is asked of it.
	ErrVersion = &ledger.Rejection{
		Code: "read-models-unfit", Rule: "what is asked of a version of the read models fits what it is", RuleZH: "对读模型版本的操作须与其状态相符",
		Next: "look at the versions and how far they are with zhucan status -o json; build one anew with replay --into", NextZH: "用 zhucan status -o json 查看各版本及其序号；可用 replay --into 重新生成",
	}
)

// Rejections of this package.
var Rejections = []*ledger.Rejection{ErrVersion}

// errMoved is a set of read models, or a checkpoint, that somebody else has moved:
// it is loaded anew. errRows is a statement that found fewer rows than it should.
var (
	errMoved = errors.New("the read models were changed by somebody else")
	errRows  = errors.New("rows are missing or too many")
)

// transient tells whether err may go away by itself. Of Postgres's errors these
// are: connection, standby, serialisation, deadlock, lock and statement timeouts,
// want of resources, shutdown and restart, input and output (classes 08, 40, 53,
// 57, 58). Whatever is no error of Postgres is one of the wire.
func transient(err error) bool {
	if _, ok := errors.AsType[*Halt](err); ok {
		return false
	}
	for _, fatal := range []error{errRows, errTwice, ErrVersion, ErrNotActive, events.ErrDrift} {
		if errors.Is(err, fatal) {
			return false
		}
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return true
	}
	switch pg.Code[:2] {
	case "08", "40", "53", "57", "58":
		return true
	}
	return pg.Code == "25006" || pg.Code == "55P03" // a standby; a lock not to be had in time
}

// deterministic tells whether err is Postgres's, or our own, judgement of the rows
// that were sent: writing them again would end in the same way.
func deterministic(err error) bool {
	if errors.Is(err, errRows) {
		return true
	}
	_, ok := errors.AsType[*pgconn.PgError](err)
	return ok && !transient(err)
}

// interpret turns an error of reading the log, met after record last, into what it
// means here.
func interpret(err error, last uint64) error {
	switch {
	case errors.Is(err, events.ErrGap):
		return &Halt{Gap, last + 1, err.Error()}
	case errors.Is(err, events.ErrType), errors.Is(err, events.ErrMalformed):
		return &Halt{Poison, last + 1, err.Error()}
	}
	return fmt.Errorf("read the log after %d: %w", last, err)
}
