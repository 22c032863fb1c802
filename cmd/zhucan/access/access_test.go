package access_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"zhucan/cmd/zhucan/access"
	"zhucan/ledger"
)

var (
	now   = time.Date(2024, 3, 1, 8, 0, 0, 0, time.UTC)
	later = now.Add(24 * time.Hour)
)

func open(t *testing.T) (*access.Access, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "access.json")
	a, err := access.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return a, path
}

func add(t *testing.T, a *access.Access, id ledger.ActorID, roles ...ledger.Role) string {
	t.Helper()
	token, err := a.Add(id, roles, later)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestAFileIsMadeWithALocalActorWithoutAToken(t *testing.T) {
	t.Parallel()
	a, path := open(t)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %04o", info.Mode().Perm())
	}
	got, err := a.List()
	want := []access.Entry{{ID: "local", Roles: []ledger.Role{ledger.Clerk, ledger.Operator, ledger.Accountant, ledger.Auditor}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the file lists %v, %v", got, err)
	}
	if _, err := a.Authenticate("", now); !errors.Is(err, access.ErrToken) {
		t.Errorf("an empty token is let in as the actor who has none: %v", err)
	}
}

func TestATokenIsThatOfOneActor(t *testing.T) {
	t.Parallel()
	a, path := open(t)
	first := add(t, a, "a1", ledger.Clerk)
	second := add(t, a, "a2", ledger.Reviewer, ledger.Approver)
	if raw, err := base64.RawURLEncoding.DecodeString(first); err != nil || len(raw) != 32 {
		t.Errorf("token of %d bytes, %v", len(raw), err)
	}
	got, err := a.Authenticate(second, now)
	if want := (ledger.Actor{ID: "a2", Roles: []ledger.Role{ledger.Reviewer, ledger.Approver}}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, wrong := range []string{"", "x", first + "x", first[:42], strings.ToUpper(first)} {
		if _, err := a.Authenticate(wrong, now); !errors.Is(err, access.ErrToken) {
			t.Errorf("a wrong token of %d characters: %v", len(wrong), err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(data), first) {
		t.Errorf("the file keeps the token itself: %v", err)
	}
}

func TestATokenEnds(t *testing.T) {
	t.Parallel()
	a, _ := open(t)
	token := add(t, a, "a1", ledger.Clerk)
	if _, err := a.Authenticate(token, later.Add(-time.Second)); err != nil {
		t.Errorf("before its end: %v", err)
	}
	if _, err := a.Authenticate(token, later); !errors.Is(err, access.ErrExpired) {
		t.Errorf("at its end: %v", err)
	}
}

func TestATokenWithoutAnEndCountsUntilItIsRevoked(t *testing.T) {
	t.Parallel()
	a, _ := open(t)
	token, err := a.Add("a1", []ledger.Role{ledger.Clerk}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Authenticate(token, now.AddDate(50, 0, 0)); err != nil {
		t.Errorf("after fifty years: %v", err)
	}
	if err := a.Revoke("a1"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Authenticate(token, now); !errors.Is(err, access.ErrRevoked) {
		t.Errorf("after it was revoked: %v", err)
	}
}

func TestANewTokenReplacesTheOldOne(t *testing.T) {
	t.Parallel()
	a, _ := open(t)
	old := add(t, a, "a1", ledger.Clerk)
	renewed := add(t, a, "a1", ledger.Cashier)
	if _, err := a.Authenticate(old, now); !errors.Is(err, access.ErrToken) {
		t.Errorf("the old token: %v", err)
	}
	if got, err := a.Authenticate(renewed, now); err != nil || got.Is(ledger.Clerk) || !got.Is(ledger.Cashier) {
		t.Errorf("the new token: %v, %v", got, err)
	}
}

func TestARevokedActorDoesNotAct(t *testing.T) {
	t.Parallel()
	a, _ := open(t)
	token := add(t, a, "a1", ledger.Clerk)
	for range 2 {
		if err := a.Revoke("a1"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Authenticate(token, now); !errors.Is(err, access.ErrRevoked) {
		t.Errorf("by token: %v", err)
	}
	if _, err := a.Actor("a1"); !errors.Is(err, access.ErrRevoked) {
		t.Errorf("by name: %v", err)
	}
}

func TestOnlyAListedActorIsNamed(t *testing.T) {
	t.Parallel()
	a, _ := open(t)
	if got, err := a.Actor("local"); err != nil || got.ID != "local" || !got.Is(ledger.Operator) {
		t.Errorf("local is %v, %v", got, err)
	}
	if _, err := a.Actor("nobody"); !errors.Is(err, access.ErrUnknown) {
		t.Errorf("an unknown actor: %v", err)
	}
	if err := a.Revoke("nobody"); !errors.Is(err, access.ErrUnknown) {
		t.Errorf("revoking an unknown actor: %v", err)
	}
	if _, err := a.Actor("no\nbody"); !errors.Is(err, ledger.ErrID) {
		t.Errorf("a name with a newline: %v", err)
	}
}

func TestWhatIsAddedHasANameAndARole(t *testing.T) {
	t.Parallel()
	a, _ := open(t)
	for _, c := range []struct {
		id      ledger.ActorID
		roles   []ledger.Role
		expires time.Time
		want    error
	}{
		{"", []ledger.Role{ledger.Clerk}, later, ledger.ErrID},
		{"a 1", []ledger.Role{ledger.Clerk}, later, ledger.ErrID},
		{"a1", nil, later, access.ErrRoles},
		{"a1", []ledger.Role{"root"}, later, access.ErrRoles},
	} {
		if _, err := a.Add(c.id, c.roles, c.expires); !errors.Is(err, c.want) {
			t.Errorf("Add(%q, %v, %v): %v", c.id, c.roles, c.expires, err)
		}
	}
	if got, err := a.List(); err != nil || len(got) != 1 {
		t.Errorf("the file lists %v, %v", got, err)
	}
}

func TestAFileThatOthersMayReadIsRefused(t *testing.T) {
	t.Parallel()
	for _, mode := range []os.FileMode{0o604, 0o640, 0o660, 0o601} {
		a, path := open(t)
		token := add(t, a, "a1", ledger.Clerk)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := access.Open(path); !errors.Is(err, access.ErrExposed) {
			t.Errorf("mode %04o is opened: %v", mode, err)
		}
		if _, err := a.Authenticate(token, now); !errors.Is(err, access.ErrExposed) {
			t.Errorf("mode %04o lets in while running: %v", mode, err)
		}
		if _, err := a.Add("a2", []ledger.Role{ledger.Clerk}, later); !errors.Is(err, access.ErrExposed) {
			t.Errorf("mode %04o is healed silently: %v", mode, err)
		}
	}
}

func TestWhatAnotherProcessChangesCountsAtOnce(t *testing.T) {
	t.Parallel()
	a, path := open(t)
	token := add(t, a, "a1", ledger.Clerk)
	if _, err := a.Authenticate(token, now); err != nil {
		t.Fatal(err)
	}
	other, err := access.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Revoke("a1"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Authenticate(token, now); !errors.Is(err, access.ErrRevoked) {
		t.Errorf("after another process revoked the actor: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Authenticate(token, now); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after the file was removed: %v", err)
	}
}

func TestChangesMadeAtOnceAreAllKept(t *testing.T) {
	t.Parallel()
	_, path := open(t)
	const n = 16
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			a, err := access.Open(path)
			if err == nil {
				_, err = a.Add(ledger.ActorID(fmt.Sprintf("a%d", i)), []ledger.Role{ledger.Clerk}, later)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	a, err := access.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := a.List(); err != nil || len(got) != n+1 {
		t.Errorf("the file lists %d actors, %v", len(got), err)
	}
	left, err := filepath.Glob(path + ".new-*")
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestAFileThatIsNotUnderstoodIsRefusedWithoutQuotingIt(t *testing.T) {
	t.Parallel()
	const secret = "c2VjcmV0LXRva2Vu"
	for _, content := range []string{
		"",
		"{",
		`{"actors":[],"more":"` + secret + `"}`,
		`{"actors":[{"id":"a1","roles":["clerk"]},{"id":"a1","roles":["clerk"]}]}`,
		`{"actors":[{"id":"a1","roles":[]}]}`,
		`{"actors":[{"id":"a1","roles":["` + secret + `"]}]}`,
		`{"actors":[{"id":"a1","roles":["clerk"],"token":"` + secret + `","expires":"2030-01-01T00:00:00Z"}]}`,
		`{"actors":[{"id":"a1","roles":["clerk"],"token":"` + strings.Repeat("AB", 32) + `","expires":"2030-01-01T00:00:00Z"}]}`,
		`{"actors":[{"id":"a1","roles":["clerk"],"expires":"` + secret + `"}]}`,
	} {
		path := filepath.Join(t.TempDir(), "access.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := access.Open(path)
		if !errors.Is(err, access.ErrMalformed) {
			t.Errorf("%s: %v", content, err)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the refusal quotes it: %v", content, err)
		}
	}
}
