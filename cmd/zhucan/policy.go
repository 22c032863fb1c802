package main

import (
	"io/fs"
	"os"

	"zhucan/cmd/zhucan/intake"
	"zhucan/ledger/policy"
	"zhucan/schema"
)

// builtInPack is the pack that is used where none is named.
const builtInPack = "jilin"

// policyFolder opens the files of a pack: a folder, or a built-in pack by its name.
func policyFolder(name string) (fs.FS, error) {
	if _, err := os.Stat(name); err == nil || name == "" {
		return os.DirFS(name), nil
	}
	built, err := fs.Sub(schema.Files, "policy")
	if err != nil {
		return nil, err
	}
	if info, err := fs.Stat(built, name); err == nil && info.IsDir() {
		return fs.Sub(built, name)
	}
	return os.DirFS(name), nil // which says that it is not there
}

func readPolicy(name string) (policy.Pack, error) {
	folder, err := policyFolder(name)
	if err != nil {
		return policy.Pack{}, err
	}
	return intake.ReadPack(folder)
}
