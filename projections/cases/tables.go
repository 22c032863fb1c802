package cases

import (
	"zhucan/projections"
	"zhucan/projections/pgcopy"
)

var parties = &projections.Table{
	Name:    "party",
	Comment: "owner: projections/cases. Parties; a person has no name here, the view takes the masked one from the vault.",
	Mode:    projections.Keyed,
	Columns: []projections.Column{
		{Name: "party", Type: pgcopy.Text, Rest: "not null"},
		{Name: "kind", Type: pgcopy.Text, Rest: "not null check (kind in ('person', 'employer', 'institution'))"},
		{Name: "name", Type: pgcopy.Text, Rest: "check (name is null or kind <> 'person')"},
		{Name: "code", Type: pgcopy.Text},
		{Name: "place", Type: pgcopy.Text},
		{Name: "region", Type: pgcopy.Text},
		{Name: "erased", Type: pgcopy.Bool, Rest: "not null"},
		{Name: "registered_on", Type: pgcopy.Date, Rest: "not null"},
		{Name: "accounts", Type: pgcopy.Int8, Rest: "not null", Sum: true},
		{Name: "seq", Type: pgcopy.Int8, Rest: "not null"},
		{Name: "last_seq", Type: pgcopy.Int8, Rest: "not null"},
	},
	Key:     []string{"party"},
	Indexes: []string{"(name) where name is not null", "(code) where code is not null", "(party) where kind <> 'person'"},
	View: `select p.party, p.kind,
       case when p.erased then '[erased]' else coalesce(p.name, d.masked) end as name,
       p.code, p.place, p.region, p.erased, p.registered_on, p.accounts, p.seq, p.last_seq
from party p
left join vault.display d on d.party = p.party and not p.erased`,
}

var claims = &projections.Table{
	Name:    "claim",
	Comment: "owner: projections/cases. Claims and the last step each has taken.",
	Mode:    projections.Keyed,
	Columns: []projections.Column{
		{Name: "claim", Type: pgcopy.Text, Rest: "not null"},
		{Name: "scheme", Type: pgcopy.Text, Rest: "not null"},
		{Name: "purpose", Type: pgcopy.Text, Rest: "not null"}, // the group of the scheme
		{Name: "party", Type: pgcopy.Text, Rest: "not null"},
		{Name: "account", Type: pgcopy.Text, Rest: "not null"},
		{Name: "region", Type: pgcopy.Text, Rest: "not null"},
		{Name: "prefecture", Type: pgcopy.Text, Rest: "not null"}, // that the region was under on the day; the region itself under none
		{Name: "period_from", Type: pgcopy.Text, Rest: "not null"},
		{Name: "period_to", Type: pgcopy.Text, Rest: "not null"},
		{Name: "units", Type: pgcopy.Int4, Rest: "not null check (units > 0)"},
		{Name: "amount", Type: pgcopy.Money, Rest: "not null check (amount > 0)"},
		{Name: "monthly", Type: pgcopy.Money, Rest: "check (monthly > 0)"}, // of a recurring claim
		{Name: "status", Type: pgcopy.Text, Rest: "not null"},
		{Name: "policy", Type: pgcopy.Text, Rest: "not null"},
		{Name: "clause", Type: pgcopy.Text, Rest: "not null"},
		{Name: "slots", Type: pgcopy.TextArray, Rest: "not null"},
		{Name: "submitted_on", Type: pgcopy.Date, Rest: "not null"},
		{Name: "entered_by", Type: pgcopy.Text, Rest: "not null"},
		{Name: "first_by", Type: pgcopy.Text},
		{Name: "comparison", Type: pgcopy.Text},
		{Name: "second_by", Type: pgcopy.Text},
		{Name: "shown_from", Type: pgcopy.Date},
		{Name: "shown_to", Type: pgcopy.Date},
		{Name: "objections", Type: pgcopy.Int8, Rest: "not null", Sum: true}, // not resolved
		{Name: "approved_on", Type: pgcopy.Date},
		{Name: "approved_by", Type: pgcopy.Text},
		{Name: "decision", Type: pgcopy.Text},
		{Name: "line_region", Type: pgcopy.Text},
		{Name: "line_fund", Type: pgcopy.Text},
		{Name: "line_year", Type: pgcopy.Int4},
		{Name: "stopped_from", Type: pgcopy.Text, Rest: "check (stopped_from is null or monthly is not null)"},
		{Name: "ended_on", Type: pgcopy.Date}, // rejected, withdrawn, or given back to the treasury
		{Name: "reason", Type: pgcopy.Text},
		{Name: "seq", Type: pgcopy.Int8, Rest: "not null"},
		{Name: "last_seq", Type: pgcopy.Int8, Rest: "not null"},
	},
	Key:     []string{"claim"},
	Indexes: []string{"(party)", "(status, seq)", "(claim) where monthly is not null"},
}

