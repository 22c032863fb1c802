package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/oklog/ulid/v2"

	"zhucan/cmd/zhucan/api"
	"zhucan/events"
	"zhucan/ledger"
)

// newULID returns an identifier that sorts by the time it was made.
func newULID(now time.Time) string {
	return ulid.MustNew(ulid.Timestamp(now), rand.Reader).String()
}

// A remote has commands decided by the server that serves the data folder.
type remote struct {
	base, token string
}

type wireCommand struct {
	Ahead       bool        `json:"ahead,omitempty"`
	Correlation string      `json:"correlation,omitempty"`
	Do          string      `json:"do"`
	ID          string      `json:"id"`
	Intent      []byte      `json:"intent,omitempty"`
	On          ledger.Date `json:"on"`
	With        any         `json:"with"`
}

type wireReceipt struct {
	ID      string   `json:"id"`
	Seq     uint64   `json:"seq"`
	Repeats bool     `json:"repeats"`
	Error   *refusal `json:"error,omitempty"`
}

// SubmitAll sends commands of one actor.
func (r *remote) SubmitAll(ctx context.Context, rs []events.Request) ([]events.Receipt, error) {
	var receipts []events.Receipt
	for len(rs) > 0 {
		n := min(len(rs), 1000)
		for n < len(rs) && rs[n-1].Ahead { // not between a command and what goes ahead of it
			n--
		}
		got, err := r.submit(ctx, rs[:n])
		if err != nil {
			return nil, err
		}
		receipts, rs = append(receipts, got...), rs[n:]
	}
	return receipts, nil
}

func (r *remote) submit(ctx context.Context, rs []events.Request) ([]events.Receipt, error) {
	commands := make([]wireCommand, len(rs))
	for i, q := range rs {
		commands[i] = wireCommand{
			Correlation: q.Correlation, Do: events.OrderOf(q.Command.Do), ID: string(q.Command.ID), Intent: q.Intent,
			On: q.Command.On, With: q.Command.Do, Ahead: q.Ahead,
		}
	}
	body, err := json.Marshal(commands)
	if err != nil {
		return nil, fmt.Errorf("encode commands: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.base+"/v1/commands", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Zhucan-Actor", string(rs[0].Command.By.ID))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the server: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("ask the server: %w", err)
	}
	var got struct {
		Receipts []wireReceipt `json:"receipts"`
		refusal
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		return nil, fmt.Errorf("the server answered %s with what cannot be read: %w", resp.Status, err)
	}
	if len(got.Receipts) != len(rs) {
		if got.Code != "" {
			return nil, got.err()
		}
		return nil, fmt.Errorf("the server answered %s with %d receipts for %d commands", resp.Status, len(got.Receipts), len(rs))
	}
	receipts := make([]events.Receipt, len(rs))
	for i, w := range got.Receipts {
		receipts[i] = events.Receipt{Seq: w.Seq, Repeats: w.Repeats}
		if w.Error != nil {
			receipts[i].Err = w.Error.err()
		}
	}
	return receipts, nil
}

// err turns a refusal that came over the wire back into one. A fault of the server
// is none: to take it for one would refuse a row that nothing is wrong with.
func (r refusal) err() error {
	if r.Code == api.ErrFault.Code {
		return errors.New("the server reports a fault; its log has the reason")
	}
	rule := &ledger.Rejection{Code: r.Code, Rule: r.Rule, RuleZH: r.RuleZH, Source: r.Source, Next: r.Next, NextZH: r.NextZH}
	return rule.Of("%s", r.Detail)
}
