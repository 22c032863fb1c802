package api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"unicode/utf8"

	"zhucan/ledger"
)

// A query is the parameters of a request, each known and given once.
type query struct{ values url.Values }

// queryOf reads the parameters of r, of which only known ones may be there.
func queryOf(r *http.Request, known ...string) (query, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return query{}, ErrValue.Of("the query cannot be read")
	}
	for name, given := range values {
		if !slices.Contains(known, name) {
			if ledger.CheckID(name) != nil {
				name = "(one that is no name)"
			}
			return query{}, ErrParameter.Of("%s; known are %v", name, known)
		}
		if len(given) != 1 {
			return query{}, ErrParameter.Of("%s is given %d times", name, len(given))
		}
		if !utf8.ValidString(given[0]) {
			return query{}, ErrValue.Of("%s is no text", name)
		}
	}
	return query{values}, nil
}

// said refuses parameters that are given and say nothing: what they would cut would be whole. A form
// leaves a field empty, a program does not.
func (q query) said(names ...string) error {
	for _, name := range names {
		if q.values.Has(name) && q.values.Get(name) == "" {
			return ErrValue.Of("%s is given and empty", name)
		}
	}
	return nil
}

// text returns a parameter, "" when it is not given.
func (q query) text(name string) string { return q.values.Get(name) }

// id returns an identifier, "" when none is given.
func (q query) id(name string) (string, error) {
	v := q.values.Get(name)
	if v == "" {
		return "", nil
	}
	return v, ledger.CheckID(v)
}

// flag returns true or false, and false when it is not given.
func (q query) flag(name string) (bool, error) {
	switch q.values.Get(name) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, ErrValue.Of("%s is true or false", name)
}

// number returns a count from 1 to most, and otherwise when it is not given.
func (q query) number(name string, otherwise, most uint64) (uint64, error) {
	v := q.values.Get(name)
	if v == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil || n == 0 || n > most || strconv.FormatUint(n, 10) != v {
		return 0, ErrValue.Of("%s is a number from 1 to %d", name, most)
	}
	return n, nil
}

// date returns a day, the zero Date when none is given.
func (q query) date(name string) (ledger.Date, error) {
	v := q.values.Get(name)
	if v == "" {
		return ledger.Date{}, nil
	}
	d, err := ledger.ParseDate(v)
	if err != nil {
		return d, ErrValue.Of("%s is a day such as 2023-04-30", name)
	}
	return d, nil
}

// ids returns the identifiers that are given under these names.
func (q query) ids(names ...string) (map[string]string, error) {
	given := make(map[string]string)
	for _, name := range names {
		v, err := q.id(name)
		if err != nil {
			return nil, err
		}
		given[name] = v
	}
	return given, nil
}
