package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"

	"zhucan/ledger"
)

// What may be wrong with a master key.
var (
	ErrMaster     = errors.New("this is not the master key that the data is kept under（主密钥不符）")
	ErrMasterFile = errors.New("the file does not hold a master key（文件中没有主密钥）")
	ErrExposed    = errors.New("the master key file can be read by others: chmod 600 it, and rotate the key if others had access（主密钥文件可被他人读取）")
)

// A Kind says what an identity number is a number of. The same text of two kinds
// has two hashes.
type Kind string

// The kinds of identity.
const (
	OfPerson       Kind = "person"       // the 18 characters of a [ledger.PersonNumber]
	OfOrganisation Kind = "organisation" // a [ledger.CreditCode]
	OfName         Kind = "name"         // the name of an organisation that has no code
)

// A Master is the key above all keys of a book. It is safe for concurrent use and
// never prints.
type Master struct {
	id    string
	wrap  tink.AEAD
	index []byte
}

const (
	masterPrefix = "m1."
	masterIDSize = 8
	wrapVersion  = 1
	wrapHead     = 1 + masterIDSize
	wrappedSize  = wrapHead + subtle.AESGCMIVSize + keySize + subtle.AESGCMTagSize
)

// LoadMaster reads the master key from a file that only its owner may read.
func LoadMaster(path string) (*Master, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	defer f.Close()
	fi, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("master key: %w", err)
	case !fi.Mode().IsRegular():
		return nil, fmt.Errorf("master key %s: %w", path, ErrMasterFile)
	case fi.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("master key %s, mode %04o: %w", path, fi.Mode().Perm(), ErrExposed)
	}
	text, err := io.ReadAll(io.LimitReader(f, 100))
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	encoded, ok := strings.CutPrefix(strings.TrimSpace(string(text)), masterPrefix)
	secret, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil || len(secret) != keySize {
		return nil, fmt.Errorf("master key %s: %w", path, ErrMasterFile)
	}
	return masterOf(secret), nil
}

// CreateMaster makes a master key in a new file of mode 0600 and returns once it is
// on disk. A file that is there already is left alone, and the error is
// [os.ErrExist]. Copy the file to a safe place, apart from all backups of the
// vault, before the first person is registered.
func CreateMaster(path string) (*Master, error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".master-*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	defer os.Remove(f.Name())
	secret := make([]byte, keySize)
	rand.Read(secret)
	_, err = f.WriteString(masterPrefix + base64.RawURLEncoding.EncodeToString(secret) + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Link(f.Name(), path) // which, unlike Rename, replaces nothing
	}
	if err == nil {
		err = sync(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	return masterOf(secret), nil
}

func sync(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func masterOf(secret []byte) *Master {
	derive := func(use string, size int) []byte {
		key, err := hkdf.Key(sha256.New, secret, nil, "zhucan/master/"+use+"/1", size)
		if err != nil {
			panic("seal: " + err.Error()) // only for sizes above 8,160 bytes
		}
		return key
	}
	return &Master{
		id:    hex.EncodeToString(derive("id", masterIDSize)),
		wrap:  cipherOf(derive("wrap", keySize)),
		index: derive("index", keySize),
	}
}

// Format writes the id of the key and nothing else of it, whatever the verb.
func (m *Master) Format(f fmt.State, _ rune) { io.WriteString(f, "seal.Master("+m.id+")") }

// ID names the master key without telling anything of it: 16 hex digits.
func (m *Master) ID() string { return m.id }

// Wrap encrypts the key of party for storage.
func (m *Master) Wrap(party ledger.PartyID, k *Key) ([]byte, error) {
	bound, err := m.binding(party)
	if err != nil {
		return nil, err
	}
	body, err := m.wrap.Encrypt(k.secret[:], bound)
	if err != nil {
		return nil, fmt.Errorf("wrap the key of %s: %w", party, err)
	}
	wrapped := make([]byte, 1, wrappedSize)
	wrapped[0] = wrapVersion
	wrapped, err = hex.AppendDecode(wrapped, []byte(m.id))
	return append(wrapped, body...), err
}

// Unwrap returns the key of party that Wrap encrypted. It fails with [ErrMaster]
// when that was done under another master key, [ErrTampered] when the bytes were
// changed or belong to another party, [ErrForm] when they are not a wrapped key.
func (m *Master) Unwrap(party ledger.PartyID, wrapped []byte) (*Key, error) {
	bound, err := m.binding(party)
	if err != nil {
		return nil, err
	}
	if len(wrapped) != wrappedSize || wrapped[0] != wrapVersion {
		return nil, fmt.Errorf("unwrap the key of %s: %w", party, ErrForm)
	}
	if under := hex.EncodeToString(wrapped[1:wrapHead]); under != m.id {
		return nil, fmt.Errorf("unwrap the key of %s, kept under %s, with %s: %w", party, under, m.id, ErrMaster)
	}
	secret, err := m.wrap.Decrypt(wrapped[wrapHead:], bound)
	if err != nil {
		return nil, fmt.Errorf("unwrap the key of %s: %w", party, ErrTampered)
	}
	return keyOf([keySize]byte(secret)), nil
}

func (m *Master) binding(party ledger.PartyID) ([]byte, error) {
	if err := ledger.CheckID(party); err != nil {
		return nil, err
	}
	return []byte("zhucan/wrap/1\x00" + m.id + "\x00" + string(party)), nil
}

// Index returns the keyed hash of an identity number in its normal form:
// HMAC-SHA-256 over kind, a zero byte and number. It finds the same person again,
// is personal data itself, and never leaves the vault.
func (m *Master) Index(kind Kind, number string) []byte {
	h := hmac.New(sha256.New, m.index)
	io.WriteString(h, string(kind)+"\x00"+number)
	return h.Sum(nil)
}
