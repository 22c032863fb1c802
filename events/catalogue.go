package events

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhucan/events/canon"
	"zhucan/ledger"
	"zhucan/ledger/achievement"
	"zhucan/ledger/budget"
	"zhucan/ledger/claim"
	"zhucan/ledger/journal"
	"zhucan/ledger/levy"
	"zhucan/ledger/party"
	"zhucan/ledger/payment"
	"zhucan/ledger/policy"
)

// A row of the catalogue names one shape and knows how to read and write it.
type row struct {
	name    string
	decode  func(data []byte) (ledger.Event, error)
	append  func(dst []byte, e ledger.Event) ([]byte, error)
	current reflect.Type // what is written under the name; nil for an old version
}

// now is the row of a version that is written today.
func now[E ledger.Event](name string) row {
	shape := canon.For[E]()
	return row{
		name: name,
		decode: func(data []byte) (ledger.Event, error) {
			e, err := shape.Read(data)
			if err != nil {
				return nil, err
			}
			return e, nil
		},
		append: func(dst []byte, e ledger.Event) ([]byte, error) {
			written := e.(E)
			return shape.Append(dst, &written)
		},
		current: reflect.TypeFor[E](),
	}
}

// was is the row of an old version: its shape is read as it was and turned into
// today's event.
func was[Old any](name string, upcast func(Old) ledger.Event) row {
	shape := canon.For[Old]()
	return row{name: name, decode: func(data []byte) (ledger.Event, error) {
		old, err := shape.Read(data)
		if err != nil {
			return nil, err
		}
		return upcast(old), nil
	}}
}

// catalogue is every event there is. Names are never reused.
var catalogue = []row{
	now[policy.Published]("policy.published.v1"),

	now[party.Registered]("party.registered.v1"),
	now[party.AccountAdded]("party.account-added.v1"),
	now[party.Erased]("party.erased.v1"),

	now[budget.Appropriated]("budget.appropriated.v1"),
	now[budget.Adjusted]("budget.adjusted.v1"),
	now[budget.Transferred]("budget.transferred.v1"),
	now[budget.CarriedOver]("budget.carried-over.v1"),

	now[claim.Submitted]("claim.submitted.v1"),
	now[claim.EvidenceAttached]("claim.evidence-attached.v1"),
	now[claim.FirstReviewed]("claim.first-reviewed.v1"),
	now[claim.Compared]("claim.compared.v1"),
	now[claim.SecondReviewed]("claim.second-reviewed.v1"),
	now[claim.Publicised]("claim.publicised.v1"),
	now[claim.Objected]("claim.objected.v1"),
	now[claim.Resolved]("claim.objection-resolved.v1"),
	now[claim.PublicityEnded]("claim.publicity-ended.v1"),
	now[claim.Concurred]("claim.concurred.v1"),
	now[claim.Approved]("claim.approved.v1"),
	now[claim.Rejected]("claim.rejected.v1"),
	now[claim.Stopped]("claim.stopped.v1"),
	now[claim.Withdrawn]("claim.withdrawn.v1"),

	now[payment.BatchOpened]("payment.batch-opened.v1"),
	now[payment.Instructed]("payment.instructed.v1"),
	now[payment.BatchSubmitted]("payment.batch-submitted.v1"),
	now[payment.BatchApproved]("payment.batch-approved.v1"),
	now[payment.BatchSent]("payment.batch-sent.v1"),
	now[payment.BatchCancelled]("payment.batch-cancelled.v1"),
	now[payment.LineRemoved]("payment.line-removed.v1"),
	now[payment.Confirmed]("payment.confirmed.v1"),
	now[payment.Failed]("payment.failed.v1"),
	now[payment.Returned]("payment.returned.v1"),
	now[payment.PayeeCorrected]("payment.payee-corrected.v1"),
	now[payment.CorrectionApproved]("payment.correction-approved.v1"),
	now[payment.Reissued]("payment.reissued.v1"),
	now[payment.ReturnedToTreasury]("payment.returned-to-treasury.v1"),
	now[payment.RecoveryDemanded]("payment.recovery-demanded.v1"),
	now[payment.RecoveryWithdrawn]("payment.recovery-withdrawn.v1"),
	now[payment.RecoveryReceived]("payment.recovery-received.v1"),
	now[payment.Recorded]("payment.recorded.v1"),

	now[levy.Declared]("levy.declared.v1"),
	now[levy.Reviewed]("levy.reviewed.v1"),
	now[levy.Assessed]("levy.assessed.v1"),
	now[levy.Relieved]("levy.relieved.v1"),
	now[levy.Deferred]("levy.deferred.v1"),
	now[levy.Received]("levy.received.v1"),
	now[levy.ReceiptWithdrawn]("levy.receipt-withdrawn.v1"),
	now[levy.Warned]("levy.warned.v1"),
	now[levy.PaymentOrdered]("levy.payment-ordered.v1"),
	now[levy.LateFeeCharged]("levy.late-fee-charged.v1"),
	now[levy.RefundDecided]("levy.refund-decided.v1"),
	now[levy.Refunded]("levy.refunded.v1"),
	now[levy.Deregistered]("levy.deregistered.v1"),

	now[journal.EntryProposed]("journal.entry-proposed.v1"),
	now[journal.EntryRejected]("journal.entry-rejected.v1"),
	now[journal.EntryPosted]("journal.entry-posted.v1"),
	now[journal.EntryReversed]("journal.entry-reversed.v1"),
	now[journal.PeriodClosed]("journal.period-closed.v1"),
	now[journal.PeriodReopened]("journal.period-reopened.v1"),

	now[achievement.Recorded]("achievement.recorded.v1"),
	now[achievement.Ended]("achievement.ended.v1"),
	now[achievement.Withdrawn]("achievement.withdrawn.v1"),
}

