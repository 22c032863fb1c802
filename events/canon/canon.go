// Package canon reads and writes the data of events: JSON in which every value has
// one spelling.
//
// The members of an object stand in the order in which their struct declares them,
// which for every event is that of the alphabet. There is no space between tokens.
// A string escapes what JSON says it must and nothing else, as RFC 8785 §3.2.2.2
// does. A number is an int in decimal; amounts, days and whatever else has a text of
// its own are strings. A member marked omitempty is left out when its value is
// written as "", [], {} or null, one marked omitzero when its value is zero; every
// other member is there. For example
//
//	{"amount":"5000.00","by":"clerk","line":"220104/startup/levy/2023","on":"2023-03-21"}
//
// # Invariants
//
//  1. What [Shape.Append] writes, [Shape.Read] reads as the same value.
//  2. What Read accepts is byte for byte what Append writes for the value it read.
//     Whoever has read a record has therefore verified its spelling.
//  3. What Append writes, encoding/json/v2 writes too. Anybody can read it.
//
// # Failures
//
// Read says at which byte and in which member the data is not what it must be. It never
// panics, whatever the bytes.
//
// # Design
//
// A shape is worked out from a type once, by reflection, and then followed without
// looking anything up. A general decoder looks each name up, takes members in any
// order and any spelling, and proves nothing by reading: to verify a record it
// has to be written again and compared. Reading in the one order that there is takes
// a quarter of the time and verifies as it goes.
//
// Strings that recur (account codes, clauses, sides) are shared between values by a
// small cache; no string holds on to the data it was read from.
package canon

