package book

import (
	"errors"

	"zhucan/ledger"
	"zhucan/ledger/levy"
	"zhucan/ledger/party"
	"zhucan/ledger/policy"
)

// revenue is the item of the government budget under which the levy is income (政府收支分类
// 科目 1030218 残疾人就业保障金收入, to be checked each year). It stands where other lines have
// their scheme, so that the books tell income by region and filing year.
const revenue ledger.SchemeCode = "1030218"

// levyFund is the fund that the levy feeds.
const levyFund ledger.FundCode = "levy"

// Levies returns how the levy of every employer and year stands.
func (s *State) Levies() *levy.State { return &s.levies }

func (s *State) decideLevy(o ledger.Order, do levy.Action) ([]ledger.Event, error) {
	if !s.Chart().Levies() {
		return nil, policy.ErrUnset.Of("accounts of the levy in the chart of policy %s on %s", s.Policy().Version, o.On)
	}
	if err := s.mayLevy(o, do); err != nil {
		return nil, err
	}
	event, err := only(levy.Decide(&s.levies, levy.Command{Order: o, Policy: s.Policy(), Do: do}))
	if err != nil || event == nil {
		return nil, err
	}
	switch e := event.(type) {
	case levy.Assessed:
		moves := reassessing(e)
		if len(moves) == 0 {
			break
		}
		if err := s.journal.Open(o.On); err != nil {
			return nil, err
		}
		entry, err := s.entry(o, s.levyBasis(levy.Key{Employer: e.Employer, Year: e.Year}, e.Region, levyRule), moves...)
		if err != nil {
			return nil, err
		}
		e.Entry = &entry
		event = e
	case levy.Relieved:
		e.Entry, err = s.levyEntry(o, levy.Key{Employer: e.Employer, Year: e.Year}, e.Clause, relieving(e.Amount))
		event = e
	case levy.LateFeeCharged:
		e.Entry, err = s.levyEntry(o, levy.Key{Employer: e.Employer, Year: e.Year}, "残疾人就业条例 art. 27", chargingLate(e.Amount))
		event = e
	case levy.RefundDecided:
		e.Entry, err = s.levyEntry(o, levy.Key{Employer: e.Employer, Year: e.Year}, e.Clause, refunding(e.Amount))
		event = e
	case levy.Received:
		e.Entry, err = s.fact(o, s.levyBasis(levy.Key{Employer: e.Employer, Year: e.Year}, e.Region, levyRule), collecting(e.Amount)...)
		event = e
	case levy.ReceiptWithdrawn:
		if err := s.journal.Open(o.On); err != nil {
			return nil, err
		}
		b := s.levyBasis(levy.Key{Employer: e.Employer, Year: e.Year}, e.Region, levyRule)
		b.after = s.levies.Booked(e.Receipt)
		e.Entry, err = s.entry(o, b, reversed(collecting(e.Amount))...)
		event = e
	case levy.Refunded:
		e.Entry, err = s.fact(o, s.levyBasis(levy.Key{Employer: e.Employer, Year: e.Year}, "", levyRule), refunded(e.Amount)...)
		event = e
	}
	if err != nil {
		return nil, err
	}
	return []ledger.Event{event}, nil
}

// levyEntry makes the entry of a decision about a levy that is assessed; its period is open.
func (s *State) levyEntry(o ledger.Order, k levy.Key, clause string, moves []move) (ledger.Entry, error) {
	if err := s.journal.Open(o.On); err != nil {
		return ledger.Entry{}, err
	}
	return s.entry(o, s.levyBasis(k, "", clause), moves...)
}

// levyRule is what the levy rests on where no nearer rule does.
const levyRule = "财税〔2015〕72号"

// levyBasis says what an entry of a levy rests on. Without a region it is that of the
// assessment.
func (s *State) levyBasis(k levy.Key, region ledger.RegionCode, clause string) basis {
	if c, _ := s.levies.Find(k); region == "" && c.Assessed != nil {
		region = c.Assessed.Region
	}
	return basis{clause: clause, memo: k.String(), line: ledger.BudgetLine{Region: region, Scheme: revenue, Fund: levyFund, Year: k.Year}}
}

// mayLevy refuses a filing or a review by who it is of and where.
func (s *State) mayLevy(o ledger.Order, do levy.Action) error {
	switch do := do.(type) {
	case levy.Declare:
		if err := s.employs(do.Employer); err != nil {
			return err
		}
		if of := s.parties.Code(do.Employer).UnitClass(); of != "" && of != do.Class {
			return levy.ErrClass.Of("the credit code of %s is of %s", do.Employer, of)
		}
		_, err := ledger.FindRegion(do.Region, o.On)
		return err
	case levy.Review:
		if err := s.employs(do.Employer); err != nil {
			return err
		}
		if _, err := ledger.FindRegion(do.Region, o.On); err != nil {
			return err
		}
		for _, p := range do.Persons {
			// What a person was counted for stays counted when the person is erased.
			if err := s.parties.Check(p.Party, ""); err != nil && !errors.Is(err, party.ErrErased) {
				return err
			}
			if s.parties.Kind(p.Party) != policy.Person {
				return levy.ErrEmployer.Of("%s is counted and is no person", p.Party)
			}
		}
	}
	return nil
}

func (s *State) employs(id ledger.PartyID) error {
	if err := s.parties.Check(id, ""); err != nil {
		return err
	}
	if kind := s.parties.Kind(id); kind == policy.Person {
		return levy.ErrEmployer.Of("%s is of kind %s", id, kind)
	}
	return nil
}
