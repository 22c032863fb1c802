package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"zhucan/ledger"
	"zhucan/ledger/policy"
)

// A Mapping says how to read a list of payments that others have published: a
// YAML file, committed beside the list's source and readable by the auditor.
//
//	source: who published the list, and where
//	format: csv                       # or json
//	encoding: windows-1252            # when it is not detected; see package comment
//	comma: ";"                        # , ; | or a tab
//	list: grants                      # of JSON: the member that holds the list
//	currency: EUR                     # amounts are units of it; CNY is yuan
//	currency_column: /currency        # when each row says it: must say the same
//	amount: {column: Betrag, decimal: ",", thousands: ".", suffix: "€"}
//	date: {column: Jahr, formats: [YYYY], rule: YYYY-12-31}
//	payee:
//	  kind: {value: employer}         # person, employer, institution
//	  name: {column: Name}
//	  place: {column: Sitz}
//	  person_number: {column: …}      # a person has this or certificate
//	  certificate: {column: …}
//	  uscc: {column: …}               # an organisation may have this
//	scheme: {value: esf}
//	region: {value: DE-NRW}
//	fund: {value: esf}
//	note: {column: Vorhaben}
//
// A column is the name in the header, or of JSON a pointer (RFC 6901) such as
// "/recipientOrganization/0/name". A value is the same for every row. A column may
// have values, which translate what stands in it: {column: 类型, values: {个人: person}};
// what is not listed is refused. The year of the budget line is that of the date.
//
// A list in another currency goes into a book of its own: nothing is converted,
// and the currency stands in the note of every payment.
type Mapping struct {
	Source         string
	Format         Format
	Encoding       Encoding
	Comma          rune
	List           string
	Currency       string // ISO 4217
	CurrencyColumn string
	AmountColumn   string
	Amount         AmountForm
	DateColumn     string
	Date           DateForm

	Kind, Name, Place, Person, Certificate, Code Source
	Scheme, Region, Fund, Note                   Source
}

// A Source says where a value comes from: a column, or the same for every row.
// The zero Source gives nothing.
type Source struct {
	Column string            `yaml:"column"`
	Value  string            `yaml:"value"`
	Values map[string]string `yaml:"values"`
}

// ErrMapping refuses a mapping, naming key or line.
var ErrMapping = &ledger.Rejection{
	Code: "mapping-malformed", Rule: "a mapping has the keys that are documented, each once and with a value that can be meant", RuleZH: "映射文件只能使用规定的键，且取值有效、不重复",
	Next: "correct the key that is named", NextZH: "请更正所指明的键",
}

// mappingFile is a Mapping as it is written.
type mappingFile struct {
	Source         string   `yaml:"source"`
	Format         Format   `yaml:"format"`
	Encoding       Encoding `yaml:"encoding"`
	Comma          string   `yaml:"comma"`
	List           string   `yaml:"list"`
	Currency       string   `yaml:"currency"`
	CurrencyColumn string   `yaml:"currency_column"`
	Amount         struct {
		Column    string `yaml:"column"`
		Decimal   string `yaml:"decimal"`
		Thousands string `yaml:"thousands"`
		Prefix    string `yaml:"prefix"`
		Suffix    string `yaml:"suffix"`
	} `yaml:"amount"`
	Date struct {
		Column  string   `yaml:"column"`
		Formats []string `yaml:"formats"`
		Rule    string   `yaml:"rule"`
	} `yaml:"date"`
	Payee struct {
		Kind        Source `yaml:"kind"`
		Name        Source `yaml:"name"`
		Place       Source `yaml:"place"`
		Person      Source `yaml:"person_number"`
		Certificate Source `yaml:"certificate"`
		Code        Source `yaml:"uscc"`
	} `yaml:"payee"`
	Scheme Source `yaml:"scheme"`
	Region Source `yaml:"region"`
	Fund   Source `yaml:"fund"`
	Note   Source `yaml:"note"`
}

// maxYAML is the size from which a mapping or a scheme file is refused.
const maxYAML = 1 << 20

