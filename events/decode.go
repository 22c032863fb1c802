package events

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"zhucan/events/merkle"
	"zhucan/ledger"
)

// What may be wrong with a record. A reader that meets either stops; nothing is
// skipped.
var (
	ErrType      = errors.New("the type of the event is unknown")
	ErrMalformed = errors.New("the record is malformed")
)

// Meta is what is known of an event beside what happened.
type Meta struct {
	Command     ledger.CommandID
	Actor       ledger.ActorID
	Time        time.Time // when it was recorded
	Correlation string
	Request     [16]byte // what was asked for, hashed
}

// Recorded is a record that has been read: its event, its metadata and its leaf
// in the tree over the log.
type Recorded struct {
	Record
	Leaf  merkle.Hash
	Meta  Meta
	Name  string // type and version, as stored
	Event ledger.Event
}

const timeFormat = "2006-01-02T15:04:05.000000Z"

// Encode makes the record of an event of a book.
func Encode(book string, e ledger.Event, m Meta) (Record, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return Record{}, fmt.Errorf("encode %T: %w", e, err)
	}
	name := NameOf(e)
	h := make(Header, 0, 9)
	h = append(h, Field{"ce-actor", string(m.Actor)})
	if m.Correlation != "" {
		h = append(h, Field{"ce-correlationid", m.Correlation})
	}
	h = append(h,
		Field{"ce-id", string(m.Command) + ":1"},
		Field{"ce-request", hex.EncodeToString(m.Request[:])},
		Field{"ce-source", "/zhucan/" + book},
		Field{"ce-specversion", "1.0"},
		Field{"ce-subject", e.Case()},
		Field{"ce-time", m.Time.UTC().Format(timeFormat)},
		Field{"ce-type", name})
	return Record{Subject: Subject(book, name), Header: h, Data: data}, nil
}

// Subject is where events of a type are published.
func Subject(book, name string) string { return "book." + book + "." + kindOf(name) }

// Decode reads a record strictly.
func Decode(r Record) (Recorded, error) {
	d := Recorded{Record: r}
	var id, request, when string
	for _, f := range r.Header {
		switch f.Key {
		case "ce-actor":
			d.Meta.Actor = ledger.ActorID(f.Value)
		case "ce-correlationid":
			d.Meta.Correlation = f.Value
		case "ce-id":
			id = f.Value
		case "ce-request":
			request = f.Value
		case "ce-time":
			when = f.Value
		case "ce-type":
			d.Name = f.Value
		}
	}
	command, ok := strings.CutSuffix(id, ":1")
	if !ok {
		return d, fmt.Errorf("%w: record %d has id %q", ErrMalformed, r.Seq, id)
	}
	d.Meta.Command = ledger.CommandID(command)
	if n, err := hex.Decode(d.Meta.Request[:], []byte(request)); err != nil || n != len(d.Meta.Request) || len(request) != 32 {
		return d, fmt.Errorf("%w: record %d has request %q", ErrMalformed, r.Seq, request)
	}
	t, err := time.Parse(timeFormat, when)
	if err != nil {
		return d, fmt.Errorf("%w: record %d has time %q", ErrMalformed, r.Seq, when)
	}
	d.Meta.Time = t
	kind, ok := byName[d.Name]
	if !ok {
		return d, fmt.Errorf("%w: record %d is a %q", ErrType, r.Seq, d.Name)
	}
	if d.Event, err = kind.decode(r.Data); err != nil {
		return d, fmt.Errorf("%w: record %d, %s: %v", ErrMalformed, r.Seq, d.Name, err)
	}
	return d, nil
}
