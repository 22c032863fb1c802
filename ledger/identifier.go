package ledger

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Identifiers that others issue: to persons, organisations and bank accounts.
// Each is the text of a number that passed its Parse function: trimmed, in
// half-width characters and upper case. A check character proves that the number
// was copied well, not that it exists; that comes from imported registers. None
// has a String method, so that formatting one to seal or store it never yields
// the mask; what is shown is asked for with Masked.
type (
	// A PersonNumber is a resident identity number (居民身份证号码, GB 11643-1999):
	// 6 region of first registration, 8 date of birth, 3 sequence, 1 check.
	PersonNumber string

	// A CertificateNumber is a disability certificate number (残疾人证号): a
	// [PersonNumber], category and grade, and B1, B2 … on a re-issued certificate.
	// The same person gets another one when category or grade changes, so
	// duplicates are found by [CertificateNumber.Person].
	CertificateNumber string

	// A CreditCode is a unified social credit code (统一社会信用代码, GB 32100-2015):
	// 1 registry, 1 type, 6 region, 9 organisation code (GB 11714), 1 check.
	CreditCode string

	// A BankCard is the number of a card (银行卡号), 16 to 19 digits. Corporate
	// accounts and passbooks are not cards and have no check digit.
	BankCard string
)

// Refusals of identifiers, in the order of checking. A certificate is checked
// for its own three first, then as a person number. Their particulars never hold
// a whole number, whatever was typed into the field.
var (
	ErrPersonLength = &Rejection{
		Code: "person-number-length", Rule: "an identity number has 18 characters", RuleZH: "居民身份证号码为18位",
		Source: "GB 11643-1999", Next: "enter all 18 characters; convert a 15-digit number first", NextZH: "请填写完整的18位号码，15位号码须先转换",
	}
	ErrPersonForm = &Rejection{
		Code: "person-number-form", Rule: "an identity number is 17 digits and a digit or X", RuleZH: "居民身份证号码前17位为数字，末位为数字或X",
		Source: "GB 11643-1999", Next: "correct the number", NextZH: "请更正号码",
	}
	ErrPersonDate = &Rejection{
		Code: "person-number-date", Rule: "characters 7 to 14 of an identity number are a day of the calendar", RuleZH: "居民身份证号码第7至14位须为真实存在的日期",
		Source: "GB 11643-1999", Next: "compare the date of birth with the document", NextZH: "请与证件核对出生日期",
	}
	ErrPersonFuture = &Rejection{
		Code: "person-number-future", Rule: "nobody is born in the future", RuleZH: "出生日期不得晚于当日",
		Source: "GB 11643-1999", Next: "compare the date of birth with the document", NextZH: "请与证件核对出生日期",
	}
	ErrPersonCheck = &Rejection{
		Code: "person-number-check", Rule: "the last character of an identity number follows from the others", RuleZH: "居民身份证号码校验码须正确",
		Source: "GB 11643-1999", Next: "compare every digit with the document", NextZH: "请与证件逐位核对",
	}
	ErrCertificateForm = &Rejection{
		Code: "certificate-form", Rule: "a certificate number is an identity number, category and grade, and B1, B2 … on re-issue", RuleZH: "残疾人证号由18位身份证号、类别、等级组成，补换证后加B1、B2等",
		Source: "残疾人证管理办法", Next: "enter the number as on the certificate", NextZH: "请按残疾人证填写",
	}
	ErrCertificateCategory = &Rejection{
		Code: "certificate-category", Rule: "character 19 of a certificate number is a category from 1 to 7", RuleZH: "残疾人证号第19位为残疾类别1至7",
		Source: "残疾人证管理办法; GB/T 26341-2010", Next: "compare the number with the certificate", NextZH: "请与残疾人证核对",
	}
	ErrCertificateGrade = &Rejection{
		Code: "certificate-grade", Rule: "character 20 of a certificate number is a grade from 1 to 4", RuleZH: "残疾人证号第20位为残疾等级1至4",
		Source: "残疾人证管理办法; GB/T 26341-2010", Next: "compare the number with the certificate", NextZH: "请与残疾人证核对",
	}
	ErrCreditLength = &Rejection{
		Code: "credit-code-length", Rule: "a credit code has 18 characters", RuleZH: "统一社会信用代码为18位",
		Source: "GB 32100-2015", Next: "enter all 18 characters", NextZH: "请填写完整的18位代码",
	}
	ErrCreditAlphabet = &Rejection{
		Code: "credit-code-alphabet", Rule: "a credit code is digits and capital letters without I O S V Z", RuleZH: "统一社会信用代码由数字和除I、O、S、V、Z以外的大写字母组成",
		Source: "GB 32100-2015", Next: "read 0 for O, 1 for I, 5 for S, 2 for Z and compare with the licence", NextZH: "请与证照核对易混字符",
	}
	ErrCreditCheck = &Rejection{
		Code: "credit-code-check", Rule: "the last character of a credit code follows from the others", RuleZH: "统一社会信用代码校验码须正确",
		Source: "GB 32100-2015", Next: "compare every character with the licence", NextZH: "请与证照逐位核对",
	}
	ErrCreditOrganisation = &Rejection{
		Code: "credit-code-organisation", Rule: "character 17 of a credit code follows from characters 9 to 16", RuleZH: "统一社会信用代码中的组织机构代码校验码须正确",
		Source: "GB 11714; GB 32100-2015", Next: "compare every character with the licence", NextZH: "请与证照逐位核对",
	}
	ErrCardForm = &Rejection{
		Code: "bank-card-form", Rule: "a bank card number is 16 to 19 digits", RuleZH: "银行卡号为16至19位数字",
		Source: "ISO/IEC 7812-1", Next: "enter the card number without spaces", NextZH: "请填写卡号，不含空格",
	}
	ErrCardCheck = &Rejection{
		Code: "bank-card-check", Rule: "the last digit of a bank card number follows from the others", RuleZH: "银行卡号校验位须正确",
		Source: "ISO/IEC 7812-1", Next: "compare every digit with the card", NextZH: "请与银行卡逐位核对",
	}

	// ErrPersonalText is for whoever takes a free text: see [FindPersonalNumber].
	ErrPersonalText = &Rejection{
		Code: "personal-data-in-text", Rule: "free text holds no identity, certificate or card number, an identifier no identity number", RuleZH: "文字说明中不得填写身份证号、残疾人证号或银行卡号，编号中不得含有身份证号",
		Source: "个人信息保护法 art. 28", Next: "remove the number; refer to the party by its identifier", NextZH: "请删除该号码，改用系统内编号",
	}
)

