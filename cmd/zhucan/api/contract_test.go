package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"zhucan/cmd/zhucan/api"
	"zhucan/events"
)

// A contract is schema/openapi.yaml.
type contract struct {
	doc      map[string]any
	compiler *jsonschema.Compiler
}

func load(t testing.TB) contract {
	t.Helper()
	text, err := os.ReadFile("../../../schema/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var parsed any
	if err := yaml.Unmarshal(text, &parsed); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(parsed)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	c := contract{doc.(map[string]any), jsonschema.NewCompiler()}
	if err := c.compiler.AddResource("file:///openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	return c
}

// at returns what the contract has at a path of members, following references.
func (c contract) at(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
		if m, ok := v.(map[string]any); ok {
			if ref, ok := m["$ref"].(string); ok {
				v = c.at(c.doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
			}
		}
	}
	return v
}

// schema compiles what a path of members of the contract leads to, without
// following references on the way.
func (c contract) schema(t testing.TB, path ...string) *jsonschema.Schema {
	t.Helper()
	escaped := make([]string, len(path))
	for i, p := range path {
		escaped[i] = strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(p)
	}
	s, err := c.compiler.Compile("file:///openapi.json#/" + strings.Join(escaped, "/"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fits checks an answer against the response that the contract has for it.
func (c contract) fits(t testing.TB, path, method string, w interface {
	Result() *http.Response
}) {
	t.Helper()
	res := w.Result()
	defer res.Body.Close()
	status := strconv.Itoa(res.StatusCode)
	place := []string{"paths", path, strings.ToLower(method), "responses", status}
	described, ok := c.at(c.doc, place...).(map[string]any)
	if !ok {
		t.Errorf("%s %s answers %s, which is not described", method, path, status)
		return
	}
	if ref, ok := c.at(c.doc, place[:4]...).(map[string]any)[status].(map[string]any)["$ref"].(string); ok {
		place = strings.Split(strings.TrimPrefix(ref, "#/"), "/")
	}
	content, _ := described["content"].(map[string]any)
	media, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	if len(content) == 0 {
		return
	}
	if _, ok := content[media]; !ok {
		t.Errorf("%s %s answers %s as %s, described are %v", method, path, status, media, slices.Collect(maps.Keys(content)))
		return
	}
	if !strings.HasSuffix(media, "json") {
		return
	}
	body, err := jsonschema.UnmarshalJSON(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.schema(t, append(slices.Clone(place), "content", media, "schema")...).Validate(body); err != nil {
		t.Errorf("%s %s answers %s otherwise than described: %v", method, path, status, err)
	}
}

func TestEveryRouteIsDescribedAndNothingElse(t *testing.T) {
	t.Parallel()
	c := load(t)
	described := make(map[string]bool)
	for path, item := range c.doc["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			described[strings.ToUpper(method)+" "+path] = true
		}
	}
	for _, pattern := range api.Routes() {
		pattern = strings.Replace(pattern, "{$}", "", 1)
		if !described[pattern] {
			t.Errorf("%s is not described", pattern)
		}
		delete(described, pattern)
	}
	for left := range described {
		t.Errorf("%s is described and does not exist", left)
	}
}

func TestEveryAnswerIsAsDescribed(t *testing.T) {
	t.Parallel()
	c, h := load(t), withDocuments(t)
	for _, pattern := range api.Routes() {
		method, path, _ := strings.Cut(strings.Replace(pattern, "{$}", "", 1), " ")
		target := paths[pattern]
		if method == http.MethodGet {
			w := h.ask(t, method, target, "")
			if w.Code != http.StatusOK && w.Code != http.StatusSeeOther && !untargeted(w) {
				t.Errorf("%s: %d %s", target, w.Code, w.Body)
			}
			c.fits(t, path, method, w)
		}
		c.fits(t, path, method, h.ask(t, method, target, "{}", host("evil.example")))
		if !isOpen(pattern) {
			c.fits(t, path, method, h.ask(t, method, target, "{}", none))
		}
	}
	for _, target := range []string{"/v1/trace/nobody", "/v1/trace/PAY1", "/v1/trace/P1", "/v1/trace/B1", "/v1/trace/synthetic-0070", "/v1/trace/a%20b", "/v1/trace/C1?x=1"} {
		c.fits(t, "/v1/trace/{id}", http.MethodGet, h.get(t, target))
	}
	for seq := range 92 {
		c.fits(t, "/v1/events/{seq}", http.MethodGet, h.get(t, fmt.Sprintf("/v1/events/%d", seq+1)))
	}
	const documents = "/v1/claims/{claim}/documents/{kind}"
	c.fits(t, documents, http.MethodPost, h.ask(t, http.MethodPost, attachRoster, roster, as("clerk")))
	c.fits(t, documents, http.MethodPost, h.ask(t, http.MethodPost, attachRoster, "another", as("clerk")))
	c.fits(t, documents, http.MethodPost, h.ask(t, http.MethodPost, attachRoster, "", as("clerk")))
	c.fits(t, documents, http.MethodGet, h.get(t, "/v1/claims/N1/documents/none"))
	c.fits(t, "/v1/register", http.MethodGet, h.get(t, "/v1/register?account=5001&limit=2"))
	c.fits(t, "/v1/register", http.MethodGet, h.get(t, "/v1/register?account=none"))
	c.fits(t, "/v1/events", http.MethodGet, h.get(t, "/v1/events?limit=2"))
	for _, target := range []string{
		"/v1/levies?status=bogus", "/v1/levies?region=999999", "/v1/levies?as_of=", "/v1/payments?status=payd", "/v1/claims?status=paid", "/v1/trial-balance?known_by=",
	} {
		path, _, _ := strings.Cut(target, "?")
		w := h.get(t, target)
		if w.Code != http.StatusBadRequest && w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", target, w.Code)
		}
		c.fits(t, path, http.MethodGet, w)
	}
	for _, target := range []string{"/payment/nobody", "/payment/a%20b", "/payment/C1?as_of=x"} {
		c.fits(t, "/payment/{id}", http.MethodGet, h.get(t, target))
	}
	for _, body := range []string{
		person("c1", "P9"), person("c1", "P8"), person("c2", "P9"), "{", "[" + person("c1", "P9") + "]", "[" + person("c1", "P9") + `,{},{"id":"c9"}]`,
		`{"id":"c1","do":"party.erase","on":"2023-04-20","with":{"basis":"x","party":"P1"}}`,
	} {
		c.fits(t, "/v1/commands", http.MethodPost, h.ask(t, http.MethodPost, "/v1/commands", body, as("clerk")))
	}
}

func TestDescribedParametersAreTaken(t *testing.T) {
	t.Parallel()
	c, h := load(t), withDocuments(t)
	values := map[string]string{
		"lang": "en", "as_of": "2023-04-04", "known_by": "60", "account": "5001", "region": "220104", "scheme": "startup", "fund": "levy", "year": "2023",
		"type": "claim.submitted.v1", "case": "C1", "party": "P1", "claim": "C1", "batch": "B1", "limit": "3", "id": "C1", "employer": "E1", "overdue": "true", "above": "false", "on": "2023-04-04",
	}
	statuses := map[string]string{"/v1/claims": "approved", "/v1/payments": "paid", "/v1/levies": "owing"}
	afters := map[string]string{"/v1/register": "2023-03-09.20.1", "/v1/budgets": "220104/startup/levy/2023"}
	for _, pattern := range api.Routes() {
		method, path, _ := strings.Cut(strings.Replace(pattern, "{$}", "", 1), " ")
		if method != http.MethodGet {
			continue
		}
		target, sign := paths[pattern], "?"
		if strings.Contains(target, "?") {
			sign = "&"
		}
		params, _ := c.at(c.doc, "paths", path, "get", "parameters").([]any)
		for _, p := range params {
			p := c.at(map[string]any{"p": p}, "p").(map[string]any)
			name := p["name"].(string)
			if p["in"] != "query" || strings.Contains(target, name+"=") {
				continue
			}
			v := values[name]
			if name == "status" {
				v = statuses[path]
			}
			if name == "after" {
				if v = afters[path]; v == "" {
					v = "1"
				}
			}
			w := h.get(t, target+sign+name+"="+v)
			if w.Code >= 400 && !untargeted(w) {
				t.Errorf("%s with %s=%s: %d %s", pattern, name, v, w.Code, w.Body)
			}
			c.fits(t, path, method, w)
		}
	}
}

// The schema of an order has exactly the members that its decoder takes.
func TestEveryOrderIsDescribed(t *testing.T) {
	t.Parallel()
	c := load(t)
	described, _ := c.at(c.doc, "components", "schemas", "Command", "properties", "do", "enum").([]any)
	if len(described) != len(events.Orders()) {
		t.Errorf("%d orders are described, there are %d", len(described), len(events.Orders()))
	}
	for _, name := range events.Orders() {
		if !slices.Contains(described, any(name)) {
			t.Errorf("%s is not described", name)
			continue
		}
		members, _ := c.at(c.doc, "components", "schemas", name, "properties").(map[string]any)
		nothing := make(map[string]any)
		for m := range members {
			nothing[m] = nil
		}
		body, err := json.Marshal(nothing)
		if err != nil {
			t.Fatal(err)
		}
		do, err := events.DecodeOrder(name, body)
		if err != nil {
			t.Errorf("%s does not take what is described: %v", name, err)
			continue
		}
		body, err = jsonv2.Marshal(do)
		if err != nil {
			t.Fatal(err)
		}
		var taken map[string]any
		if err := json.Unmarshal(body, &taken); err != nil {
			t.Fatal(err)
		}
		for m := range taken {
			if _, ok := members[m]; !ok {
				t.Errorf("%s takes %s, which is not described", name, m)
			}
		}
	}
}

// What the schema of a command lets through, the server understands, and what it
// does not, it refuses.
func TestTheSchemaOfACommandIsThatOfTheServer(t *testing.T) {
	t.Parallel()
	c, h := load(t), empty(t)
	schema := c.schema(t, "components", "schemas", "Command")
	unintelligible := regexp.MustCompile(`body-malformed|order-malformed|identifier-form|date-form|amount-form|budget-line-form`)
	for body, want := range map[string]bool{
		person("c1", "P9"): true,
		`{"id":"c2","do":"payment.open-batch","on":"2023-04-20","with":{"batch":"B9"}}`:                                                                                      true,
		`{"id":"c3","do":"payment.open-batch","on":"2023-04-20","with":{"batch":"B9","x":1}}`:                                                                                false,
		`{"id":"c4","do":"payment.open-batch","on":"2023-04-20","with":{"batch":9}}`:                                                                                         false,
		`{"id":"c5","do":"payment.close-batch","on":"2023-04-20","with":{"batch":"B9"}}`:                                                                                     false,
		`{"id":"c6","do":"budget.appropriate","on":"2023-04-20","with":{"amount":"1.00","document":"示例","line":"220104/startup/levy/2023"}}`:                                 true,
		`{"id":"c7","do":"budget.appropriate","on":"2023-04-20","with":{"amount":1,"document":"示例","line":"220104/startup/levy/2023"}}`:                                      false,
		`{"id":"c8","do":"budget.appropriate","on":"2023-04-20","with":{"amount":"1.001","document":"示例","line":"220104/startup/levy/2023"}}`:                                false,
		`{"id":"c9","do":"budget.appropriate","on":"2023-04-20","with":{"amount":"1.00","document":"示例","line":"220104"}}`:                                                   false,
		`{"id":"d1","do":"budget.appropriate","on":"20230420","with":{"amount":"1.00","document":"示例","line":"220104/startup/levy/2023"}}`:                                   false,
		`{"id":"d 2","do":"payment.open-batch","on":"2023-04-20","with":{"batch":"B9"}}`:                                                                                     false,
		`{"id":"d3","do":"journal.propose-entry","on":"2023-04-20","with":{"memo":"x","postings":[{"account":"5001","amount":"1.00","side":"debit"}]}}`:                      true,
		`{"id":"d4","do":"journal.close","on":"2023-04-20","with":{"credits":"1.00","debits":"1.00","period":"2023-03","root":"` + strings.Repeat("0", 64) + `","seq":"3"}}`: true,
		`{"id":"d5","do":"payment.open-batch","on":"2023-04-20","with":{"batch":"B9"},"by":"operator"}`:                                                                      false,
	} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); (err == nil) != want {
			t.Errorf("the schema says %v of %s", err, body)
		}
		w := h.ask(t, http.MethodPost, "/v1/commands", body, as("accountant"))
		understood := w.Code == http.StatusOK || !unintelligible.MatchString(decode[problem](t, w).Code)
		if understood != want {
			t.Errorf("the server says %d %s to %s", w.Code, w.Body, body)
		}
	}
}

func TestMonthsAreTold(t *testing.T) {
	t.Parallel()
	b := sample(t)
	b.Posts()
	c := load(t)
	// Past midnight in China, and not in Greenwich.
	h := open(t, b.Records, func(c *api.Config) { c.Now = func() time.Time { return time.Date(2023, 6, 29, 17, 0, 0, 0, time.UTC) } })
	if err := h.runner.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	type months struct {
		Arrears  []struct{ Claim, Month, Status string } `json:"arrears"`
		Overpaid []struct{ Payment string }              `json:"overpaid"`
	}
	for target, want := range map[string][2]int{
		"/v1/claims/arrears?as_of=2023-04-13": {2, 0}, "/v1/claims/arrears?as_of=2023-06-29": {0, 0}, "/v1/claims/arrears?as_of=2023-07-31&claim=M2": {2, 0},
		"/v1/claims/arrears?as_of=2023-07-31&after=M2:2023-06": {1, 0}, "/v1/claims/overpaid": {0, 2}, "/v1/claims/overpaid?as_of=2023-05-09&party=P6": {0, 1},
		"/v1/claims/overpaid?scheme=startup": {0, 0},
	} {
		w := h.get(t, target)
		path, _, _ := strings.Cut(target, "?")
		c.fits(t, path, http.MethodGet, w)
		w = h.get(t, target)
		if got := decode[months](t, w); len(got.Arrears) != want[0] || len(got.Overpaid) != want[1] {
			t.Errorf("%s: %+v", target, got)
		}
	}
	// What is due without a day is due today.
	if got := decode[months](t, h.get(t, "/v1/claims/arrears")); len(got.Arrears) != 1 {
		t.Errorf("today: %+v", got)
	}
	for _, target := range []string{"/v1/trace/M1", "/v1/claims", "/v1/payments"} {
		w := h.get(t, target)
		c.fits(t, strings.Replace(target, "M1", "{id}", 1), http.MethodGet, w)
	}
}
