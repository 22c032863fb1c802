package seal

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"

	"zhucan/ledger"
)

// Why a sealed text does not open.
var (
	ErrForm     = errors.New("this is not a sealed text（不是密封数据）")
	ErrKey      = errors.New("the text was sealed under another key（密钥不符）")
	ErrTampered = errors.New("the sealed text was changed, or belongs to another party or field（密封数据被改动，或不属于该对象、该字段）")
)

// A Field is the name of what is sealed, and bound to it: see [PersonField] and
// [AccountField].
type Field string

const (
	keySize = 32 // AES-256
	version = "s1"
	label   = "zhucan/seal/" + version
)

// A Key is a person's own data key. It is safe for concurrent use, is made by
// [NewKey] or [Master.Unwrap], and never prints.
type Key struct {
	secret [keySize]byte
	mark   [4]byte
	aead   tink.AEAD
}

// NewKey returns a fresh key from the system's random source, which does not
// fail: the program ends when the system has none.
func NewKey() *Key {
	var secret [keySize]byte
	rand.Read(secret[:])
	return keyOf(secret)
}

func keyOf(secret [keySize]byte) *Key {
	sum := sha256.Sum256(append([]byte("zhucan/seal/mark/1\x00"), secret[:]...))
	return &Key{secret: secret, mark: [4]byte(sum[:4]), aead: cipherOf(secret[:])}
}

// cipherOf returns AES-256-GCM under 32 bytes of key; it has no other way to fail.
func cipherOf(secret []byte) tink.AEAD {
	aead, err := subtle.NewAESGCM(secret)
	if err != nil {
		panic(fmt.Sprintf("seal: key of %d bytes", len(secret)))
	}
	return aead
}

// Format writes that there is a key and nothing of it, whatever the verb.
func (*Key) Format(f fmt.State, _ rune) { io.WriteString(f, "seal.Key(…)") }

// Seal encrypts plaintext as the field of party under k.
func Seal(k *Key, party ledger.PartyID, field Field, plaintext string) (ledger.Sealed, error) {
	bound, err := binding(party, field)
	if err != nil {
		return "", err
	}
	body, err := k.aead.Encrypt([]byte(plaintext), bound)
	if err != nil {
		return "", fmt.Errorf("seal %s of %s: %w", field, party, err) // only over 64 GB
	}
	return ledger.Sealed(version + "." + base64.RawURLEncoding.EncodeToString(append(k.mark[:], body...))), nil
}

// Open decrypts what Seal made under k for the same party and field.
func Open(k *Key, party ledger.PartyID, field Field, s ledger.Sealed) (string, error) {
	bound, err := binding(party, field)
	if err != nil {
		return "", err
	}
	opening := func(err error) error { return fmt.Errorf("open %s of %s: %w", field, party, err) }
	text, ok := strings.CutPrefix(string(s), version+".")
	if !ok || strings.ContainsAny(text, "\r\n") { // line ends, which the decoder would pass over
		return "", opening(ErrForm)
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < len(k.mark)+subtle.AESGCMIVSize+subtle.AESGCMTagSize {
		return "", opening(ErrForm)
	}
	if [4]byte(raw) != k.mark {
		return "", opening(ErrKey)
	}
	plaintext, err := k.aead.Decrypt(raw[len(k.mark):], bound)
	if err != nil {
		return "", opening(ErrTampered)
	}
	return string(plaintext), nil
}

// binding is the associated data of a field. An identifier holds no zero byte, so
// that no two pairs have the same.
func binding(party ledger.PartyID, field Field) ([]byte, error) {
	if err := ledger.CheckID(party); err != nil {
		return nil, err
	}
	return []byte(label + "\x00" + string(party) + "\x00" + string(field)), nil
}
