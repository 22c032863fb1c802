package claim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"zhucan/ledger"
	"zhucan/ledger/claim"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/policy"
)

var (
	pack  = ledgertest.Pack()
	hash  = strings.Repeat("0a", 32)
	other = strings.Repeat("0b", 32)
	third = strings.Repeat("0c", 32)
	april = ledger.PeriodOf(2023, 4)
	line  = ledger.BudgetLine{Region: "220104", Scheme: "startup", Fund: "levy", Year: 2023}

	papers = []claim.Evidence{{Kind: "certificate", Hash: hash}, {Kind: "licence", Hash: third}}
	submit = claim.Submit{Account: "1", Claim: "C1", Evidence: papers, From: april, Party: "P1", Region: "220104", Scheme: "startup", To: april, Units: 1}
)

func on(day int) ledger.Date { return ledger.DateOf(2023, 4, day) }

func ask(by ledger.Actor, day int, do claim.Action) claim.Command {
	return claim.Command{Order: ledger.Order{ID: "c1", By: by, On: on(day)}, Policy: &pack, Do: do}
}

// The life of a claim, a step a day: publicity from the 10th to the 16th, the
// least that the scheme asks for.
var (
	submitted = claim.Submitted{
		Account: "1", Amount: ledger.Fen(5_000_00), By: "clerk", Claim: "C1", Clause: "吉政办发〔2022〕35号 三（三）", Evidence: papers, From: april, Group: "startup",
		On: on(3), Party: "P1", Policy: "test-1", Region: "220104", Scheme: "startup", Standard: pack.Schemes[0].Standards[0], To: april, Units: 1,
	}
	first      = claim.FirstReviewed{By: "first", Claim: "C1", On: on(4)}
	compared   = claim.Compared{By: "first", Claim: "C1", Manifest: hash, On: on(5), Outcome: claim.Matched, Sources: []string{"民政"}}
	second     = claim.SecondReviewed{By: "second", Claim: "C1", On: on(6)}
	publicised = claim.Publicised{By: "second", Claim: "C1", From: on(10), Notice: hash, On: on(7), Place: "www", Policy: "test-1", Rule: pack.Schemes[0].Publicity, To: on(16)}
	ended      = claim.PublicityEnded{By: "second", Claim: "C1", On: on(17)}
	approved   = claim.Approved{Amount: ledger.Fen(5_000_00), By: "approver", Claim: "C1", Clause: "吉政办发〔2022〕35号 三（三）", Decision: "D1", Line: line, On: on(18), Policy: "test-1"}
	rejected   = claim.Rejected{By: "first", Claim: "C1", On: on(18), Reason: "no"}
	withdrawn  = claim.Withdrawn{By: "clerk", Claim: "C1", On: on(18), Reason: "no"}
	objected   = claim.Objected{Claim: "C1", Objection: "O1", On: on(12), Statement: hash}
	life       = []claim.Event{submitted, first, compared, second, publicised, ended, approved}
)

func resolved(o claim.Outcome) claim.Resolved {
	return claim.Resolved{By: "first", Claim: "C1", Objection: "O1", On: on(13), Outcome: o, Reason: "because"}
}

// since returns the life of the claim up to n events, then more.
func since(n int, more ...claim.Event) []claim.Event { return slices.Concat(life[:n], more) }

func with[A any](a A, change func(*A)) A {
	change(&a)
	return a
}

