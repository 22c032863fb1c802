package api

import "zhucan/projections/report"

// Answers are types of package report where it has one, and these. Names of members
// are published and do not change.
type (
	registerAnswer struct {
		report.Register
		Next string `json:"next,omitempty"`
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
