package events_test

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"zhucan/events"
	"zhucan/ledger"
	"zhucan/ledger/payment"
)

// recorded is the golden record of a payment made elsewhere, as record 7.
func recorded(t testing.TB) events.Record {
	r := load(t, "payment.recorded.v1")[0].record()
	r.Seq = 7
	return r
}

// with returns r with another value of a header.
func with(r events.Record, key, value string) events.Record {
	r.Header = slices.Clone(r.Header)
	for i := range r.Header {
		if r.Header[i].Key == key {
			r.Header[i].Value = value
		}
	}
	return r
}

// replaced returns r with something else in its data.
func replaced(t testing.TB, r events.Record, old, new string) events.Record {
	t.Helper()
	if !bytes.Contains(r.Data, []byte(old)) {
		t.Fatalf("%s is not in %s", old, r.Data)
	}
	r.Data = bytes.Replace(r.Data, []byte(old), []byte(new), 1)
	return r
}

func TestARecordIsReadStrictly(t *testing.T) {
	t.Parallel()
	good := recorded(t)
	header := func(h ...events.Field) events.Record {
		return events.Record{Seq: 7, Subject: good.Subject, Header: h, Data: good.Data}
	}
	swapped := slices.Clone(good.Header)
	swapped[0], swapped[1] = swapped[1], swapped[0]
	for _, test := range []struct {
		name   string
		record events.Record
		want   error
	}{
		{"an unknown type", with(good, "ce-type", "payment.invented.v1"), events.ErrType},
		{"an unknown version", with(good, "ce-type", "payment.recorded.v2"), events.ErrType},
		{"another type", with(good, "ce-type", "payment.confirmed.v1"), events.ErrMalformed},
		{"no type", header(good.Header[:8]...), events.ErrMalformed},
		{"an empty type", with(good, "ce-type", ""), events.ErrMalformed},
		{"no header", header(), events.ErrMalformed},
		{"a header out of order", header(swapped...), events.ErrMalformed},
		{"an attribute twice", header(append(good.Header[:1:1], good.Header...)...), events.ErrMalformed},
		{"an unknown attribute", header(append(slices.Clone(good.Header), events.Field{Key: "ce-unknown", Value: "x"})...), events.ErrMalformed},
		{"an empty correlation", with(good, "ce-correlationid", ""), events.ErrMalformed},
		{"no command", with(good, "ce-id", ":1"), events.ErrMalformed},
		{"a second event of a command", with(good, "ce-id", "synthetic-52:2"), events.ErrMalformed},
		{"another version of CloudEvents", with(good, "ce-specversion", "1.1"), events.ErrMalformed},
		{"a source that is no book", with(good, "ce-source", "220000"), events.ErrMalformed},
		{"another book than the subject's", with(good, "ce-source", "/zhucan/110000"), events.ErrMalformed},
		{"another case than the event's", with(good, "ce-subject", "OLD1"), events.ErrMalformed},
		{"a short request", with(good, "ce-request", "00"), events.ErrMalformed},
		{"a long request", with(good, "ce-request", strings.Repeat("00", 40)), events.ErrMalformed},
		{"a request that is no number", with(good, "ce-request", strings.Repeat("zz", 16)), events.ErrMalformed},
		{"a request in capitals", with(good, "ce-request", strings.Repeat("AB", 16)), events.ErrMalformed},
		{"a time without microseconds", with(good, "ce-time", "2023-03-01T08:00:52Z"), events.ErrMalformed},
		{"a time with a comma", with(good, "ce-time", "2023-03-01T08:00:52,000000Z"), events.ErrMalformed},
		{"a time with an hour of one digit", with(good, "ce-time", "2023-03-01T8:00:52.0000000Z"), events.ErrMalformed},
		{"a time with a second of three digits", with(good, "ce-time", "2023-03-01T8:00:052.000000Z"), events.ErrMalformed},
		{"a time in small letters", with(good, "ce-time", "2023-03-01t08:00:52.000000z"), events.ErrMalformed},
		{"a time with nanoseconds and no day", with(good, "ce-time", "2023-03-1T08:00:52.0000000Z"), events.ErrMalformed},
		{"a time of another zone", with(good, "ce-time", "2023-03-01T08:00:52.000000+08:00"), events.ErrMalformed},
		{"a day that does not exist", with(good, "ce-time", "2023-02-29T08:00:52.000000Z"), events.ErrMalformed},
		{"no data", events.Record{Seq: 7, Subject: good.Subject, Header: good.Header}, events.ErrMalformed},
		{"an unknown member", replaced(t, good, `"by":`, `"bx":"","by":`), events.ErrMalformed},
		{"an unknown member further down", replaced(t, good, `"memo":`, `"mema":"","memo":`), events.ErrMalformed},
		{"a member in other case", replaced(t, good, `"by":`, `"By":`), events.ErrMalformed},
		{"a member twice", replaced(t, good, `"by":"clerk"`, `"by":"clerk","by":"clerk"`), events.ErrMalformed},
		{"bad UTF-8", replaced(t, good, "from the list", "from \xff list"), events.ErrMalformed},
		{"a lone surrogate", replaced(t, good, "from the list", `from \ud800 list`), events.ErrMalformed},
		{"something behind the data", replaced(t, good, `"OLD1"}`, `"OLD1"}{}`), events.ErrMalformed},
		{"cut data", replaced(t, good, `"OLD1"}`, `"OLD1"`), events.ErrMalformed},
		{"money without decimals", replaced(t, good, `"5000.00"`, `"5"`), events.ErrMalformed},
		{"money with three decimals", replaced(t, good, `"5000.00"`, `"5.000"`), events.ErrMalformed},
		{"money below nothing", replaced(t, good, `"5000.00"`, `"-0.00"`), events.ErrMalformed},
		{"money as a number", replaced(t, good, `"5000.00"`, `5000.00`), events.ErrMalformed},
		{"money with a leading zero", replaced(t, good, `"5000.00"`, `"05000.00"`), events.ErrMalformed},
		{"money with an exponent", replaced(t, good, `"5000.00"`, `"5e3.00"`), events.ErrMalformed},
		{"money beyond the largest", replaced(t, good, `"5000.00"`, `"100000000000.00"`), events.ErrMalformed},
		{"a date that does not exist", replaced(t, good, `"2023-03-21"`, `"2023-02-30"`), events.ErrMalformed},
		{"a date with a time", replaced(t, good, `"2023-03-21"`, `"2023-03-21T00:00:00Z"`), events.ErrMalformed},
		{"a month that does not exist", replaced(t, good, `"2023-03"`, `"2023-13"`), events.ErrMalformed},
		{"a budget line of three parts", replaced(t, good, `"220104/startup/levy/2023"`, `"220104/startup/2023"`), events.ErrMalformed},
		{"no case", replaced(t, good, `"payment":"OLD2",`, ``), events.ErrMalformed},
		{"no day", replaced(t, good, `"on":"2023-03-21",`, ``), events.ErrMalformed},
		{"an empty day", replaced(t, good, `"on":"2023-03-21"`, `"on":""`), events.ErrMalformed},
		{"an entry without a day", replaced(t, good, `"date":"2023-04-01",`, ``), events.ErrMalformed},
		{"an entry without an identifier", replaced(t, good, `"id":"payment:OLD2",`, ``), events.ErrMalformed},
		{"a posting without an account", replaced(t, good, `"account":"5001",`, ``), events.ErrMalformed},
		{"a posting without an amount", replaced(t, good, `"account":"5001","amount":"5000.00"`, `"account":"5001"`), events.ErrMalformed},
		{"a posting of nothing", replaced(t, good, `"account":"5001","amount":"5000.00"`, `"account":"5001","amount":"0.00"`), events.ErrMalformed},
		{"a posting below nothing", replaced(t, good, `"account":"5001","amount":"5000.00"`, `"account":"5001","amount":"-1.00"`), events.ErrMalformed},
		{"a posting without a side", replaced(t, good, `,"side":"debit"`, ``), events.ErrMalformed},
		{"a posting on a third side", replaced(t, good, `"side":"debit"`, `"side":"left"`), events.ErrMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := events.Decode(test.record)
			if !errors.Is(err, test.want) {
				t.Fatalf("%v, want %v", err, test.want)
			}
			if !strings.Contains(err.Error(), "record 7") {
				t.Errorf("%v does not say which record", err)
			}
		})
	}
	other := good
	other.Subject = "book.220000.claim"
	if _, err := events.Decode(other); !errors.Is(err, events.ErrMalformed) {
		t.Errorf("published as another kind of case: %v", err)
	}
}

