package api

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"zhucan/ledger"
)

// How many tokens an address may present that are none, in which time, and how many
// addresses are remembered.
const (
	maxTries     = 10
	triesWindow  = time.Minute
	maxAddresses = 4096
)

// ErrTries refuses to look at another token.
var ErrTries = &ledger.Rejection{
	Code: "token-tries", Rule: "an address that presented ten invalid tokens waits for a minute", RuleZH: "同一地址连续提交十次无效令牌后须等待一分钟",
	Source: "GB/T 22239-2019 8.1.4.1", Next: "wait as long as the header Retry-After says, and use a valid token", NextZH: "请按 Retry-After 等待后使用有效令牌",
}

// Tries counts invalid tokens by address. A token has 256 random bits and is not
// guessed; this keeps a program that tries from filling the log and the processor.
type tries struct {
	mu   sync.Mutex
	from map[netip.Prefix]tried
}

type tried struct {
	since time.Time // of the first in the window
	n     int
}

// wait says how long an address must wait before another token of it is looked at.
func (t *tries) wait(a netip.Prefix, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen, ok := t.from[a]
	if left := triesWindow - now.Sub(seen.since); ok && seen.n >= maxTries && left > 0 {
		return left
	}
	return 0
}

// failed counts an invalid token.
func (t *tries) failed(a netip.Prefix, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen, ok := t.from[a]
	if !ok || now.Sub(seen.since) >= triesWindow {
		if !ok && len(t.from) >= maxAddresses {
			t.forget(now)
		}
		seen = tried{since: now}
	}
	seen.n++
	if t.from == nil {
		t.from = make(map[netip.Prefix]tried)
	}
	t.from[a] = seen
}

// forget makes room: whose window has passed goes, and if nobody's has, anybody.
func (t *tries) forget(now time.Time) {
	for a, seen := range t.from {
		if now.Sub(seen.since) >= triesWindow {
			delete(t.from, a)
		}
	}
	for a := range t.from {
		if len(t.from) < maxAddresses {
			return
		}
		delete(t.from, a)
	}
}

// address returns where a request comes from: the network of 64 bits in IPv6, of
// which one machine has every address. Behind a proxy that is the last address it
// wrote down; what stands before it anybody may have written.
func (s *server) address(r *http.Request) netip.Prefix {
	text := r.RemoteAddr
	if s.Proxied {
		all := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
		text = strings.TrimSpace(all[strings.LastIndex(all, ",")+1:])
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Prefix{}
		}
		a = withPort.Addr()
	}
	a = a.Unmap().WithZone("")
	bits := 64
	if a.Is4() {
		bits = 32
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
