package ledger_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"zhucan/ledger"
)

// All numbers are synthetic: births in 1900, organisations with body 99999999.

var testDay = ledger.DateOf(2025, 6, 30)

func refusedWith(t *testing.T, err error, want *ledger.Rejection) {
	t.Helper()
	if want == nil {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %s", err, want.Code)
	}
}

func TestPersonNumbersAreCheckedInOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		number string
		reject *ledger.Rejection
	}{
		{"11010519491231002X", nil},
		{"220102190001010016", nil},
		{"220581190003050123", nil},
		{"222401190012310235", nil},
		{"22018419000615008X", nil},
		{"22018419000615008x", nil},
		{"220381190001010020", nil},
		{"22018119000101002X", nil},
		{"222301190001010020", nil},
		{"220125190001010029", nil},
		{"220102190001010017", ledger.ErrPersonCheck},
		{"220102190013010013", ledger.ErrPersonDate},
		{"220102190013010016", ledger.ErrPersonDate},
		{"220204190002290011", ledger.ErrPersonDate},
		{"22010219000101001", ledger.ErrPersonLength},
		{"", ledger.ErrPersonLength},
		{"2201021900010100160", ledger.ErrPersonLength},
		{"２２０１０２１９０００１０１００１６", nil},
		{" \u3000220102190001010016\t\n", nil},
		{"２２０１８４１９０００６１５００８ｘ", nil},
		{"22010219000101001Y", ledger.ErrPersonForm},
		{"2201021900010100X6", ledger.ErrPersonForm},
		{"22010219000101001六", ledger.ErrPersonForm},
		{"22010219 001010016", ledger.ErrPersonForm},
		{"٢20102190001010016", ledger.ErrPersonForm},
		{"22010218991231001X", ledger.ErrPersonDate},
		{"220102202507010014", ledger.ErrPersonFuture},
	} {
		t.Run(c.number, func(t *testing.T) {
			t.Parallel()
			n, err := ledger.ParsePersonNumber(c.number, testDay)
			refusedWith(t, err, c.reject)
			if (n == "") != (err != nil) {
				t.Errorf("number %q with error %v", n, err)
			}
		})
	}
}

func TestAPersonIsBornTodayAtTheLatest(t *testing.T) {
	t.Parallel()
	born := ledger.DateOf(1900, 1, 1)
	_, err := ledger.ParsePersonNumber("220102190001010016", born)
	refusedWith(t, err, nil)
	_, err = ledger.ParsePersonNumber("220102190001010016", born.AddDays(-1))
	refusedWith(t, err, ledger.ErrPersonFuture)
	_, err = ledger.ParsePersonNumber("220102190001010017", born.AddDays(-1))
	refusedWith(t, err, ledger.ErrPersonFuture)
}

func TestAPersonNumberIsStoredFolded(t *testing.T) {
	t.Parallel()
	n, err := ledger.ParsePersonNumber(" ２２０１８４１９０００６１５００８ｘ ", testDay)
	if err != nil || n != "22018419000615008X" {
		t.Errorf("got %q, %v", n, err)
	}
	if n.Birth() != ledger.DateOf(1900, 6, 15) || n.Region() != "220184" || n.Masked() != "220184********008X" {
		t.Errorf("got %s, %s, %s", n.Birth(), n.Region(), n.Masked())
	}
}

func TestEverySingleSubstitutionInAPersonNumberIsNoticed(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"220102190001010016", "22018419000615008X"} {
		for i := range number {
			for _, c := range "0123456789X" {
				wrong := number[:i] + string(c) + number[i+1:]
				if _, err := ledger.ParsePersonNumber(wrong, testDay); err == nil && wrong != number {
					t.Errorf("%s passes for %s", wrong, number)
				}
			}
		}
	}
}

