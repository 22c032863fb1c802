package api

import (
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/oklog/ulid/v2"

	"zhucan/cmd/zhucan/document"
	"zhucan/events"
	"zhucan/ledger"
	"zhucan/ledger/book"
)

// mostKeeping is how many documents are received or handed out at once: each is in
// memory.
const mostKeeping = 4

// papers returns the keeper of documents and a function to be called when done with
// it, once everything that was recorded until now is projected.
func (s *server) papers(r *http.Request) (*document.Keeper, func(), error) {
	if s.Documents == nil {
		return nil, nil, events.ErrUnkept.Of("there is no store of documents")
	}
	select {
	case s.keeping <- struct{}{}:
	default:
		return nil, nil, events.ErrBusy.Of("%d documents are on their way", mostKeeping)
	}
	done := func() { <-s.keeping }
	head, err := s.Log.Last(r.Context())
	if err == nil && !*s.wait(r.Context(), true, head) {
		err = ErrUnready
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return s.Documents, done, nil
}

// attach keeps the body as a document of a claim and has it put on record.
func (s *server) attach(w http.ResponseWriter, r *http.Request, q query) error {
	id, err := q.id("id")
	if err != nil {
		return err
	}
	on, err := q.date("on")
	if err != nil {
		return err
	}
	if id == "" || on.IsZero() {
		return ErrValue.Of("id and on are needed")
	}
	wait, err := q.flag("wait")
	if err != nil {
		return err
	}
	a := w.(*reply)
	if err := (ledger.Order{By: a.actor}).Needs(ledger.Clerk); err != nil { // who may not is not waited for
		return err
	}
	k, done, err := s.papers(r)
	if err != nil {
		return err
	}
	defer done()
	// Whoever sends slowly does not keep a place for longer than an answer may take.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(patience)) // a connection can; another writer waits as it does
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(k.Most())))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return document.ErrSize.Of("more than %d bytes", k.Most())
	}
	if err != nil {
		return ErrBody.Of("it was not received whole")
	}
	do, seq, err := k.Keep(r.Context(), a.actor, ledger.ClaimID(r.PathValue("claim")), r.PathValue("kind"), data, object(s.Now()))
	if err != nil {
		return err
	}
	receipt := events.Receipt{Seq: seq, Repeats: true}
	if seq == 0 {
		receipts, err := s.submit(r.Context(), []events.Request{{
			Command: book.Command{Order: ledger.Order{ID: ledger.CommandID(id), By: a.actor, On: on}, Do: do}, Intent: document.Intent(do),
		}})
		if err != nil {
			return err
		}
		receipt = receipts[0]
		s.Metrics.decided(events.OrderOf(do), receipt.Err)
		if receipt.Err != nil {
			return receipt.Err
		}
	}
	d := do.Document
	return answer(w, http.StatusOK, attached{
		accepted: accepted{ledger.CommandID(id), receipt.Seq, receipt.Repeats, s.wait(r.Context(), wait, receipt.Seq)},
		Hash:     d.Hash, Media: d.Media, Sealed: d.Sealed != "", Size: d.Size,
	})
}

// object names what is to be stored.
func object(now time.Time) string { return ulid.MustNew(ulid.Timestamp(now), rand.Reader).String() }

// An attached is the answer to a document that is kept.
type attached struct {
	accepted
	Hash   string `json:"hash"`
	Media  string `json:"media"`
	Sealed bool   `json:"sealed"`
	Size   int    `json:"size"`
}

// document hands out a document of a claim. Who read which is logged.
func (s *server) document(w http.ResponseWriter, r *http.Request, q query) error {
	hash, err := q.id("hash")
	if err != nil {
		return err
	}
	a := w.(*reply)
	if !slices.ContainsFunc(document.Readers, a.actor.Is) {
		return ledger.ErrRole.Of("%s has none of the roles %v", a.actor.ID, document.Readers)
	}
	k, done, err := s.papers(r)
	if err != nil {
		return err
	}
	defer done()
	d, data, err := k.Fetch(r.Context(), a.actor, ledger.ClaimID(r.PathValue("claim")), r.PathValue("kind"), hash)
	if err != nil {
		return err
	}
	s.log.LogAttrs(r.Context(), slog.LevelInfo, "document read",
		slog.String("request", a.request), slog.String("actor", string(a.actor.ID)), slog.Uint64("seq", d.Seq))
	h := w.Header()
	// No browser is to show it as a page of this server, whatever it holds.
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", "attachment")
	h.Set("Content-Length", strconv.Itoa(len(data)))
	h.Set("Document-Media", d.Media)
	h.Set("Document-Hash", d.Hash)
	_, _ = w.Write(data) // a client that has gone needs no answer
	return nil
}
