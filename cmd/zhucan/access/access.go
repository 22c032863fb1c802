// Package access says who may act: actors, their roles and the tokens that prove
// who is asking, kept in one small file of the data folder.
//
// # File
//
// access.json holds one object, read strictly:
//
//	{"actors":[
//	  {"id":"local","roles":["clerk","operator","accountant","auditor"]},
//	  {"id":"a017","roles":["reviewer"],"token":"9f86…0a08","expires":"2026-06-30T00:00:00Z"}
//	]}
//
// token is the SHA-256 of the bearer token as 64 lower-case hexadecimal digits; the
// token itself is 32 random bytes in unpadded base64url, is shown once and kept
// nowhere. An actor without a token cannot ask over the network; the command line
// of the same machine may name it. "revoked":true takes an actor's rights away and
// keeps the line, since the books name the actor for ever.
//
// # Invariants
//
//  1. A file that anybody but its owner may read is refused ([ErrExposed]), and so
//     is one that is not understood ([ErrMalformed]). Nobody is let in meanwhile.
//  2. What another process changed counts from the next question on.
//  3. The file is replaced as a whole and is on disk before a change is reported;
//     two processes that change it at once do not lose one of the changes.
//  4. How long a wrong token takes to be refused does not depend on the tokens
//     there are.
//
// # Design
//
// A token has 256 random bits, so a plain hash keeps it: there is nothing to guess
// that a slow hash would protect. Roles are looked up at the time of asking, so an
// actor who loses a role loses it at once. Which two duties may not be one person's
// in one case is decided by the rules of the ledger, not here.
package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhucan/ledger"
)

// Refusals, in the order of checking.
var (
	ErrExposed = &ledger.Rejection{
		Code: "access-exposed", Rule: "the access file is readable by its owner alone", RuleZH: "权限文件只能由其所有者读取",
		Source: "GB/T 22239-2019 8.1.4.2", Next: "set its mode to 0600 and give every actor a new token", NextZH: "请将文件权限改为0600，并更换全部令牌",
	}
	ErrMalformed = &ledger.Rejection{
		Code: "access-malformed", Rule: "the access file names each actor once, with roles that exist", RuleZH: "权限文件中每名操作人只列一次，岗位须存在",
		Next: "correct the file", NextZH: "请更正文件",
	}
	ErrToken = &ledger.Rejection{
		Code: "token-invalid", Rule: "who asks proves who they are with a token", RuleZH: "须以有效令牌证明身份",
		Source: "GB/T 22239-2019 8.1.4.1", Next: "send a valid token as Authorization: Bearer", NextZH: "请在 Authorization: Bearer 中提供有效令牌",
	}
	ErrRevoked = &ledger.Rejection{
		Code: "token-revoked", Rule: "an actor whose rights were taken away does not act", RuleZH: "已被撤销权限的操作人不得办理",
		Source: "GB/T 22239-2019 8.1.4.2", Next: "ask the administrator", NextZH: "请联系管理员",
	}
	ErrExpired = &ledger.Rejection{
		Code: "token-expired", Rule: "a token counts until the moment it was issued for", RuleZH: "令牌已过有效期",
		Source: "GB/T 22239-2019 8.1.4.2", Next: "ask the administrator for a new token", NextZH: "请向管理员申请新令牌",
	}
	ErrUnknown = &ledger.Rejection{
		Code: "actor-unknown", Rule: "an actor is listed in the access file", RuleZH: "操作人须在权限文件中登记",
		Source: "GB/T 22239-2019 8.1.4.1", Next: "add the actor first", NextZH: "请先登记操作人",
	}
	ErrRoles = &ledger.Rejection{
		Code: "roles-unknown", Rule: "an actor has at least one role, each of them known", RuleZH: "操作人至少具有一个岗位，且岗位须存在",
		Next: "name one or more of clerk, reviewer, approver, cashier, accountant, operator, auditor", NextZH: "请指定一个或多个岗位",
	}
)

// Rejections of this package, in the order of checking.
var Rejections = []*ledger.Rejection{ErrExposed, ErrMalformed, ErrToken, ErrRevoked, ErrExpired, ErrUnknown, ErrRoles}

