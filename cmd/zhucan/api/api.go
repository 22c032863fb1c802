package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"zhucan/cmd/zhucan/access"
	"zhucan/cmd/zhucan/document"
	"zhucan/events"
	"zhucan/ledger"
	"zhucan/projections"
	"zhucan/projections/report"
	"zhucan/projections/vault"
)

// A Submitter decides commands and records what they decide: [events.Appender].
type Submitter interface {
	SubmitAll(ctx context.Context, rs []events.Request) ([]events.Receipt, error)
}

// A Config says what the interface is to. Submit, DB, Runner, Log and Access are
// required.
type Config struct {
	Submit Submitter
	DB     report.DB           // what is read, with rights on schema read at least
	Runner *projections.Runner // says how far the read models are
	Log    events.Log          // asked whether it answers
	Access *access.Access      // who may act

	// Reveal opens what is sealed of a party (the vault's Reveal); nil: there is no
	// vault, and nothing sealed is taken from elsewhere than this machine.
	Reveal func(ctx context.Context, party ledger.PartyID, s vault.Sealed) (vault.Clear, error)

	// Erase destroys the key of a person whose erasure is on record as seq
	// (the vault's Erase); nil: there is no vault.
	Erase func(ctx context.Context, party ledger.PartyID, seq uint64) error

	// Documents keeps the documents of claims; nil: there is no store of them.
	Documents *document.Keeper

	// Vault says why persons cannot be registered or paid, where that is so; nil:
	// there is no vault.
	Vault func() error

	// LocalToken is the token of the server file, which only the owner of the data
	// folder can read. Whoever has it acts as the actor named by the header
	// Zhucan-Actor, or as [access.Local]. Empty: nobody does.
	LocalToken string
	// Loopback says that the listener is reached from this machine alone. Pages are
	// then shown without a token.
	Loopback bool
	// Proxied says that every request comes through a proxy that adds to
	// X-Forwarded-For who asked it.
	Proxied bool

	MaxLag  uint64           // records behind at which the server is not ready; default 10000
	Metrics *Metrics         // default: its own
	Version string           // of the program
	Logger  *slog.Logger     // default none
	Now     func() time.Time // default time.Now
}

// How long a request, and one that waits for its projection, may take.
const (
	patience = 30 * time.Second
	waiting  = 10 * time.Second
)

// A server is what the handlers share.
type server struct {
	Config
	log     *slog.Logger
	mux     *http.ServeMux
	routes  map[string]route
	sites   *http.CrossOriginProtection
	scraped http.Handler
	pages   pages
	tries   tries
	keeping chan struct{} // has room for the documents that are received at once
}

// A kind says who may use a route, and how a refusal looks.
type kind int

const (
	command kind = iota // a bearer token, always
	read                // any token, always
	probe               // any token, none on loopback
	page                // as probe; refusals are pages
)

type route struct {
	pattern string // as [http.ServeMux] writes it
	kind    kind
	takes   []string // query parameters; any other is refused
	handle  func(*server, http.ResponseWriter, *http.Request, query) error
}