func TestClaimDecider(t *testing.T) {
	t.Parallel()
	type c = ledgertest.Case[claim.Command, claim.Event]
	clerk, one, two, approver := ledgertest.Clerk, ledgertest.First, ledgertest.Second, ledgertest.Approver
	then := func(e ...claim.Event) []claim.Event { return e }
	submits := func(name string, change func(*claim.Submit), reject error) c {
		return c{Name: name, When: ask(clerk, 3, with(submit, change)), Reject: reject}
	}
	show := claim.Publicise{Claim: "C1", From: on(10), Notice: hash, Place: "www", To: on(16)}
	shows := func(name string, change func(*claim.Publicise), reject error) c {
		return c{Name: name, Given: since(4), When: ask(two, 7, with(show, change)), Reject: reject}
	}
	approve := claim.Approve{Claim: "C1", Decision: "D1", Line: line}
	approves := func(name string, change func(*claim.Approve), reject error) c {
		return c{Name: name, Given: since(6), When: ask(approver, 18, with(approve, change)), Reject: reject}
	}
	compare := claim.Compare{Claim: "C1", Manifest: hash, Outcome: claim.Matched, Sources: []string{"民政"}}
	object := claim.Object{Claim: "C1", Objection: "O1", Statement: hash}
	resolve := func(o claim.Outcome) claim.Resolve {
		return claim.Resolve{Claim: "C1", Objection: "O1", Outcome: o, Reason: "because"}
	}
	// as gives an actor another's identifier: the same person with another role.
	as := func(a ledger.Actor, id ledger.ActorID) ledger.Actor { a.ID = id; return a }

	document := claim.Document{Hash: hash, Kind: "certificate", Media: "application/pdf", Object: "01J", Sealed: "P1", Size: 9, Stored: other}
	attach := claim.Attach{Claim: "C1", Document: document}
	kept := claim.EvidenceAttached{By: "clerk", Claim: "C1", Document: document, On: on(3)}
	attaches := func(name string, change func(*claim.Document), reject error) c {
		return c{Name: name, Given: since(1), When: ask(clerk, 3, with(attach, func(a *claim.Attach) { change(&a.Document) })), Reject: reject}
	}
	keeping := ledgertest.Pack()
	keeping.Schemes[0].Kept = true
	under := func(p *policy.Pack, c claim.Command) claim.Command { c.Policy = p; return c }
	more := ledgertest.Pack()
	more.Schemes[0].Evidence = append(more.Schemes[0].Evidence, "photo")
	photo := with(kept, func(e *claim.EvidenceAttached) { e.Document.Kind, e.Document.Hash = "photo", other })
	licence := with(kept, func(e *claim.EvidenceAttached) { e.Document.Kind, e.Document.Hash = "licence", third })
	twofold := with(submitted, func(e *claim.Submitted) {
		e.Evidence = []claim.Evidence{{Kind: "certificate", Hash: hash}, {Kind: "licence", Hash: hash}}
	})
	alone := with(submitted, func(e *claim.Submitted) { e.Evidence = nil })

	cases := []c{
		{Name: "a document is attached that the claim stated by its hash", Given: since(1), When: ask(clerk, 3, attach), Then: then(kept)},
		{Name: "a document is attached until the claim is decided", Given: since(6), When: ask(clerk, 18, attach), Then: then(with(kept, func(e *claim.EvidenceAttached) { e.On = on(18) }))},
		{Name: "nothing is attached to a claim that is decided", Given: since(7), When: ask(clerk, 19, attach), Reject: claim.ErrStep},
		{Name: "nothing is attached to a claim that is not there", When: ask(clerk, 3, attach), Reject: claim.ErrUnknown},
		{Name: "a clerk attaches", Given: since(1), When: ask(one, 3, attach), Reject: ledger.ErrRole},
		{Name: "who reviewed attaches nothing", Given: since(2), When: ask(as(clerk, "first"), 5, attach), Reject: ledger.ErrDuties},
		{Name: "who attached does not review", Given: since(1, with(kept, func(e *claim.EvidenceAttached) { e.By = "first" })), When: ask(one, 4, claim.FirstReview{Claim: "C1"}), Reject: ledger.ErrDuties},
		{Name: "who attached does not approve", Given: since(6, with(kept, func(e *claim.EvidenceAttached) { e.By = "approver" })), When: ask(approver, 18, approve), Reject: ledger.ErrDuties},
		attaches("a document has a kind", func(d *claim.Document) { d.Kind = "" }, ledger.ErrID),
		attaches("a document is stored under a name", func(d *claim.Document) { d.Object = "a b" }, ledger.ErrID),
		attaches("a document is named by its SHA-256", func(d *claim.Document) { d.Hash = "see file" }, claim.ErrDocument),
		attaches("what is stored is named by its SHA-256", func(d *claim.Document) { d.Stored = "" }, claim.ErrDocument),
		attaches("a document has a byte", func(d *claim.Document) { d.Size = 0 }, claim.ErrDocument),
		attaches("a document has a media type", func(d *claim.Document) { d.Media = "a picture" }, claim.ErrDocument),
		attaches("what is not sealed is stored as it is", func(d *claim.Document) { d.Sealed = "" }, claim.ErrDocument),
		attaches("a document that the claim stated has the hash it stated", func(d *claim.Document) { d.Hash = other }, claim.ErrDocument),
		{Name: "a kind that the claim did not state is attached", Given: since(1), When: ask(clerk, 3, with(attach, func(a *claim.Attach) { a.Document.Kind, a.Document.Hash = "photo", other })), Then: then(photo)},
		{Name: "a document is not attached as two kinds that the scheme asks for", Given: then(alone, kept), When: under(&keeping, ask(clerk, 3, with(attach, func(a *claim.Attach) { a.Document.Kind = "licence" }))), Reject: claim.ErrDocument},
		{Name: "nor one that the claim states as the other", Given: then(with(submitted, func(e *claim.Submitted) { e.Evidence = papers[:1] })), When: under(&keeping, ask(clerk, 3, with(attach, func(a *claim.Attach) { a.Document.Kind = "licence" }))), Reject: claim.ErrDocument},
		{Name: "a claim on record that stated one document for both has both attached", Given: then(twofold, kept), When: under(&keeping, ask(clerk, 3, with(attach, func(a *claim.Attach) { a.Document.Kind = "licence" }))), Then: then(with(kept, func(e *claim.EvidenceAttached) { e.Document.Kind = "licence" }))},
		{Name: "a document is attached once", Given: since(1, kept), When: ask(clerk, 4, with(attach, func(a *claim.Attach) { a.Document.Object = "other" }))},
		{Name: "where documents are kept, a claim is submitted without them", When: under(&keeping, ask(clerk, 3, with(submit, func(s *claim.Submit) { s.Evidence = nil }))), Then: then(alone)},
		{Name: "where documents are kept, a hash is no document", Given: since(6), When: under(&keeping, ask(approver, 18, approve)), Reject: claim.ErrEvidence},
		{Name: "where documents are kept, each kind is", Given: since(6, kept), When: under(&keeping, ask(approver, 18, approve)), Reject: claim.ErrEvidence},
		{Name: "a claim whose documents are kept is approved", Given: since(6, kept, licence), When: under(&keeping, ask(approver, 18, approve)), Then: then(approved)},
		{Name: "a kind that the policy came to ask for is missing at the approval", Given: since(6), When: under(&more, ask(approver, 18, approve)), Reject: claim.ErrEvidence},
		{Name: "a kind that the policy came to ask for is attached", Given: since(6, photo), When: under(&more, ask(approver, 18, approve)), Then: then(approved)},
		{Name: "a clerk submits a claim, and it is worth units times the standard", When: ask(clerk, 3, submit), Then: then(submitted)},
		{Name: "an order without an actor is refused first", When: claim.Command{Order: ledger.Order{ID: "c"}, Do: submit}, Reject: ledger.ErrActor},
		{Name: "the role is checked before the identifier", When: ask(one, 3, claim.Submit{}), Reject: ledger.ErrRole},
		submits("a claim has an identifier", func(s *claim.Submit) { s.Claim = "" }, ledger.ErrID),
		{Name: "an identifier names one claim", Given: since(1), When: ask(clerk, 3, with(submit, func(s *claim.Submit) { s.Scheme = "none" })), Reject: claim.ErrTaken},
		{Name: "an identifier names one claim even after it was rejected", Given: since(1, rejected), When: ask(clerk, 20, submit), Reject: claim.ErrTaken},
		submits("the scheme is one of the policy", func(s *claim.Submit) { s.Scheme, s.Units = "none", 0 }, policy.ErrScheme),
		submits("a claim is for a unit at least", func(s *claim.Submit) { s.Units = 0 }, claim.ErrPeriod),
		submits("a claim is for a million units at most", func(s *claim.Submit) { s.Units = 1_000_001 }, claim.ErrPeriod),
		submits("the months have a beginning", func(s *claim.Submit) { s.From = ledger.Period{} }, claim.ErrPeriod),
		submits("the months have an end", func(s *claim.Submit) { s.To = ledger.Period{} }, claim.ErrPeriod),
		submits("the end is not before the beginning", func(s *claim.Submit) { s.To = ledger.PeriodOf(2023, 3) }, claim.ErrPeriod),
		submits("the months are those of ten years at most", func(s *claim.Submit) { s.To = ledger.PeriodOf(2034, 1) }, claim.ErrPeriod),
		submits("the months are checked before the evidence", func(s *claim.Submit) { s.Units, s.Evidence = 0, nil }, claim.ErrPeriod),
		submits("every kind of evidence is handed in", func(s *claim.Submit) { s.Evidence = papers[:1] }, claim.ErrEvidence),
		submits("one document is not two kinds of evidence", func(s *claim.Submit) {
			s.Evidence = []claim.Evidence{papers[0], {Kind: "licence", Hash: hash}}
		}, claim.ErrEvidence),
		submits("evidence is a hash, not a text", func(s *claim.Submit) {
			s.Evidence = []claim.Evidence{papers[0], {Kind: "licence", Hash: strings.Repeat("x", 64)}}
		}, claim.ErrEvidence),
		submits("evidence that nobody asked for is a hash too", func(s *claim.Submit) {
			s.Evidence = append(slices.Clone(papers), claim.Evidence{Kind: "letter", Hash: "see file"})
		}, claim.ErrEvidence),
		submits("what has no standard is not computed", func(s *claim.Submit) { s.Scheme = "unset" }, policy.ErrUnset),

		{Name: "a reviewer passes the first review", Given: since(1), When: ask(one, 4, claim.FirstReview{Claim: "C1"}), Then: then(first)},
		{Name: "a clerk reviews nothing", Given: since(1), When: ask(clerk, 4, claim.FirstReview{Claim: "C1"}), Reject: ledger.ErrRole},
		{Name: "what is not submitted is not reviewed", When: ask(one, 4, claim.FirstReview{Claim: "C1"}), Reject: claim.ErrUnknown},
		{Name: "who entered a claim does not review it first", Given: since(1), When: ask(as(one, "clerk"), 4, claim.FirstReview{Claim: "C1"}), Reject: ledger.ErrDuties},
		{Name: "a claim is not reviewed before it was submitted", Given: since(1), When: ask(one, 2, claim.FirstReview{Claim: "C1"}), Reject: claim.ErrStep},

		{Name: "a reviewer compares", Given: since(2), When: ask(one, 5, compare), Then: then(compared)},
		{Name: "who entered a claim does not compare it", Given: since(2), When: ask(as(one, "clerk"), 5, compare), Reject: ledger.ErrDuties},
		{Name: "a comparison has an outcome", Given: since(2), When: ask(one, 5, with(compare, func(x *claim.Compare) { x.Outcome = claim.Upheld })), Reject: claim.ErrReason},
		{Name: "a comparison has sources", Given: since(2), When: ask(one, 5, with(compare, func(x *claim.Compare) { x.Sources = nil })), Reject: claim.ErrReason},
		{Name: "a comparison has a manifest", Given: since(2), When: ask(one, 5, with(compare, func(x *claim.Compare) { x.Manifest = "list" })), Reject: claim.ErrReason},

		{Name: "another reviewer passes the second review", Given: since(3), When: ask(two, 6, claim.SecondReview{Claim: "C1"}), Then: then(second)},
		{Name: "who reviewed first does not review again", Given: since(3), When: ask(one, 6, claim.SecondReview{Claim: "C1"}), Reject: ledger.ErrDuties},
		{Name: "who entered a claim does not review it second", Given: since(3), When: ask(as(two, "clerk"), 6, claim.SecondReview{Claim: "C1"}), Reject: ledger.ErrDuties},
		{Name: "a difference is not passed over in silence", Given: since(2, with(compared, func(x *claim.Compared) { x.Outcome = claim.Differs })), When: ask(two, 6, claim.SecondReview{Claim: "C1"}), Reject: claim.ErrReason},
		{
			Name: "a difference is passed with a reason", Given: since(2, with(compared, func(x *claim.Compared) { x.Outcome = claim.Differs })),
			When: ask(two, 6, claim.SecondReview{Claim: "C1", Reason: "typo"}), Then: then(with(second, func(x *claim.SecondReviewed) { x.Reason = "typo" })),
		},

		{Name: "a claim is shown for the days its scheme asks for", Given: since(4), When: ask(two, 7, show), Then: then(publicised)},
		shows("a publicity is not a day shorter", func(x *claim.Publicise) { x.To = on(15) }, claim.ErrPublicity),
		shows("a publicity does not begin before it is ordered", func(x *claim.Publicise) { x.From = on(6) }, claim.ErrPublicity),
		shows("a publicity begins", func(x *claim.Publicise) { x.From = ledger.Date{} }, claim.ErrPublicity),
		shows("a publicity has a place", func(x *claim.Publicise) { x.Place = "" }, claim.ErrPublicity),
		shows("what was shown is on record by its hash", func(x *claim.Publicise) { x.Notice = "list" }, claim.ErrPublicity),
		{
			Name: "a longer publicity is shown as long as announced", Given: since(4, with(publicised, func(x *claim.Publicised) { x.To = on(20) })),
			When: ask(two, 20, claim.EndPublicity{Claim: "C1"}), Reject: claim.ErrPublicity,
		},

		{Name: "who entered a claim does not show it", Given: since(4), When: ask(as(two, "clerk"), 7, show), Reject: ledger.ErrDuties},
		{Name: "who attached does not show the claim", Given: since(4, with(kept, func(e *claim.EvidenceAttached) { e.By, e.On = "second", on(6) })), When: ask(two, 7, show), Reject: ledger.ErrDuties},
		{Name: "who entered a claim does not end its publicity", Given: since(5), When: ask(as(two, "clerk"), 17, claim.EndPublicity{Claim: "C1"}), Reject: ledger.ErrDuties},
		{Name: "a clerk enters what anybody objects", Given: since(5), When: ask(clerk, 12, object), Then: then(objected)},
		{Name: "so does a reviewer", Given: since(5), When: ask(one, 12, object), Then: then(objected)},
		{Name: "who only reads enters no objection", Given: since(5), When: ask(ledger.Actor{ID: "auditor", Roles: []ledger.Role{ledger.Auditor}}, 12, object), Reject: ledger.ErrRole},
		{Name: "nor does a cashier", Given: since(5), When: ask(ledgertest.Cashier, 12, object), Reject: ledger.ErrRole},
		{Name: "nobody objects to what is not yet shown", Given: since(5), When: ask(clerk, 9, object), Reject: claim.ErrStep},
		{Name: "whoever objects on the first day is heard", Given: since(5), When: ask(clerk, 10, object), Then: then(with(objected, func(x *claim.Objected) { x.On = on(10) }))},
		{Name: "nobody objects before the publicity", Given: since(4), When: ask(clerk, 7, object), Reject: claim.ErrStep},
		{Name: "a letter counts that was found when the publicity was over", Given: since(6), When: ask(clerk, 12, object), Then: then(objected)},
		{Name: "an objection has an identifier", Given: since(5), When: ask(clerk, 12, with(object, func(x *claim.Object) { x.Objection = "" })), Reject: ledger.ErrID},
		{Name: "the same objection is recorded once", Given: since(5, objected), When: ask(clerk, 12, object)},
		{Name: "an objection is on record by the hash of its letter", Given: since(5), When: ask(clerk, 12, with(object, func(x *claim.Object) { x.Statement = "he is my neighbour" })), Reject: claim.ErrReason},

		{Name: "an objection is dismissed", Given: since(5, objected), When: ask(one, 13, resolve(claim.Dismissed)), Then: then(resolved(claim.Dismissed))},
		{Name: "an objection is upheld", Given: since(5, objected), When: ask(one, 13, resolve(claim.Upheld)), Then: then(resolved(claim.Upheld))},
		{Name: "who entered a claim does not decide an objection to it", Given: since(5, objected), When: ask(as(one, "clerk"), 13, resolve(claim.Dismissed)), Reject: ledger.ErrDuties},
		{Name: "an objection is resolved that was made", Given: since(5), When: ask(one, 13, resolve(claim.Dismissed)), Reject: claim.ErrObjection},
		{Name: "an objection is resolved once", Given: since(5, objected, resolved(claim.Dismissed)), When: ask(one, 13, resolve(claim.Dismissed))},
		{Name: "an objection that is dismissed is not upheld afterwards", Given: since(5, objected, resolved(claim.Dismissed)), When: ask(one, 13, resolve(claim.Upheld)), Reject: claim.ErrObjection},
		{Name: "an objection is not resolved as a match", Given: since(5, objected), When: ask(one, 13, resolve(claim.Matched)), Reject: claim.ErrReason},
		{Name: "an objection is not resolved as open", Given: since(5, objected), When: ask(one, 13, resolve("")), Reject: claim.ErrReason},
		{Name: "an objection is resolved for a reason", Given: since(5, objected), When: ask(one, 13, with(resolve(claim.Dismissed), func(x *claim.Resolve) { x.Reason = "" })), Reject: claim.ErrReason},

		{Name: "a publicity ends on the day after its last", Given: since(5), When: ask(two, 17, claim.EndPublicity{Claim: "C1"}), Then: then(ended)},
		{Name: "a publicity does not end on its last day", Given: since(5), When: ask(two, 16, claim.EndPublicity{Claim: "C1"}), Reject: claim.ErrPublicity},
		{Name: "a publicity does not end with an objection open", Given: since(5, objected), When: ask(two, 17, claim.EndPublicity{Claim: "C1"}), Reject: claim.ErrObjection},
		{Name: "a publicity does not end with an objection upheld", Given: since(5, objected, resolved(claim.Upheld)), When: ask(two, 17, claim.EndPublicity{Claim: "C1"}), Reject: claim.ErrObjection},
		{Name: "the length is checked before the objections", Given: since(5, objected), When: ask(two, 16, claim.EndPublicity{Claim: "C1"}), Reject: claim.ErrPublicity},
		{Name: "a publicity ends when its objections are dismissed", Given: since(5, objected, resolved(claim.Dismissed)), When: ask(two, 17, claim.EndPublicity{Claim: "C1"}), Then: then(ended)},

		{Name: "an approver approves what is submitted, not what it would be worth now", Given: since(6), When: ask(approver, 18, approve), Then: then(approved)},
		{Name: "an approval is not dated back into the publicity", Given: since(6), When: ask(approver, 16, approve), Reject: claim.ErrStep},
		{Name: "a reviewer approves nothing", Given: since(6), When: ask(two, 18, approve), Reject: ledger.ErrRole},
		{Name: "who entered a claim does not approve it", Given: since(6), When: ask(as(approver, "clerk"), 18, approve), Reject: ledger.ErrDuties},
		{Name: "who reviewed a claim first does not approve it", Given: since(6), When: ask(as(approver, "first"), 18, approve), Reject: ledger.ErrDuties},
		{Name: "who reviewed a claim second does not approve it", Given: since(6), When: ask(as(approver, "second"), 18, approve), Reject: ledger.ErrDuties},
		{Name: "who compared a claim does not approve it", Given: since(2, append([]claim.Event{with(compared, func(x *claim.Compared) { x.By = "approver" })}, life[3:6]...)...), When: ask(approver, 18, approve), Reject: ledger.ErrDuties},
		{Name: "who showed a claim does not approve it", Given: since(4, with(publicised, func(x *claim.Publicised) { x.By = "approver" }), ended), When: ask(approver, 18, approve), Reject: ledger.ErrDuties},
		{Name: "who ended the publicity does not approve the claim", Given: since(5, with(ended, func(x *claim.PublicityEnded) { x.By = "approver" })), When: ask(approver, 18, approve), Reject: ledger.ErrDuties},
		{Name: "nor does who ended it concur", Given: since(5, with(ended, func(x *claim.PublicityEnded) { x.By = "approver" })), When: ask(approver, 18, claim.Concur{Against: "C2", Claim: "C1", Reason: "other costs"}), Reject: ledger.ErrDuties},
		{Name: "who decided an objection does not approve the claim", Given: since(5, objected, with(resolved(claim.Dismissed), func(x *claim.Resolved) { x.By = "approver" }), ended), When: ask(approver, 18, approve), Reject: ledger.ErrDuties},
		{Name: "who compared attaches nothing", Given: since(2, with(compared, func(x *claim.Compared) { x.By = "third" })), When: ask(as(clerk, "third"), 6, attach), Reject: ledger.ErrDuties},
		{Name: "nothing is approved twice", Given: life, When: ask(approver, 18, approve), Reject: claim.ErrStep},
		{Name: "nothing is approved with an objection open", Given: since(6, objected), When: ask(approver, 18, approve), Reject: claim.ErrObjection},
		{Name: "nothing is approved with an objection upheld", Given: since(6, objected, resolved(claim.Upheld)), When: ask(approver, 18, approve), Reject: claim.ErrObjection},
		{Name: "one of two objections is still one", Given: since(6, objected, with(objected, func(x *claim.Objected) { x.Objection = "O2" }), resolved(claim.Dismissed)), When: ask(approver, 18, approve), Reject: claim.ErrObjection},
		{Name: "one of two objections upheld is enough", Given: since(6, objected, with(objected, func(x *claim.Objected) { x.Objection = "O2" }), resolved(claim.Upheld), with(resolved(claim.Dismissed), func(x *claim.Resolved) { x.Objection = "O2" })), When: ask(approver, 18, approve), Reject: claim.ErrObjection},
		approves("a claim is paid from a line of its scheme", func(x *claim.Approve) { x.Line.Scheme = "employer" }, claim.ErrLine),
		approves("a claim is not paid by another county", func(x *claim.Approve) { x.Line.Region = "220102" }, claim.ErrLine),
		approves("a claim is not paid by another prefecture", func(x *claim.Approve) { x.Line.Region = "220200" }, claim.ErrLine),
		approves("a claim is not paid from a fund its scheme does not allow", func(x *claim.Approve) { x.Line.Fund = "lottery" }, claim.ErrLine),
		approves("an approval has a number", func(x *claim.Approve) { x.Decision = "" }, claim.ErrLine),
		{
			Name: "a claim is paid by its prefecture", Given: since(6), When: ask(approver, 18, with(approve, func(x *claim.Approve) { x.Line.Region = "220100" })),
			Then: then(with(approved, func(x *claim.Approved) { x.Line.Region = "220100" })),
		},
		{
			Name: "a claim of a body without digits is paid by the province", When: ask(approver, 18, with(approve, func(x *claim.Approve) { x.Line.Region = "220000" })),
			Given: append(then(with(submitted, func(x *claim.Submitted) { x.Region = "R-CBS" })), life[1:6]...),
			Then:  then(with(approved, func(x *claim.Approved) { x.Line.Region = "220000" })),
		},

		{Name: "a reviewer rejects", Given: since(5), When: ask(one, 18, claim.Reject{Claim: "C1", Reason: "no"}), Then: then(rejected)},
		{Name: "an approver rejects what is approved", Given: life, When: ask(approver, 18, claim.Reject{Claim: "C1", Reason: "no"}), Then: then(with(rejected, func(x *claim.Rejected) { x.By = "approver" }))},
		{Name: "a reviewer does not reject what is approved", Given: life, When: ask(one, 18, claim.Reject{Claim: "C1", Reason: "no"}), Reject: ledger.ErrRole},
		{Name: "a clerk does not reject", Given: since(5), When: ask(clerk, 18, claim.Reject{Claim: "C1", Reason: "no"}), Reject: ledger.ErrRole},
		{Name: "who entered a claim does not reject it", Given: since(5), When: ask(as(one, "clerk"), 18, claim.Reject{Claim: "C1", Reason: "no"}), Reject: ledger.ErrDuties},
		{Name: "nothing is rejected without a reason", Given: since(5), When: ask(one, 18, claim.Reject{Claim: "C1"}), Reject: claim.ErrReason},
		{Name: "nothing is rejected twice", Given: since(5, rejected), When: ask(one, 18, claim.Reject{Claim: "C1", Reason: "no"}), Reject: claim.ErrStep},
		{Name: "what is withdrawn is not rejected", Given: since(5, withdrawn), When: ask(one, 18, claim.Reject{Claim: "C1", Reason: "no"}), Reject: claim.ErrStep},

		{Name: "a clerk withdraws a claim", Given: since(5), When: ask(clerk, 18, claim.Withdraw{Claim: "C1", Reason: "no"}), Then: then(withdrawn)},
		{Name: "a reviewer does not withdraw", Given: since(5), When: ask(one, 18, claim.Withdraw{Claim: "C1", Reason: "no"}), Reject: ledger.ErrRole},
		{Name: "nothing is withdrawn without a reason", Given: since(5), When: ask(clerk, 18, claim.Withdraw{Claim: "C1"}), Reject: claim.ErrReason},
		{Name: "what is approved is not withdrawn", Given: life, When: ask(clerk, 18, claim.Withdraw{Claim: "C1", Reason: "no"}), Reject: claim.ErrStep},
		{Name: "what is rejected goes no further", Given: since(1, rejected), When: ask(one, 19, claim.FirstReview{Claim: "C1"}), Reject: claim.ErrStep},
	}
	ledgertest.Run(t, claim.Decider, cases)
}