// An order names an action that can be asked for from outside.
type order struct {
	name   string
	typ    reflect.Type
	decode func([]byte) (any, error)
}

func ask[A any](name string) order {
	return order{name: name, typ: reflect.TypeFor[A](), decode: func(b []byte) (any, error) {
		var a A
		err := unmarshal(b, &a)
		return a, err
	}}
}

// orders is every action there is, as files, the interface and the command line
// name it.
var orders = []order{
	ask[policy.Publish]("policy.publish"),

	ask[party.Register]("party.register"),
	ask[party.AddAccount]("party.add-account"),
	ask[party.Erase]("party.erase"),

	ask[budget.Appropriate]("budget.appropriate"),
	ask[budget.Adjust]("budget.adjust"),
	ask[budget.Transfer]("budget.transfer"),
	ask[budget.CarryOver]("budget.carry-over"),

	ask[claim.Submit]("claim.submit"),
	ask[claim.Attach]("claim.attach"),
	ask[claim.FirstReview]("claim.first-review"),
	ask[claim.Compare]("claim.compare"),
	ask[claim.SecondReview]("claim.second-review"),
	ask[claim.Publicise]("claim.publicise"),
	ask[claim.Object]("claim.object"),
	ask[claim.Resolve]("claim.resolve"),
	ask[claim.EndPublicity]("claim.end-publicity"),
	ask[claim.Concur]("claim.concur"),
	ask[claim.Approve]("claim.approve"),
	ask[claim.Reject]("claim.reject"),
	ask[claim.Stop]("claim.stop"),
	ask[claim.Withdraw]("claim.withdraw"),

	ask[payment.OpenBatch]("payment.open-batch"),
	ask[payment.Instruct]("payment.instruct"),
	ask[payment.SubmitBatch]("payment.submit-batch"),
	ask[payment.ApproveBatch]("payment.approve-batch"),
	ask[payment.SendBatch]("payment.send-batch"),
	ask[payment.CancelBatch]("payment.cancel-batch"),
	ask[payment.RemoveLine]("payment.remove-line"),
	ask[payment.Confirm]("payment.confirm"),
	ask[payment.Fail]("payment.fail"),
	ask[payment.Return]("payment.return"),
	ask[payment.CorrectPayee]("payment.correct-payee"),
	ask[payment.ApproveCorrection]("payment.approve-correction"),
	ask[payment.Reissue]("payment.reissue"),
	ask[payment.ReturnToTreasury]("payment.return-to-treasury"),
	ask[payment.DemandRecovery]("payment.demand-recovery"),
	ask[payment.WithdrawRecovery]("payment.withdraw-recovery"),
	ask[payment.ReceiveRecovery]("payment.receive-recovery"),
	ask[payment.Record]("payment.record"),

	ask[levy.Declare]("levy.declare"),
	ask[levy.Review]("levy.review"),
	ask[levy.Assess]("levy.assess"),
	ask[levy.Relieve]("levy.relieve"),
	ask[levy.Defer]("levy.defer"),
	ask[levy.Receive]("levy.receive"),
	ask[levy.WithdrawReceipt]("levy.withdraw-receipt"),
	ask[levy.Warn]("levy.warn"),
	ask[levy.OrderPayment]("levy.order-payment"),
	ask[levy.ChargeLateFee]("levy.charge-late-fee"),
	ask[levy.DecideRefund]("levy.decide-refund"),
	ask[levy.PayRefund]("levy.pay-refund"),
	ask[levy.Deregister]("levy.deregister"),

	ask[journal.ProposeEntry]("journal.propose-entry"),
	ask[journal.ApproveEntry]("journal.approve-entry"),
	ask[journal.RejectEntry]("journal.reject-entry"),
	ask[journal.Reverse]("journal.reverse"),
	ask[journal.Close]("journal.close"),
	ask[journal.Reopen]("journal.reopen"),

	ask[achievement.Record]("achievement.record"),
	ask[achievement.End]("achievement.end"),
	ask[achievement.Withdraw]("achievement.withdraw"),
}