// routes is every route there is.
var routes = []route{
	{"GET /{$}", page, carried, (*server).overview},
	{"GET /find", page, append([]string{"id"}, carried...), (*server).find},
	{"GET /payment/{id}", page, append([]string{"kind"}, carried...), (*server).story},
	{"GET /event/{seq}", page, carried, (*server).rawEvent},
	{"GET /style.css", page, nil, (*server).style},
	{"GET /healthz", probe, nil, (*server).alive},
	{"GET /readyz", probe, nil, (*server).ready},
	{"GET /metrics", probe, nil, (*server).scrape},
	{"POST /v1/commands", command, []string{"wait"}, (*server).commands},
	{"GET /v1/trial-balance", read, []string{"as_of", "known_by"}, (*server).trialBalance},
	{"GET /v1/balance", read, []string{"account", "region", "scheme", "fund", "year", "as_of", "known_by"}, (*server).balance},
	{"GET /v1/register", read, []string{"account", "region", "scheme", "fund", "year", "as_of", "known_by", "after", "limit"}, (*server).register},
	{"GET /v1/trace/{id}", read, []string{"kind", "as_of", "known_by"}, (*server).trace},
	{"GET /v1/events", read, []string{"type", "case", "as_of", "known_by", "after", "limit"}, (*server).events},
	{"GET /v1/events/{seq}", read, []string{"as_of", "known_by"}, (*server).event},
	{"GET /v1/budgets", read, []string{"as_of", "known_by", "after", "limit"}, (*server).budgets},
	{"GET /v1/claims", read, []string{"party", "status", "as_of", "known_by", "after", "limit"}, (*server).claims},
	{"POST /v1/claims/{claim}/documents/{kind}", command, []string{"id", "on", "wait"}, (*server).attach},
	{"GET /v1/claims/{claim}/documents/{kind}", read, []string{"hash"}, (*server).document},
	{"GET /v1/claims/arrears", read, []string{"party", "claim", "scheme", "as_of", "known_by", "after", "limit"}, (*server).arrears},
	{"GET /v1/claims/overpaid", read, []string{"party", "claim", "scheme", "as_of", "known_by", "after", "limit"}, (*server).overpaid},
	{"GET /v1/payments", read, []string{"party", "claim", "batch", "status", "as_of", "known_by", "after", "limit"}, (*server).payments},
	{"GET /v1/levies", read, []string{"employer", "region", "year", "status", "overdue", "above", "on", "as_of", "known_by", "after", "limit"}, (*server).levies},
	{"GET /v1/levies/income", read, []string{"as_of", "known_by", "after", "limit"}, (*server).levyIncome},
	{"GET /v1/indicators", read, []string{"region", "year", "as_of", "known_by"}, (*server).indicators},
	{"GET /v1/indicators/{code}", read, []string{"region", "year", "as_of", "known_by", "after", "limit"}, (*server).indicator},
	{"GET /v1/suspects", read, []string{"as_of", "known_by", "after", "limit"}, (*server).suspects},
	{"GET /v1/status", read, nil, (*server).status},
}

// Routes returns the patterns of every route, as [http.ServeMux] writes them.
func Routes() []string {
	all := make([]string, len(routes))
	for i, r := range routes {
		all[i] = r.pattern
	}
	return all
}

// New returns the handler of everything under [Routes].
func New(cfg Config) http.Handler {
	if cfg.MaxLag == 0 {
		cfg.MaxLag = 10_000
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Metrics == nil {
		cfg.Metrics = NewMetrics()
	}
	s := &server{
		Config: cfg, log: cfg.Logger, mux: http.NewServeMux(), routes: make(map[string]route),
		sites: http.NewCrossOriginProtection(), pages: newPages(), keeping: make(chan struct{}, mostKeeping),
	}
	s.scraped = s.Metrics.handler(position{s})
	for _, r := range routes {
		s.routes[r.pattern] = r
		s.mux.HandleFunc(r.pattern, func(w http.ResponseWriter, q *http.Request) {
			given, err := queryOf(q, r.takes...)
			if err == nil && r.kind == read {
				err = given.said("as_of", "known_by")
			}
			if err == nil {
				err = r.handle(s, w, q, given)
			}
			if err != nil {
				s.refuse(w, q, r.kind, err)
			}
		})
	}
	return s
}

// ServeHTTP answers one request, and logs and counts it.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := s.Now()
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	r = r.WithContext(ctx)
	a := &reply{ResponseWriter: w, request: rand.Text(), status: http.StatusOK, route: "none"}
	h := a.Header()
	h.Set("Request-Id", a.request)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
	if r.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	s.dispatch(a, r)
	took := s.Now().Sub(began)
	s.Metrics.answered(a.route, a.status, took)
	s.log.LogAttrs(ctx, slog.LevelInfo, "answered",
		slog.String("request", a.request), slog.String("route", a.route), slog.Int("status", a.status), slog.String("code", a.code),
		slog.String("actor", string(a.actor.ID)), slog.Int64("bytes", a.bytes), slog.Duration("took", took))
}

// dispatch finds the route, lets the asker in and has the request answered.
func (s *server) dispatch(w *reply, r *http.Request) {
	h, pattern := s.mux.Handler(r)
	found, ok := s.routes[pattern]
	if !ok {
		found.kind = page
		if strings.HasPrefix(r.URL.Path, "/v1/") {
			found.kind = read
		}
	} else {
		w.route = pattern
	}
	err := s.admit(w, r, found.kind)
	switch {
	case err != nil:
	case !ok:
		err = unrouted(w, r, h)
	default:
		s.mux.ServeHTTP(w, r)
		return
	}
	s.refuse(w, r, found.kind, err)
}

