package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhucan/schema/schematest"
)

// certificate makes a certificate for 127.0.0.1 and returns its files and who trusts
// it.
func certificate(t *testing.T) (cert, key string, trusting *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	trusting = x509.NewCertPool()
	trusting.AddCert(made)
	return cert, key, trusting
}

func TestNoTokenGoesOverANetworkInTheClear(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	cert, key, _ := certificate(t)
	for _, c := range []struct {
		says string
		args []string
	}{
		{"tls-missing", []string{"--listen", ":0"}},
		{"tls-missing", []string{"--listen", "0.0.0.0:0"}},
		{"tls-missing", []string{"--listen", "[::]:0"}},
		{"tls-missing", []string{"--listen", "192.0.2.1:8080"}},
		{"usage", []string{"--listen", ":0", "--tls-cert", cert}},
		{"usage", []string{"--listen", ":0", "--tls-key", key}},
		{"usage", []string{"--listen", ":0", "--tls-cert", key, "--tls-key", cert}},
		{"usage", []string{"--listen", "nowhere"}},
	} {
		for _, verb := range []string{"serve", "demo"} {
			if code, _, stderr := zhucan(t, dir, append([]string{verb}, c.args...)...); code != 2 || !strings.Contains(stderr, "["+c.says+"]") {
				t.Errorf("%s %v: exit %d, %s", verb, c.args, code, stderr)
			}
		}
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("something was made before it was refused: %v", err)
	}
	for _, d := range []door{{listen: "127.0.0.1:0"}, {listen: "[::1]:0"}, {listen: ":0", proxied: true}, {listen: ":0", cert: cert, key: key}} {
		if secured, err := d.open(); err != nil || (secured != nil) != (d.cert != "") {
			t.Errorf("%+v: %v", d, err)
		}
	}
}

func TestOverTLSTheServerAsksForATokenAndTheCommandLineStillReachesIt(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "data")
	cert, key, trusting := certificate(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(free.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	serve(t, dir, "--listen", "0.0.0.0:"+port, "--tls-cert", cert, "--tls-key", key)
	must(t, dir, "import", "policy", "../../schema/policy/sample") // through the server

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusting}}}
	defer client.CloseIdleConnections()
	base := "https://127.0.0.1:" + port
	ask := func(path, token string) (int, http.Header) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, res.Body)
		return res.StatusCode, res.Header
	}
	for _, path := range []string{"/", "/readyz", "/v1/trial-balance"} {
		if code, _ := ask(path, ""); code != http.StatusUnauthorized {
			t.Errorf("%s without a token: %d", path, code)
		}
	}
	token := strings.TrimSpace(answer[struct{ Token string }](t, must(t, dir, "access", "add", "auditor-1", "--role", "auditor", "-o", "json")).Token)
	if code, h := ask("/v1/trial-balance", token); code != http.StatusOK || h.Get("Strict-Transport-Security") == "" {
		t.Errorf("with a token: %d, %v", code, h)
	}
	if res, err := http.Get("http://127.0.0.1:" + port + "/"); err == nil {
		if res.Body.Close(); res.StatusCode != http.StatusBadRequest {
			t.Errorf("in the clear: %d", res.StatusCode)
		}
	}
}

func TestAConnectionIsLimitedInTimeAndSize(t *testing.T) {
	t.Parallel()
	asked := 0
	server := limits(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }), slog.New(slog.DiscardHandler))
	if server.ReadHeaderTimeout <= 0 || server.ReadTimeout <= 0 || server.WriteTimeout <= 0 || server.IdleTimeout <= 0 {
		t.Errorf("a connection may be held for ever: %+v", server)
	}
	server.ReadHeaderTimeout = 100 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-ended })
	for name, c := range map[string]struct{ sent, want string }{
		"a header that does not end": {"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", ""},
		"a header that is too large": {"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 80<<10) + "\r\n\r\n", "431"},
	} {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		go func() { _, _ = io.WriteString(conn, c.sent) }() // it may be cut off
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(conn)
		if err, late := err.(net.Error); late && err.Timeout() {
			t.Errorf("%s holds the connection", name)
		}
		if c.want != "" && !strings.Contains(string(got), c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if asked != 0 {
		t.Errorf("%d requests came through", asked)
	}
}
