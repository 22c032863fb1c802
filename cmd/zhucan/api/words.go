package api

import (
	"strings"

	"zhucan/ledger"
	"zhucan/projections"
)

// A phrase is a text in both languages.
type phrase struct{ ZH, EN string }

// eventWords are the events as people call them, by name without version.
var eventWords = map[string]phrase{
	"policy.published": {"政策发布", "Policy published"},

	"party.registered":    {"对象登记", "Party registered"},
	"party.account-added": {"账户登记", "Bank account added"},
	"party.erased":        {"个人信息删除", "Personal data erased"},

	"budget.appropriated": {"指标下达", "Money voted"},
	"budget.adjusted":     {"指标调整", "Appropriation adjusted"},
	"budget.transferred":  {"指标调剂", "Appropriation transferred"},
	"budget.carried-over": {"指标结转", "Appropriation carried over"},

	"claim.submitted":          {"申报", "Claim submitted"},
	"claim.evidence-attached":  {"材料留存", "Document kept"},
	"claim.first-reviewed":     {"初审通过", "First review passed"},
	"claim.compared":           {"数据比对", "Data compared"},
	"claim.second-reviewed":    {"复核通过", "Second review passed"},
	"claim.publicised":         {"公示开始", "Public notice started"},
	"claim.objected":           {"收到异议", "Objection received"},
	"claim.objection-resolved": {"异议处理", "Objection resolved"},
	"claim.publicity-ended":    {"公示结束", "Public notice ended"},
	"claim.concurred":          {"并享同意", "Concurred beside another award"},
	"claim.approved":           {"审批通过", "Claim approved"},
	"claim.rejected":           {"不予批准", "Claim rejected"},
	"claim.stopped":            {"停发", "Claim stopped"},
	"claim.withdrawn":          {"撤回申报", "Claim withdrawn"},

	"payment.batch-opened":         {"支付批次开立", "Batch opened"},
	"payment.instructed":           {"支付指令", "Payment instructed"},
	"payment.batch-submitted":      {"批次提交", "Batch submitted"},
	"payment.batch-approved":       {"批次审批", "Batch approved"},
	"payment.batch-sent":           {"批次发送银行", "Batch sent to the bank"},
	"payment.batch-cancelled":      {"批次作废", "Batch cancelled"},
	"payment.line-removed":         {"撤销支付明细", "Payment taken out of its batch"},
	"payment.confirmed":            {"银行付款成功", "Payment confirmed by the bank"},
	"payment.failed":               {"银行付款失败", "Payment failed at the bank"},
	"payment.returned":             {"退汇", "Payment returned"},
	"payment.payee-corrected":      {"收款账户更正", "Payee account corrected"},
	"payment.correction-approved":  {"账户更正审批", "Correction approved"},
	"payment.reissued":             {"重新支付", "Payment issued again"},
	"payment.returned-to-treasury": {"缴回国库", "Money returned to the treasury"},
	"payment.recovery-demanded":    {"追回决定", "Recovery demanded"},
	"payment.recovery-withdrawn":   {"撤销追回", "Recovery withdrawn"},
	"payment.recovery-received":    {"追回到账", "Recovery received"},
	"payment.recorded":             {"补录支付", "Payment recorded from elsewhere"},

	"levy.declared":          {"残保金申报", "Levy filed"},
	"levy.reviewed":          {"残疾职工审核确认", "Disabled staff confirmed"},
	"levy.assessed":          {"残保金核定", "Levy assessed"},
	"levy.relieved":          {"困难减免", "Levy relieved for hardship"},
	"levy.deferred":          {"缓缴", "Levy deferred"},
	"levy.received":          {"残保金缴库", "Levy received by the treasury"},
	"levy.receipt-withdrawn": {"撤销残保金缴库登记", "Receipt of the levy withdrawn"},
	"levy.warned":            {"警告", "Employer warned"},
	"levy.payment-ordered":   {"责令限期缴纳", "Payment ordered"},
	"levy.late-fee-charged":  {"加收滞纳金", "Late fee charged"},
	"levy.refund-decided":    {"退费决定", "Refund decided"},
	"levy.refunded":          {"收入退付", "Levy refunded"},
	"levy.deregistered":      {"单位注销", "Employer deregistered"},

	"journal.entry-proposed":  {"调整分录制单", "Adjusting entry proposed"},
	"journal.entry-rejected":  {"调整分录退回", "Adjusting entry rejected"},
	"journal.entry-posted":    {"调整分录", "Adjusting entry posted"},
	"journal.entry-reversed":  {"冲正", "Entry reversed"},
	"journal.period-closed":   {"结账", "Period closed"},
	"journal.period-reopened": {"反结账", "Period reopened"},

	"achievement.recorded":  {"成效记录", "Achievement recorded"},
	"achievement.ended":     {"成效终止", "Achievement ended"},
	"achievement.withdrawn": {"成效撤销", "Achievement withdrawn"},
}

// wordsOf returns what people call an event of a type with its version. An event
// without words is called by its type.
func wordsOf(name string) phrase {
	base := name
	if i := strings.LastIndex(name, ".v"); i >= 0 {
		base = name[:i]
	}
	if p, ok := eventWords[base]; ok {
		return p
	}
	return phrase{name, name}
}

var bookWords = map[ledger.Book]phrase{
	ledger.Financial: {"财务会计", "Financial accounting"},
	ledger.Budgetary: {"预算会计", "Budgetary accounting"},
	ledger.Control:   {"预算指标账", "Budget control"},
}

var reasonWords = map[projections.Reason]phrase{
	projections.Gap:         {"日志缺少记录", "a record is missing from the log"},
	projections.Behind:      {"日志短于已入账部分", "the log ends before what was projected"},
	projections.Fork:        {"日志与已入账记录不一致", "the log is not the one that was projected"},
	projections.Poison:      {"有记录无法入账", "a record cannot be projected"},
	projections.FoldChanged: {"读模型由其他版本程序生成，须重建", "the read models were made by another program and are to be rebuilt"},
}

// sampleWords mark the label of a policy that is none.
var sampleWords = []string{"sample", "synthetic", "demo", "示例", "样例", "演示", "测试"}

// isSample tells whether the label of a policy says that it is a sample.
func isSample(label string) bool {
	label = strings.ToLower(label)
	for _, w := range sampleWords {
		if strings.Contains(label, w) {
			return true
		}
	}
	return false
}

// grouped writes an amount for reading: 1,234,567.89, and with the minus sign that
// a screen reader speaks.
func grouped(m ledger.Money) string {
	whole, cents, _ := strings.Cut(m.String(), ".")
	sign := ""
	if digits, ok := strings.CutPrefix(whole, "-"); ok {
		sign, whole = "−", digits
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return sign + whole + "." + cents
}