// IdentifierRejections lists the refusals of this file in the order of checking.
var IdentifierRejections = []*Rejection{
	ErrPersonLength, ErrPersonForm, ErrPersonDate, ErrPersonFuture, ErrPersonCheck,
	ErrCertificateForm, ErrCertificateCategory, ErrCertificateGrade,
	ErrCreditLength, ErrCreditAlphabet, ErrCreditCheck, ErrCreditOrganisation,
	ErrCardForm, ErrCardCheck,
	ErrPersonalText,
}

// ParsePersonNumber reads an identity number. today bounds the date of birth.
// The region is not judged: it is the one of first registration, retired since or
// in another province; see [KnownAnywhere] for a warning.
func ParsePersonNumber(s string, today Date) (PersonNumber, error) {
	s = normalise(s)
	if n := utf8.RuneCountInString(s); n != 18 {
		return "", ErrPersonLength.Of("%d characters", n)
	}
	if i := notDigit(s[:len(s)-1]); i >= 0 {
		return "", ErrPersonForm.Of("character %d", i+1)
	}
	if last := s[len(s)-1]; !isDigit(last) && last != 'X' {
		return "", ErrPersonForm.Of("character 18")
	}
	n := PersonNumber(s)
	born := n.Birth()
	if born.IsZero() {
		return "", ErrPersonDate.Of("%s", n.Masked())
	}
	if born.After(today) {
		return "", ErrPersonFuture.Of("%s on %s", n.Masked(), today)
	}
	if s[17] != personCheck(s[:17]) {
		return "", ErrPersonCheck.Of("%s", n.Masked())
	}
	return n, nil
}

