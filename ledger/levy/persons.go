package levy

import "zhucan/ledger"

// average adds to the staff of facts, whose months are averaged, workers who were hired for a part
// of the year: heads × months (人月) by the policy's divisor (财税〔2015〕72号 art. 8).
func (r *Rules) average(f *Facts, basis *Basis) error {
	if f.Seasonal == 0 {
		return nil
	}
	if f.Seasonal < 0 || f.Seasonal > 12*maxStaff {
		return ErrStaff.Of("%d months of seasonal workers", f.Seasonal)
	}
	divisor, err := r.divisor.use(basis)
	if err == nil {
		f.Staff = f.Staff.Add(Frac(int64(f.Seasonal), int64(divisor)))
	}
	return err
}

// A Card is the document by which a disabled person counts.
type Card string

// The cards.
const (
	DisabilityCard Card = "disability" // 残疾人证, grades 1–4
	MilitaryCard   Card = "military"   // 残疾军人证, grades 1–10
	PoliceCard     Card = "police"     // 伤残人民警察证: where the policy says that it counts, as 残疾军人证 of its grade (derived)
)

// A Spell is the part of a year that one person was employed with one grade. A change of
// grade within the year makes two (derived). That the other conditions held in its months
// (contract, minimum wage, social insurance) is what the federation's review confirms.
type Spell struct {
	Card       Card
	Grade      int
	Months     int // whole months
	PartMonths int // months begun or ended within
}

// Disabled computes D before rounding: the weight of each spell × months by twelve.
func (r *Rules) Disabled(spells []Spell) (sum Number, basis Basis, err error) {
	for _, s := range spells {
		weight, err := r.weigh(s, &basis)
		if err != nil {
			return none, 0, err
		}
		months := s.Months
		if s.PartMonths > 0 {
			rule, err := r.part.use(&basis)
			if err != nil {
				return none, 0, err
			}
			if rule == "counted" {
				months += s.PartMonths
			}
		}
		if s.Months < 0 || s.PartMonths < 0 || s.Months+s.PartMonths > 12 {
			return none, 0, ErrPerson.Of("%d months and %d parts", s.Months, s.PartMonths)
		}
		sum = sum.Add(Frac(int64(weight)*int64(months), 12))
	}
	return sum, basis, nil
}

// weigh is 2 for 残疾人证 of grades 1–2 and 残疾军人证 of grades 1–3, whatever the category,
// and 0 for military grades that do not count (财税〔2015〕72号; 吉财税〔2016〕726号 art. 4).
func (r *Rules) weigh(s Spell, basis *Basis) (int, error) {
	double, err := r.weight.use(basis)
	if err != nil {
		return 0, err
	}
	twice, counted, grades := r.cardMax, setting[int]{value: 4}, 4
	switch s.Card {
	case DisabilityCard:
	case MilitaryCard:
		twice, counted, grades = r.militaryTwiceMax, r.militaryMax, 10
	case PoliceCard:
		if counts, err := r.police.use(basis); err != nil || !counts {
			return 0, err
		}
		twice, counted, grades = r.militaryTwiceMax, r.militaryMax, 10
	default:
		return 0, ErrPerson.Of("card %q", s.Card)
	}
	if s.Grade < 1 || s.Grade > grades {
		return 0, ErrPerson.Of("%s grade %d", s.Card, s.Grade)
	}
	most, err := counted.use(basis)
	if err != nil || s.Grade > most {
		return 0, err
	}
	limit, err := twice.use(basis)
	if err != nil {
		return 0, err
	}
	if s.Grade <= limit {
		return double, nil
	}
	return 1, nil
}

// valid refuses a person whose card has expired on the day of the review, unless the policy
// counts such cards. Where no source says, nobody is counted by one silently.
func (r *Rules) valid(p Person, on ledger.Date) error {
	if p.Until.IsZero() || !p.Until.Before(on) {
		return nil
	}
	var basis Basis
	counts, err := r.expired.use(&basis)
	if err == nil && !counts {
		err = ErrExpired.Of("%s, valid until %s, on %s", p.Party, p.Until, on)
	}
	return err
}