var documents = &projections.Table{
	Name:    "document",
	Comment: "owner: projections/cases. Documents of claims that are kept: where, and the hashes of them and of what is stored.",
	Mode:    projections.Append,
	Columns: []projections.Column{
		{Name: "seq", Type: pgcopy.Int8, Rest: "not null"},
		{Name: "claim", Type: pgcopy.Text, Rest: "not null"},
		{Name: "kind", Type: pgcopy.Text, Rest: "not null"},
		{Name: "hash", Type: pgcopy.Text, Rest: "not null"},
		{Name: "media", Type: pgcopy.Text, Rest: "not null"},
		{Name: "size", Type: pgcopy.Int8, Rest: "not null check (size > 0)"},
		{Name: "object", Type: pgcopy.Text, Rest: "not null"},
		{Name: "sealed", Type: pgcopy.Text}, // party under whose key
		{Name: "stored", Type: pgcopy.Text, Rest: "not null"},
		{Name: "attached_by", Type: pgcopy.Text, Rest: "not null"},
		{Name: "date", Type: pgcopy.Date, Rest: "not null"},
	},
	Key:     []string{"seq"},
	Indexes: []string{"(claim, kind)"},
}

var batches = &projections.Table{
	Name:    "batch",
	Comment: "owner: projections/cases. Batches of payments.",
	Mode:    projections.Keyed,
	Columns: []projections.Column{
		{Name: "batch", Type: pgcopy.Text, Rest: "not null"},
		{Name: "status", Type: pgcopy.Text, Rest: "not null check (status in ('open', 'submitted', 'approved', 'sent', 'cancelled'))"},
		{Name: "lines", Type: pgcopy.Int8, Rest: "not null check (lines >= 0)", Sum: true},
		{Name: "total", Type: pgcopy.Total, Rest: "not null check (total >= 0)", Sum: true},
		{Name: "opened_on", Type: pgcopy.Date, Rest: "not null"},
		{Name: "opened_by", Type: pgcopy.Text, Rest: "not null"},
		{Name: "submitted_on", Type: pgcopy.Date},
		{Name: "submitted_by", Type: pgcopy.Text},
		{Name: "approved_on", Type: pgcopy.Date},
		{Name: "approved_by", Type: pgcopy.Text},
		{Name: "sent_on", Type: pgcopy.Date},
		{Name: "sent_by", Type: pgcopy.Text},
		{Name: "voucher", Type: pgcopy.Text},
		{Name: "cancelled_on", Type: pgcopy.Date},
		{Name: "cancelled_by", Type: pgcopy.Text},
		{Name: "reason", Type: pgcopy.Text},
		{Name: "seq", Type: pgcopy.Int8, Rest: "not null"},
		{Name: "last_seq", Type: pgcopy.Int8, Rest: "not null"},
	},
	Key: []string{"batch"},
}