import (
	"bytes"
	"encoding"
	"fmt"
	"hash/maphash"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// A Shape is how values of type T are written.
type Shape[T any] struct {
	kind     kind
	readings sync.Pool // of *reading[T]
}

// A reading is a reader and what it reads: one allocation for many values.
type reading[T any] struct {
	reader
	value T
}

// A kind writes and reads values of one type.
type kind struct {
	append func(dst []byte, v reflect.Value) ([]byte, error)
	read   func(r *reader, v reflect.Value) error
}

// For works out the shape of T. It panics if T has a part that is none of: strings,
// whole numbers, truth values, what has a text of its own, and pointers to, slices
// of and structs of these.
func For[T any]() *Shape[T] {
	var b builder
	s := &Shape[T]{kind: b.kindOf(reflect.TypeFor[T]())}
	s.readings.New = func() any {
		r := &reading[T]{reader: reader{last: make([]last, len(b.texts))}}
		for i, t := range b.texts {
			r.last[i].value = reflect.New(t).Elem()
		}
		return r
	}
	return s
}

// Append writes *v behind dst. It fails if a string is not of UTF-8.
func (s *Shape[T]) Append(dst []byte, v *T) ([]byte, error) {
	return s.kind.append(dst, reflect.ValueOf(v).Elem())
}

// Read reads data, all of it. With an error it returns the zero value.
func (s *Shape[T]) Read(data []byte) (T, error) {
	var zero T
	r := s.readings.Get().(*reading[T])
	defer s.readings.Put(r)
	r.data, r.at, r.value = data, 0, zero
	err := s.kind.read(&r.reader, reflect.ValueOf(&r.value).Elem())
	if err == nil && r.at < len(data) {
		err = r.errorf("more data than one value")
	}
	if r.data = nil; err != nil {
		return zero, err
	}
	return r.value, nil
}

// A reader is at a place in data.
type reader struct {
	data  []byte
	at    int
	text  []byte // scratch
	last  []last // of each type that has a text of its own
	cache [256]string
}

// A last is the value that was read last and its text: an entry repeats its amount
// in every posting.
type last struct {
	text  []byte
	value reflect.Value
}

var seed = maphash.MakeSeed()

func (r *reader) errorf(format string, args ...any) error {
	return fmt.Errorf("at byte %d: "+format, append([]any{r.at}, args...)...)
}

// token steps over s.
func (r *reader) token(s string) error {
	if len(r.data)-r.at < len(s) || string(r.data[r.at:r.at+len(s)]) != s {
		return r.errorf("not %s", s)
	}
	r.at += len(s)
	return nil
}

// next steps over s if it comes next.
func (r *reader) next(s string) bool {
	if len(r.data)-r.at < len(s) || string(r.data[r.at:r.at+len(s)]) != s {
		return false
	}
	r.at += len(s)
	return true
}

// quoted steps over a string and returns what it says, valid until the next call.
func (r *reader) quoted() ([]byte, error) {
	if r.at == len(r.data) || r.data[r.at] != '"' {
		return nil, r.errorf(`not "`)
	}
	r.at++
	begin, i, bits := r.at, r.at, byte(0)
	for i < len(r.data) && plain[r.data[i]] {
		bits |= r.data[i]
		i++
	}
	switch {
	case i == len(r.data):
		return nil, r.errorf("a string without an end")
	case r.data[i] != '"':
		return r.escaped(begin - 1)
	}
	r.at = i + 1
	text := r.data[begin:i]
	if bits >= utf8.RuneSelf && !utf8.Valid(text) {
		return nil, r.errorf("a string that is not of UTF-8")
	}
	return text, nil
}

// plain are the bytes that stand for themselves in a string.
var plain = func() (plain [256]bool) {
	for c := range plain {
		plain[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return plain
}()

// escaped steps over the string that begins at a byte and has escapes.
func (r *reader) escaped(begin int) ([]byte, error) {
	end := begin + 1
	for ; end < len(r.data) && r.data[end] != '"'; end++ {
		if r.data[end] == '\\' {
			end++
		}
	}
	if end >= len(r.data) {
		return nil, r.errorf("a string without an end")
	}
	as := r.data[begin : end+1]
	var err error
	if r.text, err = jsontext.AppendUnquote(r.text[:0], as); err != nil {
		return nil, r.errorf("%v", err)
	}
	if again, err := jsontext.AppendQuote(nil, r.text); err != nil || !bytes.Equal(again, as) {
		return nil, r.errorf("a string that is not spelled as it is written")
	}
	r.at = end + 1
	return r.text, nil
}

// share returns b as a string, the same one as before where it recurs.
func (r *reader) share(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > 64 {
		return string(b)
	}
	s := &r.cache[maphash.Bytes(seed, b)%uint64(len(r.cache))]
	if *s != string(b) {
		*s = string(b)
	}
	return *s
}

// appendString writes s with its quotes.
func appendString[S ~string | ~[]byte](dst []byte, s S) ([]byte, error) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return jsontext.AppendQuote(dst, s)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"'), nil
}

// A builder works out a shape.
type builder struct {
	texts []reflect.Type // that have a text of their own
}

func (b *builder) kindOf(t reflect.Type) kind {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) && t.Implements(reflect.TypeFor[encoding.TextAppender]()) {
		i := slices.Index(b.texts, t)
		if i < 0 {
			i, b.texts = len(b.texts), append(b.texts, t)
		}
		return textKind(i)
	}
	switch t.Kind() {
	case reflect.String:
		return stringKind
	case reflect.Bool:
		return boolKind
	case reflect.Int:
		return intKind
	case reflect.Pointer:
		return pointerKind(t.Elem(), b.kindOf(t.Elem()))
	case reflect.Slice:
		return sliceKind(b.kindOf(t.Elem()))
	case reflect.Struct:
		return b.structKind(t)
	}
	panic(fmt.Sprintf("canon: a value of type %s has no one spelling", t))
}

var stringKind = kind{
	append: func(dst []byte, v reflect.Value) ([]byte, error) { return appendString(dst, v.String()) },
	read: func(r *reader, v reflect.Value) error {
		text, err := r.quoted()
		if err == nil {
			v.SetString(r.share(text))
		}
		return err
	},
}

// textKind is of the i-th type that has a text of its own.
func textKind(i int) kind {
	return kind{
		append: func(dst []byte, v reflect.Value) ([]byte, error) {
			begin := len(dst)
			dst, err := v.Addr().Interface().(encoding.TextAppender).AppendText(append(dst, '"'))
			if err != nil {
				return dst, err
			}
			for _, c := range dst[begin+1:] {
				if c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
					return appendString(dst[:begin], bytes.Clone(dst[begin+1:]))
				}
			}
			return append(dst, '"'), nil
		},
		read: func(r *reader, v reflect.Value) error {
			begin := r.at
			text, err := r.quoted()
			if err != nil {
				return err
			}
			last := &r.last[i]
			if len(text) > 0 && string(text) == string(last.text) {
				v.Set(last.value)
				return nil
			}
			p := v.Addr().Interface()
			if err := p.(encoding.TextUnmarshaler).UnmarshalText(text); err != nil {
				r.at = begin
				return r.errorf("%w", err)
			}
			again, err := p.(encoding.TextAppender).AppendText(last.text[:0])
			if last.text = again; err != nil || string(again) != string(text) {
				last.text, r.at = last.text[:0], begin
				return r.errorf("a value that is not spelled as it is written")
			}
			last.value.Set(v)
			return nil
		},
	}
}

