package policy

import (
	"slices"

	"zhucan/ledger"
)

// A Flow says what becomes of one flow of money or material that a plan names: the
// schemes it is paid under, or the reason why no money of this ledger moves.
type Flow struct {
	Code     string              `json:"code"` // F01–F30 of the plan's map
	Kind     FlowKind            `json:"kind"`
	ReasonEN string              `json:"reason_en"`
	ReasonZH string              `json:"reason_zh"`
	Schemes  []ledger.SchemeCode `json:"schemes,omitempty"`
	Source   string              `json:"source"`
}

// A FlowKind says how a flow stands to this ledger.
type FlowKind string

// The kinds of flows. Only those of a scheme or an umbrella name schemes.
const (
	PaidFlow     FlowKind = "scheme"   // claimed and paid under its schemes
	UmbrellaFlow FlowKind = "umbrella" // a general clause: paid under the schemes it covers, never beside them
	LevyFlow     FlowKind = "levy"     // income of the fund
	MemoFlow     FlowKind = "memo"     // paid by others; on record for the exclusion test
	InKindFlow   FlowKind = "in-kind"  // no cash; its value counts on the cost item
	FlagFlow     FlowKind = "flag"     // marks persons who are paid under other flows
	NoFlow       FlowKind = "none"     // not to be paid from these funds
)

// FlowKinds lists every kind.
var FlowKinds = []FlowKind{PaidFlow, UmbrellaFlow, LevyFlow, MemoFlow, InKindFlow, FlagFlow, NoFlow}

// OneEmployment tells whether one scheme rewards that a person is employed (F02) and the
// other subsidises the post (F15): the same employment does not earn both in a year unless the matrix
// says so (policy.md §6, X7).
func OneEmployment(a, b Scheme) bool {
	return a.Flow == "F02" && b.Flow == "F15" || a.Flow == "F15" && b.Flow == "F02"
}

// CheckFlows refuses a list of flows that contradicts itself or the schemes, and says which
// of them does. A list that is empty says nothing; one that is not gives every scheme that
// belongs to a flow its place.
func CheckFlows(flows []Flow, schemes []Scheme) (int, error) {
	for i, f := range flows {
		switch {
		case ledger.CheckID(f.Code) != nil || slices.ContainsFunc(flows[:i], func(g Flow) bool { return g.Code == f.Code }):
			return i, ErrPack.Of("flow %q is no code, or there twice", f.Code)
		case !slices.Contains(FlowKinds, f.Kind):
			return i, ErrPack.Of("flow %s is of kind %q", f.Code, f.Kind)
		case (len(f.Schemes) > 0) != (f.Kind == PaidFlow || f.Kind == UmbrellaFlow):
			return i, ErrPack.Of("flow %s of kind %s names %d schemes", f.Code, f.Kind, len(f.Schemes))
		case f.ReasonEN == "" || f.ReasonZH == "" || f.Source == "":
			return i, ErrPack.Of("flow %s has no reason or no source", f.Code)
		}
		for _, code := range f.Schemes {
			if !slices.ContainsFunc(schemes, func(s Scheme) bool { return s.Code == code }) {
				return i, ErrPack.Of("flow %s names scheme %q, which is not there", f.Code, code)
			}
		}
	}
	for _, s := range schemes {
		if len(flows) == 0 || s.Flow == "" {
			continue
		}
		i := slices.IndexFunc(flows, func(f Flow) bool { return f.Code == s.Flow })
		if i < 0 || flows[i].Kind != PaidFlow || !slices.Contains(flows[i].Schemes, s.Code) {
			return max(i, 0), ErrPack.Of("scheme %s is of flow %s, which does not name it", s.Code, s.Flow)
		}
	}
	return 0, nil
}
