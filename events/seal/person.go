package seal

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"zhucan/ledger"
)

// A Person is what identifies a person (个人信息保护法 art. 28: an identity number
// and disability are sensitive), sealed as one. The certificate number tells
// category and grade.
type Person struct {
	Certificate ledger.CertificateNumber `json:"certificate,omitempty"`
	Name        string                   `json:"name"`
	Number      ledger.PersonNumber      `json:"number"`
}

// Format writes the name masked and nothing else, whatever the verb, so that no
// error shows more by accident.
func (p Person) Format(f fmt.State, _ rune) {
	io.WriteString(f, "seal.Person("+ledger.MaskName(p.Name)+")")
}

// LogValue is what Format writes, for a log in JSON too.
func (p Person) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(p)) }

// ErrPerson refuses particulars that are not text, or were not sealed as those of
// a person.
var ErrPerson = errors.New("these are not the particulars of a person（不是个人身份信息）")

// PersonField is the field of the particulars of a person.
const PersonField Field = "person"

// AccountField is the field of a party's bank account.
func AccountField(ref ledger.AccountRef) Field { return Field("account/" + ref) }

// SealPerson seals the particulars of a person.
func SealPerson(k *Key, party ledger.PartyID, p Person) (ledger.Sealed, error) {
	text, err := json.Marshal(p)
	if err != nil { // a name that is not UTF-8; the cause would quote it
		return "", fmt.Errorf("seal %s of %s: %w", PersonField, party, ErrPerson)
	}
	return Seal(k, party, PersonField, string(text))
}

// OpenPerson opens what SealPerson made.
func OpenPerson(k *Key, party ledger.PartyID, s ledger.Sealed) (Person, error) {
	text, err := Open(k, party, PersonField, s)
	if err != nil {
		return Person{}, err
	}
	var p Person
	if err := json.Unmarshal([]byte(text), &p, json.RejectUnknownMembers(true)); err != nil { // the cause would quote it
		return Person{}, fmt.Errorf("open %s of %s: %w", PersonField, party, ErrPerson)
	}
	return p, nil
}

// SealAccount seals a bank account number as the account ref of party.
func SealAccount(k *Key, party ledger.PartyID, ref ledger.AccountRef, number string) (ledger.Sealed, error) {
	if err := ledger.CheckID(ref); err != nil {
		return "", err
	}
	return Seal(k, party, AccountField(ref), number)
}

// OpenAccount opens what SealAccount made for the same ref.
func OpenAccount(k *Key, party ledger.PartyID, ref ledger.AccountRef, s ledger.Sealed) (string, error) {
	return Open(k, party, AccountField(ref), s)
}

// MaskAccount returns the last four characters of an account number, as an
// ordinary user sees it: ****9992. Of one shorter than eight it shows none, lest
// most of it be seen.
func MaskAccount(number string) string {
	if len(number) < 8 || !utf8.ValidString(number) {
		return "****"
	}
	r := []rune(number)
	return "****" + string(r[len(r)-4:])
}
