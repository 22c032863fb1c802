// Package document keeps the documents of claims and hands them out to who may read
// them.
//
// # Keeping
//
// A document is hashed as it is, sealed under the key of the claim's party when the
// claim is about persons (a person claims, or an organisation on account of persons),
// and stored; only then is an order made that puts it on record. What is stored and
// never recorded, because the program ended or the order was refused, is removed by
// zhucan doctor --sweep. File names are not asked for and not kept.
//
// # Invariants
//
//  1. No order refers to a document before it is on disk and was read back.
//  2. What is personal is stored sealed; the book refuses it otherwise.
//  3. What is handed out has the hash that is on record, or nothing is.
//  4. Documents are read by clerk, reviewer, approver and auditor: those who enter,
//     examine, decide and audit claims. Cashier, accountant and operator have no need
//     of them (个人信息保护法 arts. 6, 51).
//
// # Failures
//
// [ErrSize] refuses what is empty or too large; [party.ErrErased] the document of a
// person who was erased; [ErrDamaged] one that the store has lost or changed.
//
// # Design
//
// A document is held in memory as a whole, twice while it is sealed, which is why the
// most that is taken is small; scans are. Whether it is what its kind says is for
// people to judge.
//
// What an erased person leaves is hash, size and type of the document, and bytes that
// no key opens. A roster of an organisation is under the organisation's key: erasing
// one of the persons on it leaves it readable, as long as the law asks that the papers
// of a payment be kept (会计档案管理办法, 79号令).
package document

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"zhucan/events"
	"zhucan/events/seal"
	"zhucan/ledger"
	"zhucan/ledger/claim"
	"zhucan/ledger/party"
	"zhucan/projections/report"
	"zhucan/projections/vault"
)

// What a configuration may ask for at most, and what it is without one, in bytes.
const (
	MostSize  = 64 << 20
	UsualSize = 16 << 20
)

// Refusals, in the order of checking.
var (
	ErrSize = &ledger.Rejection{
		Code: "document-size", Rule: "a document has a byte at least and no more than the configuration takes (--max-document, 16 MiB unless set)", RuleZH: "材料不得为空，且不得超过配置的大小上限（--max-document，默认16 MiB）",
		Next: "scan it with a lower resolution, or attach its parts", NextZH: "请降低扫描分辨率，或分件附上",
	}
	ErrDamaged = &ledger.Rejection{
		Code: "document-damaged", Rule: "a document is handed out as it was handed in, or not at all", RuleZH: "材料须与提交时一致方可调阅",
		Next: "run zhucan verify, and restore the store of documents from a backup", NextZH: "请运行 zhucan verify，并从备份恢复材料存储",
	}
)

// Rejections of this package, in the order of checking.
var Rejections = []*ledger.Rejection{ErrSize, ErrDamaged}

// Readers are the roles that read documents.
var Readers = []ledger.Role{ledger.Clerk, ledger.Reviewer, ledger.Approver, ledger.Auditor}

// A Keeper has what keeping takes. It is safe for concurrent use.
type Keeper struct {
	Store events.Documents
	Vault *vault.Vault
	DB    report.DB
	Max   int // bytes of a document; 0: [UsualSize]
}

// Most is the most bytes that a document may have.
func (k *Keeper) Most() int {
	if k.Max == 0 {
		return UsualSize
	}
	return min(k.Max, MostSize)
}

