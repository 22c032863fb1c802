package events

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

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

// parseTime reads what timeFormat writes. [time.RFC3339Nano] is read without looking at a
// format, and is as long as this one, with its point and its Z, only where it is the same.
func parseTime(s string) (time.Time, error) {
	if len(s) != len(timeFormat) || s[len(timeFormat)-8] != '.' || s[len(timeFormat)-1] != 'Z' {
		return time.Time{}, errors.New("not a time to the microsecond in UTC")
	}
	return time.Parse(time.RFC3339Nano, s)
}

// attributes are the values of a header in the order of their keys; only the
// correlation may be absent.
type attributes [9]string

const (
	attrActor = iota
	attrCorrelation
	attrID
	attrRequest
	attrSource
	attrVersion
	attrSubject
	attrTime
	attrType
)

var attrKeys = [len(attributes{})]string{
	"ce-actor", "ce-correlationid", "ce-id", "ce-request", "ce-source", "ce-specversion", "ce-subject", "ce-time", "ce-type",
}

// attributesOf takes a header apart. False means that it has not exactly these
// attributes, each once, in their order and with a value.
func attributesOf(h Header) (a attributes, ok bool) {
	n := 0
	for i, key := range attrKeys {
		switch {
		case n < len(h) && h[n].Key == key && h[n].Value != "":
			a[i] = h[n].Value
			n++
		case i != attrCorrelation:
			return a, false
		}
	}
	return a, n == len(h)
}

func (a attributes) header() Header {
	h := make(Header, 0, len(a))
	for i, value := range a {
		if value != "" {
			h = append(h, Field{attrKeys[i], value})
		}
	}
	return h
}

const (
	sourcePrefix = "/zhucan/"
	idSuffix     = ":1" // one decision is one event
	specVersion  = "1.0"
)

// Encode makes the record of an event of a book.
func Encode(book string, e ledger.Event, m Meta) (Record, error) {
	name := NameOf(e)
	data, err := byName[name].append(make([]byte, 0, 1024), e)
	if err != nil {
		return Record{}, fmt.Errorf("encode %T: %w", e, err)
	}
	a := attributes{
		attrActor: string(m.Actor), attrCorrelation: m.Correlation, attrID: string(m.Command) + idSuffix,
		attrRequest: hex.EncodeToString(m.Request[:]), attrSource: sourcePrefix + book, attrVersion: specVersion,
		attrSubject: e.Case(), attrTime: m.Time.UTC().Format(timeFormat), attrType: name,
	}
	return Record{Subject: Subject(book, name), Header: a.header(), Data: data}, nil
}

// Subject is where events of a type are published.
func Subject(book, name string) string { return "book." + book + "." + kindOf(name) }

// published tells whether subject is [Subject] of a book and a type.
func published(subject, book, name string) bool {
	rest, ok := strings.CutPrefix(subject, "book.")
	rest, same := strings.CutPrefix(rest, book)
	kind, dot := strings.CutPrefix(rest, ".")
	return ok && same && dot && kind == kindOf(name)
}

// Decode reads a record strictly. It refuses whatever is not written, byte for
// byte, as [Encode] writes it.
func Decode(r Record) (Recorded, error) {
	bad := func(format string, args ...any) (Recorded, error) {
		return Recorded{}, fmt.Errorf("%w: record %d %s", ErrMalformed, r.Seq, fmt.Sprintf(format, args...))
	}
	a, ok := attributesOf(r.Header)
	if !ok {
		return bad("has not the attributes of an event, each once, in their order")
	}
	if a[attrVersion] != specVersion {
		return bad("has specversion %q", a[attrVersion])
	}
	command, ok := strings.CutSuffix(a[attrID], idSuffix)
	if !ok || command == "" {
		return bad("has id %q", a[attrID])
	}
	m := Meta{Command: ledger.CommandID(command), Actor: ledger.ActorID(a[attrActor]), Correlation: a[attrCorrelation]}
	if len(a[attrRequest]) != hex.EncodedLen(len(m.Request)) || strings.ContainsAny(a[attrRequest], "ABCDEF") {
		return bad("has request %q", a[attrRequest])
	}
	if _, err := hex.Decode(m.Request[:], []byte(a[attrRequest])); err != nil {
		return bad("has request %q", a[attrRequest])
	}
	var err error
	if m.Time, err = parseTime(a[attrTime]); err != nil {
		return bad("has time %q", a[attrTime])
	}
	name := a[attrType]
	kind, ok := byName[name]
	if !ok {
		return Recorded{}, fmt.Errorf("%w: record %d is a %q", ErrType, r.Seq, name)
	}
	if book, ok := strings.CutPrefix(a[attrSource], sourcePrefix); !ok || !published(r.Subject, book, name) {
		return bad("of source %q and type %q was published as %q", a[attrSource], name, r.Subject)
	}
	e, err := kind.read(r.Data, a[attrSubject])
	if err != nil {
		return bad("is no %s: %v", name, err)
	}
	return Recorded{Record: r, Meta: m, Name: name, Event: e}, nil
}

// read reads the data of an event that is about a case.
func (k row) read(data []byte, about string) (ledger.Event, error) {
	e, err := k.decode(data)
	switch {
	case err != nil:
		return nil, err
	case e.Case() != about:
		return nil, fmt.Errorf("it is about %q and says %q", e.Case(), about)
	case e.Effective().IsZero():
		return nil, errors.New("it has no day")
	}
	if entry, ok := e.Booked(); ok && !sound(&entry) {
		return nil, errors.New("its entry is incomplete")
	}
	return e, nil
}

// sound tells whether an entry has a day and postings that move money on a side. That
// they balance is for who has the chart.
func sound(e *ledger.Entry) bool {
	for _, p := range e.Postings {
		if p.Account == "" || p.Amount.Sign() <= 0 || p.Side != ledger.Debit && p.Side != ledger.Credit {
			return false
		}
	}
	return e.ID != "" && !e.Date.IsZero() && len(e.Postings) >= 2
}