// A payment is sent or cancelled when its batch is, it is failed or returned again
// when the one that replaced it is cancelled: these are told by joins, since the events
// say nothing about the payment.
var payments = &projections.Table{
	Name:    "payment",
	Comment: "owner: projections/cases. Payments and where each stands; the view also tells those sent or cancelled with their batch, those whose replacement was cancelled, and those whose entry was reversed.",
	Mode:    projections.Keyed,
	Columns: []projections.Column{
		// What payments are counted by comes first, where a row is read up to.
		{Name: "payment", Type: pgcopy.Text, Rest: "not null"},
		{Name: "scheme", Type: pgcopy.Text, Rest: "not null"},
		{Name: "party", Type: pgcopy.Text, Rest: "not null"},
		{Name: "claim", Type: pgcopy.Text},
		{Name: "region", Type: pgcopy.Text, Rest: "not null"},
		{Name: "prefecture", Type: pgcopy.Text, Rest: "not null"},
		{Name: "paid_on", Type: pgcopy.Date}, // none until the bank confirms it
		{Name: "paid_seq", Type: pgcopy.Int8},
		{Name: "known_on", Type: pgcopy.Date}, // day of the record that says so
		{Name: "returned_on", Type: pgcopy.Date},
		{Name: "returned_seq", Type: pgcopy.Int8},
		{Name: "reversed_seq", Type: pgcopy.Int8}, // of a payment made elsewhere: it never was
		{Name: "recovered", Type: pgcopy.Total, Rest: "not null check (recovered >= 0)", Sum: true},
		{Name: "batch", Type: pgcopy.Text},
		{Name: "month", Type: pgcopy.Text, Rest: "check (month is null or claim is not null)"}, // of a recurring claim
		{Name: "account", Type: pgcopy.Text},
		{Name: "amount", Type: pgcopy.Money, Rest: "not null check (amount > 0)"},
		{Name: "status", Type: pgcopy.Text, Rest: "not null"},
		{Name: "fund", Type: pgcopy.Text, Rest: "not null"},
		{Name: "year", Type: pgcopy.Int4, Rest: "not null"},
		{Name: "clause", Type: pgcopy.Text, Rest: "not null"},
		{Name: "policy", Type: pgcopy.Text, Rest: "not null"},
		{Name: "instructed_on", Type: pgcopy.Date},
		{Name: "serial", Type: pgcopy.Text},
		{Name: "failed_on", Type: pgcopy.Date},
		{Name: "ended_on", Type: pgcopy.Date},
		{Name: "reason", Type: pgcopy.Text},
		{Name: "new_account", Type: pgcopy.Text},
		{Name: "corrected_by", Type: pgcopy.Text},
		{Name: "correction_approved_by", Type: pgcopy.Text},
		{Name: "replaces", Type: pgcopy.Text},
		{Name: "replaced_by", Type: pgcopy.Text},
		{Name: "suspect", Type: pgcopy.Text},
		{Name: "source", Type: pgcopy.Text},
		{Name: "note", Type: pgcopy.Text},
		{Name: "demanded", Type: pgcopy.Total, Rest: "not null check (demanded >= 0)", Sum: true},
		{Name: "seq", Type: pgcopy.Int8, Rest: "not null"},
		{Name: "last_seq", Type: pgcopy.Int8, Rest: "not null"},
	},
	Key: []string{"payment"},
	// An indicator counts the payments of a few schemes in some years. The day comes first,
	// since days are sorted in half the time that texts take.
	Indexes: []string{"(paid_on, scheme)", "(party)", "(claim) where claim is not null", "(batch) where batch is not null", "(payment) where recovered > 0"},
	View: `select p.payment, p.batch, p.claim, p.month, p.party, p.account, p.amount,
       case
           when p.status = 'instructed' and b.status in ('sent', 'cancelled') then b.status
           when p.status = 're-issued' and (r.status = 'cancelled' or r.status = 'instructed' and rb.status = 'cancelled')
               then case when p.returned_on is null then 'failed' else 'returned' end
           when p.reversed_seq is not null then 'reversed'
           else p.status
       end as status,
       p.scheme, p.region, p.fund, p.year, p.clause, p.policy, p.instructed_on, p.paid_on, p.serial, p.failed_on,
       p.returned_on, p.ended_on, p.reason, p.new_account, p.corrected_by, p.correction_approved_by, p.replaces,
       p.replaced_by, p.suspect, p.source, p.note, p.demanded, p.recovered, p.seq, p.last_seq,
       p.prefecture, p.paid_seq, p.known_on, p.returned_seq, p.reversed_seq
from payment p
left join batch b on b.batch = p.batch
left join payment r on r.payment = p.replaced_by
left join batch rb on rb.batch = r.batch`,
}

var suspects = &projections.Table{
	Name:    "suspect",
	Comment: "owner: projections/cases. Payments made elsewhere that may have been made twice, and the earlier one.",
	Mode:    projections.Append,
	Columns: []projections.Column{
		{Name: "seq", Type: pgcopy.Int8, Rest: "not null"},
		{Name: "payment", Type: pgcopy.Text, Rest: "not null"},
		{Name: "earlier", Type: pgcopy.Text, Rest: "not null"},
		{Name: "party", Type: pgcopy.Text, Rest: "not null"},
		{Name: "amount", Type: pgcopy.Money, Rest: "not null check (amount > 0)"},
		{Name: "date", Type: pgcopy.Date, Rest: "not null"},
	},
	Key: []string{"seq"},
}
