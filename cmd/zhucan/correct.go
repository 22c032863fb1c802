package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"zhucan/events"
	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/ledger/journal"
	"zhucan/ledger/party"
	"zhucan/projections/report"
)

func (p *program) correctCommand() *cobra.Command {
	var reason, on, id string
	reverse := &cobra.Command{
		Use:   "reverse ENTRY",
		Short: "undo an entry by its mirror image, once (冲正)",
		Long: `Books the mirror image of an entry that is wrong. Entries of adjusting entries and
of payments made elsewhere can be reversed (a payment's is "payment:" and its
identifier); claims and payments of this book are corrected by their own verbs.
Whoever posted the entry does not reverse it.`,
		Example: "  zhucan correct reverse payment:S001 --reason 重复录入 --as accountant",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			return p.reverse(cmd.Context(), ledger.EntryID(arg[0]), ledger.CommandID(id), on, reason)
		},
	}
	reverse.Flags().StringVar(&reason, "reason", "", "why")
	reverse.Flags().StringVar(&on, "on", "", "accounting `date` of the reversal (default: today)")
	reverse.Flags().StringVar(&id, "id", "", "`identifier` of the command (default: a new one)")
	rebook := p.orderCommand("journal.propose-entry", "propose an adjusting entry, which another accountant approves (调整分录制单)", "")
	rebook.Use = "rebook"
	rebook.Long = `Proposes an adjusting entry. It is named after the command (--id) and is in the
books once another accountant has approved it: zhucan correct approve ENTRY.`
	rebook.Example = `  zhucan correct rebook --memo 更正金额 --postings '[{"account":"1002","amount":"5.00","side":"debit"},{"account":"3001","amount":"5.00","side":"credit"}]' --as accountant`
	approve := p.orderCommand("journal.approve-entry", "approve a proposed entry exactly as it is, and post it (调整分录审核)", "")
	approve.Use = "approve ENTRY"
	approve.Example = "  zhucan correct approve 01HX… --as accountant-2"
	reject := p.orderCommand("journal.reject-entry", "reject a proposed entry: it is never posted (调整分录退回)", "")
	reject.Use = "reject ENTRY"
	reject.Example = "  zhucan correct reject 01HX… --reason 科目有误 --as accountant-2"
	return group("correct", "correct what was recorded: reverse, rebook (更正)", reverse, rebook, approve, reject,
		p.proposalList())
}

func (p *program) reverse(ctx context.Context, entry ledger.EntryID, id ledger.CommandID, on, reason string) error {
	var date ledger.Date
	if on != "" {
		var err error
		if date, err = ledger.ParseDate(on); err != nil {
			return err
		}
	}
	return p.reading(ctx, func(s *stores, _ report.Cut) error {
		e, err := report.EntryOf(ctx, s.pool, entry)
		if err != nil {
			return err
		}
		o, err := p.order(s, id, date)
		if err != nil {
			return err
		}
		return p.submit(ctx, s, events.Request{Command: book.Command{Order: o, Do: journal.Reverse{Entry: e, Reason: reason}}})
	})
}

func (p *program) eraseCommand() *cobra.Command {
	var basis string
	c := &cobra.Command{
		Use:   "erase PARTY",
		Short: "forget a person: destroy the key; nothing that was paid changes (删除个人信息)",
		Long: `Records that a person is erased and on which legal ground, then destroys the
person's key, keyed hash and masked name. What was paid stays, every total and
every proof stays valid, and nothing can be unsealed any more. It cannot be undone.`,
		Example: "  zhucan party erase P01HX… --basis '个人信息保护法第四十七条，保存期限届满' --as operator",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			return p.erase(cmd.Context(), ledger.PartyID(arg[0]), basis)
		},
	}
	c.Flags().StringVar(&basis, "basis", "", "legal ground")
	return c
}

func (p *program) erase(ctx context.Context, id ledger.PartyID, basis string) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	o, err := p.order(s, "", ledger.Date{})
	if err != nil {
		return err
	}
	r := events.Request{Command: book.Command{Order: o, Do: party.Erase{Basis: basis, Party: id}}}
	if err := p.submit(ctx, s, r); err != nil {
		return err
	}
	if err := p.project(ctx, s); err != nil {
		return err
	}
	return p.destroyErased(ctx, s)
}

// destroyErased destroys what is left of persons whose erasure is on record and
// projected: also of those whose erasure was interrupted between record and
// destruction.
func (p *program) destroyErased(ctx context.Context, s *stores) error {
	erased, err := report.Erased(ctx, s.pool)
	if err != nil {
		return err
	}
	n, err := s.vault.Reconcile(ctx, erased)
	if err != nil {
		return fmt.Errorf("destroy keys: %w", err)
	}
	if n > 0 {
		fmt.Fprintf(p.stderr, "%s %d\n", p.say("已销毁密钥：", "keys destroyed:"), n)
	}
	return nil
}