func TestFirstGenerationNumbersAreConverted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from   string
		to     ledger.PersonNumber
		reject *ledger.Rejection
	}{
		{"220102000101001", "220102190001010016", nil},
		{" ２２０１０２０００１０１００１", "220102190001010016", nil},
		{"220102190001010016", "", ledger.ErrPersonLength},
		{"22010200010100", "", ledger.ErrPersonLength},
		{"22010200010100X", "", ledger.ErrPersonForm},
		{"22010200010100一", "", ledger.ErrPersonForm},
		{"220102000229001", "", ledger.ErrPersonDate},
		{"220102001301001", "", ledger.ErrPersonDate},
	} {
		n, err := ledger.ConvertFirstGeneration(c.from)
		refusedWith(t, err, c.reject)
		if n != c.to {
			t.Errorf("%s became %s, want %s", c.from, n, c.to)
		}
		if err == nil {
			_, err = ledger.ParsePersonNumber(string(n), testDay)
			refusedWith(t, err, nil)
		}
	}
}

func TestCertificateNumbersAreCheckedInOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		number string
		reject *ledger.Rejection
	}{
		{"22240119001231023542", nil},
		{"22010219000101001643", nil},
		{"22058119000305012374", nil},
		{"22018419000615008X12", nil},
		{"22018419000615008x12", nil},
		{"22240119001231023542B1", nil},
		{"22240119001231023542b12", nil},
		{"22240119001231023582", ledger.ErrCertificateCategory},
		{"22240119001231023502", ledger.ErrCertificateCategory},
		{"22240119001231023545", ledger.ErrCertificateGrade},
		{"22240119001231023540", ledger.ErrCertificateGrade},
		{"22240119001231023585", ledger.ErrCertificateCategory},
		{"2224011900123102354", ledger.ErrCertificateForm},
		{"222401190012310235422", ledger.ErrCertificateForm},
		{"22240119001231023542B", ledger.ErrCertificateForm},
		{"22240119001231023542B123", ledger.ErrCertificateForm},
		{"22240119001231023542BX", ledger.ErrCertificateForm},
		{"22240119001231023542B1B2", ledger.ErrCertificateForm},
		{"22240119001231023542C1", ledger.ErrCertificateForm},
		{"2224011900123102354X", ledger.ErrCertificateForm},
		{"2224011900123102X542", ledger.ErrCertificateForm},
		{"2224011900123102354二", ledger.ErrCertificateForm},
		{"2201841900X615008X12", ledger.ErrCertificateForm},
		{"22018419000615008X1X", ledger.ErrCertificateForm},
		{"22010219000101001743", ledger.ErrPersonCheck},
		{"22010219001301001643", ledger.ErrPersonDate},
		{"22010220250701001443", ledger.ErrPersonFuture},
	} {
		t.Run(c.number, func(t *testing.T) {
			t.Parallel()
			n, err := ledger.ParseCertificateNumber(c.number, testDay)
			refusedWith(t, err, c.reject)
			if (n == "") != (err != nil) {
				t.Errorf("number %q with error %v", n, err)
			}
		})
	}
}

func TestACertificateNumberTellsPersonCategoryGradeAndReissue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		number   string
		person   ledger.PersonNumber
		category ledger.DisabilityCategory
		grade    int
		reissue  int
		masked   string
	}{
		{"22240119001231023542", "222401190012310235", ledger.Physical, 2, 0, "222401********0235**"},
		{"22240119001231023542B1", "222401190012310235", ledger.Physical, 2, 1, "222401********0235**"},
		{"22240119001231023542B12", "222401190012310235", ledger.Physical, 2, 12, "222401********0235**"},
		{"22010219000101001643", "220102190001010016", ledger.Physical, 3, 0, "220102********0016**"},
		{"22058119000305012374", "220581190003050123", ledger.Multiple, 4, 0, "220581********0123**"},
		{"22018419000615008X12", "22018419000615008X", ledger.Vision, 2, 0, "220184********008X**"},
		{"22018419000615008X21", "22018419000615008X", ledger.Hearing, 1, 0, "220184********008X**"},
		{"22018419000615008X31", "22018419000615008X", ledger.Speech, 1, 0, "220184********008X**"},
		{"22018419000615008X51", "22018419000615008X", ledger.Intellectual, 1, 0, "220184********008X**"},
		{"22018419000615008X61", "22018419000615008X", ledger.Mental, 1, 0, "220184********008X**"},
	} {
		n, err := ledger.ParseCertificateNumber(c.number, testDay)
		if err != nil || n.Person() != c.person || n.Category() != c.category || n.Grade() != c.grade || n.Reissue() != c.reissue || n.Masked() != c.masked {
			t.Errorf("%s: %s %s %d B%d %s, %v", c.number, n.Person(), n.Category(), n.Grade(), n.Reissue(), n.Masked(), err)
		}
	}
}

func TestCreditCodesAreCheckedInOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code   string
		class  ledger.UnitClass
		region ledger.RegionCode
		reject *ledger.Rejection
	}{
		{"91350100M000100Y43", ledger.Enterprise, "350100", nil},
		{"112200009999999985", ledger.Organ, "220000", nil},
		{"122201009999999987", ledger.Institution, "220100", nil},
		{"52222401999999998R", ledger.Nonprofit, "222401", nil},
		{"91220101999999998G", ledger.Enterprise, "220101", nil},
		{"91220101999999998g", ledger.Enterprise, "220101", nil},
		{"92220581999999998X", ledger.Individual, "220581", nil},
		{"93220184999999998H", "", "220184", nil},
		{"91220101999999998H", "", "", ledger.ErrCreditCheck},
		{"91220101999999997D", "", "", ledger.ErrCreditOrganisation},
		{"9122010199999999IG", "", "", ledger.ErrCreditAlphabet},
		{"91220101999999998", "", "", ledger.ErrCreditLength},
		{"9122010199999999一G", "", "", ledger.ErrCreditAlphabet},
		{"91220101999999998\xff", "", "", ledger.ErrCreditAlphabet},
	} {
		t.Run(fmt.Sprintf("%q", c.code), func(t *testing.T) {
			t.Parallel()
			code, err := ledger.ParseCreditCode(c.code)
			refusedWith(t, err, c.reject)
			if code.UnitClass() != c.class || code.Region() != c.region || (code == "") != (err != nil) {
				t.Errorf("%q: class %q, region %q, %v", code, code.UnitClass(), code.Region(), err)
			}
		})
	}
}

func TestACreditCodeTellsTheUnitClassOnlyWhereItIsSettled(t *testing.T) {
	t.Parallel()
	for prefix, want := range map[string]ledger.UnitClass{
		"11": ledger.Organ, "12": ledger.Institution, "13": ledger.SocialOrg, "51": ledger.SocialOrg, "52": ledger.Nonprofit,
		"91": ledger.Enterprise, "92": ledger.Individual, "53": "", "93": "", "N1": "", "Y1": "", "19": "",
	} {
		if got := ledger.CreditCode(prefix + "220101999999998G").UnitClass(); got != want {
			t.Errorf("%s: %q, want %q", prefix, got, want)
		}
	}
}

func TestEverySingleSubstitutionInACreditCodeIsNoticed(t *testing.T) {
	t.Parallel()
	const code = "91350100M000100Y43"
	for i := range code {
		for _, c := range "0123456789ABCDEFGHJKLMNPQRTUWXY" {
			wrong := code[:i] + string(c) + code[i+1:]
			if wrong == code {
				continue
			}
			_, err := ledger.ParseCreditCode(wrong)
			refusedWith(t, err, ledger.ErrCreditCheck)
		}
	}
}

func TestBankCardsAreCheckedInOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		number string
		reject *ledger.Rejection
	}{
		{"6217992200000000000", nil},
		{"6222029999999999992", nil},
		{"６２２２０２９９９９９９９９９９９９２", nil},
		{"6217992209000000001", nil},
		{"6217992290000000001", nil}, // the swap 09, 90 that the check misses
		{"79927398713", ledger.ErrCardForm},
		{"6217992200000000001", ledger.ErrCardCheck},
		{"6222029999999999991", ledger.ErrCardCheck},
		{"79927398710", ledger.ErrCardForm},
		{"62220299999999999920", ledger.ErrCardForm},
		{"622202999999999999X", ledger.ErrCardForm},
		{"6222 0299 9999 99992", ledger.ErrCardForm},
	} {
		card, err := ledger.ParseBankCard(c.number)
		refusedWith(t, err, c.reject)
		if (card == "") != (err != nil) {
			t.Errorf("%s: %q, %v", c.number, card, err)
		}
	}
	if got := ledger.BankCard("6222029999999999992").Masked(); got != "****9992" {
		t.Errorf("masked %s", got)
	}
}

func TestNamesAreMasked(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "", "张": "*", "张三": "张*", "张小三": "张*三", "欧阳小三": "欧*三", " 张三 ": "张*", "测试·样例": "测*例", "𠮷田三": "𠮷*三",
		"张 三": "张*", "李\u3000四": "李*", "王\u200b五": "王*", "张三.": "张*", "张三\U000E0100": "张*", "张 小 三": "张*三", "13": "*", "·": "*",
	} {
		if got := ledger.MaskName(name); got != want {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
	}
}

func TestWhatIsNoNumberIsMaskedWhole(t *testing.T) {
	t.Parallel()
	for _, got := range []string{
		ledger.PersonNumber("2201021900").Masked(), ledger.CertificateNumber("2201021900").Masked()[:4], ledger.BankCard("6222029").Masked(),
	} {
		if got != "****" {
			t.Errorf("masked %s", got)
		}
	}
	if n := ledger.PersonNumber("1900"); !n.Birth().IsZero() || n.Region() != "" {
		t.Errorf("%s has birth and region", n)
	}
	if n := ledger.CertificateNumber("1900"); n.Person() != "" || n.Category() != "" || n.Grade() != 0 || n.Reissue() != 0 {
		t.Errorf("%s has particulars", n)
	}
}

