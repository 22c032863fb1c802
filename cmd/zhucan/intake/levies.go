package intake

import (
	"iter"
	"strconv"
	"strings"

	"zhucan/ledger"
	"zhucan/ledger/levy"
	"zhucan/ledger/party"
	"zhucan/ledger/policy"
)

// A Declaration is one row of a list of employers' yearly filings. The employer has still
// to be found or registered; Declare says everything else.
type Declaration struct {
	Origin
	Employer Party
	Declare  levy.Declare
	On       ledger.Date
}

// A Review is one row of a list of the federation's confirmations: an employer and the
// persons who count for it, in the clear, who have still to be found or registered. Persons
// of Review come in the same order, without their party.
type Review struct {
	Origin
	Employer Party
	Counted  []Party
	Review   levy.Review
	On       ledger.Date
}

// A Receipt is one row of a list of receipts of the treasury.
type Receipt struct {
	Origin
	Employer Party // the zero Party where the row gives no name
	Receive  levy.Receive
	On       ledger.Date
}

// Columns of the lists of the levy, in any order; README and zhucan import --help say what
// they mean.
var (
	DeclarationColumns         = []string{"filing_year", "region", "name", "uscc", "staff", "date"}
	OptionalDeclarationColumns = []string{"unit_class", "average_wage", "payroll", "registered_on", "closing", "seasonal_months"}
	ReviewColumns              = []string{"filing_year", "region", "name", "uscc", "confirmation", "persons", "date"}
	ReceiptColumns             = []string{"filing_year", "uscc", "receipt", "amount", "date"}
	OptionalReceiptColumns     = []string{"kind", "name"}
)

// ErrLevyRow refuses a row of the levy that is not written as its list asks for.
var ErrLevyRow = &ledger.Rejection{
	Code: "row-levy", Rule: "a row of the levy gives a year, the employer's credit code, one of payroll and average wage, and persons as NAME/CERTIFICATE/FROM/TO", RuleZH: "残保金各表须填申报年度、统一社会信用代码；工资总额与平均工资只填一项；人员写作“姓名/残疾人证号/起月/止月”",
	Next: "correct the cell that is named", NextZH: "请更正所指明的单元格",
}

func nothingPrivate(Row, int) privacy { return open }

// ReadDeclarations gives the filings of f, a [Refused] for each row that is refused, and
// any other error last.
func ReadDeclarations(f *File) iter.Seq2[Declaration, error] {
	if err := f.exactly(DeclarationColumns, OptionalDeclarationColumns); err != nil {
		return failed[Declaration](err)
	}
	return rows(f, nothingPrivate, func(r Row) (Declaration, error) {
		text := f.cells(r)
		d := Declaration{Origin: r.Origin}
		var err error
		if d.On, err = ledger.ParseDate(text("date")); err != nil {
			return d, in("date", err)
		}
		if d.Declare.Year, err = levyYear(text("filing_year")); err != nil {
			return d, err
		}
		if d.Employer, err = employer(f, r, text, d.On); err != nil {
			return d, err
		}
		d.Declare.Region = ledger.RegionCode(text("region"))
		if _, err := ledger.FindRegion(d.Declare.Region, d.On); err != nil {
			return d, in("region", err)
		}
		d.Declare.Class = ledger.UnitClass(text("unit_class"))
		of := d.Employer.Code.UnitClass()
		if d.Declare.Class == "" {
			d.Declare.Class = of
		} else if of != "" && of != d.Declare.Class {
			return d, in("unit_class", ErrLevyRow.Of("%s, but the credit code is of %s", quote(text("unit_class")), of))
		}
		if d.Declare.Class == "" {
			return d, in("unit_class", levy.ErrClass.Of("the credit code does not settle it"))
		}
		if d.Declare.Staff, err = levy.ParseNumber(text("staff")); err != nil {
			return d, in("staff", err)
		}
		if months := text("seasonal_months"); months != "" {
			if d.Declare.Seasonal, err = strconv.Atoi(months); err != nil || strconv.Itoa(d.Declare.Seasonal) != months {
				return d, in("seasonal_months", ErrValue.Of("%s is no number of months", quote(months)))
			}
		}
		if (text("payroll") == "") == (text("average_wage") == "") {
			return d, in("payroll", ErrLevyRow.Of("payroll or average_wage, one of them"))
		}
		for _, m := range []struct {
			column string
			to     *ledger.Money
		}{{"payroll", &d.Declare.Payroll}, {"average_wage", &d.Declare.Wage}} {
			if text(m.column) == "" {
				continue
			}
			if *m.to, err = (AmountForm{}).Parse(text(m.column)); err != nil {
				return d, in(m.column, err)
			}
		}
		if text("registered_on") != "" {
			if d.Declare.Registered, err = ledger.ParseDate(text("registered_on")); err != nil {
				return d, in("registered_on", err)
			}
		}
		switch text("closing") {
		case "", "no":
		case "yes":
			d.Declare.Closing = true
		default:
			return d, in("closing", ErrValue.Of("%s is neither yes nor no", quote(text("closing"))))
		}
		return d, nil
	})
}

func levyYear(text string) (int, error) {
	year, err := strconv.Atoi(text)
	if err != nil || len(text) != 4 || year < 1900 {
		return 0, in("filing_year", ErrLevyRow.Of("%s", quote(text)))
	}
	return year, nil
}

