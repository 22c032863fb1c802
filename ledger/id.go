package ledger

// Identifiers are chosen by the caller and come in with commands. Each is opaque
// here: 1 to 80 characters of A-Z a-z 0-9 . _ : - (see [CheckID]).
type (
	CommandID  string // one request; repeating it changes nothing
	EntryID    string // the command that posted the entry
	PartyID    string // a person, employer or institution
	ClaimID    string // one application for a subsidy
	BatchID    string // payments sent to the bank together
	PaymentID  string // one payment to one payee; a re-issue has a new one
	AccountRef string // one bank account of a party, by number within the party
	SchemeCode string // a kind of subsidy, defined by the policy in force
	FundCode   string // where money comes from (资金来源)
)

// ErrID refuses an identifier that could not be quoted safely.
var ErrID = &Rejection{
	Code: "identifier-form", Rule: "an identifier is 1 to 80 letters, digits and . _ : -", RuleZH: "编号由1至80个字母、数字及 . _ : - 组成",
	Next: "choose another identifier", NextZH: "请更换编号",
}

// CheckID refuses an identifier that is empty, too long or has characters that
// would need quoting in a file, a URL or a subject.
func CheckID[ID ~string](id ID) error {
	if len(id) == 0 || len(id) > 80 {
		return ErrID.Of("%q", clip(string(id)))
	}
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == ':', c == '-':
		default:
			return ErrID.Of("%q", clip(string(id)))
		}
	}
	return nil
}

// Sealed is personal data under a person's own key, as [zhucan/events/seal] makes
// it. Rules carry it and never look inside.
type Sealed string
