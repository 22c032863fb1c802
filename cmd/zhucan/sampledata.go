package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"zhucan/cmd/zhucan/sampledata"
	"zhucan/ledger"
)

// ErrSampleFolder refuses to write a sample among other things.
var ErrSampleFolder = &ledger.Rejection{
	Code: "sample-folder", Rule: "a sample is written into a folder that is empty, new, or holds the same sample", RuleZH: "样本只能写入空文件夹、新文件夹或存有同一样本的文件夹",
	Next: "name another folder", NextZH: "请更换文件夹",
}

func (p *program) sampleDataCommand() *cobra.Command {
	var seed uint64
	var scale, out string
	c := &cobra.Command{
		Use:   "sample-data",
		Short: "write a synthetic province as files to import, and what must come of them (合成样本)",
		Long: `Writes what the sixty county-level units of a province would hand in, synthetic and labelled
so on every file: a policy pack, budgets, filings and reviews of the levy, receipts, facts,
payments, applications, and bank statements with known errors. truth.json says what must be
seen when all of it is imported in order: totals, refused rows, trial balance, levies,
indicators, suspected doubles. README.md of the folder has the order, import.sh does it.

  small       a few thousand events of 2023
  year        about 1,000,000 events of 2023
  five-years  about 4,000,000 events of the filing years 2020 to 2024

A seed and a scale give the same bytes everywhere and always. A folder that holds anything
else is left alone.`,
		Example: "  zhucan sample-data --out province\n  zhucan sample-data --seed 7 --scale year --out province && sh province/import.sh",
		Args:    args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			if !slices.Contains(sampledata.Scales, sampledata.Scale(scale)) {
				return usage("--scale %q is none of %v", scale, sampledata.Scales)
			}
			truth, err := p.writeSample(seed, sampledata.Scale(scale), out)
			if err != nil {
				return err
			}
			rows := 0
			for _, s := range truth.Steps {
				if s.File != nil {
					rows += s.File.Rows
				}
			}
			return p.print(map[string]any{"out": out, "seed": truth.Seed, "scale": truth.Scale, "rows": rows, "events": truth.Events, "persons": truth.Persons, "employers": truth.Employers}, table{
				head: []string{p.say("文件夹", "folder"), ">" + p.say("行", "rows"), ">" + p.say("应有事件", "events to come"), ">" + p.say("个人", "persons"), ">" + p.say("单位", "employers")},
				rows: [][]string{{out, number(rows), number(truth.Events), number(truth.Persons), number(truth.Employers)}},
				foot: sampledata.Label,
			})
		},
	}
	c.Flags().Uint64Var(&seed, "seed", 1, "`number` from which everything follows")
	c.Flags().StringVar(&scale, "scale", string(sampledata.Small), "`size`: small, year, five-years")
	c.Flags().StringVar(&out, "out", "", "`folder` to write into")
	_ = c.MarkFlagRequired("out")
	return c
}

func (p *program) writeSample(seed uint64, scale sampledata.Scale, out string) (sampledata.Truth, error) {
	if err := vacant(out, sampledata.README(seed, scale)); err != nil {
		return sampledata.Truth{}, err
	}
	bar := p.progress(p.say("写样本 ", "writing ")+string(scale), -1)
	defer bar.done()
	create := func(path string) (io.WriteCloser, error) {
		path = filepath.Join(out, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		return os.Create(path)
	}
	truth, err := sampledata.Write(seed, scale, create, bar.add)
	if err != nil {
		return truth, fmt.Errorf("write the sample: %w", err)
	}
	return truth, nil
}

// vacant refuses a folder that holds something else than the sample with a README.
func vacant(folder, readme string) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return ErrSampleFolder.Of("%s cannot be read as a folder", folder)
	}
	held, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil || strings.TrimSpace(string(held)) != strings.TrimSpace(readme) {
		return ErrSampleFolder.Of("%s holds something else", folder)
	}
	return nil
}
