package seal_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zhucan/events/seal"
	"zhucan/ledger"
)

const (
	zhang = ledger.PartyID("01J0000000000000000000000A")
	li    = ledger.PartyID("01J0000000000000000000000B")
)

var person = seal.Person{Certificate: "22240119001231023542", Name: "张某三", Number: "222401190012310235"}

func master(t testing.TB) *seal.Master {
	t.Helper()
	m, err := seal.CreateMaster(filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestWhatOpensIsWhatWasSealed(t *testing.T) {
	t.Parallel()
	k := seal.NewKey()
	rapid.Check(t, func(t *rapid.T) {
		field, text := seal.Field(rapid.String().Draw(t, "field")), rapid.String().Draw(t, "text")
		s, err := seal.Seal(k, zhang, field, text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := seal.Open(k, zhang, field, s); err != nil || got != text {
			t.Fatalf("opened %q, %v, want %q", got, err, text)
		}
	})
}

func TestAPersonAndAnAccountOpenAsTheyWereSealed(t *testing.T) {
	t.Parallel()
	k := seal.NewKey()
	s, err := seal.SealPerson(k, zhang, person)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := seal.OpenPerson(k, zhang, s); err != nil || got != person {
		t.Errorf("another person was opened, or %v", err)
	}
	text, err := seal.Open(k, zhang, seal.PersonField, s)
	if want := `{"certificate":"22240119001231023542","name":"张某三","number":"222401190012310235"}`; err != nil || text != want {
		t.Errorf("a person is sealed as %q, %v, want %q", text, err, want)
	}
	s, err = seal.SealAccount(k, zhang, "2", "6217992200000000000")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := seal.OpenAccount(k, zhang, "2", s); err != nil || got != "6217992200000000000" {
		t.Errorf("account opened as %q, %v", got, err)
	}
	if _, err := seal.OpenAccount(k, zhang, "1", s); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("account 2 opened as account 1: %v", err)
	}
	if _, err := seal.SealAccount(k, zhang, "", "6217992200000000000"); !errors.Is(err, ledger.ErrID) {
		t.Errorf("account without a number: %v", err)
	}
}

func TestADocumentOpensForItsPartyAndAsItWas(t *testing.T) {
	t.Parallel()
	k := seal.NewKey()
	for _, size := range []int{1, 1000, 1 << 20} {
		document := bytes.Repeat([]byte{7}, size)
		sum := sha256.Sum256(document)
		sealed, err := seal.SealDocument(k, zhang, document)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(sealed, document[:min(size, 16)]) && size > 1 {
			t.Error("the document is in what is sealed")
		}
		if got, err := seal.OpenDocument(k, zhang, sum, sealed); err != nil || !bytes.Equal(got, document) {
			t.Errorf("%d bytes: %d, %v", size, len(got), err)
		}
		for _, at := range []int{0, 9, 12, 20, len(sealed) - 17, len(sealed) - 1} {
			changed := bytes.Clone(sealed)
			changed[at] ^= 1
			if got, err := seal.OpenDocument(k, zhang, sum, changed); err == nil || got != nil {
				t.Errorf("byte %d of %d changed: %d bytes", at, len(sealed), len(got))
			}
		}
		for _, cut := range []int{0, 5, 30, len(sealed) - 1} {
			if _, err := seal.OpenDocument(k, zhang, sum, sealed[:cut]); err == nil {
				t.Errorf("%d of %d bytes opened", cut, len(sealed))
			}
		}
		if _, err := seal.OpenDocument(k, li, sum, sealed); !errors.Is(err, seal.ErrTampered) {
			t.Errorf("another party's: %v", err)
		}
		if _, err := seal.OpenDocument(k, zhang, sha256.Sum256(nil), sealed); !errors.Is(err, seal.ErrTampered) {
			t.Errorf("another document's: %v", err)
		}
		if _, err := seal.OpenDocument(seal.NewKey(), zhang, sum, sealed); !errors.Is(err, seal.ErrKey) {
			t.Errorf("another key: %v", err)
		}
	}
	if _, err := seal.SealDocument(k, "", []byte("x")); !errors.Is(err, ledger.ErrID) {
		t.Errorf("%v", err)
	}
}

func TestSealingTheSameTwiceGivesTwoTexts(t *testing.T) {
	t.Parallel()
	k := seal.NewKey()
	a, _ := seal.Seal(k, zhang, "f", "x")
	b, _ := seal.Seal(k, zhang, "f", "x")
	if a == b || a == "" {
		t.Errorf("%q and %q", a, b)
	}
}

func TestEveryChangedBitIsNoticed(t *testing.T) {
	t.Parallel()
	k := seal.NewKey()
	s, err := seal.SealPerson(k, zhang, person)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(string(s), "s1."))
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		for bit := range 8 {
			changed := slices.Clone(raw)
			changed[i] ^= 1 << bit
			want := seal.ErrTampered
			if i < 4 { // the mark of the key
				want = seal.ErrKey
			}
			_, err := seal.OpenPerson(k, zhang, ledger.Sealed("s1."+base64.RawURLEncoding.EncodeToString(changed)))
			if !errors.Is(err, want) {
				t.Errorf("bit %d of byte %d changed: %v, want %v", bit, i, err, want)
			}
		}
	}
}