var boolKind = kind{
	append: func(dst []byte, v reflect.Value) ([]byte, error) { return strconv.AppendBool(dst, v.Bool()), nil },
	read: func(r *reader, v reflect.Value) error {
		if r.next("true") {
			v.SetBool(true)
			return nil
		}
		return r.token("false")
	},
}

var intKind = kind{
	append: func(dst []byte, v reflect.Value) ([]byte, error) { return strconv.AppendInt(dst, v.Int(), 10), nil },
	read: func(r *reader, v reflect.Value) error {
		end := r.at
		for end < len(r.data) && (r.data[end] == '-' || '0' <= r.data[end] && r.data[end] <= '9') {
			end++
		}
		spelled := string(r.data[r.at:end])
		n, err := strconv.Atoi(spelled)
		if err != nil || strconv.Itoa(n) != spelled {
			return r.errorf("not a whole number as it is written")
		}
		v.SetInt(int64(n))
		r.at = end
		return nil
	},
}

// quotedKind is of the whole numbers that are written as strings, since they may be
// larger than what a reader of JSON keeps exact.
var quotedKind = kind{
	append: func(dst []byte, v reflect.Value) ([]byte, error) {
		return append(strconv.AppendUint(append(dst, '"'), v.Uint(), 10), '"'), nil
	},
	read: func(r *reader, v reflect.Value) error {
		text, err := r.quoted()
		if err != nil {
			return err
		}
		n, err := strconv.ParseUint(string(text), 10, 64)
		if err != nil || strconv.FormatUint(n, 10) != string(text) {
			return r.errorf("not a whole number as it is written")
		}
		v.SetUint(n)
		return nil
	},
}

func pointerKind(t reflect.Type, of kind) kind {
	return kind{
		append: func(dst []byte, v reflect.Value) ([]byte, error) {
			if v.IsNil() {
				return append(dst, "null"...), nil
			}
			return of.append(dst, v.Elem())
		},
		read: func(r *reader, v reflect.Value) error {
			if r.next("null") {
				return nil
			}
			v.Set(reflect.New(t))
			return of.read(r, v.Elem())
		},
	}
}

func sliceKind(of kind) kind {
	return kind{
		append: func(dst []byte, v reflect.Value) (_ []byte, err error) {
			dst = append(dst, '[')
			for i := range v.Len() {
				if i > 0 {
					dst = append(dst, ',')
				}
				if dst, err = of.append(dst, v.Index(i)); err != nil {
					return dst, err
				}
			}
			return append(dst, ']'), nil
		},
		read: func(r *reader, v reflect.Value) error {
			if err := r.token("["); err != nil {
				return err
			}
			if r.next("]") {
				v.Set(reflect.MakeSlice(v.Type(), 0, 0))
				return nil
			}
			for i := 0; ; i++ {
				if i == v.Cap() {
					v.Grow(max(4, i))
				}
				v.SetLen(i + 1)
				v.Index(i).SetZero()
				if err := of.read(r, v.Index(i)); err != nil {
					return fmt.Errorf("%d: %w", i, err)
				}
				if r.next("]") {
					return nil
				}
				if err := r.token(","); err != nil {
					return err
				}
			}
		},
	}
}

