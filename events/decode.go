package events

import (
	"bytes"
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

// An attributes is the header of a record, taken apart.
type attributes struct{ actor, correlation, id, request, source, version, subject, time, name string }

type attribute struct {
	key   string
	value *string
}

// fields lists the attributes in the order of their keys. Only the correlation may
// be absent.
func (a *attributes) fields() [9]attribute {
	return [...]attribute{
		{"ce-actor", &a.actor},
		{"ce-correlationid", &a.correlation},
		{"ce-id", &a.id},
		{"ce-request", &a.request},
		{"ce-source", &a.source},
		{"ce-specversion", &a.version},
		{"ce-subject", &a.subject},
		{"ce-time", &a.time},
		{"ce-type", &a.name},
	}
}

// read takes h apart. False means that h has not exactly these attributes, each
// once, in their order and with a value.
func (a *attributes) read(h Header) bool {
	n := 0
	for _, f := range a.fields() {
		switch {
		case n < len(h) && h[n].Key == f.key && h[n].Value != "":
			*f.value = h[n].Value
			n++
		case f.key != "ce-correlationid":
			return false
		}
	}
	return n == len(h)
}

const (
	sourcePrefix = "/zhucan/"
	idSuffix     = ":1" // one decision is one event
	specVersion  = "1.0"
)

// Encode makes the record of an event of a book.
func Encode(book string, e ledger.Event, m Meta) (Record, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return Record{}, fmt.Errorf("encode %T: %w", e, err)
	}
	a := attributes{
		actor: string(m.Actor), correlation: m.Correlation, id: string(m.Command) + idSuffix, request: hex.EncodeToString(m.Request[:]),
		source: sourcePrefix + book, version: specVersion, subject: e.Case(), time: m.Time.UTC().Format(timeFormat), name: NameOf(e),
	}
	fields := a.fields()
	h := make(Header, 0, len(fields))
	for _, f := range fields {
		if *f.value != "" {
			h = append(h, Field{f.key, *f.value})
		}
	}
	return Record{Subject: Subject(book, a.name), Header: h, Data: data}, nil
}

// Subject is where events of a type are published.
func Subject(book, name string) string { return "book." + book + "." + kindOf(name) }

// Decode reads a record strictly. It refuses whatever is not written as [Encode]
// writes it, except for a member of the data that is missing, null or out of
// order: of these it finds what names the case, the day and every part of a
// posting, which is what figures are made of. [Verify] finds the others.
func Decode(r Record) (Recorded, error) {
	d := Recorded{Record: r}
	bad := func(format string, args ...any) (Recorded, error) {
		return d, fmt.Errorf("%w: record %d %s", ErrMalformed, r.Seq, fmt.Sprintf(format, args...))
	}
	var a attributes
	if !a.read(r.Header) {
		return bad("has not the attributes of an event, each once, in their order")
	}
	d.Meta.Actor, d.Meta.Correlation, d.Name = ledger.ActorID(a.actor), a.correlation, a.name
	if a.version != specVersion {
		return bad("has specversion %q", a.version)
	}
	command, ok := strings.CutSuffix(a.id, idSuffix)
	if !ok || command == "" {
		return bad("has id %q", a.id)
	}
	d.Meta.Command = ledger.CommandID(command)
	if len(a.request) != hex.EncodedLen(len(d.Meta.Request)) || strings.ContainsAny(a.request, "ABCDEF") {
		return bad("has request %q", a.request)
	}
	if _, err := hex.Decode(d.Meta.Request[:], []byte(a.request)); err != nil {
		return bad("has request %q", a.request)
	}
	t, err := time.Parse(timeFormat, a.time)
	if err != nil || strings.Contains(a.time, ",") { // Parse takes a comma for the point
		return bad("has time %q", a.time)
	}
	d.Meta.Time = t
	kind, ok := byName[d.Name]
	if !ok {
		return d, fmt.Errorf("%w: record %d is a %q", ErrType, r.Seq, d.Name)
	}
	if book, ok := strings.CutPrefix(a.source, sourcePrefix); !ok || r.Subject != Subject(book, d.Name) {
		return bad("of source %q and type %q was published as %q", a.source, d.Name, r.Subject)
	}
	if d.Event, err = kind.decode(r.Data); err != nil {
		return bad("is no %s: %v", d.Name, err)
	}
	if d.Event.Case() != a.subject {
		return bad("is about %q and says %q", d.Event.Case(), a.subject)
	}
	if d.Event.Effective().IsZero() || !sound(d.Event.Booked()) {
		return bad("has no day, or an entry that is none")
	}
	return d, nil
}

// sound tells whether an entry, if there is one, has a day and postings that move
// money on a side. That they balance is for who has the chart.
func sound(e *ledger.Entry) bool {
	if e == nil {
		return true
	}
	for _, p := range e.Postings {
		if p.Account == "" || p.Amount.Sign() <= 0 || p.Side != ledger.Debit && p.Side != ledger.Credit {
			return false
		}
	}
	return e.ID != "" && !e.Date.IsZero() && len(e.Postings) >= 2
}

// Verify is [Decode] that also writes the data again and compares: in a record
// that passes, no member is missing or null and no value has another spelling
// than the one it has when it is written. It takes twice as long as Decode; who
// reads only what the appender wrote need not pay for it, since that was read
// back before it was appended.
func Verify(r Record) (Recorded, error) {
	d, err := Decode(r)
	if err != nil {
		return d, err
	}
	again, err := byName[d.Name].again(r.Data)
	if err != nil || !bytes.Equal(again, r.Data) {
		return d, fmt.Errorf("%w: record %d, %s, is not spelled as it is written: a member is missing, null or out of order", ErrMalformed, r.Seq, d.Name)
	}
	return d, nil
}