// ConvertFirstGeneration turns the 15 digits of a first-generation identity
// number (before GB 11643-1999) into 18, for imports of old registers: the
// century is 19, and the check character is computed, so a miscopied number
// cannot be noticed.
func ConvertFirstGeneration(s string) (PersonNumber, error) {
	s = normalise(s)
	if n := utf8.RuneCountInString(s); n != 15 {
		return "", ErrPersonLength.Of("%d characters, not the 15 of a first-generation number", n)
	}
	if i := notDigit(s); i >= 0 {
		return "", ErrPersonForm.Of("character %d", i+1)
	}
	s = s[:6] + "19" + s[6:]
	n := PersonNumber(s + string(personCheck(s)))
	if n.Birth().IsZero() {
		return "", ErrPersonDate.Of("%s", n.Masked())
	}
	return n, nil
}

// personCheck computes the check character of 17 digits (GB 11643-1999,
// ISO 7064 MOD 11-2).
func personCheck(s string) byte {
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += int(s[i]-'0') * w
	}
	return "10X98765432"[sum%11]
}

// Birth returns the date of birth.
func (n PersonNumber) Birth() Date {
	if len(n) != 18 {
		return Date{}
	}
	d, err := ParseDate(string(n[6:10] + "-" + n[10:12] + "-" + n[12:14]))
	if err != nil {
		return Date{}
	}
	return d
}

// Region returns the code of the place of first registration, in force then.
func (n PersonNumber) Region() RegionCode {
	if len(n) != 18 {
		return ""
	}
	return RegionCode(n[:6])
}

// Masked returns the number without the date of birth: 220102********0016.
func (n PersonNumber) Masked() string {
	if len(n) != 18 {
		return "****"
	}
	return string(n[:6]) + "********" + string(n[14:])
}

// ParseCertificateNumber reads a disability certificate number. today bounds the
// date of birth. Whether the certificate is still valid is another question.
func ParseCertificateNumber(s string, today Date) (CertificateNumber, error) {
	s = normalise(s)
	number, suffix, reissued := strings.Cut(s, "B")
	if n := utf8.RuneCountInString(number); n != 20 {
		return "", ErrCertificateForm.Of("%d characters", n)
	}
	if i := notDigit(number); i >= 0 && (i != 17 || number[17] != 'X' || notDigit(number[18:]) >= 0) {
		return "", ErrCertificateForm.Of("a character is not a digit")
	}
	if reissued && (len(suffix) < 1 || len(suffix) > 2 || notDigit(suffix) >= 0) {
		return "", ErrCertificateForm.Of("suffix of re-issue")
	}
	n := CertificateNumber(s)
	if c := number[18]; c < '1' || c > '7' {
		return "", ErrCertificateCategory.Of("category %c of %s", c, n.Masked())
	}
	if c := number[19]; c < '1' || c > '4' {
		return "", ErrCertificateGrade.Of("grade %c of %s", c, n.Masked())
	}
	if _, err := ParsePersonNumber(number[:18], today); err != nil {
		return "", err
	}
	return n, nil
}

// A DisabilityCategory is a kind of disability (残疾类别).
type DisabilityCategory string

// The categories, in the order of character 19 of a certificate number. Lists
// that have hearing first are wrong.
const (
	Vision       DisabilityCategory = "vision"       // 视力
	Hearing      DisabilityCategory = "hearing"      // 听力
	Speech       DisabilityCategory = "speech"       // 言语
	Physical     DisabilityCategory = "physical"     // 肢体
	Intellectual DisabilityCategory = "intellectual" // 智力
	Mental       DisabilityCategory = "mental"       // 精神
	Multiple     DisabilityCategory = "multiple"     // 多重
)

// Person returns the identity number inside, by which a person is recognised
// whatever the certificate.
func (n CertificateNumber) Person() PersonNumber {
	if len(n) < 20 {
		return ""
	}
	return PersonNumber(n[:18])
}

// Category returns the kind of disability.
func (n CertificateNumber) Category() DisabilityCategory {
	if len(n) < 20 || n[18] < '1' || n[18] > '7' {
		return ""
	}
	return [...]DisabilityCategory{Vision, Hearing, Speech, Physical, Intellectual, Mental, Multiple}[n[18]-'1']
}

// Grade returns the severity, 1 the most severe to 4. Grades 1 and 2 count double
// for the levy.
func (n CertificateNumber) Grade() int {
	if len(n) < 20 {
		return 0
	}
	return int(n[19] - '0')
}

