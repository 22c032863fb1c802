package intake

import (
	"errors"
	"log/slog"
	"strings"

	"zhucan/ledger"
	"zhucan/ledger/policy"
)

// A Party is who is paid or applies, as the file says it, in the clear. It is
// held in memory until it is sealed or registered; printed, it shows its kind and
// nothing else.
type Party struct {
	Kind        policy.Kind
	Name        string
	Place       string                   // of an organisation
	Person      ledger.PersonNumber      // of a person, always
	Certificate ledger.CertificateNumber // of a person, where given
	Code        ledger.CreditCode        // of an organisation, where given; otherwise name and place identify it
	Account     string                   // card or account number, where given
}

func (p Party) String() string       { return "a party of kind " + string(p.Kind) }
func (p Party) GoString() string     { return p.String() }
func (p Party) LogValue() slog.Value { return slog.StringValue(p.String()) }

// Refusals of parties, in the order of checking. Those of identifiers come
// second, [ledger.ErrPersonalText] fifth.
var (
	ErrParty = &ledger.Rejection{
		Code: "row-party", Rule: "a person has a name and an identity or certificate number, an organisation a name and no such number", RuleZH: "个人须有姓名及身份证号或残疾人证号，单位须有名称且不得填写个人证件号",
		Next: "complete the row", NextZH: "请补全该行",
	}
	ErrPersonDiffers = &ledger.Rejection{
		Code: "row-person-differs", Rule: "the identity number and the certificate number of a row are of one person", RuleZH: "同一行的身份证号与残疾人证号须属于同一人",
		Source: "残疾人证管理办法（残疾人证号前18位为身份证号）", Next: "compare both documents", NextZH: "请核对两个证件",
	}
	ErrFormula = &ledger.Rejection{
		Code: "formula-in-text", Rule: "a name or place does not begin with = + - @, a tab or their full-width forms: a spreadsheet would run it", RuleZH: "名称、地点不得以 = + - @ 、制表符或其全角形式开头（电子表格会将其当作公式）",
		Next: "compare the name with the document and leave the sign out", NextZH: "请核对名称并去掉该符号",
	}
	ErrAccountNumber = &ledger.Rejection{
		Code: "account-number", Rule: "an account number is 6 to 32 digits, and a row has either a card or an account", RuleZH: "银行账号为6至32位数字；卡号与账号只填一项",
		Next: "correct the account", NextZH: "请更正账号",
	}
)

// A cell is a text and the column it stands in, which is "" when the mapping gives
// the text.
type cell struct{ column, text string }

func (c cell) trimmed() string { return strings.TrimSpace(c.text) }

// A partyRow is what a row says of a party.
type partyRow struct{ kind, name, place, person, certificate, code cell }

// read makes a party of cells, and refuses one that cannot be registered. today
// bounds dates of birth.
func (r partyRow) read(today ledger.Date) (Party, error) {
	p := Party{Kind: policy.Kind(r.kind.trimmed()), Name: fold(r.name.text), Place: fold(r.place.text)}
	numbered := r.person.trimmed() != "" || r.certificate.trimmed() != ""
	switch p.Kind {
	case policy.Person:
		if p.Name == "" || !numbered || r.code.trimmed() != "" {
			return Party{}, ErrParty.Of("a person without name or number, or with a credit code")
		}
	case policy.Employer, policy.Institution:
		if p.Name == "" || numbered {
			return Party{}, ErrParty.Of("an organisation without name, or with a person's number")
		}
	default:
		return Party{}, in(r.kind.column, ErrValue.Of("kind %s is none of %v", quote(r.kind.text), policy.Kinds))
	}
	if err := r.identify(&p, today); err != nil {
		return Party{}, err
	}
	for _, text := range []struct {
		cell
		folded, what string
	}{{r.name, p.Name, "name"}, {r.place, p.Place, "place"}} {
		if startsFormula(text.text) || startsFormula(text.folded) {
			return Party{}, in(text.column, ErrFormula.Of("%s", text.what))
		}
		if ledger.FindPersonalNumber(text.folded) {
			return Party{}, in(text.column, ledger.ErrPersonalText.Of("%s", text.what))
		}
		if n := len([]rune(text.folded)); n > 200 {
			return Party{}, in(text.column, ErrValue.Of("a %s of %d characters, more than 200", text.what, n))
		}
	}
	return p, nil
}

