package api

import (
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhucan/events"
	"zhucan/events/seal"
	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/ledger/claim"
	"zhucan/ledger/journal"
	"zhucan/ledger/party"
	"zhucan/projections/report"
	"zhucan/projections/vault"
)

// What one request may hold.
const (
	maxBody     = 8 << 20
	maxCommands = 1000
)

// An ordered is one command as it is sent.
type ordered struct {
	ID          ledger.CommandID `json:"id"`
	Do          string           `json:"do"` // one of [events.Orders]
	On          ledger.Date      `json:"on"`
	With        jsontext.Value   `json:"with"` // members of the order
	Intent      []byte           `json:"intent,omitempty"`
	Correlation string           `json:"correlation,omitempty"`
	Ahead       bool             `json:"ahead,omitempty"` // see [events.Request]
}

// An accepted is the answer to a command that has, or had, its effect.
type accepted struct {
	ID        ledger.CommandID `json:"id"`
	Seq       uint64           `json:"seq"`     // 0 when it found nothing left to do
	Repeats   bool             `json:"repeats"` // it had been carried out before
	Projected *bool            `json:"projected,omitempty"`
}

// A receipt is the answer to one command of an array.
type receipt struct {
	Index   int              `json:"index"`
	ID      ledger.CommandID `json:"id,omitempty"` // "" when it could not be read
	Seq     *uint64          `json:"seq,omitempty"`
	Repeats *bool            `json:"repeats,omitempty"`
	Error   *problem         `json:"error,omitempty"`
}

// A receipts is the answer to an array.
type receipts struct {
	Receipts  []receipt `json:"receipts"` // in the order of the commands
	Accepted  int       `json:"accepted"`
	Refused   int       `json:"refused"`
	Seq       uint64    `json:"seq"` // highest of all
	Projected *bool     `json:"projected,omitempty"`
}

// commands has one command or an array of them decided.
func (s *server) commands(w http.ResponseWriter, r *http.Request, q query) error {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return ErrMedia
	}
	wait, err := q.flag("wait")
	if err != nil {
		return err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return ErrLarge.Of("more than %d bytes", maxBody)
	}
	if err != nil {
		return ErrBody.Of("it was not received whole")
	}
	values, many, err := split(body)
	if err != nil {
		return err
	}

	a := w.(*reply)
	became := make([]events.Receipt, len(values))
	ids := make([]ledger.CommandID, len(values))
	names, ahead := make([]string, len(values)), make([]bool, len(values))
	var requests []events.Request
	var at []int // place of each request among the values
	for i, v := range values {
		var c ordered
		c, became[i].Err = parse(v)
		ids[i], names[i], ahead[i] = c.ID, c.Do, c.Ahead
		if became[i].Err != nil {
			continue
		}
		var do any
		if do, became[i].Err = events.DecodeOrder(c.Do, c.With); became[i].Err != nil {
			continue
		}
		if _, ok := do.(claim.Attach); ok && !a.local {
			// Whether the hash is of what is stored is known to who stored it.
			became[i].Err = events.ErrUnkept.Of("a document is attached at its own address")
			continue
		}
		var refuse error
		if do, ok := do.(journal.Close); ok {
			refuse = report.CheckClosing(r.Context(), s.DB, do)
		}
		if !a.local {
			if became[i].Err = s.vouch(r.Context(), a.actor, do); became[i].Err != nil {
				continue
			}
		}
		at = append(at, i)
		requests = append(requests, events.Request{
			Command:     book.Command{Order: ledger.Order{ID: c.ID, By: a.actor, On: c.On}, Do: do},
			Intent:      c.Intent,
			Refuse:      refuse,
			Correlation: c.Correlation,
			Ahead:       c.Ahead,
		})
	}
	requests, at = served(requests, at, ahead, became)
	decided, err := s.submit(r.Context(), requests)
	if err != nil {
		return err
	}
	for n, i := range at {
		became[i] = decided[n]
		if err := s.forget(r.Context(), requests[n].Command.Do, decided[n]); err != nil {
			became[i].Err = err
		}
	}
	var last uint64
	for i, b := range became {
		s.Metrics.decided(names[i], b.Err)
		if b.Err == nil {
			last = max(last, b.Seq)
		}
	}
	if !many {
		if err := became[0].Err; err != nil {
			return err
		}
		return answer(w, http.StatusOK, accepted{ids[0], became[0].Seq, became[0].Repeats, s.wait(r.Context(), wait, last)})
	}
	return s.answerAll(w, r, ids, became, last, wait)
}

// vouch refuses what is not sealed under the key that the vault has for the party, of
// those who may register one: what nobody can open would be a party without a key, who
// stops every import of persons, or an account that no list can show. The command line
// of the same machine has sealed it itself.
func (s *server) vouch(ctx context.Context, by ledger.Actor, do any) error {
	var id ledger.PartyID
	var given vault.Sealed
	var ref ledger.AccountRef
	var account ledger.Sealed
	switch do := do.(type) {
	case party.Register:
		id, given.Person, ref, account = do.Party, do.Sealed, cmp.Or(do.Ref, party.FirstAccount), do.Account
	case party.AddAccount:
		id, ref, account = do.Party, do.Ref, do.Account
	}
	if account != "" {
		given.Accounts = map[ledger.AccountRef]ledger.Sealed{ref: account}
	}
	if given.Person == "" && account == "" || ledger.CheckID(id) != nil || !by.Is(ledger.Clerk) && !by.Is(ledger.Operator) {
		return nil // nothing is sealed, or the book refuses it
	}
	err := vault.ErrIncomplete
	if s.Reveal != nil {
		_, err = s.Reveal(ctx, id, given)
	}
	for _, why := range []error{vault.ErrIncomplete, seal.ErrForm, seal.ErrKey, seal.ErrTampered, seal.ErrPerson} {
		if errors.Is(err, why) {
			return party.ErrSealed.Of("the vault has no key of party %s that opens it", id)
		}
	}
	return err
}