// Reissue returns how often the certificate was issued anew, 0 for the first.
func (n CertificateNumber) Reissue() int {
	if len(n) < 22 {
		return 0
	}
	return digits(string(n[21:]))
}

// Masked returns the number without date of birth, category, grade and
// re-issue: 222401********0235**.
func (n CertificateNumber) Masked() string { return n.Person().Masked() + "**" }

// creditSymbols are the characters of a credit code in the order of their values
// (GB 32100-2015).
const creditSymbols = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// ParseCreditCode reads a unified social credit code. The region is not judged:
// it may be a development zone or retired; see [KnownAnywhere] for a warning.
func ParseCreditCode(s string) (CreditCode, error) {
	s = normalise(s)
	if n := utf8.RuneCountInString(s); n != 18 {
		return "", ErrCreditLength.Of("%d characters", n)
	}
	sum, weight := 0, 1
	for i, c := range []rune(s) {
		value := strings.IndexRune(creditSymbols, c)
		if value < 0 {
			return "", ErrCreditAlphabet.Of("character %d", i+1)
		}
		if i < 17 {
			sum, weight = sum+value*weight, weight*3%31
		}
	}
	// Masked like an identity number, which is as long and may have been typed
	// into the wrong field.
	masked := PersonNumber(s).Masked()
	if s[17] != creditSymbols[(31-sum%31)%31] {
		return "", ErrCreditCheck.Of("%s", masked)
	}
	if s[16] != organisationCheck(s[8:16]) {
		return "", ErrCreditOrganisation.Of("%s", masked)
	}
	return CreditCode(s), nil
}

// organisationCheck computes the check character of the 8 characters of an
// organisation code (GB 11714).
func organisationCheck(s string) byte {
	sum := 0
	for i, w := range [8]int{3, 7, 9, 10, 5, 8, 4, 2} {
		value := int(s[i] - '0')
		if !isDigit(s[i]) {
			value = int(s[i]-'A') + 10
		}
		sum += value * w
	}
	return "0123456789X"[(11-sum%11)%11]
}

// A UnitClass is the kind of a unit that employs people.
type UnitClass string

// The classes that a credit code tells.
const (
	Organ       UnitClass = "organ"       // 机关
	SocialOrg   UnitClass = "social_org"  // 社会团体、群众团体
	Enterprise  UnitClass = "enterprise"  // 企业
	Institution UnitClass = "institution" // 事业单位
	Nonprofit   UnitClass = "nonprofit"   // 民办非企业单位
	Individual  UnitClass = "individual"  // 个体工商户: not liable for the levy
)

// UnitClasses lists every one.
var UnitClasses = []UnitClass{Organ, SocialOrg, Enterprise, Institution, Nonprofit, Individual}

// UnitClass returns the class that registry and type (characters 1 and 2) stand
// for, or "" where they do not settle it: foundations, cooperatives and rural
// collectives are classed by configuration.
func (c CreditCode) UnitClass() UnitClass {
	if len(c) != 18 {
		return ""
	}
	switch c[:2] {
	case "11":
		return Organ
	case "12":
		return Institution
	case "13", "51":
		return SocialOrg
	case "52":
		return Nonprofit
	case "91":
		return Enterprise
	case "92":
		return Individual
	}
	return ""
}

// Region returns the code of the region of registration, in force then.
func (c CreditCode) Region() RegionCode {
	if len(c) != 18 {
		return ""
	}
	return RegionCode(c[2:8])
}

// ParseBankCard reads a card number. The check digit misses the swap of 09 and
// 90, so the account is also to be compared with earlier payments.
func ParseBankCard(s string) (BankCard, error) {
	s = normalise(s)
	if n := utf8.RuneCountInString(s); n < 16 || n > 19 {
		return "", ErrCardForm.Of("%d characters", n)
	}
	if i := notDigit(s); i >= 0 {
		return "", ErrCardForm.Of("character %d", i+1)
	}
	if !luhn(s) {
		return "", ErrCardCheck.Of("%s", BankCard(s).Masked())
	}
	return BankCard(s), nil
}

// luhn tells whether the last digit checks (ISO/IEC 7812-1, annex B).
func luhn(s string) bool {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return sum%10 == 0
}

