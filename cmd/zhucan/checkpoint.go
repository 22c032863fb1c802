package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"zhucan/events/merkle"
	"zhucan/projections/report"
)

// origin names the log in its checkpoints (c2sp tlog-checkpoint). The key that
// signs them bears the same name.
const origin = "zhucan/" + bookCode

func (p *program) checkpointCommand() *cobra.Command {
	sign := &cobra.Command{
		Use:   "sign",
		Short: "sign what the log is now (签发检查点)",
		Long: `Signs the size of the log and the root of the Merkle tree over it with the key of
the data folder (Ed25519), keeps the note and prints it. Give it to somebody who
keeps it where you cannot change it: from then on history cannot be rewritten
unnoticed. It is done by itself every hour while the server runs and at every
period close.`,
		Example: "  zhucan checkpoint sign > checkpoint.txt",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := p.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			if err := p.project(cmd.Context(), s); err != nil {
				return err
			}
			text, err := p.signCheckpoint(cmd.Context(), s)
			if err != nil {
				return err
			}
			_, err = p.stdout.Write(text)
			return err
		},
	}
	var since uint64
	show := &cobra.Command{
		Use:   "show",
		Short: "print the newest checkpoint and the public key, or the way from an older one (查看检查点)",
		Long: `Prints the newest signed checkpoint and the public key that checks it. With --since
SIZE it prints an update: the proof that the log of that size is the beginning of
today's, with the newest checkpoint, as "checkpoint witness" reads it.`,
		Example: "  zhucan checkpoint show\n  zhucan checkpoint show --since 1000 > update.txt",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.showCheckpoint(cmd.Context(), cmd.Flags().Changed("since"), since)
		},
	}
	show.Flags().Uint64Var(&since, "since", 0, "`size` of the log that the reader knows")
	var state, key, verifier string
	witness := &cobra.Command{
		Use:   "witness UPDATE",
		Short: "check an update as a witness and countersign it (见证检查点)",
		Long: `For the evaluator, on the evaluator's own machine: reads an update that "checkpoint
show --since" printed, checks its signature and that it continues the checkpoint
in --state, countersigns it with the witness's own --key (made when missing),
keeps it in --state and prints it. A log that was rewritten or cut is refused.
Needs no data folder.`,
		Example: "  zhucan checkpoint witness update.txt --state last.txt --key witness.key --verifier 'zhucan/220000+…'",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, arg []string) error {
			return p.witness(arg[0], state, key, verifier)
		},
	}
	witness.Flags().StringVar(&state, "state", "checkpoint.txt", "`file` with the last checkpoint witnessed")
	witness.Flags().StringVar(&key, "key", "witness.key", "`file` with the witness's key")
	witness.Flags().StringVar(&verifier, "verifier", "", "public `key` of the log")
	_ = witness.MarkFlagRequired("verifier")
	return group("checkpoint", "signed heads of the log: sign, show, witness (检查点)", sign, show, witness)
}

// signer loads the key that signs checkpoints, and makes it when there is none.
func signer(dir, name string) (note.Signer, note.Verifier, error) {
	path := filepath.Join(dir, name+".key")
	private, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, nil, err
		}
		owner := origin
		if name != "checkpoint" {
			owner = "zhucan/" + filepath.Base(name)
		}
		secret, public, err := merkle.GenerateKey(nil, owner)
		if err != nil {
			return nil, nil, fmt.Errorf("make a signing key: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".pub"), []byte(public+"\n"), 0o644); err != nil {
			return nil, nil, err
		}
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, err
		}
		if _, err := f.WriteString(secret + "\n"); err != nil {
			return nil, nil, errors.Join(err, f.Close())
		}
		if err := f.Close(); err != nil {
			return nil, nil, err
		}
		private = []byte(secret)
	} else if err != nil {
		return nil, nil, err
	}
	s, err := note.NewSigner(strings.TrimSpace(string(private)))
	if err != nil {
		return nil, nil, fmt.Errorf("signing key %s: %w", path, err)
	}
	public, err := os.ReadFile(filepath.Join(dir, name+".pub"))
	if err != nil {
		return nil, nil, err
	}
	v, err := note.NewVerifier(strings.TrimSpace(string(public)))
	if err != nil {
		return nil, nil, fmt.Errorf("public key of %s: %w", path, err)
	}
	return s, v, nil
}

