package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"zhucan/cmd/zhucan/api"
	"zhucan/ledger"
)

func from(address string) call { return func(r *http.Request) { r.RemoteAddr = address } }

func TestAnAddressThatTriesTokensWaits(t *testing.T) {
	t.Parallel()
	clock := now
	h := filled(t, remote, func(c *api.Config) { c.Now = func() time.Time { return clock } })
	token, err := h.access.Add("a1", []ledger.Role{ledger.Auditor}, now.AddDate(0, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	try := func(a string, c call) int { return h.get(t, "/v1/status", from(a), c).Code }
	for i := range 10 {
		clock = clock.Add(time.Second)
		if got := try("192.0.2.7:4711", bearer(fmt.Sprintf("guess-%d", i))); got != http.StatusUnauthorized {
			t.Fatalf("guess %d: %d", i, got)
		}
	}
	w := h.get(t, "/v1/status", from("192.0.2.7:4712"), bearer(token))
	refused(t, w, http.StatusTooManyRequests, "token-tries")
	if got := w.Header().Get("Retry-After"); got != "52" {
		t.Errorf("to be repeated after %q seconds", got)
	}
	load(t).fits(t, "/v1/status", http.MethodGet, w)
	if w := h.get(t, "/", from("192.0.2.7:1"), basic("another")); w.Code != http.StatusTooManyRequests {
		t.Errorf("a page: %d", w.Code)
	}
	for name, got := range map[string]int{
		"another address":        try("192.0.2.8:1", bearer(token)),
		"the token of this file": try("192.0.2.7:1", bearer(localToken)),
	} {
		if got != http.StatusOK {
			t.Errorf("%s: %d", name, got)
		}
	}
	if got := try("192.0.2.7:1", none); got != http.StatusUnauthorized {
		t.Errorf("without a token, as a browser asks first: %d", got)
	}
	clock = clock.Add(51 * time.Second)
	if got := try("192.0.2.7:1", bearer(token)); got != http.StatusOK {
		t.Errorf("a minute later: %d", got)
	}
}

func TestAMachineHasOneAddressAndAProxyDoesNotCount(t *testing.T) {
	t.Parallel()
	direct := empty(t, remote)
	for i := range 10 {
		direct.get(t, "/v1/status", from(fmt.Sprintf("[2001:db8::%x]:1", i)), bearer("x"), header("X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i)))
	}
	if w := direct.get(t, "/v1/status", from("[2001:db8::ffff]:1"), bearer("x")); w.Code != http.StatusTooManyRequests {
		t.Errorf("the eleventh address of one network: %d", w.Code)
	}
	if w := direct.get(t, "/v1/status", from("[2001:db8:0:1::1]:1"), bearer("x")); w.Code != http.StatusUnauthorized {
		t.Errorf("another network: %d", w.Code)
	}
	behind := empty(t, remote, func(c *api.Config) { c.Proxied = true })
	for i := range 10 {
		behind.get(t, "/v1/status", bearer("x"), header("X-Forwarded-For", fmt.Sprintf("198.51.100.%d, 192.0.2.7", i)))
	}
	if w := behind.get(t, "/v1/status", bearer("x"), header("X-Forwarded-For", "203.0.113.1,192.0.2.7")); w.Code != http.StatusTooManyRequests {
		t.Errorf("what the asker wrote before the proxy counts: %d", w.Code)
	}
	if w := behind.get(t, "/v1/status", bearer("x"), header("X-Forwarded-For", "192.0.2.7, 192.0.2.8")); w.Code != http.StatusUnauthorized {
		t.Errorf("another one who asks the proxy: %d", w.Code)
	}
}

func TestThereIsNoEndOfAddresses(t *testing.T) {
	t.Parallel()
	h := empty(t, remote)
	for i := range 5000 {
		if w := h.get(t, "/v1/status", from(fmt.Sprintf("10.%d.%d.1:1", i/256, i%256)), bearer("x")); w.Code != http.StatusUnauthorized {
			t.Fatalf("address %d: %d", i, w.Code)
		}
	}
}