func TestEveryOtherTextIsRefused(t *testing.T) {
	t.Parallel()
	k := seal.NewKey()
	s, err := seal.Seal(k, zhang, "f", "ab") // 34 bytes: unused bits at the end
	if err != nil {
		t.Fatal(err)
	}
	for i := range s {
		for c := range 256 {
			changed := []byte(s)
			if changed[i] == byte(c) {
				continue
			}
			changed[i] = byte(c)
			if _, err := seal.Open(k, zhang, "f", ledger.Sealed(changed)); err == nil {
				t.Errorf("opened with character %d replaced by %q", i, rune(c))
			}
		}
		if _, err := seal.Open(k, zhang, "f", s[:i]); err == nil {
			t.Errorf("opened when cut at %d", i)
		}
	}
	for _, other := range []ledger.Sealed{"", "ab", "s1.", s + "\n", s[:9] + "\r\n" + s[9:], s + "=", s + "A", s + "AAAA", "s2" + s[2:], " " + s} {
		if _, err := seal.Open(k, zhang, "f", other); !errors.Is(err, seal.ErrForm) && !errors.Is(err, seal.ErrTampered) {
			t.Errorf("%q: %v", other, err)
		}
	}
}

func TestASealedTextBelongsToOnePartyFieldAndKey(t *testing.T) {
	t.Parallel()
	k := seal.NewKey()
	s, err := seal.Seal(k, zhang, "person", "x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Open(k, li, "person", s); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("of another party: %v", err)
	}
	if _, err := seal.Open(k, zhang, "account/1", s); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("as another field: %v", err)
	}
	if _, err := seal.Open(seal.NewKey(), zhang, "person", s); !errors.Is(err, seal.ErrKey) {
		t.Errorf("under another key: %v", err)
	}
	for _, id := range []ledger.PartyID{"", "a\x00b"} {
		if _, err := seal.Seal(k, id, "person", "x"); !errors.Is(err, ledger.ErrID) {
			t.Errorf("party %q: %v", id, err)
		}
		if _, err := seal.Open(k, id, "person", s); !errors.Is(err, ledger.ErrID) {
			t.Errorf("party %q: %v", id, err)
		}
	}
}

