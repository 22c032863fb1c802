package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zhucan/ledger"
)

// mostDays is for how many days a token may be valid: ten years.
const mostDays = 3660

func (p *program) accessCommand() *cobra.Command {
	var roles []string
	var days int
	add := &cobra.Command{
		Use:   "add ACTOR",
		Short: "give a person an account and a token (新增账户)",
		Long: `Makes an account in access.json of the data folder and prints its token, once.
Use account names, never personal names. Roles: clerk 经办, reviewer 审核, approver 审批,
cashier 出纳, accountant 会计, operator 运维, auditor 审计.`,
		Example: "  zhucan access add reviewer-1 --role reviewer\n  zhucan access add evaluator --role auditor --days 90",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			if days < 0 || days > mostDays {
				return usage("--days %d: a token is valid for 1 to %d days, or with 0 until it is revoked", days, mostDays)
			}
			s, err := p.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			var held []ledger.Role
			for _, r := range roles {
				held = append(held, ledger.Role(r))
			}
			var expires time.Time
			if days > 0 {
				expires = p.now().AddDate(0, 0, days)
			}
			token, err := s.access.Add(ledger.ActorID(arg[0]), held, expires)
			if err != nil {
				return err
			}
			return p.print(map[string]any{"actor": arg[0], "roles": roles, "token": token}, table{
				head: []string{p.say("账户", "actor"), p.say("岗位", "roles"), p.say("令牌（只显示一次）", "token (shown once)")},
				rows: [][]string{{arg[0], strings.Join(roles, " "), token}},
			})
		},
	}
	add.Flags().StringSliceVar(&roles, "role", nil, "`role` held; repeat for several")
	add.Flags().IntVar(&days, "days", 0, "valid for this many `days`, at most 3660; 0 is until revoked")
	_ = add.MarkFlagRequired("role")
	list := &cobra.Command{
		Use: "list", Short: "list accounts, never tokens (账户清单)", Example: "  zhucan access list", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := p.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			entries, err := s.access.List()
			if err != nil {
				return err
			}
			t := table{head: []string{p.say("账户", "actor"), p.say("岗位", "roles"), p.say("到期", "expires"), p.say("状态", "state")}}
			var all []map[string]any
			for _, e := range entries {
				names := make([]string, len(e.Roles))
				for i, r := range e.Roles {
					names[i] = string(r)
				}
				expires := ""
				if !e.Expires.IsZero() {
					expires = e.Expires.Format(time.DateOnly)
				}
				state := p.say("有效", "in force")
				switch {
				case e.Revoked:
					state = p.say("已停用", "revoked")
				case !e.Expires.IsZero() && !p.now().Before(e.Expires):
					state = p.say("已到期", "expired")
				}
				t.rows = append(t.rows, []string{string(e.ID), strings.Join(names, " "), expires, state})
				all = append(all, map[string]any{"actor": e.ID, "roles": names, "expires": expires, "revoked": e.Revoked})
			}
			return p.print(map[string]any{"actors": all}, t)
		},
	}
	revoke := &cobra.Command{
		Use: "revoke ACTOR", Short: "end an account (停用账户)", Example: "  zhucan access revoke evaluator", Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			s, err := p.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			if err := s.access.Revoke(ledger.ActorID(arg[0])); err != nil {
				return err
			}
			return p.print(map[string]any{"actor": arg[0], "revoked": true}, table{head: []string{p.say("已停用", "revoked")}, rows: [][]string{{arg[0]}}})
		},
	}
	return group("access", "who may act, and with which roles (账户与岗位)", add, list, revoke)
}
