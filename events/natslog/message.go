package natslog

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"

	"zhucan/events"
)

// maxHeader is what the server accepts as header.
const maxHeader = 64<<10 - 1

// message returns r as it is published. Data and values are not copied.
func message(r events.Record) *nats.Msg {
	m := &nats.Msg{Subject: r.Subject, Header: make(nats.Header, len(r.Header)+3), Data: r.Data}
	values := make([]string, len(r.Header))
	for i, f := range r.Header {
		values[i] = f.Value
		m.Header[f.Key] = values[i : i+1 : i+1]
	}
	return m
}

// check refuses what would not come back from the server as it went in, and
// returns how many bytes the record takes there, roughly.
func (l *Log) check(r events.Record) (int, error) {
	rest, ok := strings.CutPrefix(r.Subject, l.prefix)
	if !ok || !literal(rest) {
		return 0, fmt.Errorf("subject %q is not one of %s>", r.Subject, l.prefix)
	}
	size := 0
	for i, f := range r.Header {
		switch {
		case i > 0 && r.Header[i-1].Key >= f.Key:
			return 0, fmt.Errorf("header %q: keys are in order, each once", f.Key)
		case !plain(f.Key) || isNats(f.Key):
			return 0, fmt.Errorf("header %q: a key is of lower-case letters, digits and hyphens, and not the server's own", f.Key)
		case strings.ContainsAny(f.Value, "\r\n\x00") || spaced(f.Value):
			return 0, fmt.Errorf("header %q: a value has no line breaks and no spaces around it", f.Key)
		}
		size += len(f.Key) + len(f.Value) + 4
	}
	// 512 bytes are for what is added: the expected sequence, the batch.
	if size += 512; size > maxHeader {
		return 0, fmt.Errorf("header of %d bytes: up to %d are taken", size, maxHeader)
	}
	if size += len(r.Data); size > MaxRecord {
		return 0, fmt.Errorf("record of %d bytes: up to %d are taken", size, MaxRecord)
	}
	return size + len(r.Subject), nil
}

// spaced tells whether there are spaces around a value, which would not come back.
func spaced(value string) bool {
	blank := func(c byte) bool { return c == ' ' || c == '\t' }
	return value != "" && (blank(value[0]) || blank(value[len(value)-1]))
}

// literal tells whether s is one or more tokens of a subject, without wildcards.
func literal(s string) bool {
	for token := range strings.SplitSeq(s, ".") {
		if token == "" || strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c == '*' || c == '>' || c > '~' }) {
			return false
		}
	}
	return len(s) <= 200
}

func plain(key string) bool {
	for _, c := range []byte(key) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return key != ""
}

// isNats tells whether a header is the server's or the client's own, in any case.
func isNats(key string) bool {
	return len(key) >= 5 && strings.EqualFold(key[:5], "nats-")
}

// parseHeader returns the record's fields of a header as it travels.
//
// The server hashes what it stores but not the length of the header. With that
// length damaged, the border between header and data moves. So what is read must be
// all of the header and nothing but it.
func parseHeader(b []byte) (events.Header, error) {
	if len(b) == 0 {
		return nil, nil
	}
	rest, ok := strings.CutPrefix(string(b), "NATS/1.0\r\n")
	fields := make(events.Header, 0, 9) // of an event
	for ok && rest != "\r\n" {
		end := max(0, strings.IndexByte(rest, '\r'))
		line := rest[:end]
		colon := strings.IndexByte(line, ':')
		if ok = colon > 0 && strings.HasPrefix(line[colon:], ": ") && strings.HasPrefix(rest[end:], "\r\n"); !ok {
			break
		}
		value := line[colon+2:]
		ok = !spaced(value)
		fields = insert(fields, line[:colon], value)
		rest = rest[end+2:]
	}
	if !ok {
		return nil, fmt.Errorf("%w: a header of %d bytes does not end where it should", events.ErrMalformed, len(b))
	}
	return fields, nil
}

// headerOf returns the record's fields of a header that nats.go has read, which was size
// bytes long. Its reader ignores what is too much: see [parseHeader].
func headerOf(h nats.Header, size int) (events.Header, error) {
	fields := make(events.Header, 0, len(h))
	read := 0
	for key, values := range h {
		for _, value := range values {
			read += len(key) + len(": ") + len(value) + len("\r\n")
			fields = insert(fields, key, value)
		}
	}
	if len(h) > 0 {
		read += len("NATS/1.0\r\n") + len("\r\n")
	}
	if read != size {
		return nil, fmt.Errorf("%w: a header of %d bytes reads as one of %d", events.ErrMalformed, size, read)
	}
	return fields, nil
}

// insert puts a field of a record where its key belongs: fields travel in any order,
// among the server's own, which are left out.
func insert(h events.Header, key, value string) events.Header {
	if isNats(key) {
		return h
	}
	h = append(h, events.Field{Key: key, Value: value})
	for i := len(h) - 1; i > 0 && h[i-1].Key > h[i].Key; i-- {
		h[i-1], h[i] = h[i], h[i-1]
	}
	return h
}

// same compares what is stored with what was sent.
func same(a, b events.Record) bool {
	return a.Subject == b.Subject && slices.Equal(a.Header, b.Header) && bytes.Equal(a.Data, b.Data)
}