// Masked returns the last four digits: ****9992.
func (c BankCard) Masked() string {
	if len(c) < 16 {
		return "****"
	}
	return "****" + string(c[len(c)-4:])
}

// MaskName returns a personal name as public lists show it: 张* of two
// characters, 张*三 of three or more (政府信息公开条例 art. 15). The single star
// hides the length too. What is no letter does not count: 张 三 has two characters.
func MaskName(name string) string {
	var r []rune
	for _, c := range name {
		if unicode.IsLetter(c) {
			r = append(r, c)
		}
	}
	switch len(r) {
	case 0:
		if strings.TrimSpace(name) != "" {
			return "*"
		}
		return ""
	case 1:
		return "*"
	case 2:
		return string(r[0]) + "*"
	}
	return string(r[0]) + "*" + string(r[len(r)-1])
}

// FindPersonalNumber tells whether text holds a valid identity number, alone or in a
// certificate number, or a card number: 16 to 19 digits between other characters
// that pass the card check and are no credit code. Digits may be full-width and
// grouped by spaces or hyphens, cards in fours. Texts go into events in the
// clear and cannot be erased (个人信息保护法 art. 28), so one number in ten that is
// no card is refused as well.
func FindPersonalNumber(text string) bool {
	digits := 0
	for _, r := range text {
		if isDigitRune(r) || '０' <= r && r <= '９' {
			digits++
		}
	}
	if digits < 15 { // the shortest, and nearly every text has fewer
		return false
	}
	text = normalise(text)
	joined := strings.NewReplacer(" ", "", "-", "").Replace(text)
	for i := range joined {
		if i+18 <= len(joined) {
			if _, err := ParsePersonNumber(joined[i:i+18], DateOf(9999, 12, 31)); err == nil {
				return true
			}
		}
	}
	return findCard(text) || findCard(joinFours(text))
}

// HoldsPersonNumber tells whether an identifier that somebody made up holds a valid person
// number, in one piece. It asks nothing of cards: identifiers made of times and numbers look like them.
func HoldsPersonNumber(id string) bool {
	digits := 0
	for i := range len(id) {
		digit := isDigit(id[i])
		if digit {
			digits++
		}
		if digit && digits > 17 || !digit && digits >= 17 && (id[i] == 'X' || id[i] == 'x') {
			if _, err := ParsePersonNumber(id[i-17:i+1], DateOf(9999, 12, 31)); err == nil {
				return true
			}
		}
		if !digit {
			digits = 0
		}
	}
	return false
}

// findCard looks at every longest run of digits, except in a valid credit code,
// whose seventeen digits in front of a letter may pass for a card's.
func findCard(text string) bool {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !isDigitRune(r) && (r < 'A' || r > 'Z') }) {
		if _, err := ParseCreditCode(word); err == nil {
			continue
		}
		for run := range strings.FieldsFuncSeq(word, func(r rune) bool { return !isDigitRune(r) }) {
			if _, err := ParseBankCard(run); err == nil {
				return true
			}
		}
	}
	return false
}

func isDigitRune(r rune) bool { return '0' <= r && r <= '9' }

// joinFours takes out single spaces and hyphens that follow exactly four digits
// and precede a digit, as numbers on cards are printed.
func joinFours(text string) string {
	var b strings.Builder
	group := 0 // digits since the last character that is none
	for i := range len(text) {
		c := text[i]
		switch {
		case isDigit(c):
			group++
		case (c == ' ' || c == '-') && group == 4 && i+1 < len(text) && isDigit(text[i+1]):
			group = 0
			continue
		default:
			group = 0
		}
		b.WriteByte(c)
	}
	return b.String()
}

// normalise trims s, makes full-width characters half-width and letters upper
// case. It leaves characters that only look alike for the checks to refuse.
func normalise(s string) string {
	return strings.Map(func(r rune) rune {
		if '！' <= r && r <= '～' {
			r -= '！' - '!'
		}
		switch {
		case 'a' <= r && r <= 'z':
			r -= 'a' - 'A'
		case r == '\u3000':
			r = ' '
		}
		return r
	}, strings.TrimSpace(s))
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// notDigit returns the index of the first byte that is no digit, or -1. All before
// it are digits, so that it is also the index of the character.
func notDigit(s string) int {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}