// OpenMapping reads the mapping at path.
func OpenMapping(path string) (Mapping, error) {
	text, err := ReadText(os.DirFS(filepath.Dir(path)), filepath.Base(path), maxYAML)
	if err != nil {
		return Mapping{}, err
	}
	m, err := ReadMapping(text)
	if err != nil {
		return Mapping{}, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return m, nil
}

// ReadMapping reads a mapping. An unknown key is an error.
func ReadMapping(text []byte) (Mapping, error) {
	var file mappingFile
	if err := decodeYAML(text, &file); err != nil {
		return Mapping{}, ErrMapping.Of("%v", err)
	}
	m := Mapping{
		Source: file.Source, Format: file.Format, Encoding: file.Encoding, List: file.List,
		Currency: file.Currency, CurrencyColumn: file.CurrencyColumn,
		AmountColumn: file.Amount.Column,
		Amount:       AmountForm{file.Amount.Decimal, file.Amount.Thousands, file.Amount.Prefix, file.Amount.Suffix},
		DateColumn:   file.Date.Column, Date: DateForm{file.Date.Formats, file.Date.Rule},
		Kind: file.Payee.Kind, Name: file.Payee.Name, Place: file.Payee.Place, Person: file.Payee.Person,
		Certificate: file.Payee.Certificate, Code: file.Payee.Code,
		Scheme: file.Scheme, Region: file.Region, Fund: file.Fund, Note: file.Note,
	}
	if m.Format == "" {
		m.Format = CSV
	}
	switch file.Comma {
	case "":
		m.Comma = ','
	case ",", ";", "|", "\t":
		m.Comma = rune(file.Comma[0])
	default:
		return Mapping{}, ErrMapping.Of("comma: %q is none of , ; | tab", file.Comma)
	}
	if err := m.check(); err != nil {
		return Mapping{}, err
	}
	return m, nil
}

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

// check refuses what cannot be meant, so that no row is read under it.
func (m Mapping) check() error {
	for _, rule := range []struct {
		broken bool
		text   string
	}{
		{m.Format != CSV && m.Format != JSON, "format: neither csv nor json"},
		{m.Encoding != "" && !m.Encoding.known(), "encoding: neither utf-8, gb18030, windows-1252 nor utf-16"},
		{(m.Format == JSON) != (m.List != ""), "list: needed for json, and only there"},
		{!currencyCode.MatchString(m.Currency), "currency: no code of three letters such as CNY"},
		{m.Source == "", "source: missing"},
		{m.AmountColumn == "", "amount: no column"},
		{!slices.Contains([]string{"", ".", ","}, m.Amount.Decimal), `amount: decimal is neither "." nor ","`},
		{!slices.Contains([]string{"", ".", ",", " ", "'", "\u00a0", "\u202f"}, m.Amount.Thousands), "amount: thousands is no separator"},
		{m.Amount.Thousands != "" && (m.Amount.Thousands == m.Amount.Decimal || m.Amount.Thousands == "." && m.Amount.Decimal == ""), "amount: thousands and decimal are the same"},
		{strings.ContainsAny(m.Amount.Prefix+m.Amount.Suffix, "0123456789.,-"), "amount: prefix or suffix could be part of a number"},
		{strings.TrimSpace(m.Amount.Prefix) != m.Amount.Prefix || strings.TrimSpace(m.Amount.Suffix) != m.Amount.Suffix, "amount: prefix or suffix with blanks outside"},
		{m.DateColumn == "", "date: no column"},
		{m.Date.check() != "", "date: " + m.Date.check()},
		{m.Person.Value+m.Certificate.Value+m.Code.Value != "", "payee: a number is the same for every row"},
	} {
		if rule.broken {
			return ErrMapping.Of("%s", rule.text)
		}
	}
	for _, s := range m.sources() {
		switch {
		case s.Column != "" && s.Value != "":
			return ErrMapping.Of("%s: both column and value", s.key)
		case s.needed && s.Column == "" && s.Value == "":
			return ErrMapping.Of("%s: neither column nor value", s.key)
		case s.Values != nil && s.Column == "":
			return ErrMapping.Of("%s: values without column", s.key)
		}
	}
	for _, kind := range append(slices.Collect(maps.Values(m.Kind.Values)), m.Kind.Value) {
		if kind != "" && !slices.Contains(policy.Kinds, policy.Kind(kind)) {
			return ErrMapping.Of("payee.kind: %q is none of %v", kind, policy.Kinds)
		}
	}
	if m.Format == JSON {
		for _, path := range m.columns() {
			if err := checkPointer(path); err != nil {
				return ErrMapping.Of("%v", err)
			}
		}
	}
	return nil
}

type keyedSource struct {
	Source
	key    string
	needed bool
}

func (m Mapping) sources() []keyedSource {
	return []keyedSource{
		{m.Kind, "payee.kind", true}, {m.Name, "payee.name", true}, {m.Place, "payee.place", false},
		{m.Person, "payee.person_number", false}, {m.Certificate, "payee.certificate", false}, {m.Code, "payee.uscc", false},
		{m.Scheme, "scheme", true}, {m.Region, "region", true}, {m.Fund, "fund", true}, {m.Note, "note", false},
	}
}

// Hash is the SHA-256 of how m has rows read: comments, the order of keys and the
// source may change without another hash. It is taken, as that of a row is, over each
// key below that is used, in this order, and behind it what it says. A key that is new
// comes last, so that mappings without it keep their hash.
func (m Mapping) Hash() []byte {
	var texts []string
	add := func(key, value string) {
		if value != "" {
			texts = append(texts, key, value)
		}
	}
	add("format", string(m.Format))
	add("encoding", string(m.Encoding))
	add("comma", string(m.Comma))
	add("list", m.List)
	add("currency", m.Currency)
	add("currency_column", m.CurrencyColumn)
	add("amount.column", m.AmountColumn)
	add("amount.decimal", m.Amount.Decimal)
	add("amount.thousands", m.Amount.Thousands)
	add("amount.prefix", m.Amount.Prefix)
	add("amount.suffix", m.Amount.Suffix)
	add("date.column", m.DateColumn)
	for _, format := range m.Date.Formats {
		add("date.formats", format)
	}
	add("date.rule", m.Date.Rule)
	for _, s := range m.sources() {
		add(s.key+".column", s.Column)
		add(s.key+".value", s.Value)
		for _, from := range slices.Sorted(maps.Keys(s.Values)) {
			texts = append(texts, s.key+".values", from, s.Values[from])
		}
	}
	return hash(texts)
}

// columns lists what is read of a row, each once.
func (m Mapping) columns() []string {
	names := []string{m.DateColumn, m.AmountColumn}
	if m.CurrencyColumn != "" {
		names = append(names, m.CurrencyColumn)
	}
	for _, s := range m.sources() {
		if s.Column != "" && !slices.Contains(names, s.Column) {
			names = append(names, s.Column)
		}
	}
	return names
}

// Options returns how a file with this mapping is opened.
func (m Mapping) Options() Options {
	o := Options{Format: m.Format, Encoding: m.Encoding, Comma: m.Comma}
	if m.Format == JSON {
		o.List, o.Paths = m.List, m.columns()
	}
	return o
}

// maxEntries is how many entries a list or a group of keys may have: the decoder
// compares each key with every other.
const maxEntries = 10_000

// decodeYAML reads one document into v. Unknown and repeated keys and a second
// document are errors; so are anchors, since a text of a few kilobytes that refers
// to itself would be hours of work.
func decodeYAML(text []byte, v any) error {
	if len(text) > maxYAML {
		return fmt.Errorf("longer than %d bytes", maxYAML)
	}
	var whole yaml.Node
	if err := yaml.Unmarshal(text, &whole); err != nil {
		return err
	}
	if err := plain(&whole); err != nil {
		return err
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(v); err != nil {
		if err == io.EOF {
			return errors.New("empty")
		}
		if many, ok := errors.AsType[*yaml.TypeError](err); ok {
			return oneLine(many.Errors)
		}
		return err
	}
	var more yaml.Node
	if err := d.Decode(&more); err != io.EOF {
		return errors.New("a second document follows the first")
	}
	return nil
}

// oneLine gives all that the decoder found wrong, each with its line, without our types.
func oneLine(wrong []string) error {
	texts := make([]string, len(wrong))
	for i, text := range wrong {
		texts[i], _, _ = strings.Cut(text, " in type ")
	}
	return errors.New(strings.Join(texts, "; "))
}

// plain refuses what is more work than its length.
func plain(n *yaml.Node) error {
	if n.Anchor != "" || n.Kind == yaml.AliasNode {
		return fmt.Errorf("line %d: an anchor or a reference to one; write the value out", n.Line)
	}
	if len(n.Content) > 2*maxEntries {
		return fmt.Errorf("line %d: more than %d entries", n.Line, maxEntries)
	}
	for _, c := range n.Content {
		if err := plain(c); err != nil {
			return err
		}
	}
	return nil
}