// Every step is refused at every stage but its own.
func TestNoStepIsLeftOutOrTakenTwice(t *testing.T) {
	t.Parallel()
	type step struct {
		do claim.Action
		by ledger.Actor
		at []int // how many events of the life must have happened
	}
	steps := []step{
		{claim.FirstReview{Claim: "C1"}, ledgertest.First, []int{1}},
		{claim.Compare{Claim: "C1", Manifest: hash, Outcome: claim.Matched, Sources: []string{"s"}}, ledgertest.First, []int{2}},
		{claim.SecondReview{Claim: "C1"}, ledgertest.Second, []int{3}},
		{claim.Publicise{Claim: "C1", From: on(28), Notice: hash, Place: "www", To: on(28).AddDays(6)}, ledgertest.Second, []int{4}},
		{claim.Object{Claim: "C1", Objection: "O1", Statement: hash}, ledgertest.Clerk, []int{5, 6}},
		{claim.EndPublicity{Claim: "C1"}, ledgertest.Second, []int{5}},
		{claim.Approve{Claim: "C1", Decision: "D", Line: line}, ledgertest.Approver, []int{6}},
		{claim.Reject{Claim: "C1", Reason: "no"}, ledgertest.Approver, []int{1, 2, 3, 4, 5, 6, 7}},
		{claim.Withdraw{Claim: "C1", Reason: "no"}, ledgertest.Clerk, []int{1, 2, 3, 4, 5, 6}},
	}
	for _, step := range steps {
		for n := 1; n <= len(life); n++ {
			s := claim.Decider.Fold(new(claim.State), life[:n]...)
			_, err := claim.Decide(s, ask(step.by, 28, step.do))
			r, _ := ledger.Refused(err)
			if due := slices.Contains(step.at, n); due && err != nil || !due && r != claim.ErrStep {
				t.Errorf("%T after %d steps: %v", step.do, n, err)
			}
		}
	}
}

