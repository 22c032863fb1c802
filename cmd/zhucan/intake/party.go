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

// readParty makes a party of cells, and refuses one that cannot be registered.
// today bounds dates of birth.
func readParty(kind, name, place, person, certificate, code string, today ledger.Date) (Party, error) {
	p := Party{Kind: policy.Kind(kind), Name: fold(name), Place: fold(place)}
	person, certificate, code = strings.TrimSpace(person), strings.TrimSpace(certificate), strings.TrimSpace(code)
	numbered := person != "" || certificate != ""
	switch p.Kind {
	case policy.Person:
		if p.Name == "" || !numbered || code != "" {
			return Party{}, ErrParty.Of("a person without name or number, or with a credit code")
		}
	case policy.Employer, policy.Institution:
		if p.Name == "" || numbered {
			return Party{}, ErrParty.Of("an organisation without name, or with a person's number")
		}
	default:
		return Party{}, ErrValue.Of("kind %s is none of %v", quote(kind), policy.Kinds)
	}
	if err := p.identify(person, certificate, code, today); err != nil {
		return Party{}, err
	}
	for _, text := range []struct{ raw, folded, what string }{{name, p.Name, "name"}, {place, p.Place, "place"}} {
		if startsFormula(text.raw) || startsFormula(text.folded) {
			return Party{}, ErrFormula.Of("%s", text.what)
		}
		if ledger.FindPersonalNumber(text.folded) {
			return Party{}, ledger.ErrPersonalText.Of("%s", text.what)
		}
		if n := len([]rune(text.folded)); n > 200 {
			return Party{}, ErrValue.Of("a %s of %d characters, more than 200", text.what, n)
		}
	}
	return p, nil
}

func (p *Party) identify(person, certificate, code string, today ledger.Date) (err error) {
	if certificate != "" {
		if p.Certificate, err = ledger.ParseCertificateNumber(certificate, today); err != nil {
			return err
		}
		p.Person = p.Certificate.Person()
	}
	if person != "" {
		number, err := ledger.ParsePersonNumber(person, today)
		if err != nil {
			return err
		}
		if certificate != "" && number != p.Person {
			return ErrPersonDiffers.Of("%s and %s", number.Masked(), p.Certificate.Masked())
		}
		p.Person = number
	}
	if code != "" {
		p.Code, err = ledger.ParseCreditCode(code)
	}
	return err
}

// pay adds where the party is paid: a card, which has a check digit, or another
// account, which has none.
func (p *Party) pay(card, account string) error {
	card, account = strings.TrimSpace(card), strings.TrimSpace(account)
	if (card == "") == (account == "") {
		return ErrAccountNumber.Of("neither or both")
	}
	if card != "" {
		number, err := ledger.ParseBankCard(card)
		if err != nil {
			return err
		}
		p.Account = string(number)
		return nil
	}
	if len(account) < 6 || len(account) > 32 || strings.Trim(account, "0123456789") != "" {
		return ErrAccountNumber.Of("%d characters, or not all digits", len([]rune(account)))
	}
	p.Account = account
	return nil
}

// note is a text that is kept in the clear.
func note(cell string) (string, error) {
	text := fold(cell)
	if ledger.FindPersonalNumber(text) {
		return "", ledger.ErrPersonalText.Of("note")
	}
	if n := len([]rune(text)); n > 500 {
		return "", ErrValue.Of("a note of %d characters, more than 500", n)
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
	r := &Refused{Origin: row.Origin, err: err}
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