// unrouted tells an address that does not exist from one that is asked with
// another method; h is the mux's own answer.
func unrouted(w http.ResponseWriter, r *http.Request, h http.Handler) error {
	own := &discard{header: make(http.Header)}
	h.ServeHTTP(own, r)
	if own.status != http.StatusMethodNotAllowed {
		return ErrMissing
	}
	allowed := own.header.Get("Allow")
	w.Header().Set("Allow", allowed)
	return ErrMethod.Of("it has %s", allowed)
}

// discard keeps the head of an answer and drops the rest.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

// A reply is the answer to one request, and what is known of it for the log.
type reply struct {
	http.ResponseWriter
	request string // number of the request
	route   string
	actor   ledger.Actor
	local   bool   // the command line of the same machine asks
	code    string // of the refusal; "" when there is none
	status  int
	bytes   int64
}

func (a *reply) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *reply) Write(b []byte) (int, error) {
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets [http.ResponseController] reach the connection.
func (a *reply) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// admit lets the asker in, or refuses: see invariants 1 to 3.
func (s *server) admit(w *reply, r *http.Request, k kind) error {
	if s.Loopback && !ownName(r.Host) {
		return ErrHost
	}
	if err := s.sites.Check(r); err != nil {
		return ErrOrigin
	}
	if s.Loopback && (k == page || k == probe) {
		return nil
	}
	token, _ := bearer(r)
	if _, password, ok := r.BasicAuth(); ok && k != command {
		token = password
	}
	from, local := s.address(r), s.LocalToken != "" && same(token, s.LocalToken)
	if left := s.tries.wait(from, s.Now()); left > 0 && token != "" && !local {
		w.Header().Set("Retry-After", strconv.Itoa(int(left/time.Second)+1))
		return ErrTries
	}
	actor, err := s.actor(r, token, local)
	if err != nil {
		if token != "" && errors.Is(err, access.ErrToken) {
			s.tries.failed(from, s.Now())
		}
		return err
	}
	w.actor, w.local = actor, local
	return nil
}

// ownName tells whether host, with or without a port, names this machine's
// loopback.
func ownName(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	return strings.EqualFold(name, "localhost") || name == "127.0.0.1" || name == "::1"
}

func bearer(r *http.Request) (string, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	return token, true
}

// actor returns who asks. The header that names an actor counts with the token of
// the server file alone; from anybody else it is refused, not ignored.
func (s *server) actor(r *http.Request, token string, local bool) (ledger.Actor, error) {
	named := ledger.ActorID(r.Header.Get("Zhucan-Actor"))
	if local {
		if named == "" {
			named = access.Local
		}
		return s.Access.Actor(named)
	}
	actor, err := s.Access.Authenticate(token, s.Now())
	if err != nil {
		return ledger.Actor{}, err
	}
	if named != "" && named != actor.ID {
		return ledger.Actor{}, ErrNamed
	}
	return actor, nil
}

// same compares two tokens in a time that depends on neither.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// refuse answers with the refusal in err, or with a fault, in the form of the
// route.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, k kind, err error) {
	a := w.(*reply)
	p := s.problem(r, a, err)
	a.code = p.Code
	h := w.Header()
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if h.Get("Retry-After") == "" {
			h.Set("Retry-After", "1")
		}
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="zhucan"`)
		if k == page {
			h.Set("WWW-Authenticate", `Basic realm="zhucan", charset="UTF-8"`)
		}
	}
	if k == page {
		s.refusePage(w, r, p)
		return
	}
	send(w, "application/problem+json", p.Status, p)
}

// problem turns an error into what is sent, and logs a fault: nobody else learns
// of it.
func (s *server) problem(r *http.Request, a *reply, err error) problem {
	p := problemOf(err, a.request)
	if p.Code == ErrFault.Code {
		level := slog.LevelError
		if errors.Is(r.Context().Err(), context.Canceled) {
			level = slog.LevelInfo // the client has gone
		}
		s.log.LogAttrs(r.Context(), level, "a request failed", slog.String("request", a.request), slog.Any("error", err))
	}
	return p
}
