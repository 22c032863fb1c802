package main

import (
	"os"
	"path/filepath"
	"testing"

	"zhucan/schema/schematest"
)

// Run by root the tests have root's way to the database; this one goes the way of
// everybody else, from an empty folder to books that verify.
func TestAnOrdinaryUserRunsTheProgram(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // the others have shown it
	}
	home, program := schematest.Ordinary(t, "ZHUCAN_TEST_PROGRAM=1")
	for _, verb := range [][]string{{"demo", "--once"}, {"trial-balance"}} { // made, and found again
		c := program(append([]string{"--data", filepath.Join(home, "data")}, verb...)...)
		if printed, err := c.CombinedOutput(); err != nil { // demo: 3 when the books do not verify
			t.Fatalf("%v as nobody: %v\n%s", verb, err, printed)
		}
	}
	for _, secret := range []string{"access.json", "keys/master.key"} {
		info, err := os.Stat(filepath.Join(home, "data", secret))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %s", secret, info.Mode())
		}
	}
}
