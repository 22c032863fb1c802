package api_test

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden pages anew")

func TestAPageIsAsItWas(t *testing.T) {
	t.Parallel()
	h := filled(t)
	for name, target := range map[string]string{
		"overview.zh": "/",
		"overview.en": "/?lang=en&as_of=2023-04-04",
		"story.zh":    "/payment/PAY1",
		"story.en":    "/payment/OLD2?lang=en",
		"event.zh":    "/event/1",
		"missing.en":  "/payment/nobody?lang=en",
	} {
		w := h.get(t, target)
		if want := http.StatusOK; w.Code != want && name != "missing.en" {
			t.Errorf("%s: status %d", target, w.Code)
		}
		path := filepath.Join("testdata", name+".html")
		if *update {
			if err := os.WriteFile(path, w.Body.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Body.String(); got != string(want) {
			t.Errorf("%s is not as in %s", target, path)
		}
	}
}