// A claim of a scheme that recurs, for April to June, awarded on the 18th.
func TestARecurringClaimIsWorthItsMonthsAndIsStopped(t *testing.T) {
	t.Parallel()
	p := ledgertest.Pack()
	ledgertest.Monthly(&p)
	june := ledger.PeriodOf(2023, 6)
	most := ledger.Fen(800_00)
	p.Schemes[4].Cap = &most // of a month
	monthly := func(by ledger.Actor, day int, do claim.Action) claim.Command {
		c := ask(by, day, do)
		c.Policy = &p
		return c
	}
	apply := with(submit, func(s *claim.Submit) { s.Scheme, s.To = "welfare-post", june })
	applied := with(submitted, func(e *claim.Submitted) {
		e.Scheme, e.Group, e.To, e.Clause, e.Standard = "welfare-post", "welfare-post", june, p.Schemes[4].Clause, p.Schemes[4].Standards[0]
		e.Monthly, e.Amount = most, most.Times(3)
	})
	stop := claim.Stop{Claim: "C1", Evidence: hash, From: ledger.PeriodOf(2023, 5), Reason: "died"}
	stopped := claim.Stopped{By: "approver", Claim: "C1", Evidence: hash, From: stop.From, On: on(20), Reason: "died"}
	given := append([]claim.Event{applied}, life[1:]...)
	from := func(m ledger.Period) claim.Stop { return with(stop, func(s *claim.Stop) { s.From = m }) }
	approver := ledgertest.Approver
	ledgertest.Run(t, claim.Decider, []ledgertest.Case[claim.Command, claim.Event]{
		{Name: "a claim is worth its months, and each at most the cap", When: monthly(ledgertest.Clerk, 3, apply), Then: []claim.Event{applied}},
		{Name: "no months are worth more than there is", When: func() claim.Command {
			q, c := p, monthly(ledgertest.Clerk, 3, apply)
			q.Schemes = slices.Clone(p.Schemes)
			q.Schemes[4].Cap = &ledger.MaxMoney
			q.Schemes[4].Standards = []policy.Standard{{Amount: ledger.MaxMoney, From: p.Schemes[4].From, Region: "220000", Source: "synthetic"}}
			c.Policy = &q
			return c
		}(), Reject: ledger.ErrAmountRange},
		{Name: "it is stopped from a month on", Given: given, When: monthly(approver, 20, stop), Then: []claim.Event{stopped}},
		{Name: "it is stopped once", Given: append(given, stopped), When: monthly(approver, 21, stop)},
		{Name: "it is stopped from an earlier month", Given: append(given, stopped), When: monthly(approver, 21, from(april)), Then: []claim.Event{with(stopped, func(e *claim.Stopped) { e.From, e.On = april, on(21) })}},
		{Name: "it is not stopped from a later month", Given: append(given, stopped), When: monthly(approver, 21, from(june)), Reject: claim.ErrStopped},
		{Name: "it is not stopped before it begins", Given: given, When: monthly(approver, 20, from(ledger.PeriodOf(2023, 3))), Reject: claim.ErrMonth},
		{Name: "it is stopped from some month", Given: given, When: monthly(approver, 20, from(ledger.Period{})), Reject: claim.ErrMonth},
		{Name: "what is not approved is rejected, not stopped", Given: given[:6], When: monthly(approver, 20, stop), Reject: claim.ErrStep},
		{Name: "what does not recur is not stopped", Given: life, When: monthly(approver, 20, from(april)), Reject: claim.ErrMonth},
		{Name: "a reviewer stops nothing", Given: given, When: monthly(ledgertest.First, 20, stop), Reject: ledger.ErrRole},
	})
}

