package ledger

import (
	"errors"
	"fmt"
	"strings"
)

// A Rejection is a rule saying no. It is declared once as a sentinel beside its
// rule, wrapped with particulars where it is raised, and found again with
// [errors.AsType]. Codes are kebab-case, published and never reused.
type Rejection struct {
	Code   string // what programs and people quote
	Rule   string // the rule, as an English sentence
	RuleZH string // the same in Chinese
	Source string // document and article the rule comes from; empty for a rule of bookkeeping itself
	Next   string // what the applicant can do now
	NextZH string // the same in Chinese
}

func (r *Rejection) Error() string {
	var b strings.Builder
	b.WriteString(r.Code + ": " + r.Rule)
	if r.RuleZH != "" {
		b.WriteString("（" + r.RuleZH + "）")
	}
	if r.Source != "" {
		b.WriteString(" [" + r.Source + "]")
	}
	return b.String()
}

// Of wraps r with the particulars of one refusal: what was refused, and where.
func (r *Rejection) Of(format string, args ...any) error {
	return &refusal{rejection: r, detail: fmt.Sprintf(format, args...)}
}

type refusal struct {
	rejection *Rejection
	detail    string
}

func (r *refusal) Error() string { return r.rejection.Error() + ": " + r.detail }
func (r *refusal) Unwrap() error { return r.rejection }

// Refused returns the rejection that err wraps and the particulars it was
// raised with, or nil when err is no refusal.
func Refused(err error) (*Rejection, string) {
	r, ok := errors.AsType[*Rejection](err)
	if !ok {
		return nil, ""
	}
	// What callers wrapped around the refusal says where; the rule itself is left out.
	detail := strings.Replace(err.Error(), r.Error(), "", 1)
	return r, strings.TrimPrefix(strings.ReplaceAll(detail, ": : ", ": "), ": ")
}