// identify reads the numbers of a party.
func (r partyRow) identify(p *Party, today ledger.Date) (err error) {
	certificate := r.certificate.trimmed()
	if certificate != "" {
		if p.Certificate, err = ledger.ParseCertificateNumber(certificate, today); err != nil {
			return in(r.certificate.column, err)
		}
		p.Person = p.Certificate.Person()
	}
	if person := r.person.trimmed(); person != "" {
		number, err := ledger.ParsePersonNumber(person, today)
		if err != nil {
			return in(r.person.column, err)
		}
		if certificate != "" && number != p.Person {
			return in(r.certificate.column, ErrPersonDiffers.Of("%s and %s", number.Masked(), p.Certificate.Masked()))
		}
		p.Person = number
	}
	if code := r.code.trimmed(); code != "" {
		if p.Code, err = ledger.ParseCreditCode(code); err != nil {
			return in(r.code.column, err)
		}
	}
	return nil
}

// pay adds where the party is paid: a card, which has a check digit, or another
// account, which has none.
func (p *Party) pay(card, account cell) error {
	if (card.trimmed() == "") == (account.trimmed() == "") {
		return ErrAccountNumber.Of("neither or both")
	}
	if card.trimmed() != "" {
		number, err := ledger.ParseBankCard(card.trimmed())
		if err != nil {
			return in(card.column, err)
		}
		p.Account = string(number)
		return nil
	}
	number := account.trimmed()
	if len(number) < 6 || len(number) > 32 || strings.Trim(number, "0123456789") != "" {
		return in(account.column, ErrAccountNumber.Of("%d characters, or not all digits", len([]rune(number))))
	}
	p.Account = number
	return nil
}

// note is a text that is kept in the clear.
func note(c cell) (string, error) {
	text := fold(c.text)
	if ledger.FindPersonalNumber(text) {
		return "", in(c.column, ledger.ErrPersonalText.Of("note"))
	}
	if n := len([]rune(text)); n > 500 {
		return "", in(c.column, ErrValue.Of("a note of %d characters, more than 500", n))
	}
	return text, nil
}

// rows gives what parse makes of each row, and a [Refused] for each it refuses.
// Another error ends the rows.
func rows[T any](f *File, personal func(Row, int) privacy, parse func(Row) (T, error)) func(func(T, error) bool) {
	return func(yield func(T, error) bool) {
		var none T
		for row, err := range f.Rows() {
			if err != nil {
				yield(none, err)
				return
			}
			value, err := none, row.Fault
			row.refuse = func(err error) *Refused { return refuse(f, row, personal, err) }
			if err == nil {
				value, err = parse(row)
			}
			if _, ok := errors.AsType[*ledger.Rejection](err); ok {
				value, err = none, refuse(f, row, personal, err)
			}
			if !yield(value, err) {
				return
			}
		}
	}
}

// refuse masks a row. Where cells do not stand under their columns, nothing tells
// which is a name: if any column is personal, every cell is masked as one.
func refuse(f *File, row Row, personal func(Row, int) privacy, err error) *Refused {
	r := &Refused{Origin: row.Origin, cells: row.Cells, err: err}
	ragged := len(row.Cells) != len(f.Columns)
	all := open
	if ragged {
		whole := Row{Cells: make([]string, len(f.Columns))}
		for i := range f.Columns {
			all = max(all, personal(whole, i))
		}
	}
	for i, cell := range row.Cells {
		p := all
		if !ragged {
			p = personal(row, i)
		}
		r.Fields = append(r.Fields, mask(cell, p))
	}
	return r
}