func TestAnAmountThatTheLogCouldNotReadBackIsRefused(t *testing.T) {
	t.Parallel()
	p := ledgertest.Pack()
	p.Schemes[0].Standards = []policy.Standard{{Amount: ledger.MaxMoney, From: p.Schemes[0].From, Region: "220000", Source: "synthetic"}}
	c := ask(ledgertest.Clerk, 3, submit)
	c.Policy = &p
	if _, err := claim.Decide(new(claim.State), c); err != nil {
		t.Errorf("the most there is: %v", err)
	}
	c.Do = with(submit, func(s *claim.Submit) { s.Units = 2 })
	if r, _ := ledger.Refused(func() error { _, err := claim.Decide(new(claim.State), c); return err }()); r != ledger.ErrAmountRange {
		t.Errorf("twice the most there is: %v", r)
	}
}

func TestAPublicityThatIsUnsetShowsNothing(t *testing.T) {
	t.Parallel()
	p := ledgertest.Pack()
	p.Schemes[0].Publicity = policy.Publicity{}
	c := ask(ledgertest.Second, 7, claim.Publicise{Claim: "C1", From: on(10), Notice: hash, Place: "www", To: on(28)})
	c.Policy = &p
	_, err := claim.Decide(claim.Decider.Fold(new(claim.State), life[:4]...), c)
	if r, _ := ledger.Refused(err); r != policy.ErrUnset {
		t.Errorf("got %v", err)
	}
}

