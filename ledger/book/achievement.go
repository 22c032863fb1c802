package book

import (
	"zhucan/ledger"
	"zhucan/ledger/achievement"
	"zhucan/ledger/party"
	"zhucan/ledger/policy"
)

// decideAchievement adds that a fact is about registered parties, persons and employers
// each in their place, and says of a placement what the employer is: by its credit code,
// not by whoever reports it.
func (s *State) decideAchievement(o ledger.Order, do achievement.Action) ([]ledger.Event, error) {
	if record, ok := do.(achievement.Record); ok {
		for _, who := range []struct {
			id     ledger.PartyID
			person bool
		}{{record.Party, true}, {record.Beneficiary, true}, {record.Employer, false}} {
			if who.id == "" {
				continue
			}
			if err := s.parties.Check(who.id, ""); err != nil {
				return nil, err
			}
			if kind := s.parties.Kind(who.id); (kind == policy.Person) != who.person {
				return nil, party.ErrKind.Of("%s is %s", who.id, kind)
			}
		}
		if record.Kind == "placement" {
			record.Quality = string(s.parties.Code(record.Employer).UnitClass())
		}
		do = record
	}
	return one(achievement.Decide(&s.facts, achievement.Command{Order: o, Do: do}))
}