// Keep stores a document of a claim under the name object, which was never used
// before, and returns the order that puts it on record. If it is on record already
// it stores nothing and returns the record.
func (k *Keeper) Keep(ctx context.Context, by ledger.Actor, id ledger.ClaimID, kind string, data []byte, object string) (do claim.Attach, seq uint64, err error) {
	if err := (ledger.Order{By: by}).Needs(ledger.Clerk); err != nil {
		return do, 0, err
	}
	for _, name := range []string{string(id), kind} {
		if err := ledger.CheckID(name); err != nil {
			return do, 0, err
		}
	}
	if n := len(data); n == 0 || n > k.Most() {
		return do, 0, ErrSize.Of("%s of claim %s: %d bytes; at most %d are taken", kind, id, n, k.Most())
	}
	sum := sha256.Sum256(data)
	hash := hex.EncodeToString(sum[:])
	claimant, personal, err := report.ClaimantOf(ctx, k.DB, id)
	if err != nil {
		return do, 0, err
	}
	switch old, err := report.DocumentOf(ctx, k.DB, id, kind, hash); {
	case err == nil:
		return claim.Attach{Claim: id, Document: old.Document}, old.Seq, nil
	case !errors.Is(err, report.ErrNothing):
		return do, 0, err
	}
	do = claim.Attach{Claim: id, Document: claim.Document{Hash: hash, Kind: kind, Media: media(data), Object: object, Size: len(data)}}
	stored := data
	if personal {
		key, err := k.key(ctx, claimant)
		if err != nil {
			return do, 0, err
		}
		if stored, err = seal.SealDocument(key, claimant, data); err != nil {
			return do, 0, err
		}
		do.Document.Sealed = claimant
	}
	sum = sha256.Sum256(stored)
	do.Document.Stored = hex.EncodeToString(sum[:])
	if err := k.Store.Put(ctx, object, stored); err != nil {
		if errors.Is(err, events.ErrFull) {
			return do, 0, events.ErrNoRoom.Of("%s of claim %s", kind, id)
		}
		return do, 0, err
	}
	return do, 0, nil
}

// Intent is what a repeated order to attach the same document has in common with the
// first, which named another object.
func Intent(do claim.Attach) []byte {
	return fmt.Appendf(nil, "attach %s %s %s", do.Claim, do.Document.Kind, do.Document.Hash)
}

// media returns the type that the first bytes tell, without parameters. What a
// sender says of a document is not taken over.
func media(data []byte) string {
	m, _, _ := strings.Cut(http.DetectContentType(data), ";")
	return m
}

// key returns the key of a party that was not erased.
func (k *Keeper) key(ctx context.Context, id ledger.PartyID) (*seal.Key, error) {
	keys, err := k.Vault.Open(ctx, id)
	if err != nil {
		return nil, err
	}
	key, ok := keys[id]
	if !ok {
		return nil, party.ErrErased.Of("%s", id)
	}
	return key, nil
}

// Fetch returns the document of a kind that was attached to a claim last, or the one
// with a hash if one is given.
func (k *Keeper) Fetch(ctx context.Context, by ledger.Actor, id ledger.ClaimID, kind, hash string) (report.KeptDocument, []byte, error) {
	fail := func(err error) (report.KeptDocument, []byte, error) { return report.KeptDocument{}, nil, err }
	if !slices.ContainsFunc(Readers, by.Is) {
		return fail(ledger.ErrRole.Of("%s has none of the roles %v", by.ID, Readers))
	}
	for _, name := range []string{string(id), kind} {
		if err := ledger.CheckID(name); err != nil {
			return fail(err)
		}
	}
	d, err := report.DocumentOf(ctx, k.DB, id, kind, hash)
	if err != nil {
		return fail(err)
	}
	var key *seal.Key
	if d.Sealed != "" {
		if key, err = k.key(ctx, d.Sealed); err != nil {
			return fail(err)
		}
	}
	sum, err := hex.DecodeString(d.Hash)
	if err != nil || len(sum) != sha256.Size {
		return fail(fmt.Errorf("record %d: %q is no hash", d.Seq, d.Hash))
	}
	var stored bytes.Buffer
	_, err = k.Store.Get(ctx, d.Object, &stored)
	damaged := func(err error) (report.KeptDocument, []byte, error) {
		return fail(ErrDamaged.Of("%s of claim %s, record %d: %v", kind, id, d.Seq, err))
	}
	switch {
	case errors.Is(err, events.ErrNoDocument), errors.Is(err, events.ErrDamaged):
		return damaged(err)
	case err != nil:
		return fail(err)
	}
	data := stored.Bytes()
	if key != nil {
		switch data, err = seal.OpenDocument(key, d.Sealed, [sha256.Size]byte(sum), data); {
		case errors.Is(err, seal.ErrKey): // the vault's fault, not the document's
			return fail(err)
		case err != nil:
			return damaged(err)
		}
	}
	if got := sha256.Sum256(data); got != [sha256.Size]byte(sum) {
		return damaged(fmt.Errorf("its SHA-256 is %x", got))
	}
	return d, data, nil
}