// A member is a field of a struct: its name as it is written behind a brace or a
// comma, and when it is left out.
type member struct {
	index     int
	name      string
	first     string // `"name":`
	further   string // `,"name":`
	of        kind
	omitempty bool
	omitzero  func(reflect.Value) bool
}

func (b *builder) structKind(t reflect.Type) kind {
	members := make([]member, t.NumField())
	for i := range members {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "" || name == "-" || i > 0 && members[i-1].name >= name {
			panic(fmt.Sprintf("canon: field %s of %s has no name in the order of the alphabet", f.Name, t))
		}
		m := member{index: i, name: name, first: `"` + name + `":`, further: `,"` + name + `":`}
		switch options {
		case "":
		case "omitempty":
			m.omitempty = true
		case "omitzero":
			m.omitzero = zero(f.Type)
		case "string":
			if f.Type.Kind() != reflect.Uint64 {
				panic(fmt.Sprintf("canon: field %s of %s is no uint64", f.Name, t))
			}
			m.of = quotedKind
		default:
			panic(fmt.Sprintf("canon: field %s of %s is marked %s", f.Name, t, options))
		}
		if m.of.read == nil {
			m.of = b.kindOf(f.Type)
		}
		members[i] = m
	}
	return kind{
		append: func(dst []byte, v reflect.Value) (_ []byte, err error) {
			begin := len(dst)
			dst = append(dst, '{')
			for i := range members {
				m := &members[i]
				field := v.Field(m.index)
				if m.omitzero != nil && m.omitzero(field) {
					continue
				}
				at := len(dst)
				if at > begin+1 {
					dst = append(dst, m.further...)
				} else {
					dst = append(dst, m.first...)
				}
				value := len(dst)
				if dst, err = m.of.append(dst, field); err != nil {
					return dst, fmt.Errorf("%s: %w", m.name, err)
				}
				if m.omitempty && empty(dst[value:]) {
					dst = dst[:at]
				}
			}
			return append(dst, '}'), nil
		},
		read: func(r *reader, v reflect.Value) error {
			if err := r.token("{"); err != nil {
				return err
			}
			begin := r.at
			for i := range members {
				m := &members[i]
				spelled := m.further
				if r.at == begin {
					spelled = m.first
				}
				if !r.next(spelled) {
					if m.omitempty || m.omitzero != nil {
						continue
					}
					return r.errorf("the member %q must come here", m.name)
				}
				value := r.at
				field := v.Field(m.index)
				if err := m.of.read(r, field); err != nil {
					return fmt.Errorf("%s: %w", m.name, err)
				}
				if m.omitempty && empty(r.data[value:r.at]) || m.omitzero != nil && m.omitzero(field) {
					r.at = value
					return r.errorf("the member %q has no value and is left out then", m.name)
				}
			}
			if !r.next("}") {
				return r.errorf("the object must end here")
			}
			return nil
		},
	}
}

// empty tells whether a value is written as one without content.
func empty(b []byte) bool {
	switch string(b) {
	case `""`, `[]`, `{}`, `null`:
		return true
	}
	return false
}

// zero returns how a type tells its zero value: itself, where it has an opinion.
func zero(t reflect.Type) func(reflect.Value) bool {
	if t.Implements(reflect.TypeFor[interface{ IsZero() bool }]()) {
		return func(v reflect.Value) bool { return v.Addr().Interface().(interface{ IsZero() bool }).IsZero() }
	}
	return reflect.Value.IsZero
}