var (
	byName, byType   = indexCatalogue()
	askedBy, askName = indexOrders()
)

func indexCatalogue() (map[string]row, map[reflect.Type]string) {
	names, types := make(map[string]row), make(map[reflect.Type]string)
	for _, r := range catalogue {
		if _, ok := names[r.name]; ok {
			panic("events: name twice: " + r.name)
		}
		names[r.name] = r
		if r.current != nil {
			types[r.current] = r.name
		}
	}
	return names, types
}

func indexOrders() (map[string]order, map[reflect.Type]string) {
	names, types := make(map[string]order), make(map[reflect.Type]string)
	for _, o := range orders {
		names[o.name], types[o.typ] = o, o.name
	}
	return names, types
}

// Names lists the types of the catalogue in its order, old versions included.
func Names() []string {
	names := make([]string, len(catalogue))
	for i, r := range catalogue {
		names[i] = r.name
	}
	return names
}

// Orders lists the names of the actions in their order.
func Orders() []string {
	names := make([]string, len(orders))
	for i, o := range orders {
		names[i] = o.name
	}
	return names
}

// NameOf returns the name under which e is written.
func NameOf(e ledger.Event) string {
	name, ok := byType[reflect.TypeOf(e)]
	if !ok {
		panic(fmt.Sprintf("events: %T is not in the catalogue", e))
	}
	return name
}

// OrderOf returns the name of an action.
func OrderOf(do any) string {
	name, ok := askName[reflect.TypeOf(do)]
	if !ok {
		panic(fmt.Sprintf("events: %T is no action", do))
	}
	return name
}

// ErrOrder refuses an action that does not exist or does not decode.
var ErrOrder = &ledger.Rejection{
	Code: "order-malformed", Rule: "an order has a known name and exactly the members it needs", RuleZH: "操作名称须存在，内容须符合规定格式",
	Next: "see schema/openapi.yaml for names and members", NextZH: "请参照 schema/openapi.yaml",
}

// DecodeOrder reads an action from JSON, strictly.
func DecodeOrder(name string, data []byte) (any, error) {
	o, ok := askedBy[name]
	if !ok {
		return nil, ErrOrder.Of("no action is called %q", name)
	}
	do, err := o.decode(data)
	if err != nil {
		if r, _ := ledger.Refused(err); r != nil {
			if e, ok := errors.AsType[*json.SemanticError](err); ok {
				err = fmt.Errorf("member %s: %w", e.JSONPointer, e.Err)
			}
			return nil, err
		}
		return nil, ErrOrder.Of("%s: %s", name, misread(err))
	}
	return do, nil
}

// misread says what of an order does not decode, in terms of its JSON.
func misread(err error) string {
	e, ok := errors.AsType[*json.SemanticError](err)
	switch {
	case !ok:
		return strings.TrimPrefix(err.Error(), "jsontext: ")
	case errors.Is(err, json.ErrUnknownName):
		return fmt.Sprintf("there is no member %s", e.JSONPointer)
	case e.JSONPointer == "":
		return "the members stand in one object"
	case e.Err == nil:
		return fmt.Sprintf("member %s cannot be %s", e.JSONPointer, kinds[e.JSONKind])
	}
	return fmt.Sprintf("member %s: %v", e.JSONPointer, e.Err)
}

var kinds = map[jsontext.Kind]string{'n': "null", 'f': "a boolean", 't': "a boolean", '"': "a string", '0': "this number", '{': "an object", '[': "an array"}

var strict = json.JoinOptions(json.RejectUnknownMembers(true))

func unmarshal(b []byte, v any) error { return json.Unmarshal(b, v, strict) }

// kindOf is the part of a name before the first dot: the kind of case.
func kindOf(name string) string {
	kind, _, _ := strings.Cut(name, ".")
	return kind
}

// OrderType returns the struct that an action's members are read into.
func OrderType(name string) (reflect.Type, bool) {
	o, ok := askedBy[name]
	return o.typ, ok
}
