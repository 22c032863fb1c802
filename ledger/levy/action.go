package levy

import (
	"strconv"

	"zhucan/ledger"
	"zhucan/ledger/policy"
)

// A Command asks for a change of the levy of one employer and year. The policy is the one
// in force; the book looks it up.
type Command struct {
	ledger.Order
	Policy *policy.Pack
	Do     Action
}

// An Action is what a command asks for.
//
//sumtype:decl
type Action interface{ levy() }

type (
	// Declare is the employer's yearly filing; the day of the order is that of filing. A
	// later one with other figures corrects it.
	Declare struct {
		Class      ledger.UnitClass  `json:"class"`
		Closing    bool              `json:"closing,omitzero"` // the employer deregisters and files before the window (吉财税〔2022〕684号 item 2)
		Employer   ledger.PartyID    `json:"employer"`
		Payroll    ledger.Money      `json:"payroll,omitzero"` // total wages of the year before; otherwise the average wage
		Region     ledger.RegionCode `json:"region"`
		Registered ledger.Date       `json:"registered,omitzero"` // for the exemption of new enterprises
		Seasonal   int               `json:"seasonal,omitzero"`   // workers hired for a part of the year before, heads × months
		Staff      Number            `json:"staff"`               // annual average of the year before, of all others
		Wage       ledger.Money      `json:"wage,omitzero"`
		Year       int               `json:"year"` // of filing
	}
	// Review is the federation's confirmation of who counts (审核确认书); the day of the order
	// is that of the review. A later one replaces it.
	Review struct {
		Confirmation string            `json:"confirmation"`
		Employer     ledger.PartyID    `json:"employer"`
		Persons      []Person          `json:"persons,omitempty"`
		Region       ledger.RegionCode `json:"region"`
		Year         int               `json:"year"`
	}
	// Assess computes what is due with what is declared and reviewed, under the rules of the
	// filing day as known on the day of the order.
	Assess struct {
		Employer ledger.PartyID `json:"employer"`
		Year     int            `json:"year"`
	}
	// Relieve forgives a part for hardship (财税〔2015〕72号 art. 17).
	Relieve struct {
		Amount   ledger.Money   `json:"amount"`
		Decision string         `json:"decision"`
		Employer ledger.PartyID `json:"employer"`
		Reason   string         `json:"reason"`
		Year     int            `json:"year"`
	}
	// Defer moves the last day to pay (财税〔2015〕72号 art. 17).
	Defer struct {
		Decision string         `json:"decision"`
		Employer ledger.PartyID `json:"employer"`
		Reason   string         `json:"reason"`
		Until    ledger.Date    `json:"until"`
		Year     int            `json:"year"`
	}
	// Receive records money that reached the treasury; the day of the order is that of
	// payment.
	Receive struct {
		Amount   ledger.Money   `json:"amount"`
		Employer ledger.PartyID `json:"employer"`
		Kind     Kind           `json:"kind"`
		Receipt  string         `json:"receipt"` // number of the treasury's receipt, used once
		Year     int            `json:"year"`
	}
	// WithdrawReceipt takes back a receipt that was recorded wrongly. Its number can be recorded
	// again.
	WithdrawReceipt struct {
		Reason  string `json:"reason"`
		Receipt string `json:"receipt"`
	}
	// Warn is the finance department's warning (残疾人就业条例 art. 27).
	Warn struct {
		Document string         `json:"document"`
		Employer ledger.PartyID `json:"employer"`
		Year     int            `json:"year"`
	}
	// OrderPayment orders payment by a deadline (责令限期缴纳).
	OrderPayment struct {
		Deadline ledger.Date    `json:"deadline"`
		Document string         `json:"document"`
		Employer ledger.PartyID `json:"employer"`
		Year     int            `json:"year"`
	}
	// ChargeLateFee charges the late fee (滞纳金) up to the day of the order on what was unpaid
	// when the deadline of the order had passed.
	ChargeLateFee struct {
		Document string         `json:"document"`
		Employer ledger.PartyID `json:"employer"`
		Year     int            `json:"year"`
	}
	// DecideRefund grants back what was paid beyond what is due (退费决定).
	DecideRefund struct {
		Amount   ledger.Money   `json:"amount"`
		Claim    string         `json:"claim"` // the employer's application
		Decision string         `json:"decision"`
		Employer ledger.PartyID `json:"employer"`
		Year     int            `json:"year"`
	}
	// PayRefund records that the treasury paid a refund back (收入退付).
	PayRefund struct {
		Amount   ledger.Money   `json:"amount"`
		Employer ledger.PartyID `json:"employer"`
		Voucher  string         `json:"voucher"` // 收入退付凭证 5209
		Year     int            `json:"year"`
	}
	// Deregister records that an employer is no more. Everything is settled before.
	Deregister struct {
		Document string         `json:"document"`
		Employer ledger.PartyID `json:"employer"`
	}
)

