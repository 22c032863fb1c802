package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"zhucan/cmd/zhucan/document"
	"zhucan/events"
	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/projections/report"
)

func (p *program) attachCommand() *cobra.Command {
	var id, on string
	c := &cobra.Command{
		Use:   "attach CLAIM KIND FILE",
		Short: "keep a document of a claim and put it on record (附件)",
		Long: `Hashes the file, stores it beside the log, sealed under the person's key when the claim is
about persons, and then puts hash, size and type on record. The name of the file is not kept.
Where the claim states a hash of this kind, the file must have it. A claim takes documents
until it is decided; where its scheme says kept: true, it is approved only with all of them.

--max-document MiB (ZHUCAN_MAX_DOCUMENT) is the most that is taken.`,
		Example: "  zhucan claim attach C1 application-form form.pdf\n  zhucan claim attach C1 business-licence licence.jpg --as clerk",
		Args:    args(cobra.ExactArgs(3)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			var date ledger.Date
			var err error
			if on != "" {
				if date, err = ledger.ParseDate(on); err != nil {
					return err
				}
			}
			return p.attach(cmd.Context(), ledger.ClaimID(arg[0]), arg[1], arg[2], ledger.CommandID(id), date)
		},
	}
	c.Flags().StringVar(&id, "id", "", "`identifier` of the command; repeating it has no second effect (default: a new one)")
	c.Flags().StringVar(&on, "on", "", "accounting `date` (default: today)")
	return c
}

func (p *program) attach(ctx context.Context, claim ledger.ClaimID, kind, path string, id ledger.CommandID, on ledger.Date) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	data, err := readDocument(path, s.papers.Most())
	if err != nil {
		return err
	}
	if err := p.project(ctx, s); err != nil {
		return err
	}
	o, err := p.order(s, id, on)
	if err != nil {
		return err
	}
	do, seq, err := s.papers.Keep(ctx, o.By, claim, kind, data, newULID(p.now()))
	if err != nil {
		return err
	}
	repeats := seq > 0
	if !repeats {
		if p.step != nil {
			p.step("document-stored")
		}
		got, err := p.decide(ctx, s, events.Request{Command: book.Command{Order: o, Do: do}, Intent: document.Intent(do)})
		if err != nil {
			return err
		}
		seq, repeats = got.Seq, got.Repeats
	}
	state := p.say("已记录", "recorded")
	if repeats {
		state = p.say("此前已记录，未重复", "was recorded before; nothing new")
	}
	d := do.Document
	return p.print(
		map[string]any{"id": o.ID, "seq": seq, "repeats": repeats, "claim": claim, "kind": kind, "hash": d.Hash, "size": d.Size, "media": d.Media, "sealed": d.Sealed != ""},
		table{head: []string{p.say("申报", "claim"), p.say("材料", "kind"), "sha256", ">" + p.say("字节", "bytes"), p.say("类型", "type"), ">seq", p.say("结果", "result")},
			rows: [][]string{{string(claim), kind, d.Hash, number(d.Size), d.Media, number(seq), state}}},
	)
}

// readDocument reads a file of at most a size; of a larger one it reads a byte more
// than that, enough to refuse it.
func readDocument(path string, most int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, usage("%v", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
	if err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	return data, nil
}

func (p *program) documentCommand() *cobra.Command {
	var hash, out string
	c := &cobra.Command{
		Use:   "document CLAIM KIND",
		Short: "hand out a document of a claim, checked against its hash (调阅材料)",
		Long: `Fetches the document of a kind that was attached last, opens it and compares its SHA-256 with
the one on record; writes it to --out, or to the standard output. Refused when it is not as it
was attached, and when the person was erased. Clerk, reviewer, approver and auditor may read.`,
		Example: "  zhucan claim document C1 application-form --out form.pdf --as reviewer-1\n  zhucan claim document C1 business-licence | file -",
		Args:    args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			return p.reading(cmd.Context(), func(s *stores, _ report.Cut) error {
				o, err := p.order(s, "", ledger.Date{})
				if err != nil {
					return err
				}
				d, data, err := s.papers.Fetch(cmd.Context(), o.By, ledger.ClaimID(arg[0]), arg[1], hash)
				if err != nil {
					return err
				}
				if out == "" {
					_, err := p.stdout.Write(data)
					return err
				}
				if err := writePrivate(out, data); err != nil {
					return err
				}
				return p.print(map[string]any{"file": out, "claim": arg[0], "kind": d.Kind, "hash": d.Hash, "size": d.Size, "media": d.Media, "seq": d.Seq},
					table{head: []string{p.say("文件", "file"), "sha256", ">" + p.say("字节", "bytes"), p.say("类型", "type"), ">seq"},
						rows: [][]string{{out, d.Hash, number(d.Size), d.Media, number(d.Seq)}}})
			})
		},
	}
	c.Flags().StringVar(&hash, "hash", "", "the one with this `sha256`, where there are several (default: attached last)")
	c.Flags().StringVar(&out, "out", "", "`file` to write, readable by its owner alone (default: standard output)")
	return c
}

// writePrivate writes a file for its owner alone, whole or not at all.
func writePrivate(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".document-*") // mode 0600
	if err != nil {
		return usage("%v", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write the document: %w", err)
	}
	return nil
}
