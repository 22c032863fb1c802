package api

import (
	"zhucan/ledger"
	"zhucan/projections/report"
)

// Answers are types of package report where it has one, and these. Names of members
// are published and do not change.
type (
	registerAnswer struct {
		report.Register
		Next string `json:"next,omitempty"`
	}

	eventsAnswer struct {
		Events []report.Listed `json:"events"`
		Next   string          `json:"next,omitempty"`
		report.Basis
	}

	eventAnswer struct {
		Event eventBody `json:"event"`
		report.Basis
	}
	eventBody struct {
		report.Step
		Subject string  `json:"subject"`
		Header  []field `json:"header"`
	}
	field struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}

	budgetsAnswer struct {
		Budgets []budgetRow `json:"budgets"`
		Next    string      `json:"next,omitempty"`
		report.Basis
	}
	budgetRow struct {
		Line      ledger.BudgetLine `json:"line"`
		Voted     ledger.Money      `json:"voted"`
		Committed ledger.Money      `json:"committed"`
		Disbursed ledger.Money      `json:"disbursed"`
		Available ledger.Money      `json:"available"`
	}

	claimsAnswer struct {
		Claims []claimRow `json:"claims"`
		Next   string     `json:"next,omitempty"`
		report.Basis
	}
	claimRow struct {
		Claim       string       `json:"claim"`
		Status      string       `json:"status"`
		Scheme      string       `json:"scheme"`
		Region      string       `json:"region"`
		Party       string       `json:"party"`
		From        string       `json:"from"`
		To          string       `json:"to"`
		Units       int          `json:"units"`
		Amount      ledger.Money `json:"amount"`
		Clause      string       `json:"clause"`
		DecidedBy   string       `json:"decided_policy"` // version it was submitted under
		FirstRecord uint64       `json:"first_record"`
		LastRecord  uint64       `json:"last_record"`
	}

	paymentsAnswer struct {
		Payments []paymentRow `json:"payments"`
		Next     string       `json:"next,omitempty"`
		report.Basis
	}
	paymentRow struct {
		Payment     string            `json:"payment"`
		Status      string            `json:"status"`
		Claim       string            `json:"claim,omitempty"`
		Batch       string            `json:"batch,omitempty"`
		Party       string            `json:"party"`
		Line        ledger.BudgetLine `json:"line"`
		Amount      ledger.Money      `json:"amount"`
		PaidOn      ledger.Date       `json:"paid_on,omitzero"`
		Clause      string            `json:"clause"`
		DecidedBy   string            `json:"decided_policy"`
		FirstRecord uint64            `json:"first_record"`
		LastRecord  uint64            `json:"last_record"`
	}

	suspectsAnswer struct {
		Suspects []report.Suspect `json:"suspects"`
		Next     string           `json:"next,omitempty"`
		report.Basis
	}

	statusAnswer struct {
		HeadSeq      uint64  `json:"head_seq"`
		ProjectedSeq uint64  `json:"projected_seq"`
		LagEvents    uint64  `json:"lag_events"`
		LagSeconds   float64 `json:"lag_seconds"`
		Halted       bool    `json:"halted"`
		Reason       string  `json:"reason"`
		Detail       string  `json:"detail,omitempty"`
		Version      string  `json:"version"` // of the program
		Model        string  `json:"model"`   // version of the read models that is served
		report.Basis
	}
)
