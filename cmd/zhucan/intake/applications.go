package intake

import (
	"iter"
	"slices"
	"strconv"
	"strings"

	"zhucan/ledger"
	"zhucan/ledger/claim"
	"zhucan/ledger/policy"
)

// An Application is one row of a list of applications. The claimant is in the
// clear and has still to be found in the vault or registered; Submit says
// everything but party and account, which come from that.
type Application struct {
	Origin
	Claimant Party
	Submit   claim.Submit
	On       ledger.Date
}

// Columns of a list of applications, in any order. The first must be there:
//
//	claim       identifier, one per application
//	scheme      code of the scheme
//	region      code of the county
//	from, to    first and last month it is for, 2023-04
//	units       a whole number
//	evidence    kind:hash of each document, separated by blanks; hash is the
//	            SHA-256 of its bytes in hexadecimal
//	date        day of the application
//	kind        person, employer or institution
//	name        of the claimant
//
// The others depend on the claimant: person_number or certificate of a person,
// uscc of an organisation; bank_card or bank_account of either. Or on the scheme, which
// may need facts:
//
//	household, base  identifiers
//	since            day from which the business or post is in operation
//	contribution     what was paid for one unit, in one month if the scheme recurs, where it pays a share of that
//	retires          day on which the person retires, where more months than the term are due until then
//	persons          parties on whose account an organisation claims, separated by blanks
//	costs            item:invoice:cost of each cost item, or item:invoice:cost:other with
//	                 what others gave for it, in kind too, separated by blanks
var (
	ApplicationColumns         = []string{"claim", "scheme", "region", "from", "to", "units", "evidence", "date", "kind", "name"}
	OptionalApplicationColumns = []string{"person_number", "certificate", "uscc", "bank_card", "bank_account", "household", "base", "since", "contribution", "retires", "persons", "costs"}
)

// ErrApplication refuses an application whose units or evidence are not written
// as the list asks for.
var ErrApplication = &ledger.Rejection{
	Code: "row-application", Rule: "units are a whole number, evidence is kind:hash with the SHA-256 of the document, cost items are item:invoice:cost, an organisation gives its credit code", RuleZH: "数量为正整数；材料写作“种类:SHA-256”，成本项写作“编号:票号:金额”；单位须填统一社会信用代码",
	Next: "correct the cell that is named", NextZH: "请更正所指明的单元格",
}

// ReadApplications gives the applications of f, a [Refused] for each row that is
// refused, and any other error last. Whether a claim may be made is for the book
// to decide: the same person in two counties is two rows here.
func ReadApplications(f *File) iter.Seq2[Application, error] {
	if err := f.exactly(ApplicationColumns, OptionalApplicationColumns); err != nil {
		return failed[Application](err)
	}
	personal := func(r Row, i int) privacy {
		switch f.Columns[i] {
		case "name":
			cell := f.cells(r)
			if kind := cell("kind"); kind != string(policy.Employer) && kind != string(policy.Institution) || cell("person_number")+cell("certificate") != "" {
				return private
			}
			return open
		case "person_number", "certificate", "bank_card", "bank_account":
			return private
		}
		return open
	}
	return rows(f, personal, func(r Row) (Application, error) {
		text := f.cells(r)
		of := func(column string) cell { return cell{column, text(column)} }
		a := Application{Origin: r.Origin}
		var err error
		if a.On, err = ledger.ParseDate(text("date")); err != nil {
			return Application{}, in("date", err)
		}
		if a.Submit, err = submit(text); err != nil {
			return Application{}, err
		}
		if _, err := ledger.FindRegion(a.Submit.Region, a.On); err != nil {
			return Application{}, in("region", err)
		}
		name := cell{"name", r.Cells[f.Column("name")]}
		a.Claimant, err = partyRow{of("kind"), name, cell{}, of("person_number"), of("certificate"), of("uscc")}.read(a.On)
		if err != nil {
			return Application{}, err
		}
		if a.Claimant.Kind != policy.Person && a.Claimant.Code == "" {
			return Application{}, in("uscc", ErrApplication.Of("no credit code"))
		}
		if err := a.Claimant.pay(of("bank_card"), of("bank_account")); err != nil {
			return Application{}, err
		}
		return a, nil
	})
}