func (Declare) levy()         {}
func (Review) levy()          {}
func (Assess) levy()          {}
func (Relieve) levy()         {}
func (Defer) levy()           {}
func (Receive) levy()         {}
func (WithdrawReceipt) levy() {}
func (Warn) levy()            {}
func (OrderPayment) levy()    {}
func (ChargeLateFee) levy()   {}
func (DecideRefund) levy()    {}
func (PayRefund) levy()       {}
func (Deregister) levy()      {}

// A Person is one disabled worker and the months of the data year that the federation
// confirms. A change of grade within the year makes two.
type Person struct {
	Card       Card           `json:"card"`
	From       ledger.Period  `json:"from"`
	Grade      int            `json:"grade"`
	PartMonths int            `json:"part_months,omitzero"` // of the months from–to, those begun or ended within
	Party      ledger.PartyID `json:"party"`
	To         ledger.Period  `json:"to"`
	Until      ledger.Date    `json:"until,omitzero"` // last day on which the card is valid, where the confirmation states one
}

// A Kind says what a receipt is for.
type Kind string

// The kinds of receipts.
const (
	Principal Kind = "levy"
	LateFees  Kind = "late-fee"
)

// An Event is something that has happened to the levy of an employer.
//
//sumtype:decl
type Event interface {
	ledger.Event
	happened()
}

