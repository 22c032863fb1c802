package api_test

import (
	"flag"
	"fmt"
	"html"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"zhucan/events"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/policy"
	"zhucan/projections/sampletest"
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

// every is a target of each page, in both languages.
func every() []string {
	var all []string
	for _, path := range []string{"/", "/payment/PAY1", "/payment/C1", "/payment/P1", "/payment/X1", "/payment/B1", "/payment/OLD3", "/event/92", "/event/10", "/payment/nobody", "/nowhere"} {
		all = append(all, path, path+"?lang=en")
	}
	return all
}

func TestAHostileNameIsTextOnEveryPage(t *testing.T) {
	t.Parallel()
	h := filled(t)
	for _, target := range append(every(), "/find?id="+url.QueryEscape(hostile), "/payment/"+url.PathEscape(hostile), "/?lang="+url.QueryEscape(hostile), "/?as_of="+url.QueryEscape(hostile)) {
		body := h.get(t, target).Body.String()
		for _, never := range []string{"<img", "<script", "onerror=alert(1)>", "javascript:", "<style", "style=\""} {
			if strings.Contains(strings.ToLower(body), never) {
				t.Errorf("%s contains %s", target, never)
			}
		}
	}
	body := h.get(t, "/event/92").Body.String()
	if !strings.Contains(body, "&lt;img src=x onerror=alert(1)&gt;") && !strings.Contains(body, `\u003cimg`) {
		t.Error("the name is not shown as text")
	}
}

// What can be checked of accessibility (console.md §5) without a browser.
func TestPagesAreBuiltForScreenReadersAndKeyboards(t *testing.T) {
	t.Parallel()
	h := filled(t)
	id := regexp.MustCompile(` id="([^"]+)"`)
	refers := regexp.MustCompile(` (?:aria-labelledby|for|aria-describedby)="([^"]+)"| href="#([^"]+)"`)
	for _, target := range every() {
		body := h.get(t, target).Body.String()
		lang := "zh-CN"
		if strings.Contains(target, "lang=en") {
			lang = "en"
		}
		for part, times := range map[string]int{
			"<html lang=\"" + lang + "\">": 1, "<h1>": 1, "<main ": 1, "<header>": 1, "<footer>": 1, `<a class="skip" href="#main">`: 1, "<title>": 1,
		} {
			if got := strings.Count(body, part); got != times {
				t.Errorf("%s has %s %d times", target, part, got)
			}
		}
		if strings.Count(body, "<table>") != strings.Count(body, "<caption>") {
			t.Errorf("%s has a table without a caption", target)
		}
		if strings.Count(body, "<th ")+strings.Count(body, "<th>") != strings.Count(body, "<th scope=") {
			t.Errorf("%s has a head cell without a scope", target)
		}
		if regexp.MustCompile(`tabindex="[1-9]`).MatchString(body) {
			t.Errorf("%s changes the order of the tab key", target)
		}
		seen := make(map[string]bool)
		for _, m := range id.FindAllStringSubmatch(body, -1) {
			if seen[m[1]] {
				t.Errorf("%s has two elements %s", target, m[1])
			}
			seen[m[1]] = true
		}
		for _, m := range refers.FindAllStringSubmatch(body, -1) {
			if to := m[1] + m[2]; !seen[to] {
				t.Errorf("%s refers to %s, which is not there", target, to)
			}
		}
		if strings.Contains(body, "<svg") && strings.Count(body, "<svg") != strings.Count(body, ` role="img" aria-label="`) {
			t.Errorf("%s has a picture without words", target)
		}
	}
}

func TestTheLanguageChangesAndThePlaceStays(t *testing.T) {
	t.Parallel()
	h := filled(t)
	link := regexp.MustCompile(`<a href="([^"]+)" hreflang="(en|zh-CN)"`)
	at := "/payment/PAY1?as_of=2023-04-04&known_by=60"
	for _, want := range []string{"zh-CN", "en", "zh-CN"} {
		w := h.get(t, at)
		body := w.Body.String()
		if w.Code != http.StatusOK || !strings.Contains(body, `<html lang="`+want+`">`) {
			t.Fatalf("%s is not in %s: %d", at, want, w.Code)
		}
		for _, stays := range []string{`<time datetime="2023-04-04">`, "/payment/C1?as_of=2023-04-04&amp;known_by=60"} {
			if !strings.Contains(body, stays) {
				t.Errorf("%s does not keep %s", at, stays)
			}
		}
		at = html.UnescapeString(link.FindStringSubmatch(body)[1])
	}
	if w := h.get(t, "/?lang=fr"); w.Code != http.StatusBadRequest {
		t.Errorf("another language: %d", w.Code)
	}
}

func TestAnEarlierDayIsNotTakenForNow(t *testing.T) {
	t.Parallel()
	h := filled(t)
	for _, path := range []string{"/", "/payment/PAY1", "/event/40"} {
		for query, want := range map[string]string{
			"":                                       "",
			"?lang=en":                               "",
			"?known_by=60":                           `认知截至序号 60。 <a href="` + path + `">回到现在</a>`,
			"?lang=en&known_by=2023-03-01T01:00:59Z": `known by record 60. <a href="` + path + `?lang=en">Back to now</a>`,
			"?lang=en&as_of=2023-04-04":              `dated up to <time datetime="2023-04-04">2023-04-04</time>, known by record ` + strconv.Itoa(len(sample(t).Records)) + `.`,
		} {
			w := h.get(t, path+query)
			body := w.Body.String()
			if w.Code != http.StatusOK || (want == "") == strings.Contains(body, "class=\"banner\">"+map[bool]string{true: "These are", false: "所示"}[strings.Contains(query, "en")]) || !strings.Contains(body, want) {
				t.Errorf("%s%s: %d does not say %q", path, query, w.Code, want)
			}
		}
	}
}

func TestFindingLeadsToAStoryOrARecord(t *testing.T) {
	t.Parallel()
	h := filled(t)
	for id, want := range map[string]string{"PAY1": "/payment/PAY1", "nobody": "/payment/nobody", "12": "/event/12"} {
		w := h.get(t, "/find?lang=en&id="+id)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != want+"?lang=en" {
			t.Errorf("%s: %d to %s", id, w.Code, w.Header().Get("Location"))
		}
	}
	for target, want := range map[string]int{"/find": 400, "/find?id=": 400, "/find?id=%2F%2Fevil.example": 422} {
		if w := h.get(t, target); w.Code != want || w.Header().Get("Location") != "" {
			t.Errorf("%s: %d to %q", target, w.Code, w.Header().Get("Location"))
		}
	}
}

func TestOnlyASamplePolicyIsCalledASample(t *testing.T) {
	t.Parallel()
	for label, want := range map[string]bool{"示例政策（吉林）": true, "Sample policy": true, "吉林省2023年政策": false} {
		b := sampletest.New(t)
		pack := ledgertest.Pack()
		pack.Version, pack.Label = "v2", label
		b.Do(ledgertest.Operator, sampletest.Day, policy.Publish{Pack: pack})
		h := open(t, b.Records)
		if err := h.runner.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(h.get(t, "/").Body.String(), `class="banner"`); got != want {
			t.Errorf("%q is called a sample: %v", label, got)
		}
	}
}

func TestEveryEventHasWordsInBothLanguages(t *testing.T) {
	t.Parallel()
	h := filled(t)
	zh, en := "", ""
	for _, path := range []string{"/payment/C1", "/payment/C2", "/payment/C3", "/payment/OLD2", "/payment/OLD3", "/payment/P1", "/payment/E1", "/payment/P2", "/payment/synthetic-0070"} {
		zh += h.get(t, path).Body.String()
		en += h.get(t, path+"?lang=en").Body.String()
	}
	for seq := range 92 {
		zh += h.get(t, fmt.Sprintf("/event/%d", seq+1)).Body.String()
	}
	for _, name := range events.Names() {
		// A type without words of its own is shown by its name, outside the header.
		for _, body := range []string{zh, en} {
			for _, shown := range []string{"<p>" + name, " · " + name, "<td>" + name + "</td><td>2023"} {
				if strings.Contains(body, shown) {
					t.Errorf("%s has no words", name)
				}
			}
		}
	}
}

func TestTheStyleSheetIsSentAsOne(t *testing.T) {
	t.Parallel()
	h := empty(t)
	w := h.get(t, "/style.css")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(w.Body.String(), "@media print") {
		t.Errorf("%d %s", w.Code, w.Header().Get("Content-Type"))
	}
	if strings.Contains(w.Body.String(), "url(") || strings.Contains(w.Body.String(), "@import") {
		t.Error("the style sheet fetches something")
	}
}

func TestColoursHaveContrast(t *testing.T) {
	t.Parallel()
	css := empty(t).get(t, "/style.css").Body.String()
	colour := func(name string) float64 {
		m := regexp.MustCompile(`--` + name + `: #([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2});`).FindStringSubmatch(css)
		if m == nil {
			t.Fatalf("no colour %s", name)
		}
		luminance := 0.0
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} { // WCAG 2.2, relative luminance
			n, err := strconv.ParseUint(m[i+1], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			c := float64(n) / 255
			if c <= 0.04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			luminance += weight * c
		}
		return luminance
	}
	for name, least := range map[string]float64{"ink": 4.5, "quiet": 4.5, "link": 4.5, "good": 4.5, "warn": 4.5, "bad": 4.5, "line": 3} {
		for on, paper := range map[string]float64{"white": 1, "pale": colour("pale")} {
			if got := (paper + 0.05) / (colour(name) + 0.05); got < least {
				t.Errorf("%s on %s has contrast %.2f", name, on, got)
			}
		}
	}
}
