package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Whoever reads the database asks package report; whoever reads the log asks package
// natslog. The exceptions open the connections and measure the raw limits.
func TestOnlyProjectionsKnowPostgresAndOnlyNatslogKnowsNATS(t *testing.T) {
	t.Parallel()
	const root = "../.."
	owners := map[string][]string{
		"github.com/jackc/pgx": {
			"projections/", "schema/",
			"cmd/zhucan/stores.go", "cmd/zhucan/bench.go", "cmd/zhucan/benchplan.go", "cmd/zhucan/bench/",
		},
		"github.com/nats-io": {
			"events/natslog/",
			"cmd/zhucan/stores.go", "cmd/zhucan/bench.go", "cmd/zhucan/bench/raw.go",
		},
	}
	used := make(map[string]bool)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		for _, imported := range file.Imports {
			for library, owned := range owners {
				if !strings.HasPrefix(strings.Trim(imported.Path.Value, `"`), library) {
					continue
				}
				i := slices.IndexFunc(owned, func(by string) bool { return strings.HasPrefix(name, by) })
				if i < 0 {
					t.Errorf("%s imports %s", name, imported.Path.Value)
					continue
				}
				used[library+" "+owned[i]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for library, owned := range owners {
		for _, by := range owned {
			if !used[library+" "+by] {
				t.Errorf("%s does not use %s: it is no exception any more", by, library)
			}
		}
	}
}