// employer reads an organisation with its credit code.
func employer(f *File, r Row, text func(string) string, on ledger.Date) (Party, error) {
	name := cell{"name", r.Cells[f.Column("name")]}
	p, err := partyRow{kind: cell{"", string(policy.Employer)}, name: name, code: cell{"uscc", text("uscc")}}.read(on)
	if err != nil {
		return p, err
	}
	if p.Code == "" {
		return p, in("uscc", ErrLevyRow.Of("no credit code"))
	}
	return p, nil
}

// ReadReviews gives the confirmations of f as [ReadDeclarations] does filings.
func ReadReviews(f *File) iter.Seq2[Review, error] {
	if err := f.exactly(ReviewColumns, nil); err != nil {
		return failed[Review](err)
	}
	personal := func(_ Row, i int) privacy {
		if f.Columns[i] == "persons" {
			return private
		}
		return open
	}
	return rows(f, personal, func(r Row) (Review, error) {
		text := f.cells(r)
		v := Review{Origin: r.Origin}
		var err error
		if v.On, err = ledger.ParseDate(text("date")); err != nil {
			return v, in("date", err)
		}
		if v.Review.Year, err = levyYear(text("filing_year")); err != nil {
			return v, err
		}
		if v.Employer, err = employer(f, r, text, v.On); err != nil {
			return v, err
		}
		v.Review.Region = ledger.RegionCode(text("region"))
		if _, err := ledger.FindRegion(v.Review.Region, v.On); err != nil {
			return v, in("region", err)
		}
		if v.Review.Confirmation, err = note(cell{"confirmation", text("confirmation")}); err != nil {
			return v, err
		}
		n := 0
		for part := range strings.SplitSeq(text("persons"), ";") {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			n++
			who, person, err := counted(part, v.On)
			if err != nil {
				if rule, _ := ledger.Refused(err); rule != nil {
					err = rule.Of("person %d", n) // without what identifies them
				}
				return v, in("persons", err)
			}
			v.Counted, v.Review.Persons = append(v.Counted, who), append(v.Review.Persons, person)
		}
		return v, nil
	})
}

// counted reads NAME/CERTIFICATE/FROM/TO, behind which the number of incomplete months may
// stand, and behind that until-DATE, the last day on which the card is valid, and
// military-GRADE or police-GRADE, with an identity number then.
func counted(text string, on ledger.Date) (Party, levy.Person, error) {
	parts := strings.Split(text, "/")
	if len(parts) < 4 || len(parts) > 7 {
		return Party{}, levy.Person{}, ErrLevyRow.Of("")
	}
	row := partyRow{kind: cell{"", string(policy.Person)}, name: cell{"", parts[0]}}
	p := levy.Person{Card: levy.DisabilityCard}
	var err error
	for _, part := range parts[min(5, len(parts)):] {
		what, value, _ := strings.Cut(part, "-")
		switch card := levy.Card(what); {
		case what == "until" && p.Until.IsZero():
			if p.Until, err = ledger.ParseDate(value); err != nil {
				return Party{}, p, err
			}
		case (card == levy.MilitaryCard || card == levy.PoliceCard) && p.Card == levy.DisabilityCard:
			if p.Grade, err = strconv.Atoi(value); err != nil {
				return Party{}, p, ErrLevyRow.Of("")
			}
			p.Card = card
		default:
			return Party{}, p, ErrLevyRow.Of("")
		}
	}
	if p.Card == levy.DisabilityCard {
		row.certificate = cell{"", parts[1]}
	} else {
		row.person = cell{"", parts[1]}
	}
	who, err := row.read(on)
	if err != nil {
		return Party{}, p, err
	}
	if p.Card == levy.DisabilityCard {
		p.Grade = who.Certificate.Grade()
	}
	if p.From, err = ledger.ParsePeriod(strings.TrimSpace(parts[2])); err != nil {
		return Party{}, p, err
	}
	if p.To, err = ledger.ParsePeriod(strings.TrimSpace(parts[3])); err != nil {
		return Party{}, p, err
	}
	if len(parts) > 4 && parts[4] != "" {
		if p.PartMonths, err = strconv.Atoi(parts[4]); err != nil || p.PartMonths < 0 || p.PartMonths > 12 {
			return Party{}, p, ErrLevyRow.Of("")
		}
	}
	return who, p, nil
}

// ReadReceipts gives the receipts of f as [ReadDeclarations] does filings.
func ReadReceipts(f *File) iter.Seq2[Receipt, error] {
	if err := f.exactly(ReceiptColumns, OptionalReceiptColumns); err != nil {
		return failed[Receipt](err)
	}
	return rows(f, nothingPrivate, func(r Row) (Receipt, error) {
		text := f.cells(r)
		x := Receipt{Origin: r.Origin}
		var err error
		if x.On, err = ledger.ParseDate(text("date")); err != nil {
			return x, in("date", err)
		}
		if x.Receive.Year, err = levyYear(text("filing_year")); err != nil {
			return x, err
		}
		code, err := ledger.ParseCreditCode(text("uscc"))
		if err != nil {
			return x, in("uscc", err)
		}
		x.Receive.Employer = party.OfCode(code)
		if text("name") != "" {
			if x.Employer, err = employer(f, r, text, x.On); err != nil {
				return x, err
			}
		}
		if x.Receive.Amount, err = (AmountForm{}).Parse(text("amount")); err != nil {
			return x, in("amount", err)
		}
		if x.Receive.Kind = levy.Kind(text("kind")); x.Receive.Kind == "" {
			x.Receive.Kind = levy.Principal
		}
		x.Receive.Receipt, err = note(cell{"receipt", text("receipt")})
		return x, err
	})
}
