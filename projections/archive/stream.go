package archive

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"
)

// errStopped ends a COPY whose rows nobody takes any more.
var errStopped = errors.New("the rows of the archive are no longer wanted")

const copyOut = "copy (select " + Columns + " from " + Table + " order by seq) to stdout (format binary)"

// Stream yields the rows of the archive in their order, as tx sees them. They are
// read on another goroutine, which has ended when the iteration has; tx must not be
// used meanwhile. A row's bytes are the caller's.
func Stream(ctx context.Context, tx pgx.Tx) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		p := &parser{ctx: ctx, out: make(chan []Row, 4)}
		done := make(chan error, 1)
		go func() {
			_, err := tx.Conn().PgConn().CopyTo(ctx, p, copyOut)
			if err == nil {
				err = p.flush()
			}
			close(p.out)
			done <- err
		}()
		defer func() {
			cancel()
			for range p.out {
			}
		}()
		for batch := range p.out {
			for _, r := range batch {
				if !yield(r, nil) {
					return
				}
			}
		}
		if err := <-done; err != nil {
			yield(Row{}, fmt.Errorf("copy the archive: %w", err))
		}
	}
}

// A parser splits what COPY sends into rows.
type parser struct {
	ctx    context.Context
	out    chan []Row
	buf    []byte // not yet parsed; rows point into what was
	rows   []Row
	texts  [5]string // of the last row: many have the name, actor and subject of the one before
	began  bool
	parsed int
}

// arena is how many bytes of rows are handed over together.
const arena = 1 << 18

func (p *parser) Write(b []byte) (int, error) {
	if cap(p.buf)-len(p.buf) < len(b) {
		// What rows point into is left to them.
		grown := make([]byte, 0, max(arena, 2*(len(p.buf)-p.parsed+len(b))))
		p.buf, p.parsed = append(grown, p.buf[p.parsed:]...), 0
	}
	p.buf = append(p.buf, b...)
	if !p.began {
		if len(p.buf) < 19 {
			return len(b), nil
		}
		p.began, p.parsed = true, 19
	}
	for {
		r, n, err := p.row(p.buf[p.parsed:])
		if err != nil {
			return 0, err
		}
		if n == 0 {
			return len(b), nil
		}
		p.parsed += n
		if p.rows = append(p.rows, r); len(p.rows) >= 512 {
			if err := p.flush(); err != nil {
				return 0, err
			}
		}
	}
}

func (p *parser) flush() error {
	if len(p.rows) == 0 {
		return nil
	}
	select {
	case p.out <- p.rows:
		p.rows = make([]Row, 0, 512)
		return nil
	case <-p.ctx.Done():
		return errStopped
	}
}

// row parses the row at the beginning of b; n is 0 when it is not whole, or at the end
// of the data.
func (p *parser) row(b []byte) (r Row, n int, err error) {
	if len(b) < 2 {
		return r, 0, nil
	}
	count := int16(binary.BigEndian.Uint16(b))
	if count == -1 {
		return r, 0, nil
	}
	if int(count) != len(Types) {
		return r, 0, fmt.Errorf("a row of the archive has %d columns", count)
	}
	var cells [11][]byte
	at := 2
	for i := range cells {
		if len(b) < at+4 {
			return r, 0, nil
		}
		size := int(int32(binary.BigEndian.Uint32(b[at:])))
		at += 4
		if size < 0 {
			continue
		}
		if len(b) < at+size {
			return r, 0, nil
		}
		cells[i], at = b[at:at+size:at+size], at+size
	}
	if len(cells[0]) != 8 || len(cells[1]) != 8 || (cells[2] != nil && len(cells[2]) != 4) {
		return r, 0, errors.New("a row of the archive has columns of unexpected width")
	}
	for i, text := range cells[3:8] {
		if string(text) != p.texts[i] {
			p.texts[i] = string(text)
		}
	}
	r = Row{
		Seq:  binary.BigEndian.Uint64(cells[0]),
		Time: time.UnixMicro(int64(binary.BigEndian.Uint64(cells[1])) + 946_684_800_000_000).UTC(),
		Name: p.texts[0], Case: p.texts[1], Command: p.texts[2], Actor: p.texts[3], Subject: p.texts[4],
		Header: cells[8], Data: cells[9], Hashes: cells[10],
	}
	if cells[2] != nil {
		r.On = time.Unix((int64(int32(binary.BigEndian.Uint32(cells[2])))+10_957)*86_400, 0).UTC()
	}
	return r, at, nil
}
