package intake

import (
	"iter"
	"slices"
	"strconv"

	"zhucan/ledger"
	"zhucan/ledger/achievement"
	"zhucan/ledger/policy"
)

// An Achievement is one row of a list of facts. Persons and employer are in the clear and
// have still to be found in the vault or registered; Record says everything but them.
type Achievement struct {
	Origin
	Person      Party // the zero Party where the fact is about a body
	Employer    Party // the zero Party where there is none
	Beneficiary Party // family member; the zero Party where there is none
	Record      achievement.Record
	On          ledger.Date
}

// Columns of a list of facts, in any order. The first must be there:
//
//	achievement  identifier, one per fact
//	kind, type   such as training and skills; see [achievement.Record] and [policy.Fact]
//	region       code of the county, or of the body's level
//	date         day it happened, or began
//	evidence     SHA-256 of the document in hexadecimal
//
// The others depend on the kind: a person has name and person_number or certificate; a
// course its course; rural or urban stands under quality; a placement or a post has
// employer and employer_uscc; support of a family member has beneficiary and
// beneficiary_number; what lasts may have until, its last day; a body has body, and its
// name under body_name; an organ, institution, school, member body or federation has
// posts, staff, disabled and weighted; kiosks have new_sites and allotted.
var (
	AchievementColumns         = []string{"achievement", "kind", "type", "region", "date", "evidence"}
	OptionalAchievementColumns = []string{
		"until", "quality", "name", "person_number", "certificate", "course", "employer", "employer_uscc", "beneficiary", "beneficiary_number",
		"body", "body_name", "posts", "staff", "disabled", "weighted", "new_sites", "allotted",
	}
)

// ErrAchievement refuses a fact whose numbers are not written as the list asks for.
var ErrAchievement = &ledger.Rejection{
	Code: "row-achievement", Rule: "numbers of a fact are whole and all of them are given: posts, staff, disabled, weighted, or new_sites and allotted", RuleZH: "成效事实的数字为整数且须填全：编制、在职、残疾、加权，或新增与提供网点数",
	Next: "correct the cell that is named", NextZH: "请更正所指明的单元格",
}

// ReadAchievements gives the facts of f, a [Refused] for each row that is refused, and any
// other error last.
func ReadAchievements(f *File) iter.Seq2[Achievement, error] {
	if err := f.exactly(AchievementColumns, OptionalAchievementColumns); err != nil {
		return failed[Achievement](err)
	}
	secret := []string{"name", "person_number", "certificate", "beneficiary", "beneficiary_number"}
	personal := func(_ Row, i int) privacy {
		if slices.Contains(secret, f.Columns[i]) {
			return private
		}
		return open
	}
	return rows(f, personal, func(r Row) (Achievement, error) {
		cell := f.cells(r)
		a := Achievement{Origin: r.Origin, Record: achievement.Record{
			Achievement: achievement.ID(cell("achievement")), Body: cell("body"), Course: cell("course"), Evidence: cell("evidence"), Kind: cell("kind"),
			Quality: cell("quality"), Region: ledger.RegionCode(cell("region")), Source: f.SHA256 + ":" + strconv.Itoa(r.Origin.Row), Type: cell("type"),
		}}
		if err := ledger.CheckID(a.Record.Achievement); err != nil {
			return Achievement{}, in("achievement", err)
		}
		var err error
		if a.On, err = ledger.ParseDate(cell("date")); err != nil {
			return Achievement{}, in("date", err)
		}
		if a.Record.To, err = dayOrNone(cell("until")); err != nil {
			return Achievement{}, in("until", err)
		}
		if _, err := ledger.FindRegion(a.Record.Region, a.On); err != nil {
			return Achievement{}, in("region", err)
		}
		if err := a.parties(f, r, cell); err != nil {
			return Achievement{}, err
		}
		return a, a.numbers(cell)
	})
}

// raw is a cell as it stands, for a name that may begin like a formula.
func (f *File) raw(r Row, column string) string {
	if i := f.Column(column); i >= 0 {
		return r.Cells[i]
	}
	return ""
}

func (a *Achievement) parties(f *File, r Row, text func(string) string) (err error) {
	of := func(column string) cell { return cell{column, text(column)} }
	raw := func(column string) cell { return cell{column, f.raw(r, column)} }
	if text("name")+text("person_number")+text("certificate") != "" {
		kind := cell{"name", string(policy.Person)}
		if a.Person, err = (partyRow{kind, raw("name"), cell{}, of("person_number"), of("certificate"), cell{}}).read(a.On); err != nil {
			return err
		}
	}
	if text("beneficiary")+text("beneficiary_number") != "" {
		kind := cell{"beneficiary", string(policy.Person)}
		if a.Beneficiary, err = (partyRow{kind, raw("beneficiary"), cell{}, of("beneficiary_number"), cell{}, cell{}}).read(a.On); err != nil {
			return err
		}
	}
	if text("employer")+text("employer_uscc") != "" {
		kind := cell{"employer", string(policy.Employer)}
		if a.Employer, err = (partyRow{kind, raw("employer"), cell{}, cell{}, cell{}, of("employer_uscc")}).read(a.On); err != nil {
			return err
		}
		if a.Employer.Code == "" {
			return in("employer_uscc", ErrAchievement.Of("no credit code"))
		}
	}
	if name := f.raw(r, "body_name"); name != "" {
		if startsFormula(name) || startsFormula(fold(name)) {
			return in("body_name", ErrFormula.Of("body_name"))
		}
		a.Record.Name, err = note(cell{"body_name", name})
	}
	return err
}

func (a *Achievement) numbers(cell func(string) string) error {
	read := func(columns ...string) ([]int, error) {
		var all []int
		for _, c := range columns {
			text := cell(c)
			if text == "" {
				continue
			}
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 || n > 10_000_000 || strconv.Itoa(n) != text {
				return nil, in(c, ErrAchievement.Of("%s", quote(text)))
			}
			all = append(all, n)
		}
		if len(all) != 0 && len(all) != len(columns) {
			return nil, ErrAchievement.Of("columns %q", columns)
		}
		return all, nil
	}
	staff, err := read("posts", "staff", "disabled", "weighted")
	if err != nil {
		return err
	}
	if len(staff) > 0 {
		a.Record.Headcount = &achievement.Headcount{Posts: staff[0], Staff: staff[1], Disabled: staff[2], Weighted: staff[3]}
	}
	sites, err := read("new_sites", "allotted")
	if err != nil {
		return err
	}
	if len(sites) > 0 {
		a.Record.Sites = &achievement.Sites{New: sites[0], Allotted: sites[1]}
	}
	return nil
}
