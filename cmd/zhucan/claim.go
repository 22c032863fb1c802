package main

import "github.com/spf13/cobra"

func (p *program) claimCommand() *cobra.Command {
	return group("claim", "apply, review, publicise and decide claims (申报审核审批)",
		p.orderCommand("claim.submit", "apply for a subsidy (申报)", `submit C1 --scheme startup --party P1 --account 1 --region 220104 --from 2023-04 --to 2023-04 --units 1 --evidence '[{"hash":"…","kind":"certificate"}]'`),
		p.attachCommand(),
		p.documentCommand(),
		p.orderCommand("claim.first-review", "pass the first review (初审)", "first-review C1 --as reviewer-1"),
		p.orderCommand("claim.compare", "record the comparison with other registers (数据比对)", `compare C1 --outcome matched --sources '["社保"]' --manifest … --as reviewer-1`),
		p.orderCommand("claim.second-review", "pass the second review (复核)", "second-review C1 --as reviewer-2"),
		p.orderCommand("claim.publicise", "start the publicity (公示)", "publicise C1 --from 2023-04-10 --to 2023-04-16 --place 政府网站 --notice …"),
		p.orderCommand("claim.object", "record an objection (异议)", "object C1 --objection O1 --statement …"),
		p.orderCommand("claim.resolve", "decide an objection (异议处理)", "resolve C1 --objection O1 --outcome dismissed --reason 查无实据"),
		p.orderCommand("claim.end-publicity", "say that the publicity ran its length (公示期满)", "end-publicity C1 --on 2023-04-17"),
		p.orderCommand("claim.concur", "let a claim stand beside an award of a purpose that the matrix does not know (并享同意)", "concur C2 --against C1 --reason 用途不同 --as approver-2"),
		p.orderCommand("claim.approve", "decide for a claim and commit its money (审批)", "approve C1 --decision 决字1号 --line 220104/startup/levy/2023 --as approver"),
		p.orderCommand("claim.reject", "decide against a claim (不予通过)", "reject C1 --reason 不符合条件"),
		p.orderCommand("claim.stop", "end a recurring claim from a month on (停发)", "stop C1 --from 2023-09 --reason 已在其他单位就业 --evidence … --as approver"),
		p.orderCommand("claim.withdraw", "take a claim back (撤回)", "withdraw C1 --reason 本人撤回"),
		p.claimList(),
		p.claimArrears(),
		p.claimOverpaid(),
		p.publicityListCommand(),
	)
}

func (p *program) paymentCommand() *cobra.Command {
	return group("payment", "batches, bank answers, returns, recoveries (支付)",
		p.orderCommand("payment.open-batch", "open a batch (新建批次)", "open-batch B1 --as cashier"),
		p.orderCommand("payment.instruct", "add a payment for an approved claim (支付明细)", "instruct PAY1 --batch B1 --claim C1 --as cashier"),
		p.orderCommand("payment.submit-batch", "close a batch with its control totals (提交批次)", "submit-batch B1 --lines 1 --total 5000.00 --as cashier"),
		p.orderCommand("payment.approve-batch", "approve exactly these totals (审批批次)", "approve-batch B1 --lines 1 --total 5000.00 --as approver-2"),
		p.orderCommand("payment.send-batch", "hand a batch to the bank (发送银行)", "send-batch B1 --voucher 5201-1 --as cashier"),
		p.orderCommand("payment.cancel-batch", "give up a batch that is not sent (批次作废)", "cancel-batch B1 --reason 账户信息有误 --as cashier"),
		p.orderCommand("payment.remove-line", "take a payment out of a batch that is not sent; it is open again (撤销支付明细)", "remove-line PAY1 --reason 重复录入 --as cashier"),
		p.orderCommand("payment.confirm", "record that the bank paid (回单)", "confirm PAY1 --serial 20230420-1 --on 2023-04-20 --as cashier"),
		p.orderCommand("payment.fail", "record that the bank did not pay (支付失败)", "fail PAY1 --reason 账号不存在 --as cashier"),
		p.orderCommand("payment.return", "record money that came back (退汇)", "return PAY1 --reason 账户已销户 --serial R-1 --on 2023-04-25 --as cashier"),
		p.orderCommand("payment.correct-payee", "propose another account (更正收款账户)", "correct-payee PAY1 --account 2 --reason 本人更换银行卡 --as cashier"),
		p.orderCommand("payment.approve-correction", "approve exactly that account (审批更正)", "approve-correction PAY1 --account 2 --as approver"),
		p.orderCommand("payment.reissue", "pay again as a new payment (重付)", "reissue PAY1 --replacement PAY1-2 --batch B2 --as cashier"),
		p.orderCommand("payment.return-to-treasury", "give the money back to the treasury (缴回国库)", "return-to-treasury PAY1 --reason 放弃申领 --as approver"),
		p.orderCommand("payment.demand-recovery", "demand money back (追回决定)", "demand-recovery PAY1 --amount 5000.00 --deadline 2023-06-30 --decision 追字1号 --ground 重复享受 --as approver"),
		p.orderCommand("payment.withdraw-recovery", "give up what is demanded and not received (撤销追回决定)", "withdraw-recovery PAY1 --decision 撤追1号 --reason 认定有误 --as approver-2"),
		p.orderCommand("payment.receive-recovery", "record money recovered (追回到账)", "receive-recovery PAY1 --amount 5000.00 --voucher 5408-1 --as accountant"),
		p.orderCommand("payment.record", "record a payment made elsewhere (补录已付款)", "record PAY9 --amount 100.00 --party P1 --line 220104/startup/levy/2022 --source 纸质凭证 --on 2022-11-01 --as local"),
		p.paymentList(),
	)
}

func (p *program) partyCommand() *cobra.Command {
	return group("party", "parties: list, erase a person (对象)",
		p.eraseCommand(),
		p.partyList(),
	)
}
