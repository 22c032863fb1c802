package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhucan/schema/schematest"
)

type actors struct {
	Actors []struct {
		Actor, Expires string
		Revoked        bool
	}
}

// Access ends when it was said to, and the list says that it has.
func TestAccessIsListedWithItsEnd(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "data")
	for _, days := range []string{"-5", "-1", "3661", "9223372036854775807"} {
		if code, _, stderr := zhucan(t, dir, "access", "add", "a1", "--role", "clerk", "--days", days); code != 2 || !strings.Contains(stderr, "[usage]") {
			t.Errorf("--days %s: exit %d, %s", days, code, stderr)
		}
	}
	must(t, dir, "access", "add", "always", "--role", "clerk", "--days", "0")
	must(t, dir, "access", "add", "longest", "--role", "clerk", "--days", "3660")
	must(t, dir, "access", "add", "gone", "--role", "auditor", "--days", "1")
	must(t, dir, "access", "revoke", "gone")
	year := time.Now().AddDate(0, 0, 3660).UTC().Format("2006")
	for _, a := range answer[actors](t, must(t, dir, "access", "list", "-o", "json")).Actors {
		if a.Revoked != (a.Actor == "gone") || (a.Actor == "always") && a.Expires != "" || (a.Actor == "longest") && !strings.HasPrefix(a.Expires, year) || a.Actor == "a1" {
			t.Errorf("%+v", a)
		}
	}
	for line := range strings.Lines(must(t, dir, "access", "list", "--lang", "en")) {
		if strings.Contains(line, "revoked") != strings.Contains(line, "gone") || strings.Contains(line, "in force") && strings.Contains(line, "gone") {
			t.Errorf("listed as %q", line)
		}
	}
}