func submit(cell func(string) string) (claim.Submit, error) {
	do := claim.Submit{
		Claim: ledger.ClaimID(cell("claim")), Scheme: ledger.SchemeCode(cell("scheme")), Region: ledger.RegionCode(cell("region")),
	}
	if err := ledger.CheckID(do.Claim); err != nil {
		return claim.Submit{}, in("claim", err)
	}
	if err := ledger.CheckID(do.Scheme); err != nil {
		return claim.Submit{}, in("scheme", err)
	}
	var err error
	if do.From, err = ledger.ParsePeriod(cell("from")); err != nil {
		return claim.Submit{}, in("from", err)
	}
	if do.To, err = ledger.ParsePeriod(cell("to")); err != nil {
		return claim.Submit{}, in("to", err)
	}
	do.Units, err = strconv.Atoi(cell("units"))
	if err != nil || do.Units < 1 || strconv.Itoa(do.Units) != cell("units") {
		return claim.Submit{}, in("units", ErrApplication.Of("%s", quote(cell("units"))))
	}
	for part := range strings.FieldsSeq(cell("evidence")) {
		kind, hash, _ := strings.Cut(part, ":")
		if ledger.CheckID(kind) != nil || len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" {
			return claim.Submit{}, in("evidence", ErrApplication.Of("document %d", len(do.Evidence)+1))
		}
		if slices.ContainsFunc(do.Evidence, func(e claim.Evidence) bool { return e.Hash == hash }) {
			return claim.Submit{}, in("evidence", ErrApplication.Of("document %d is one of those before it", len(do.Evidence)+1))
		}
		do.Evidence = append(do.Evidence, claim.Evidence{Hash: hash, Kind: kind})
	}
	return facts(do, cell)
}

// facts adds what a scheme may need beside the evidence.
func facts(do claim.Submit, cell func(string) string) (claim.Submit, error) {
	for _, id := range []struct {
		column string
		of     *string
	}{{"household", &do.Household}, {"base", &do.Base}} {
		if *id.of = cell(id.column); *id.of != "" && ledger.CheckID(*id.of) != nil {
			return claim.Submit{}, in(id.column, ledger.CheckID(*id.of))
		}
	}
	var err error
	if do.Since, err = dayOrNone(cell("since")); err != nil {
		return claim.Submit{}, in("since", err)
	}
	if do.Retires, err = dayOrNone(cell("retires")); err != nil {
		return claim.Submit{}, in("retires", err)
	}
	if text := cell("contribution"); text != "" {
		if do.Contribution, err = (AmountForm{}).Parse(text); err != nil {
			return claim.Submit{}, in("contribution", err)
		}
	}
	for id := range strings.FieldsSeq(cell("persons")) {
		if err := ledger.CheckID(id); err != nil {
			return claim.Submit{}, in("persons", err)
		}
		do.Persons = append(do.Persons, ledger.PartyID(id))
	}
	for text := range strings.FieldsSeq(cell("costs")) {
		part := strings.Split(text, ":")
		if len(part) != 3 && len(part) != 4 || ledger.CheckID(part[0]) != nil || ledger.CheckID(part[1]) != nil {
			return claim.Submit{}, in("costs", ErrApplication.Of("cost item %d", len(do.Costs)+1))
		}
		c := claim.Cost{Invoice: part[1], Item: part[0]}
		if c.Cost, err = (AmountForm{}).Parse(part[2]); err == nil && len(part) == 4 {
			c.Other, err = (AmountForm{}).Parse(part[3])
		}
		if err != nil {
			return claim.Submit{}, in("costs", err)
		}
		do.Costs = append(do.Costs, c)
	}
	return do, nil
}