// Local is the actor of the command line of the same machine, unless it names
// another.
const Local ledger.ActorID = "local"

// An Entry is one actor as listed.
type Entry struct {
	ID      ledger.ActorID `json:"id"`
	Roles   []ledger.Role  `json:"roles"`
	Token   string         `json:"token,omitempty"`  // SHA-256, in hexadecimal; "" when there is none
	Expires time.Time      `json:"expires,omitzero"` // first moment at which the token no longer counts; zero: none
	Revoked bool           `json:"revoked,omitempty"`
}

type file struct {
	Actors []Entry `json:"actors"`
}

// An Access answers who may act, by the file as it is when asked. It is safe for
// concurrent use.
type Access struct {
	path string

	mu     sync.Mutex
	read   fs.FileInfo // of the file that actors was read from
	actors []Entry     // replaced, never modified in place
}

// Open reads the file at path. When there is none it makes one with the actor
// [Local], who holds the roles clerk, operator, accountant and auditor and has no
// token.
func Open(path string) (*Access, error) {
	a := &Access{path: path}
	_, err := a.current()
	if errors.Is(err, fs.ErrNotExist) {
		err = a.change(func(actors []Entry) ([]Entry, error) {
			if len(actors) > 0 {
				return actors, nil // another process made it meanwhile
			}
			return []Entry{{ID: Local, Roles: []ledger.Role{ledger.Clerk, ledger.Operator, ledger.Accountant, ledger.Auditor}}}, nil
		})
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

// Authenticate returns the actor whose token it is.
func (a *Access) Authenticate(token string, now time.Time) (ledger.Actor, error) {
	actors, err := a.current()
	if err != nil {
		return ledger.Actor{}, err
	}
	sum := digest(token)
	var found Entry
	for _, e := range actors { // all of them: see invariant 4
		if subtle.ConstantTimeCompare([]byte(e.Token), []byte(sum)) == 1 {
			found = e
		}
	}
	switch {
	case found.ID == "":
		return ledger.Actor{}, ErrToken
	case found.Revoked:
		return ledger.Actor{}, ErrRevoked.Of("%s", found.ID)
	case !found.Expires.IsZero() && !now.Before(found.Expires):
		return ledger.Actor{}, ErrExpired.Of("%s, on %s", found.ID, found.Expires.Format(time.RFC3339))
	}
	return found.actor(), nil
}

// Actor returns an actor by name, for a caller who is trusted to name one. Whether
// the actor's token still counts is not asked.
func (a *Access) Actor(id ledger.ActorID) (ledger.Actor, error) {
	actors, err := a.current()
	if err != nil {
		return ledger.Actor{}, err
	}
	i := slices.IndexFunc(actors, func(e Entry) bool { return e.ID == id })
	switch {
	case i < 0:
		return ledger.Actor{}, unknown(id)
	case actors[i].Revoked:
		return ledger.Actor{}, ErrRevoked.Of("%s", id)
	}
	return actors[i].actor(), nil
}

// Add lists an actor, or gives a listed one other roles and a new token, also
// after it was revoked. The token counts until expires, with the zero time until
// the actor is revoked. It is returned this once; an older one of the same actor
// counts no more.
func (a *Access) Add(id ledger.ActorID, roles []ledger.Role, expires time.Time) (token string, err error) {
	if err := ledger.CheckID(id); err != nil {
		return "", err
	}
	if err := checkRoles(roles); err != nil {
		return "", err
	}
	secret := make([]byte, 32)
	rand.Read(secret) // never fails: it ends the program instead
	token = base64.RawURLEncoding.EncodeToString(secret)
	e := Entry{ID: id, Roles: slices.Clone(roles), Token: digest(token), Expires: expires.UTC().Truncate(time.Second)}
	err = a.change(func(actors []Entry) ([]Entry, error) {
		actors = slices.Clone(actors)
		if i := slices.IndexFunc(actors, func(old Entry) bool { return old.ID == id }); i >= 0 {
			actors[i] = e
			return actors, nil
		}
		return append(actors, e), nil
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// Revoke takes every right away from an actor. Doing it again changes nothing.
func (a *Access) Revoke(id ledger.ActorID) error {
	return a.change(func(actors []Entry) ([]Entry, error) {
		i := slices.IndexFunc(actors, func(e Entry) bool { return e.ID == id })
		if i < 0 {
			return nil, unknown(id)
		}
		actors = slices.Clone(actors)
		actors[i].Revoked = true
		return actors, nil
	})
}

// List returns every actor in the order of the file. The hashes in it let nobody
// in. Callers do not change it.
func (a *Access) List() ([]Entry, error) { return a.current() }

func (e Entry) actor() ledger.Actor { return ledger.Actor{ID: e.ID, Roles: slices.Clone(e.Roles)} }

// unknown refuses an actor without quoting what may be anything.
func unknown(id ledger.ActorID) error {
	if err := ledger.CheckID(id); err != nil {
		return err
	}
	return ErrUnknown.Of("%s", id)
}

func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func checkRoles(roles []ledger.Role) error {
	if len(roles) == 0 {
		return ErrRoles.Of("none is named")
	}
	for _, r := range roles {
		if !slices.Contains(ledger.Roles, r) {
			return ErrRoles.Of("%q", r)
		}
	}
	return nil
}

// current returns the actors as the file lists them now, reading it only when it
// is another file than the one read last or was written since.
func (a *Access) current() ([]Entry, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now, err := os.Stat(a.path)
	if err != nil {
		return nil, fmt.Errorf("access file: %w", err)
	}
	if a.read != nil && os.SameFile(a.read, now) && a.read.ModTime().Equal(now.ModTime()) &&
		a.read.Size() == now.Size() && a.read.Mode() == now.Mode() {
		return a.actors, nil
	}
	actors, info, err := load(a.path)
	if err != nil {
		return nil, err
	}
	a.actors, a.read = actors, info
	return actors, nil
}

// load reads the file and what describes exactly that file.
func load(path string) ([]Entry, fs.FileInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("access file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("access file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, nil, ErrExposed.Of("%s has mode %04o", filepath.Base(path), info.Mode().Perm())
	}
	var content file
	if err := json.UnmarshalRead(f, &content, json.RejectUnknownMembers(true)); err != nil {
		return nil, nil, ErrMalformed.Of("%s", place(err))
	}
	seen := make(map[ledger.ActorID]bool)
	for i, e := range content.Actors {
		sum, err := hex.DecodeString(e.Token)
		switch {
		case ledger.CheckID(e.ID) != nil, seen[e.ID]:
			return nil, nil, ErrMalformed.Of("actor %d has no name of its own", i+1)
		case checkRoles(e.Roles) != nil:
			return nil, nil, ErrMalformed.Of("actor %s has no role, or one that is unknown", e.ID)
		case err != nil, len(sum) != 0 && len(sum) != sha256.Size, hex.EncodeToString(sum) != e.Token:
			return nil, nil, ErrMalformed.Of("actor %s has a token that is no hash", e.ID)
		}
		seen[e.ID] = true
	}
	return content.Actors, info, nil
}

// place says where decoding stopped without quoting what stands there: somebody
// may have pasted a token.
func place(err error) string {
	if e, ok := errors.AsType[*json.SemanticError](err); ok {
		return fmt.Sprintf("at byte %d, %s", e.ByteOffset, e.JSONPointer)
	}
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return fmt.Sprintf("at byte %d, %s", e.ByteOffset, e.JSONPointer)
	}
	return "it cannot be read"
}

// change replaces the file by what edit makes of its actors, none when there is no
// file, while no other process does.
func (a *Access) change(edit func([]Entry) ([]Entry, error)) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	unlock, err := lock(a.path + ".lock")
	if err != nil {
		return fmt.Errorf("lock the access file: %w", err)
	}
	defer unlock()
	actors, _, err := load(a.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if actors, err = edit(actors); err != nil {
		return err
	}
	data, err := json.Marshal(file{actors}, jsontext.WithIndent("  "))
	if err != nil {
		return fmt.Errorf("encode the access file: %w", err)
	}
	if err := replace(a.path, append(data, '\n')); err != nil {
		return fmt.Errorf("replace the access file: %w", err)
	}
	a.read = nil // the next question reads what is there
	return nil
}

// replace puts data in place of the file at path: all of it or nothing, on disk
// when it returns.
func replace(path string, data []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+".new-*") // of mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
