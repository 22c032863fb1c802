package events

import (
	"encoding/binary"
	"fmt"

	"zhucan/events/merkle"
)

// MaxData is the most bytes that the data of one record may have. A Log takes a
// header of 64 KiB beside it.
const MaxData = 192 << 10

// A Record is an event as stored: the bytes that are hashed, proved and kept.
type Record struct {
	Seq     uint64 // place in the log, from 1; 0 before it is appended
	Subject string // where it is published: book.<book>.<kind of case>
	Header  Header
	Data    []byte // canonical JSON (RFC 8785)
}

// A Header is the record's own attributes, in the order of their keys, each key
// once: CloudEvents 1.0 binary mode, keys in lower case, nothing that the server
// adds (mirrors drop some Nats-* headers, direct gets add others).
type Header []Field

// A Field is one attribute of a record.
type Field struct{ Key, Value string }

// Get returns the value of key, or "".
func (h Header) Get(key string) string {
	for _, f := range h {
		if f.Key == key {
			return f.Value
		}
	}
	return ""
}

// Append writes the canonical form of h after dst: for each field the key and
// the value, each after its length as a big-endian uint32. Records are hashed
// over this form and archived in it.
func (h Header) Append(dst []byte) []byte {
	for _, f := range h {
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(f.Key)))
		dst = append(dst, f.Key...)
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(f.Value)))
		dst = append(dst, f.Value...)
	}
	return dst
}

// ParseHeader reads what [Header.Append] wrote.
func ParseHeader(b []byte) (Header, error) {
	var h Header
	for len(b) > 0 {
		var part [2]string
		for i := range part {
			if len(b) < 4 || uint64(len(b)-4) < uint64(binary.BigEndian.Uint32(b)) {
				return nil, fmt.Errorf("%w: header is cut off", ErrMalformed)
			}
			n := int(binary.BigEndian.Uint32(b))
			part[i], b = string(b[4:4+n]), b[4+n:]
		}
		h = append(h, Field{part[0], part[1]})
	}
	for i := 1; i < len(h); i++ {
		if h[i-1].Key >= h[i].Key {
			return nil, fmt.Errorf("%w: header keys are not in order, each once", ErrMalformed)
		}
	}
	return h, nil
}

// Leaf returns the record's leaf in the tree over the log.
func (r Record) Leaf(scratch []byte) (merkle.Hash, []byte) {
	scratch = r.Header.Append(scratch[:0])
	return merkle.Leaf{Seq: r.Seq, Subject: r.Subject, Header: scratch, Data: r.Data}.Hash(), scratch
}
