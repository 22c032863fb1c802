package api

import (
	"fmt"
	"net/http"
	"strings"

	"zhucan/projections"
)

// reasons are those for which a projection stands still, for metrics.
var reasons = []projections.Reason{projections.Gap, projections.Behind, projections.Fork, projections.Poison, projections.FoldChanged}

// alive says that the program answers, and nothing about what it rests on.
func (s *server) alive(w http.ResponseWriter, _ *http.Request, _ query) error {
	return answer(w, http.StatusOK, struct {
		Status  string `json:"status"`
		Version string `json:"version"`
	}{"alive", s.Version})
}

// A readiness is whether the server does what it is there for, and why not.
type readiness struct {
	Ready   bool     `json:"ready"`
	Reasons []reason `json:"reasons"`
}

type reason struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// ready says whether commands and figures can be asked for.
func (s *server) ready(w http.ResponseWriter, r *http.Request, _ query) error {
	reasons := []reason{}
	if _, err := s.Log.Last(r.Context()); err != nil {
		reasons = append(reasons, reason{"log-unreachable", "the log does not answer（日志无响应）"})
	}
	status, err := s.Runner.Status(r.Context())
	switch {
	case err != nil && len(reasons) == 0:
		reasons = append(reasons, reason{"database-unreachable", "the read models do not answer（读模型无响应）"})
	case err != nil:
	case status.Halted:
		reasons = append(reasons, reason{"projection-halted", firstLine(status.Detail)})
	case status.LagEvents >= s.MaxLag:
		reasons = append(reasons, reason{"projection-behind", fmt.Sprintf("%d records are not projected yet（尚未入账）", status.LagEvents)})
	}
	if s.Vault != nil && s.Vault() != nil {
		reasons = append(reasons, reason{"vault-incomplete", "keys of persons cannot be used（个人密钥库不可用或不完整）"})
	}
	code := http.StatusOK
	if len(reasons) > 0 {
		code = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "5")
	}
	return answer(w, code, readiness{len(reasons) == 0, reasons})
}

// firstLine leaves out the stack that the detail of a halt may have below it.
func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