func TestPersonalNumbersAreFoundInText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"":            false,
		"二季度岗位补贴，共3人": false,
		"吉财税〔2016〕726号 2023-04-30 1234.56": false,
		"身份证220102190001010016，已核":         true,
		"身份证22018419000615008x":            true,
		"２２０１０２１９０００１０１００１６":               true,
		"220102 19000101 0016":             true,
		"220102-19000101-0016":             true,
		"220102　19000101　0016":             true,
		"220102190001010017":               false,
		"证号22240119001231023542B1":         true,
		"22240119001231023542":             true,
		"20230430220102190001010016":       true, // inside a longer number
		"卡号6222029999999999992。":           true,
		"6222 0299 9999 9999 992":          true,
		"6222-0299-9999-9999-992":          true,
		"1234 6222029999999999992":         true,
		"6222029999999999991":              false,
		"账户62220299999999999921":           false, // 20 digits are no card
		"79927398713":                      false,
		"单位代码91220101999999998G":           false,
		"112201849999999980":               false, // a credit code that is all digits and passes the card check
		"claim-2023-000123":                false,
		"01JZ8X4Y7Q2M5N6P3R9T0V1W2X":       false,
		"\xff220102190001010016":           true,
	} {
		if got := ledger.FindPersonalNumber(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

func TestRefusalsNeverQuoteAWholeNumber(t *testing.T) {
	t.Parallel()
	valid := []string{
		"220102190001010016", "22018419000615008X", "22240119001231023542", "22240119001231023542B1", "6222029999999999992", "91220101999999998G",
	}
	rapid.Check(t, func(t *rapid.T) {
		number := []byte(rapid.SampledFrom(valid).Draw(t, "number"))
		for range rapid.IntRange(0, 2).Draw(t, "slips") {
			number[rapid.IntRange(0, len(number)-1).Draw(t, "at")] = rapid.SampledFrom([]byte("0123456789XBI ")).Draw(t, "typed")
		}
		s := string(number[:rapid.IntRange(15, len(number)).Draw(t, "length")])
		_, person := ledger.ParsePersonNumber(s, testDay)
		_, first := ledger.ConvertFirstGeneration(s)
		_, certificate := ledger.ParseCertificateNumber(s, testDay)
		_, credit := ledger.ParseCreditCode(s)
		_, card := ledger.ParseBankCard(s)
		for _, err := range []error{person, first, certificate, credit, card} {
			_, particulars := ledger.Refused(err)
			if run := regexp.MustCompile(`[0-9]{7,}`).FindString(particulars); run != "" {
				t.Fatalf("%q is quoted: %v", s, err)
			}
		}
	})
}

func TestRefusalsOfIdentifiersAndRegionsArePublishable(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	var codes []string
	for _, r := range slices.Concat(ledger.IdentifierRejections, ledger.RegionRejections) {
		if !form.MatchString(r.Code) || r.Rule == "" || r.RuleZH == "" || r.Source == "" || r.Next == "" || r.NextZH == "" {
			t.Errorf("%+v is incomplete", *r)
		}
		codes = append(codes, r.Code)
	}
	slices.Sort(codes)
	if len(slices.Compact(codes)) != len(ledger.IdentifierRejections)+len(ledger.RegionRejections) {
		t.Errorf("a code is used twice: %q", codes)
	}
}

func FuzzParsePersonNumber(f *testing.F) {
	for _, s := range []string{"220102190001010016", "22018419000615008x", "２２０１０２１９０００１０１００１６", "22010219001301001", "22010219000101001六", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ledger.ParsePersonNumber(s, testDay)
		if err != nil {
			if r, _ := ledger.Refused(err); r == nil || n != "" {
				t.Fatalf("%q: %q, %v", s, n, err)
			}
			if utf8.RuneCountInString(s) >= 15 && strings.Contains(err.Error(), s) {
				t.Fatalf("%q is quoted: %v", s, err)
			}
			return
		}
		again, err := ledger.ParsePersonNumber(string(n), testDay)
		if err != nil || again != n {
			t.Fatalf("%q became %q, then %q, %v", s, n, again, err)
		}
		if born, err := ledger.ParseDate(n.Birth().String()); err != nil || born.After(testDay) || !ledger.FindPersonalNumber(s) {
			t.Fatalf("%q born %s, %v", s, born, err)
		}
	})
}

func ExamplePersonNumber() {
	n, err := ledger.ParsePersonNumber("11010519491231002x", ledger.DateOf(2025, 6, 30))
	fmt.Println(n.Masked(), n.Birth(), n.Region(), err)

	_, err = ledger.ParsePersonNumber("220102190001010017", ledger.DateOf(2025, 6, 30))
	r, particulars := ledger.Refused(err)
	fmt.Println(r.Code, particulars)
	// Output:
	// 110105********002X 1949-12-31 110105 <nil>
	// person-number-check 220102********0017
}

func TestACreditCodeIsNotTakenForACard(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"91220105999999998A", "52220781999999998C", "91220582999999998F", "91220723999999998B", "52220106999999998R"} {
		if ledger.FindPersonalNumber("单位 " + code + "（合成）") {
			t.Errorf("%s is taken for a personal number", code)
		}
	}
	if !ledger.FindPersonalNumber("卡号6222029999999999992转") {
		t.Error("a card in the middle of a text is not seen")
	}
}

func TestAPersonNumberIsFoundInAnIdentifier(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"11010519491231002X": true, "11010519491231002x": true, "C-11010519491231002X": true, "a:11010519491231002X.1": true, "0011010519491231002X": true, "220102190001010016": true, "x220102190001010016y": true, "99220102190001010016": true,
		"": false, "C1": false, "110105194912310021": false, "11010519491231002": false, "2023041912345678901": false, "220102-190001010016": false, "6217992200000000000": false,
	} {
		if got := ledger.HoldsPersonNumber(id); got != want {
			t.Errorf("%q: %v", id, got)
		}
	}
}