// served leaves out the requests that go ahead of a command that could not be read, and
// refuses them with the same.
func served(requests []events.Request, at []int, ahead []bool, became []events.Receipt) ([]events.Request, []int) {
	for i := len(ahead) - 2; i >= 0; i-- {
		if ahead[i] && became[i].Err == nil {
			became[i].Err = became[i+1].Err
		}
	}
	n := 0
	for k, i := range at {
		if became[i].Err == nil {
			requests[n], at[n] = requests[k], i
			n++
		}
	}
	return requests[:n], at[:n]
}

// submit has commands decided. An error is of all of them, and counted for each.
func (s *server) submit(ctx context.Context, requests []events.Request) ([]events.Receipt, error) {
	receipts, err := s.Submit.SubmitAll(ctx, requests)
	if err == nil {
		return receipts, nil
	}
	if r, _ := ledger.Refused(err); r == nil {
		err = events.ErrUnsure.Of("the request ended before the answer came")
	}
	for _, r := range requests {
		s.Metrics.decided(events.OrderOf(r.Command.Do), err)
	}
	return nil, err
}

// forget destroys the key of a person whose erasure was recorded (个人信息保护法 art.
// 47). When that fails the command is answered with a fault: repeated, it has the key
// destroyed, and so has the next start.
func (s *server) forget(ctx context.Context, do any, got events.Receipt) error {
	erase, ok := do.(party.Erase)
	if !ok || got.Err != nil || got.Seq == 0 || s.Erase == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), waiting) // the client may have gone
	defer cancel()
	return s.Erase(ctx, erase.Party, got.Seq)
}

func (s *server) answerAll(w http.ResponseWriter, r *http.Request, ids []ledger.CommandID, became []events.Receipt, last uint64, wait bool) error {
	a := w.(*reply)
	all := receipts{Receipts: make([]receipt, len(ids)), Seq: last}
	status := http.StatusOK
	for i, b := range became {
		e := receipt{Index: i, ID: ids[i]}
		if b.Err == nil {
			all.Accepted++
			e.Seq, e.Repeats = &b.Seq, &b.Repeats
		} else {
			all.Refused++
			status = http.StatusMultiStatus
			p := s.problem(r, a, b.Err)
			e.Error = &p
		}
		all.Receipts[i] = e
	}
	all.Projected = s.wait(r.Context(), wait, last)
	return answer(w, status, all)
}

var errNoJSON = ErrBody.Of("it is no JSON, or has a member twice")

// split returns the commands of a body, and whether it is an array.
func split(body []byte) ([]jsontext.Value, bool, error) {
	v := jsontext.Value(body)
	if v.Kind() != '[' {
		if !v.IsValid() {
			return nil, false, errNoJSON
		}
		return []jsontext.Value{v}, false, nil
	}
	var all []jsontext.Value
	if json.Unmarshal(body, &all) != nil {
		return nil, false, errNoJSON
	}
	switch {
	case len(all) == 0:
		return nil, false, ErrBody.Of("the array is empty")
	case len(all) > maxCommands:
		return nil, false, ErrLarge.Of("%d commands", len(all))
	}
	return all, true, nil
}

// parse reads one command as far as it can be named: its order is decoded by the
// catalogue.
func parse(v jsontext.Value) (ordered, error) {
	var c ordered
	if v.Kind() != '{' {
		return c, ErrBody.Of("a command is an object")
	}
	if err := json.Unmarshal(v, &c, json.RejectUnknownMembers(true)); err != nil {
		if r, _ := ledger.Refused(err); r != nil {
			return c, err
		}
		return c, ErrBody.Of("a command has the members id, do, on, with and perhaps intent, correlation%s", where(err))
	}
	if err := ledger.CheckID(c.ID); err != nil {
		return ordered{}, err
	}
	if _, ok := events.OrderType(c.Do); !ok {
		return c, events.ErrOrder.Of("no action has that name")
	}
	if c.Intent != nil && len(c.Intent) == 0 {
		return c, ErrBody.Of("an intent is not empty")
	}
	if c.Correlation != "" {
		// It becomes a header of the record.
		if err := ledger.CheckID(c.Correlation); err != nil {
			return c, err
		}
		if ledger.HoldsPersonNumber(c.Correlation) {
			return c, ledger.ErrPersonalText.Of("correlation")
		}
	}
	return c, nil
}

// where says at which member decoding stopped, without quoting its value.
func where(err error) string {
	if e, ok := errors.AsType[*json.SemanticError](err); ok && e.JSONPointer != "" {
		return "; see " + string(e.JSONPointer)
	}
	return ""
}

// wait waits until a record is projected, if asked to, and says whether it is. It
// gives up when that takes long or the projection stands still: the command has
// its effect all the same.
func (s *server) wait(ctx context.Context, asked bool, seq uint64) *bool {
	if !asked {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, waiting)
	defer cancel()
	projected := s.Runner.Wait(ctx, seq) == nil
	return &projected
}