type (
	// Declared says what an employer filed.
	Declared struct {
		By         ledger.ActorID    `json:"by"`
		Class      ledger.UnitClass  `json:"class"`
		Closing    bool              `json:"closing,omitzero"`
		Employer   ledger.PartyID    `json:"employer"`
		Late       bool              `json:"late,omitzero"` // after the filing window
		On         ledger.Date       `json:"on"`
		Payroll    ledger.Money      `json:"payroll,omitzero"`
		Region     ledger.RegionCode `json:"region"`
		Registered ledger.Date       `json:"registered,omitzero"`
		Seasonal   int               `json:"seasonal,omitzero"`
		Staff      Number            `json:"staff"`
		Wage       ledger.Money      `json:"wage,omitzero"`
		Year       int               `json:"year"`
	}
	// Reviewed says who counts.
	Reviewed struct {
		By           ledger.ActorID    `json:"by"`
		Confirmation string            `json:"confirmation"`
		Employer     ledger.PartyID    `json:"employer"`
		On           ledger.Date       `json:"on"`
		Persons      []Person          `json:"persons,omitempty"`
		Region       ledger.RegionCode `json:"region"`
		Year         int               `json:"year"`
	}
	// Assessed says what is due and everything it was computed from.
	Assessed struct {
		Base          ledger.Money      `json:"base,omitzero"`
		By            ledger.ActorID    `json:"by"`
		Capped        bool              `json:"capped,omitzero"`
		Class         ledger.UnitClass  `json:"class"`
		Clauses       []Clause          `json:"clauses,omitempty"`
		Confirmation  string            `json:"confirmation,omitempty"` // of the review that counts; none: nobody is counted
		Deadline      ledger.Date       `json:"deadline,omitzero"`      // last day to pay; none where it is not known
		Disabled      Number            `json:"disabled"`
		Due           ledger.Money      `json:"due"`
		Employer      ledger.PartyID    `json:"employer"`
		Entry         *ledger.Entry     `json:"entry,omitempty"` // of the difference; none where there is none
		FeeReversed   ledger.Money      `json:"fee_reversed,omitzero"`
		Full          ledger.Money      `json:"full"`
		Gap           Number            `json:"gap"`
		Known         ledger.Date       `json:"known"` // day up to which publications count
		On            ledger.Date       `json:"on"`
		Outcome       Outcome           `json:"outcome,omitempty"`
		Policy        string            `json:"policy"`
		Previous      *ledger.Money     `json:"previous,omitempty"` // due before, of a re-assessment
		Ratio         Number            `json:"ratio"`
		Region        ledger.RegionCode `json:"region"`
		Relief        ledger.Money      `json:"relief"`
		ReliefTakenIn ledger.Money      `json:"relief_taken_in,omitzero"` // hardship relief beyond what is due now
		Rules         ledger.Date       `json:"rules"`                    // day whose rules apply
		Staff         Number            `json:"staff"`
		Tier          Number            `json:"tier"`
		Wage          ledger.Money      `json:"wage,omitzero"`
		Year          int               `json:"year"`
	}
	// Relieved says that a part is forgiven.
	Relieved struct {
		Amount   ledger.Money   `json:"amount"`
		By       ledger.ActorID `json:"by"`
		Clause   string         `json:"clause"`
		Decision string         `json:"decision"`
		Employer ledger.PartyID `json:"employer"`
		Entry    ledger.Entry   `json:"entry"`
		On       ledger.Date    `json:"on"`
		Reason   string         `json:"reason"`
		Year     int            `json:"year"`
	}
	// Deferred says that there is more time to pay.
	Deferred struct {
		By       ledger.ActorID `json:"by"`
		Clause   string         `json:"clause"`
		Decision string         `json:"decision"`
		Employer ledger.PartyID `json:"employer"`
		On       ledger.Date    `json:"on"`
		Policy   string         `json:"policy"`
		Reason   string         `json:"reason"`
		Until    ledger.Date    `json:"until"`
		Year     int            `json:"year"`
	}
	// Received says that money reached the treasury.
	Received struct {
		Amount   ledger.Money      `json:"amount"`
		By       ledger.ActorID    `json:"by"`
		Employer ledger.PartyID    `json:"employer"`
		Entry    ledger.Entry      `json:"entry"`
		Kind     Kind              `json:"kind"`
		On       ledger.Date       `json:"on"`
		Receipt  string            `json:"receipt"`
		Region   ledger.RegionCode `json:"region"`
		Year     int               `json:"year"`
	}
	// ReceiptWithdrawn says that a receipt was recorded wrongly and does not count.
	ReceiptWithdrawn struct {
		Amount   ledger.Money      `json:"amount"`
		By       ledger.ActorID    `json:"by"`
		Employer ledger.PartyID    `json:"employer"`
		Entry    ledger.Entry      `json:"entry"`
		Kind     Kind              `json:"kind"`
		On       ledger.Date       `json:"on"`
		Reason   string            `json:"reason"`
		Receipt  string            `json:"receipt"` // as it was recorded
		Region   ledger.RegionCode `json:"region"`
		Year     int               `json:"year"`
	}
	// Warned says that the employer was warned of what it owed.
	Warned struct {
		By       ledger.ActorID `json:"by"`
		Document string         `json:"document"`
		Employer ledger.PartyID `json:"employer"`
		On       ledger.Date    `json:"on"`
		Owed     ledger.Money   `json:"owed"`
		Year     int            `json:"year"`
	}
	// PaymentOrdered says until when the employer was ordered to pay.
	PaymentOrdered struct {
		By       ledger.ActorID `json:"by"`
		Deadline ledger.Date    `json:"deadline"`
		Document string         `json:"document"`
		Employer ledger.PartyID `json:"employer"`
		On       ledger.Date    `json:"on"`
		Owed     ledger.Money   `json:"owed"`
		Year     int            `json:"year"`
	}
	// LateFeeCharged says that a late fee is owed, and on which parts of the levy.
	LateFeeCharged struct {
		Amount   ledger.Money   `json:"amount"` // beyond what was charged before
		By       ledger.ActorID `json:"by"`
		Clauses  []Clause       `json:"clauses"`
		Document string         `json:"document"`
		Employer ledger.PartyID `json:"employer"`
		Entry    ledger.Entry   `json:"entry"`
		From     ledger.Date    `json:"from"` // last day to pay
		On       ledger.Date    `json:"on"`
		Parts    []LatePart     `json:"parts"`
		Policy   string         `json:"policy"`
		Year     int            `json:"year"`
	}
	// RefundDecided says that money is to go back.
	RefundDecided struct {
		Amount   ledger.Money   `json:"amount"`
		By       ledger.ActorID `json:"by"`
		Claim    string         `json:"claim"`
		Clause   string         `json:"clause"`
		Decision string         `json:"decision"`
		Employer ledger.PartyID `json:"employer"`
		Entry    ledger.Entry   `json:"entry"`
		On       ledger.Date    `json:"on"`
		Year     int            `json:"year"`
	}
	// Refunded says that money went back.
	Refunded struct {
		Amount   ledger.Money   `json:"amount"`
		By       ledger.ActorID `json:"by"`
		Employer ledger.PartyID `json:"employer"`
		Entry    ledger.Entry   `json:"entry"`
		On       ledger.Date    `json:"on"`
		Voucher  string         `json:"voucher"`
		Year     int            `json:"year"`
	}
	// Deregistered says that an employer is no more.
	Deregistered struct {
		By       ledger.ActorID `json:"by"`
		Document string         `json:"document"`
		Employer ledger.PartyID `json:"employer"`
		On       ledger.Date    `json:"on"`
	}
)