// A text sealed once must open for ever: key, wrapping, hash and file as they were
// when s1, 1 and m1 were laid down.
func TestWhatWasSealedOnceOpensForEver(t *testing.T) {
	t.Parallel()
	const (
		wrapped = "01eb0c53928f9a914001f91aaa86682bc12d848d237d34192cc1645a4378a5be86ed9ee86575a794791af3cbed529b17c3394c13d026a1675d623f0183565084f5b5a8b6ef"
		sealed  = "s1.j5yHHecBwSBEJVK2NRtk-gCQAxzwy6JF1ifDmM1F-urUh5Z6JhIHsauZ7PGdGlTwi_Fkxa07UjNqzcS3M0fiGaxLg7hdMhQB7baIcg2JCrRdXe9dOi7PaxTTtC0l9yVdsPPzNmETwOs-2D5aLUzQisR1rs7OuCY"
		index   = "f52fa8599b1acae55eaf8e1e42e195dd0d3d707cace6dc86922093b931b27787"
	)
	path := filepath.Join(t.TempDir(), "master.key")
	if err := os.WriteFile(path, []byte("m1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := seal.LoadMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := hex.DecodeString(wrapped)
	if err != nil {
		t.Fatal(err)
	}
	k, err := m.Unwrap(zhang, raw)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := seal.OpenPerson(k, zhang, sealed); err != nil || got != person {
		t.Errorf("another person was opened, or %v", err)
	}
	if got := hex.EncodeToString(m.Index(seal.OfPerson, string(person.Number))); got != index {
		t.Errorf("hash %s, want %s", got, index)
	}
}

func TestAKeyIsWrappedForOnePartyUnderOneMaster(t *testing.T) {
	t.Parallel()
	m, k := master(t), seal.NewKey()
	s, err := seal.Seal(k, zhang, "f", "x")
	if err != nil {
		t.Fatal(err)
	}
	w, err := m.Wrap(zhang, k)
	if err != nil {
		t.Fatal(err)
	}
	same, err := m.Unwrap(zhang, w)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := seal.Open(same, zhang, "f", s); err != nil || got != "x" {
		t.Errorf("opened %q, %v with the key unwrapped", got, err)
	}
	if _, err := m.Unwrap(li, w); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("of another party: %v", err)
	}
	other := master(t)
	if _, err := other.Unwrap(zhang, w); !errors.Is(err, seal.ErrMaster) || !strings.Contains(err.Error(), m.ID()) || !strings.Contains(err.Error(), other.ID()) {
		t.Errorf("under another master: %v, want both named", err)
	}
	for i := range w {
		changed := slices.Clone(w)
		changed[i] ^= 1
		want := seal.ErrTampered
		switch {
		case i == 0:
			want = seal.ErrForm
		case i <= 8:
			want = seal.ErrMaster
		}
		if _, err := m.Unwrap(zhang, changed); !errors.Is(err, want) {
			t.Errorf("byte %d changed: %v, want %v", i, err, want)
		}
	}
	if _, err := m.Unwrap(zhang, w[:len(w)-1]); !errors.Is(err, seal.ErrForm) {
		t.Errorf("cut short: %v", err)
	}
}

func TestAHashIsOfOneNumberKindAndMaster(t *testing.T) {
	t.Parallel()
	m, number := master(t), string(person.Number)
	h := m.Index(seal.OfPerson, number)
	if len(h) != 32 || !bytes.Equal(h, m.Index(seal.OfPerson, number)) {
		t.Errorf("hash %x, then %x", h, m.Index(seal.OfPerson, number))
	}
	for name, other := range map[string][]byte{
		"another kind":   m.Index(seal.OfName, number),
		"another number": m.Index(seal.OfPerson, "220102190001010016"),
		"another master": master(t).Index(seal.OfPerson, number),
	} {
		if bytes.Equal(h, other) {
			t.Errorf("the same hash for %s", name)
		}
	}
}

func TestAMasterKeyLoadsAsItWasCreated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "master.key")
	made, err := seal.CreateMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := seal.LoadMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := made.Wrap(zhang, seal.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := loaded.Unwrap(zhang, w); err != nil || loaded.ID() != made.ID() {
		t.Errorf("%s loaded as %s: %v", made.ID(), loaded.ID(), err)
	}
	before, _ := os.ReadFile(path)
	if _, err := seal.CreateMaster(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("created a second time: %v", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the master key was overwritten")
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("the folder holds %v", left)
	}
}

func TestAMasterKeyThatOthersMayReadIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	if _, err := seal.CreateMaster(path); err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("created with %v, %v", fi.Mode(), err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o620, 0o602, 0o610, 0o644} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.LoadMaster(path); !errors.Is(err, seal.ErrExposed) {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.LoadMaster(path); err != nil {
		t.Errorf("mode 0400: %v", err)
	}
}

func TestWhatIsNoMasterKeyIsRefusedAndNotQuoted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i, text := range []string{
		"", "m1.", "m1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg\n", "m2.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n", "m1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9\n",
		"m1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" + strings.Repeat("A", 1000),
	} {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.LoadMaster(path); !errors.Is(err, seal.ErrMasterFile) || strings.Contains(err.Error(), "AAECAw") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := seal.LoadMaster(dir); !errors.Is(err, seal.ErrMasterFile) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := seal.LoadMaster(filepath.Join(dir, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestNothingThatPrintsHoldsPlaintextOrKeys(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	m, err := seal.CreateMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	k := seal.NewKey()
	s, err := seal.SealPerson(k, zhang, person)
	if err != nil {
		t.Fatal(err)
	}
	account, err := seal.SealAccount(k, zhang, "1", "6217992200000000000")
	if err != nil {
		t.Fatal(err)
	}
	notPerson, err := seal.Seal(k, zhang, seal.PersonField, `{"name":"张某三","number":222401190012310235}`)
	if err != nil {
		t.Fatal(err)
	}

	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb+verb+"\n", person, &person, k, m)
		fmt.Fprintf(&out, verb+"\n", struct {
			P seal.Person
			K *seal.Key
			M *seal.Master
		}{person, k, m})
	}
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("x", "person", person, "key", k, "master", m)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "person", person, "key", k, "master", m)
	bad := seal.Person{Name: "张某三\xff", Number: person.Number}
	if _, err := seal.SealPerson(k, zhang, bad); !errors.Is(err, seal.ErrPerson) {
		t.Errorf("a name that is no text: %v", err)
	}
	for _, try := range []func() error{
		func() error { _, err := seal.OpenPerson(k, li, s); return err },
		func() error { _, err := seal.OpenPerson(seal.NewKey(), zhang, s); return err },
		func() error { _, err := seal.OpenPerson(k, zhang, s[:40]); return err },
		func() error { _, err := seal.OpenPerson(k, zhang, notPerson); return err },
		func() error { _, err := seal.OpenAccount(k, zhang, "2", account); return err },
		func() error { _, err := seal.SealPerson(k, zhang, bad); return err },
		func() error { _, err := seal.SealAccount(k, "", "1", "6217992200000000000"); return err },
	} {
		err := try()
		if err == nil {
			t.Error("no error")
		}
		fmt.Fprintln(&out, err)
	}

	secret, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, plain := range []string{"张某三", "某", "2401190012", "19001231", "62179922", "220000000", hex.EncodeToString([]byte("张某三")), string(secret[3:20])} {
		if strings.Contains(strings.ToLower(out.String()), strings.ToLower(plain)) {
			t.Errorf("%q is in the output\n%s", plain, out.String())
		}
	}
	//lint:ignore SA9005 that nothing of a key comes out is what is tested
	if _, err := json.Marshal(k); err != nil {
		t.Error(err)
	}
}

func TestAnOrdinaryUserSeesTheLastFourOfAnAccount(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"6222029999999999992": "****9992", "12345678": "****5678", "1234567": "****", "": "****", "账户甲乙丙丁": "****甲乙丙丁",
	} {
		if got := seal.MaskAccount(number); got != want {
			t.Errorf("%q is shown as %q, want %q", number, got, want)
		}
	}
}

func BenchmarkSealPerson(b *testing.B) {
	k := seal.NewKey()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := seal.SealPerson(k, zhang, person); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSealAccount(b *testing.B) {
	k := seal.NewKey()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := seal.SealAccount(k, zhang, "1", "6217992200000000000"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenAccount(b *testing.B) {
	k := seal.NewKey()
	s, _ := seal.SealAccount(k, zhang, "1", "6217992200000000000")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := seal.OpenAccount(k, zhang, "1", s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnwrap(b *testing.B) {
	m := master(b)
	w, _ := m.Wrap(zhang, seal.NewKey())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Unwrap(zhang, w); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIndex(b *testing.B) {
	m := master(b)
	for b.Loop() {
		m.Index(seal.OfPerson, "222401190012310235")
	}
}