func TestWorkingDaysAreCountedWithTheCalendar(t *testing.T) {
	t.Parallel()
	reward := with(submitted, func(s *claim.Submitted) { s.Scheme = "employer" })
	s := claim.Decider.Fold(new(claim.State), append([]claim.Event{reward}, life[1:4]...)...)
	show := func(from, to ledger.Date) error {
		_, err := claim.Decide(s, ask(ledgertest.Second, 7, claim.Publicise{Claim: "C1", From: from, Notice: hash, Place: "www", To: to}))
		return err
	}
	// 1 May is a holiday and Saturday 6 May is worked: 28 April and 2, 3, 4, 5 May.
	if r, _ := ledger.Refused(show(on(28), ledger.DateOf(2023, 5, 4))); r != claim.ErrPublicity {
		t.Errorf("four working days and a holiday: %v", r)
	}
	if err := show(on(28), ledger.DateOf(2023, 5, 5)); err != nil {
		t.Errorf("five working days: %v", err)
	}
	if r, _ := ledger.Refused(show(ledger.DateOf(2024, 4, 8), ledger.DateOf(2024, 4, 30))); r != policy.ErrUnset {
		t.Errorf("a year without calendar: %v", r)
	}
}

func TestEveryPartOfTheClaimsIsTakenBack(t *testing.T) {
	t.Parallel()
	s := claim.Decider.Fold(new(claim.State), life[:5]...)
	before, _ := s.Find("C1")
	for _, part := range s.Tentative() {
		part.Begin()
	}
	s = claim.Decider.Fold(s, objected, resolved(claim.Upheld), ended, approved)
	for _, part := range s.Tentative() {
		part.Rollback()
	}
	after, _ := s.Find("C1")
	if fmt.Sprintf("%+v", before) != fmt.Sprintf("%+v", after) {
		t.Errorf("%+v\n%+v", before, after)
	}
	events, err := claim.Decide(s, ask(ledgertest.Clerk, 12, claim.Object{Claim: "C1", Objection: "O1", Statement: hash}))
	if err != nil || len(events) != 1 {
		t.Errorf("the objection is still there: %v, %v", events, err)
	}
}