// A LatePart is a part of the levy that was not paid when it had been ordered, and its fee.
type LatePart struct {
	Days      int          `json:"days"`
	Fee       ledger.Money `json:"fee"`
	Principal ledger.Money `json:"principal"`
	Until     ledger.Date  `json:"until"` // day of payment, or of the charge
}

func (Declared) happened()         {}
func (Reviewed) happened()         {}
func (Assessed) happened()         {}
func (Relieved) happened()         {}
func (Deferred) happened()         {}
func (Received) happened()         {}
func (ReceiptWithdrawn) happened() {}
func (Warned) happened()           {}
func (PaymentOrdered) happened()   {}
func (LateFeeCharged) happened()   {}
func (RefundDecided) happened()    {}
func (Refunded) happened()         {}
func (Deregistered) happened()     {}

// Raises tells whether more is due than before. What is added is warned of and ordered anew.
func (e Assessed) Raises() bool { return e.Previous != nil && e.Due.Cmp(*e.Previous) > 0 }

// A Key names the levy of one employer and filing year. Its text form is
// "levy:U91220101MA0000000X:2023".
type Key struct {
	Employer ledger.PartyID
	Year     int
}

func (k Key) String() string { return "levy:" + string(k.Employer) + ":" + strconv.Itoa(k.Year) }

// Case is the employer and year.
func (e Declared) Case() string         { return Key{e.Employer, e.Year}.String() }
func (e Reviewed) Case() string         { return Key{e.Employer, e.Year}.String() }
func (e Assessed) Case() string         { return Key{e.Employer, e.Year}.String() }
func (e Relieved) Case() string         { return Key{e.Employer, e.Year}.String() }
func (e Deferred) Case() string         { return Key{e.Employer, e.Year}.String() }
func (e Received) Case() string         { return Key{e.Employer, e.Year}.String() }
func (e ReceiptWithdrawn) Case() string { return Key{e.Employer, e.Year}.String() }
func (e Warned) Case() string           { return Key{e.Employer, e.Year}.String() }
func (e PaymentOrdered) Case() string   { return Key{e.Employer, e.Year}.String() }
func (e LateFeeCharged) Case() string   { return Key{e.Employer, e.Year}.String() }
func (e RefundDecided) Case() string    { return Key{e.Employer, e.Year}.String() }
func (e Refunded) Case() string         { return Key{e.Employer, e.Year}.String() }
func (e Deregistered) Case() string     { return "levy:" + string(e.Employer) }

// Effective is the day of the order.
func (e Declared) Effective() ledger.Date         { return e.On }
func (e Reviewed) Effective() ledger.Date         { return e.On }
func (e Assessed) Effective() ledger.Date         { return e.On }
func (e Relieved) Effective() ledger.Date         { return e.On }
func (e Deferred) Effective() ledger.Date         { return e.On }
func (e Received) Effective() ledger.Date         { return e.On }
func (e ReceiptWithdrawn) Effective() ledger.Date { return e.On }
func (e Warned) Effective() ledger.Date           { return e.On }
func (e PaymentOrdered) Effective() ledger.Date   { return e.On }
func (e LateFeeCharged) Effective() ledger.Date   { return e.On }
func (e RefundDecided) Effective() ledger.Date    { return e.On }
func (e Refunded) Effective() ledger.Date         { return e.On }
func (e Deregistered) Effective() ledger.Date     { return e.On }

// Booked is the entry, or nil when no money moved.
func (e Declared) Booked() (ledger.Entry, bool)         { return ledger.Entry{}, false }
func (e Reviewed) Booked() (ledger.Entry, bool)         { return ledger.Entry{}, false }
func (e Assessed) Booked() (ledger.Entry, bool)         { return e.Entry.Booked() }
func (e Relieved) Booked() (ledger.Entry, bool)         { return e.Entry, true }
func (e Deferred) Booked() (ledger.Entry, bool)         { return ledger.Entry{}, false }
func (e Received) Booked() (ledger.Entry, bool)         { return e.Entry, true }
func (e ReceiptWithdrawn) Booked() (ledger.Entry, bool) { return e.Entry, true }
func (e Warned) Booked() (ledger.Entry, bool)           { return ledger.Entry{}, false }
func (e PaymentOrdered) Booked() (ledger.Entry, bool)   { return ledger.Entry{}, false }
func (e LateFeeCharged) Booked() (ledger.Entry, bool)   { return e.Entry, true }
func (e RefundDecided) Booked() (ledger.Entry, bool)    { return e.Entry, true }
func (e Refunded) Booked() (ledger.Entry, bool)         { return e.Entry, true }
func (e Deregistered) Booked() (ledger.Entry, bool)     { return ledger.Entry{}, false }
