package events

import (
	"strings"
	"testing"

	"zhucan/ledger"
	"zhucan/ledger/payment"
)

// failedV1 is a shape as a release before the first might have had it: its reason
// was called cause and the day was a time.
type failedV1 struct {
	Amount  ledger.Money     `json:"amount"`
	At      string           `json:"at"`
	Cause   string           `json:"cause,omitempty"`
	Payment ledger.PaymentID `json:"payment"`
}

// The catalogue has no old version yet. This is how one will be read.
func TestAnOldVersionIsReadAsTodaysEvent(t *testing.T) {
	old := was("payment.failed.v0", func(v failedV1) ledger.Event {
		day, _, _ := strings.Cut(v.At, "T")
		on, err := ledger.ParseDate(day)
		if err != nil {
			panic(err)
		}
		return payment.Failed{Amount: v.Amount, On: on, Payment: v.Payment, Reason: v.Cause}
	})
	if old.current != nil {
		t.Error("nothing is written under an old name")
	}
	data := []byte(`{"amount":"5000.00","at":"2023-04-06T08:00:00Z","cause":"account frozen","payment":"PAY2"}`)
	e, err := old.decode(data)
	if err != nil {
		t.Fatal(err)
	}
	want := payment.Failed{Amount: ledger.Fen(5_000_00), On: ledger.DateOf(2023, 4, 6), Payment: "PAY2", Reason: "account frozen"}
	got, ok := e.(payment.Failed)
	if !ok || !got.Amount.Equal(want.Amount) || got.On != want.On || got.Payment != want.Payment || got.Reason != want.Reason {
		t.Fatalf("%+v, want %+v", e, want)
	}
	if name := NameOf(e); name != "payment.failed.v1" {
		t.Errorf("it would be written as %s", name)
	}
	if e, err := old.decode([]byte(`{"amount":"5000.00","payment":"PAY2","at":"2023-04-06T08:00:00Z"}`)); err == nil {
		t.Errorf("members out of their old order were verified as %+v", e)
	}
	for _, bad := range []string{
		`{"amount":"5000.00","at":"2023-04-06T08:00:00Z","payment":"PAY2","reason":"of today"}`,
		`{"amount":"5000","at":"2023-04-06T08:00:00Z","payment":"PAY2"}`,
	} {
		if e, err := old.decode([]byte(bad)); err == nil {
			t.Errorf("%s was read as %+v", bad, e)
		}
	}
}