func TestEventsOfAClaimAreItsCaseAndOnlyDecisionsMoveMoney(t *testing.T) {
	t.Parallel()
	entry := ledger.Entry{ID: "e"}
	takenBack := with(rejected, func(e *claim.Rejected) { e.Entry = &entry })
	for _, e := range slices.Concat(life, []claim.Event{objected, resolved(claim.Upheld), rejected, takenBack, withdrawn}) {
		if e.Case() != "C1" || e.Effective().IsZero() {
			t.Errorf("%T: %s on %s", e, e.Case(), e.Effective())
		}
		_, decision := e.(claim.Approved)
		if r, ok := e.(claim.Rejected); ok {
			decision = r.Entry != nil
		}
		if (ledgertest.Booked(e) != nil) != decision {
			t.Errorf("%T books %v", e, ledgertest.Booked(e))
		}
	}
}

func ExampleDecider() {
	order := ledger.Order{ID: "c1", By: ledgertest.Clerk, On: ledger.DateOf(2023, 4, 3)}
	s := new(claim.State)
	events, err := claim.Decide(s, claim.Command{Order: order, Policy: &pack, Do: submit})
	fmt.Println(events[0].(claim.Submitted).Amount, err)

	s = claim.Decider.Fold(s, events...)
	order.By = ledgertest.Approver
	_, err = claim.Decide(s, claim.Command{Order: order, Policy: &pack, Do: claim.Approve{Claim: "C1", Decision: "D1", Line: line}})
	r, particulars := ledger.Refused(err)
	fmt.Println(r.Code, "-", particulars)
	// Output:
	// 5000.00 <nil>
	// claim-step - claim C1 is submitted
}
