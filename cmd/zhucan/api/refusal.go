package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"

	"zhucan/ledger"
	"zhucan/projections/report"
)

// Refusals of this package, in the order of checking.
var (
	ErrHost = &ledger.Rejection{
		Code: "host-unknown", Rule: "the pages of this machine are asked for by its own name", RuleZH: "本机页面只接受以本机名称访问",
		Next: "use http://localhost or http://127.0.0.1", NextZH: "请使用 http://localhost 或 http://127.0.0.1 访问",
	}
	ErrOrigin = &ledger.Rejection{
		Code: "cross-origin", Rule: "no other site gives orders", RuleZH: "不接受其他网站发起的操作",
		Next: "send the request from a program or from a page of this server", NextZH: "请由程序或本服务页面发起",
	}
	ErrMissing = &ledger.Rejection{
		Code: "address-unknown", Rule: "only addresses that exist are answered", RuleZH: "没有这个地址",
		Next: "see schema/openapi.yaml for the addresses", NextZH: "请参照 schema/openapi.yaml",
	}
	ErrMethod = &ledger.Rejection{
		Code: "method", Rule: "an address is asked with a method it has", RuleZH: "请求方法不适用于该地址",
		Next: "see the header Allow", NextZH: "请参照 Allow 响应头",
	}
	ErrNamed = &ledger.Rejection{
		Code: "actor-named", Rule: "only the command line of the same machine names its actor", RuleZH: "只有本机命令行可以指定操作人",
		Next: "leave out the header Zhucan-Actor: the token says who acts", NextZH: "请去掉 Zhucan-Actor 请求头，操作人以令牌为准",
	}
	ErrMedia = &ledger.Rejection{
		Code: "media-type", Rule: "commands are JSON", RuleZH: "操作须以 application/json 提交",
		Next: "send Content-Type: application/json", NextZH: "请设置 Content-Type: application/json",
	}
	ErrParameter = &ledger.Rejection{
		Code: "parameter-unknown", Rule: "a query has known parameters, each once", RuleZH: "查询参数须为规定参数且不得重复",
		Next: "see schema/openapi.yaml", NextZH: "请参照 schema/openapi.yaml",
	}
	ErrValue = &ledger.Rejection{
		Code: "parameter-form", Rule: "a parameter has a value of its kind", RuleZH: "查询参数取值须符合规定",
		Next: "correct the value", NextZH: "请更正取值",
	}
	ErrLarge = &ledger.Rejection{
		Code: "body-too-large", Rule: "a request has at most 8 MiB and 1000 commands", RuleZH: "每次请求不超过8 MiB、1000项操作",
		Next: "send several requests", NextZH: "请分次提交",
	}
	ErrBody = &ledger.Rejection{
		Code: "body-malformed", Rule: "the body is one command or an array of commands, in JSON without double members", RuleZH: "请求内容须为一项操作或操作数组（JSON，成员不得重复）",
		Next: "correct the body; nothing of it was carried out", NextZH: "请更正内容；未执行任何操作",
	}
	ErrUnready = &ledger.Rejection{
		Code: "not-served", Rule: "figures are given once the books are projected", RuleZH: "账簿尚未完成首次入账",
		Next: "try again in a moment", NextZH: "请稍后重试",
	}
	ErrFault = &ledger.Rejection{
		Code: "fault", Rule: "what fails is reported and not guessed at", RuleZH: "服务故障",
		Next: "repeat the request with the same identifier, and quote the number of the request to the operator", NextZH: "请以同一编号重试，并向运维人员提供请求编号",
	}
)

// Rejections of this package, in the order of checking.
var Rejections = []*ledger.Rejection{
	ErrHost, ErrOrigin, ErrTries, ErrMissing, ErrMethod, ErrNamed, ErrMedia, ErrParameter, ErrValue, ErrLarge, ErrBody, ErrUnready, ErrFault,
}

// StatusOf returns the HTTP status of a refusal by its code: 422 unless the
// protocol has a word of its own for it.
//
//	400 the request cannot be understood        404, 405, 413, 415 as HTTP says
//	401 no valid token                          403 the actor may not
//	409 a command identifier is in use          421 not a name of this machine
//	429 the queue is full, or an address tries tokens                    503 the outcome is unknown, or no figures yet
//	507 the log has no room                     500 fault
func StatusOf(code string) int {
	switch code {
	case "body-malformed", "parameter-unknown", "parameter-form", "known-by-form", "known-by-ahead", "filter-value":
		return http.StatusBadRequest
	case "token-invalid", "token-expired", "token-revoked":
		return http.StatusUnauthorized
	case "cross-origin", "actor-named", "actor-unknown", "role-missing":
		return http.StatusForbidden
	case "not-found", "address-unknown":
		return http.StatusNotFound
	case "method":
		return http.StatusMethodNotAllowed
	case "command-reused":
		return http.StatusConflict
	case "body-too-large", "document-size":
		return http.StatusRequestEntityTooLarge
	case "media-type":
		return http.StatusUnsupportedMediaType
	case "host-unknown":
		return http.StatusMisdirectedRequest
	case "queue-full", "token-tries":
		return http.StatusTooManyRequests
	case "fault", "access-malformed", "access-exposed", "document-damaged":
		return http.StatusInternalServerError
	case "outcome-unknown", "not-served":
		return http.StatusServiceUnavailable
	case "log-full":
		return http.StatusInsufficientStorage
	}
	return http.StatusUnprocessableEntity
}

// A problem is a refusal as it is sent: RFC 9457 with members of our own.
type problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitempty"`
	Instance string `json:"instance"`
	Code     string `json:"code"`
	Rule     string `json:"rule"`
	RuleZH   string `json:"rule_zh"`
	Source   string `json:"source,omitempty"`
	Next     string `json:"next"`
	NextZH   string `json:"next_zh"`
}

// problemOf turns an error into what may be sent: a refusal as it is, any other as
// a fault without its text.
func problemOf(err error, request string) problem {
	if errors.Is(err, report.ErrNotServed) {
		err = ErrUnready
	}
	r, detail := ledger.Refused(err)
	if r == nil {
		r, detail = ErrFault, ""
	}
	detail = strings.Replace(detail, r.Error()+": ", "", 1) // where it is wrapped
	return problem{
		Type: "urn:zhucan:problem:" + r.Code, Title: r.Rule, Status: StatusOf(r.Code), Detail: detail,
		Instance: "urn:zhucan:request:" + request,
		Code:     r.Code, Rule: r.Rule, RuleZH: r.RuleZH, Source: r.Source, Next: r.Next, NextZH: r.NextZH,
	}
}

// send writes body as JSON.
func send(w http.ResponseWriter, media string, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		panic("api: encode an answer: " + err.Error()) // its type cannot be encoded
	}
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n')) // a client that has gone needs no answer
}

// answer sends what was asked for.
func answer(w http.ResponseWriter, status int, body any) error {
	send(w, "application/json", status, body)
	return nil
}

// told answers with what was read, unless it could not be.
func told(w http.ResponseWriter, body any, err error) error {
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, body)
}