func TestARecordHasOneSpelling(t *testing.T) {
	t.Parallel()
	good := recorded(t)
	if _, err := events.Decode(good); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, old, new string }{
		{"a missing member", `"by":"clerk",`, ``},
		{"a missing amount", `"amount":"5000.00","by"`, `"by"`},
		{"a missing line", `"line":"220104/startup/levy/2023","note"`, `"note"`},
		{"null for an amount", `"amount":"5000.00","by"`, `"amount":null,"by"`},
		{"an absent member that is there", `"memo":"OLD2"`, `"memo":""`},
		{"members out of order", `"line":"220104/startup/levy/2023","note":"from the list of 2023"`, `"note":"from the list of 2023","line":"220104/startup/levy/2023"`},
		{"white space", `"by":"clerk"`, `"by": "clerk"`},
		{"an escape that is not needed", `"clerk"`, `"\u0063lerk"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := replaced(t, good, test.old, test.new)
			if _, err := events.Decode(r); !errors.Is(err, events.ErrMalformed) || !strings.Contains(err.Error(), "record 7") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestOnlyTheAppenderSaysWhenARecordWasMade(t *testing.T) {
	t.Parallel()
	d := decode(t, recorded(t))
	shanghai := d.Meta
	shanghai.Time = d.Meta.Time.In(time.FixedZone("CST", 8*3600))
	r, err := events.Encode("220000", d.Event, shanghai)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Header.Get("ce-time"); got != "2023-03-01T08:00:52.000000Z" {
		t.Errorf("recorded at %s", got)
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range events.Names() {
		for _, g := range load(f, name) {
			r := g.record()
			f.Add(r.Subject, r.Header.Append(nil), []byte(r.Data))
		}
	}
	f.Fuzz(func(t *testing.T, subject string, header, data []byte) {
		h, err := events.ParseHeader(header)
		if err != nil {
			return
		}
		d, err := events.Decode(events.Record{Seq: 1, Subject: subject, Header: h, Data: data})
		if err != nil {
			if !errors.Is(err, events.ErrType) && !errors.Is(err, events.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		book := strings.TrimPrefix(h.Get("ce-source"), "/zhucan/")
		again, err := events.Encode(book, d.Event, d.Meta)
		if err != nil {
			t.Fatal(err)
		}
		if again.Subject != subject || !slices.Equal(again.Header, h) {
			t.Fatalf("%s %v became %s %v", subject, h, again.Subject, again.Header)
		}
		again.Seq = 1
		e, err := events.Decode(again)
		if err != nil {
			t.Fatalf("%v: %s", err, again.Data)
		}
		if !reflect.DeepEqual(e.Meta, d.Meta) {
			t.Fatalf("%+v became %+v", d.Meta, e.Meta)
		}
		third, err := events.Encode(book, e.Event, e.Meta)
		if err != nil || !bytes.Equal(third.Data, again.Data) {
			t.Fatalf("%s became %s (%v)", again.Data, third.Data, err)
		}
	})
}

func FuzzParseHeader(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(recorded(f).Header.Append(nil))
	f.Add(events.Header{{Key: "a", Value: "1"}, {Key: "a", Value: "2"}}.Append(nil))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := events.ParseHeader(b)
		if err != nil {
			if !errors.Is(err, events.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if again := h.Append(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x became %x", b, again)
		}
	})
}

func TestAHeaderIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	h := recorded(t).Header
	b := h.Append(nil)
	got, err := events.ParseHeader(b)
	if err != nil || !slices.Equal(got, h) {
		t.Fatalf("%v, %v", got, err)
	}
	for n := range b {
		if cut, err := events.ParseHeader(b[:n]); err == nil && len(cut) == len(h) {
			t.Errorf("cut after %d bytes it reads %v", n, cut)
		} else if err != nil && !errors.Is(err, events.ErrMalformed) {
			t.Error(err)
		}
	}
	for name, h := range map[string]events.Header{
		"out of order": {{Key: "b", Value: "1"}, {Key: "a", Value: "1"}},
		"a key twice":  {{Key: "a", Value: "1"}, {Key: "a", Value: "2"}},
	} {
		if got, err := events.ParseHeader(h.Append(nil)); !errors.Is(err, events.ErrMalformed) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestAnOrderIsReadStrictly(t *testing.T) {
	t.Parallel()
	do, err := events.DecodeOrder("payment.confirm", []byte(`{"payment":"PAY1","serial":"S-1"}`))
	if err != nil || do != any(payment.Confirm{Payment: "PAY1", Serial: "S-1"}) {
		t.Fatalf("%+v, %v", do, err)
	}
	if name := events.OrderOf(do); name != "payment.confirm" {
		t.Errorf("it is called %s", name)
	}
	for _, test := range []struct{ name, action, data, says string }{
		{"an unknown action", "payment.conform", `{}`, `no action is called "payment.conform"`},
		{"an unknown member", "payment.confirm", `{"payment":"PAY1","serial":"S-1","amount":"5.00"}`, "payment.confirm: there is no member /amount"},
		{"a member twice", "payment.confirm", `{"payment":"PAY1","payment":"PAY2","serial":"S-1"}`, `payment.confirm: duplicate object member name "payment"`},
		{"a number in place of a text", "payment.confirm", `{"payment":1,"serial":"S-1"}`, "payment.confirm: member /payment cannot be this number"},
		{"a part of a unit", "claim.submit", `{"units":1.5}`, "claim.submit: member /units"},
		{"no object", "payment.confirm", `[]`, "payment.confirm: the members stand in one object"},
		{"nothing", "payment.confirm", ``, "payment.confirm: "},
	} {
		do, err := events.DecodeOrder(test.action, []byte(test.data))
		if _, detail := ledger.Refused(err); !errors.Is(err, events.ErrOrder) || !strings.Contains(detail, test.says) || strings.Contains(detail, "Go ") {
			t.Errorf("%s: %+v, %v", test.name, do, err)
		}
	}
	if _, err := events.DecodeOrder("payment.submit-batch", []byte(`{"batch":"B1","lines":1,"total":"5"}`)); !errors.Is(err, ledger.ErrAmountForm) || strings.Contains(err.Error(), "json") || !strings.Contains(err.Error(), "member /total") {
		t.Errorf("an amount is refused by its own rule, not with %v", err)
	}
	for _, name := range events.Orders() {
		typ, ok := events.OrderType(name)
		if !ok || events.OrderOf(reflect.Zero(typ).Interface()) != name {
			t.Errorf("%s is %v", name, typ)
		}
	}
}

// Every change of one byte, and every byte moved elsewhere, is a time that is written
// like this or is refused.
func TestATimeHasOneSpelling(t *testing.T) {
	const format = "2006-01-02T15:04:05.000000Z"
	good := recorded(t)
	check := func(s string) (accepted bool) {
		d, err := events.Decode(with(good, "ce-time", s))
		if err == nil && d.Meta.Time.Format(format) != s {
			t.Errorf("%q was read as %s", s, d.Meta.Time.Format(format))
		}
		return err == nil
	}
	whole := good.Header.Get("ce-time")
	accepted := 0
	for i := range whole {
		for _, c := range "0123456789,.+-: TtZz" {
			if check(whole[:i] + string(c) + whole[i+1:]) {
				accepted++
			}
		}
		without := whole[:i] + whole[i+1:]
		for j := range whole {
			check(without[:j] + whole[i:i+1] + without[j:])
			check(without[:j] + "0" + without[j:])
		}
	}
	if accepted < 100 {
		t.Errorf("%d were accepted", accepted)
	}
}
