package seal

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"

	"zhucan/ledger"
)

// documentHead begins a sealed document.
const documentHead = "zhucan d1\n"

// documentField is the field of a document with the SHA-256 sum.
func documentField(sum [sha256.Size]byte) Field {
	return Field("document/" + hex.EncodeToString(sum[:]))
}

// SealDocument seals a whole document of party. It is held in memory once more.
func SealDocument(k *Key, party ledger.PartyID, document []byte) ([]byte, error) {
	field := documentField(sha256.Sum256(document))
	bound, err := binding(party, field)
	if err != nil {
		return nil, err
	}
	body, err := k.aead.Encrypt(document, bound)
	if err != nil {
		return nil, fmt.Errorf("seal %s of %s: %w", field, party, err) // only over 64 GB
	}
	sealed := make([]byte, 0, len(documentHead)+len(k.mark)+len(body))
	return append(append(append(sealed, documentHead...), k.mark[:]...), body...), nil
}

// OpenDocument opens what SealDocument made of the document with the SHA-256 sum.
func OpenDocument(k *Key, party ledger.PartyID, sum [sha256.Size]byte, sealed []byte) ([]byte, error) {
	field := documentField(sum)
	bound, err := binding(party, field)
	if err != nil {
		return nil, err
	}
	opening := func(err error) error { return fmt.Errorf("open %s of %s: %w", field, party, err) }
	head := len(documentHead) + len(k.mark)
	if len(sealed) < head+subtle.AESGCMIVSize+subtle.AESGCMTagSize || string(sealed[:len(documentHead)]) != documentHead {
		return nil, opening(ErrForm)
	}
	if [4]byte(sealed[len(documentHead):]) != k.mark {
		return nil, opening(ErrKey)
	}
	document, err := k.aead.Decrypt(sealed[head:], bound)
	if err != nil || sha256.Sum256(document) != sum {
		return nil, opening(ErrTampered)
	}
	return document, nil
}
