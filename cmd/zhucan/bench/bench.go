// Package bench measures the program beside the raw limit of the same machine, in
// the same run.
//
// A figure has a raw one beside it that does the same I/O with nothing of ours: the
// same bytes published as atomic batches, the same rows copied. What is reported is
// the ratio; the absolute figures are this machine's, this minute's. Ours and raw take
// turns, so that a machine that slows down slows both down, and the median of the
// turns is reported.
//
// The workload is synthetic. For the books it is payments recorded for registered
// employers, each with an entry of four postings in two books: the event there are most
// of, which reaches every read model. For the plan it is the province and the roster
// of package sampledata, and filings of the levy made here.
package bench

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"zhucan/events"
	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/party"
	"zhucan/ledger/payment"
	"zhucan/ledger/policy"
)

// A Figure is one measurement.
type Figure struct {
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`
	Value  float64 `json:"value"`
	Raw    float64 `json:"raw,omitzero"`
	Ratio  float64 `json:"ratio,omitzero"`
	Events int     `json:"events"`
	Note   string  `json:"note"`
}

// Machine describes where the figures come from.
func Machine() string {
	return fmt.Sprintf("%s/%s, %d processors, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
}

// each is how many payments an employer is paid, one a month for a year.
const each = 12

var (
	first = ledger.DateOf(2023, 1, 1)
	line  = ledger.BudgetLine{Region: "220104", Scheme: "assisted", Fund: "levy", Year: 2023}
)

// request is an order of the workload.
func request(id string, by ledger.Actor, on ledger.Date, do any) events.Request {
	return events.Request{Command: book.Command{Order: ledger.Order{ID: ledger.CommandID(id), By: by, On: on}, Do: do}}
}

// Prepare publishes a policy and registers the payees of n payments.
func Prepare(ctx context.Context, a *events.Appender, n int) error {
	rs := []events.Request{request("bench:policy", ledgertest.Operator, first, policy.Publish{Pack: ledgertest.Pack()})}
	for i := range n/each + 1 {
		rs = append(rs, request(fmt.Sprintf("bench:party:%d", i), ledgertest.Clerk, first, party.Register{
			Party: employer(i), Kind: policy.Employer, Name: fmt.Sprintf("合成样本单位 %d", i), Region: line.Region,
		}))
	}
	return submit(ctx, a, rs)
}

func employer(i int) ledger.PartyID { return ledger.PartyID(fmt.Sprintf("BENCH%07d", i)) }

// Payment is the i-th payment of the workload. An employer's are of different
// months and amounts, so that none is suspected to be a double.
func Payment(i int) events.Request {
	month := ledger.DateOf(2023, time.Month(i%each+1), 15)
	r := request(fmt.Sprintf("bench:%010d", i), ledgertest.Clerk, month, payment.Record{
		Amount: ledger.Fen(int64(100_000 + i)), Line: line, Party: employer(i / each), Payment: ledger.PaymentID(fmt.Sprintf("BENCH%010d", i)),
		Source: fmt.Sprintf("synthetic row %d", i),
	})
	// As an import does, where the row is what is asked for.
	sum := sha256.Sum256([]byte(r.Command.ID))
	r.Intent = []byte(hex.EncodeToString(sum[:]))
	return r
}

func submit(ctx context.Context, a *events.Appender, rs []events.Request) error {
	receipts, err := a.SubmitAll(ctx, rs)
	if err != nil {
		return err
	}
	for _, r := range receipts {
		if r.Err != nil {
			return r.Err
		}
	}
	return nil
}

// Bulk records n payments from the from-th on, a thousand at a time from eight
// callers, and returns how many per second were acknowledged on disk.
func Bulk(ctx context.Context, a *events.Appender, from, n int) (float64, error) {
	const size, callers = events.MaxAppend, 8
	chunks := make(chan int, n/size+1)
	for at := from; at < from+n; at += size {
		chunks <- at
	}
	close(chunks)
	begin := time.Now()
	err := together(callers, func(int) error {
		for at := range chunks {
			rs := make([]events.Request, min(size, from+n-at))
			for i := range rs {
				rs[i] = Payment(at + i)
			}
			if err := submit(ctx, a, rs); err != nil {
				return err
			}
		}
		return nil
	})
	return float64(n) / time.Since(begin).Seconds(), err
}

// Clients has clients record one payment each at a time, per of them, and returns
// the rate and the latencies in their order.
func Clients(ctx context.Context, a *events.Appender, from, clients, per int) (float64, []time.Duration, error) {
	latencies := make([]time.Duration, clients*per)
	begin := time.Now()
	err := together(clients, func(c int) error {
		for i := range per {
			start := time.Now()
			if _, err := a.Submit(ctx, Payment(from+c*per+i)); err != nil {
				return err
			}
			latencies[c*per+i] = time.Since(start)
		}
		return nil
	})
	rate := float64(clients*per) / time.Since(begin).Seconds()
	slices.Sort(latencies)
	return rate, latencies, err
}

// together runs n of f at once and returns the first error.
func together(n int, f func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return cmp.Or(errs...)
}

// Median returns the middle one.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// MedianOf returns the middle one.
func MedianOf(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// Milliseconds of a duration.
func Milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Wall says what several values were, for the note of a figure.
func Wall(name string, values []float64) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprintf("%.0f", v)
	}
	return name + " " + strings.Join(texts, ", ")
}
