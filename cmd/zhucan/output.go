package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/width"

	"zhucan/cmd/zhucan/intake"
	"zhucan/ledger"
)

// A table is an answer as rows: columns whose head begins with ">" hold numbers
// and are aligned to the right.
type table struct {
	head []string
	rows [][]string
	foot string // said below the table on a screen
}

// print writes an answer in the form asked for: whole as JSON, or as rows.
func (p *program) print(whole any, t table) error {
	switch p.output {
	case "json":
		return printJSON(p.stdout, whole)
	case "csv":
		// What the figures are a function of is said beside the rows, not among them.
		if t.foot != "" {
			fmt.Fprintln(p.stderr, t.foot)
		}
		return printCSV(p.stdout, t)
	}
	printTable(p.stdout, t)
	return nil
}

func printJSON(w io.Writer, v any) error {
	b, err := json.Marshal(v, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

func printCSV(w io.Writer, t table) error {
	c := csv.NewWriter(w)
	head := make([]string, len(t.head))
	for i, h := range t.head {
		head[i] = strings.TrimPrefix(h, ">")
	}
	if err := c.Write(head); err != nil {
		return err
	}
	for _, r := range t.rows {
		guarded := make([]string, len(r))
		for i, cell := range r {
			if strings.HasPrefix(t.head[i], ">") {
				guarded[i] = strings.ReplaceAll(cell, ",", "") // groups of digits are for reading
			} else {
				guarded[i] = intake.Guard(cell)
			}
		}
		if err := c.Write(guarded); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// flat is a cell of a table on a screen: on one line, and without anything that
// moves the cursor or turns the text around.
func flat(cell string) string {
	return strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(intake.Visible(cell))
}

func printTable(w io.Writer, t table) {
	head := make([]string, len(t.head))
	widths := make([]int, len(t.head))
	for i, h := range t.head {
		head[i] = strings.TrimPrefix(h, ">")
		widths[i] = columns(head[i])
	}
	rows := make([][]string, len(t.rows))
	for n, r := range t.rows {
		rows[n] = make([]string, len(r))
		for i, cell := range r {
			rows[n][i] = flat(cell)
			widths[i] = max(widths[i], columns(rows[n][i]))
		}
	}
	line := func(cells []string) {
		var b strings.Builder
		for i, cell := range cells {
			pad := strings.Repeat(" ", widths[i]-columns(cell))
			if i > 0 {
				b.WriteString("  ")
			}
			if strings.HasPrefix(t.head[i], ">") {
				b.WriteString(pad + cell)
			} else {
				b.WriteString(cell + pad)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
	line(head)
	rule := make([]string, len(t.head))
	for i := range rule {
		rule[i] = strings.Repeat("─", widths[i])
	}
	line(rule)
	for _, r := range rows {
		line(r)
	}
	if t.foot != "" {
		fmt.Fprintln(w, t.foot)
	}
}

// columns is how many columns of a terminal s takes: wide characters take two.
func columns(s string) (n int) {
	for _, r := range s {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// grouped writes an amount for reading: 1,234,567.89.
func grouped(m ledger.Money) string {
	s := m.String()
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, cents, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return sign + whole + "." + cents
}

// say returns the text in the language of the run.
func (p *program) say(zh, en string) string {
	if p.lang == "en" {
		return en
	}
	return zh
}

// A refusal is how a rejection is printed as JSON.
type refusal struct {
	Code   string `json:"code"`
	Rule   string `json:"rule"`
	RuleZH string `json:"rule_zh"`
	Detail string `json:"detail"`
	Source string `json:"source,omitempty"`
	Next   string `json:"next,omitempty"`
	NextZH string `json:"next_zh,omitempty"`
}

func (p *program) printError(err error) {
	r, detail := ledger.Refused(err)
	if p.output == "json" {
		e := refusal{Code: "fault", Detail: err.Error()}
		if r != nil {
			e = refusal{r.Code, r.Rule, r.RuleZH, detail, r.Source, r.Next, r.NextZH}
		}
		_ = printJSON(p.stderr, map[string]any{"error": e})
		return
	}
	if r == nil {
		fmt.Fprintln(p.stderr, "zhucan:", intake.Visible(err.Error()))
		return
	}
	fmt.Fprintf(p.stderr, "zhucan: %s  [%s]\n", p.say(r.RuleZH, r.Rule), r.Code)
	fmt.Fprintf(p.stderr, "        %s\n", p.say(r.Rule, r.RuleZH))
	line := func(zh, en, text string) {
		if text != "" {
			fmt.Fprintf(p.stderr, "  %s: %s\n", p.say(zh, en), text)
		}
	}
	line("何处", "where", strings.ReplaceAll(intake.Visible(detail), "\n", "\n        "))
	line("依据", "source", r.Source)
	line("下一步", "next", p.say(r.NextZH, r.Next)+" / "+p.say(r.Next, r.NextZH))
}