// signCheckpoint signs the archived log as it is, keeps the note, and returns it;
// nil for a log without records. The same size is signed once.
func (p *program) signCheckpoint(ctx context.Context, s *stores) ([]byte, error) {
	key, _, err := signer(filepath.Join(s.dir, "keys"), "checkpoint")
	if err != nil {
		return nil, err
	}
	head, err := report.Head(ctx, s.pool)
	if err != nil {
		return nil, err
	}
	if head.Size == 0 {
		return nil, nil
	}
	if old, err := report.Checkpoint(ctx, s.pool, head.Size); err != nil {
		return nil, err
	} else if old != nil {
		return old, nil
	}
	text, err := merkle.Sign(merkle.Checkpoint{Origin: origin, Size: head.Size, Root: head.Root}, key)
	if err != nil {
		return nil, fmt.Errorf("sign a checkpoint: %w", err)
	}
	return text, report.KeepCheckpoint(ctx, s.pool, head, text)
}

func (p *program) showCheckpoint(ctx context.Context, update bool, since uint64) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	_, v, err := signer(filepath.Join(s.dir, "keys"), "checkpoint")
	if err != nil {
		return err
	}
	text, err := report.Checkpoint(ctx, s.pool, 0)
	if err != nil {
		return err
	}
	if text == nil {
		return report.ErrNothing.Of("no checkpoint has been signed: zhucan checkpoint sign")
	}
	c, _, err := merkle.Open(text, note.VerifierList(v))
	if err != nil {
		return err
	}
	if update {
		proof, err := report.Consistency(ctx, s.pool, since, c.Size)
		if err != nil {
			return err
		}
		b, err := merkle.Update{OldSize: since, Hashes: proof.Hashes, Checkpoint: text}.MarshalText()
		if err != nil {
			return err
		}
		_, err = p.stdout.Write(b)
		return err
	}
	public, err := os.ReadFile(filepath.Join(s.dir, "keys", "checkpoint.pub"))
	if err != nil {
		return err
	}
	key := strings.TrimSpace(string(public))
	if p.output == "json" {
		return printJSON(p.stdout, map[string]any{"origin": c.Origin, "size": c.Size, "seq": c.Size, "root": c.Root.String(), "note": string(text), "verifier": key})
	}
	_, err = fmt.Fprintf(p.stdout, "%s\n%s: %s\n", text, p.say("公钥", "public key"), key)
	return err
}

// witness does the evaluator's part: what it keeps is what the operator cannot
// change.
func (p *program) witness(path, state, key, verifier string) error {
	known, err := note.NewVerifier(verifier)
	if err != nil {
		return usage("--verifier: %v", err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var update merkle.Update
	if err := update.UnmarshalText(b); err != nil {
		return fmt.Errorf("read the update: %w", err)
	}
	var previous merkle.Checkpoint
	if old, err := os.ReadFile(state); err == nil {
		if previous, _, err = merkle.Open(old, note.VerifierList(known)); err != nil {
			return fmt.Errorf("read %s: %w", state, err)
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if _, err := update.Check(previous, note.VerifierList(known)); err != nil {
		fmt.Fprintf(p.stderr, "%s: %v\n", p.say("拒绝见证：历史被改写或截断", "not witnessed: the log was rewritten or cut"), err)
		return errFound
	}
	dir, name := filepath.Split(strings.TrimSuffix(key, ".key"))
	if dir == "" {
		dir = "."
	}
	own, _, err := signer(dir, name)
	if err != nil {
		return err
	}
	signed, err := merkle.Cosign(update.Checkpoint, own, note.VerifierList(known))
	if err != nil {
		return fmt.Errorf("countersign: %w", err)
	}
	if err := os.WriteFile(state+".new", signed, 0o644); err != nil {
		return err
	}
	if err := os.Rename(state+".new", state); err != nil {
		return err
	}
	_, err = p.stdout.Write(signed)
	return err
}

// verifiers are the public keys that this folder knows: its own, and those of
// witnesses put beside it as keys/*.pub.
func (p *program) verifiers(s *stores) (note.Verifiers, error) {
	paths, err := filepath.Glob(filepath.Join(s.dir, "keys", "*.pub"))
	if err != nil {
		return nil, err
	}
	var all []note.Verifier
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		v, err := note.NewVerifier(strings.TrimSpace(string(b)))
		if err != nil {
			return nil, fmt.Errorf("public key %s: %w", path, err)
		}
		all = append(all, v)
	}
	return note.VerifierList(all...), nil
}
