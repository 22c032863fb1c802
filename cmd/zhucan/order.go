package main

import (
	"context"
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"zhucan/events"
	"zhucan/ledger"
	"zhucan/ledger/book"
)

// orderCommand is the verb of one action. The member that names the case is its
// argument, every other member a flag of the same name; lists and objects are
// given as JSON.
func (p *program) orderCommand(action, short, example string) *cobra.Command {
	typ, ok := events.OrderType(action)
	if !ok {
		panic("no action " + action)
	}
	kind, verb, _ := strings.Cut(action, ".")
	subject := argument(typ, kind)
	c := &cobra.Command{Use: verb, Short: short, Example: "  zhucan " + kind + " " + example}
	if subject != "" {
		c.Use += " " + strings.ToUpper(subject)
		c.Args = args(cobra.ExactArgs(1))
	} else {
		c.Args = args(cobra.NoArgs)
	}
	values := make(map[string]*string)
	for _, f := range members(typ) {
		if f.name == subject {
			continue
		}
		v := new(string)
		values[f.name] = v
		c.Flags().StringVar(v, f.name, "", f.help)
		if f.required {
			_ = c.MarkFlagRequired(f.name)
		}
	}
	var id, on string
	var dry bool
	c.Flags().StringVar(&id, "id", "", "`identifier` of the command; repeating it has no second effect (default: a new one)")
	c.Flags().StringVar(&on, "on", "", "accounting `date` (default: today)")
	c.Flags().BoolVar(&dry, "dry-run", false, "show the command and do nothing")
	c.RunE = func(cmd *cobra.Command, arg []string) error {
		object := make(map[string]jsontext.Value)
		for name, v := range values {
			if !utf8.ValidString(*v) {
				return usage("--%s is not UTF-8", name)
			}
		}
		if subject != "" {
			object[subject] = quoted(arg[0])
		}
		for _, f := range members(typ) {
			if v := values[f.name]; v != nil && cmd.Flags().Changed(f.name) {
				object[f.name] = jsontext.Value(*v)
				if f.money {
					amount, err := ledger.ParseMoney(*v)
					if err != nil {
						return fmt.Errorf("--%s: %w", f.name, err)
					}
					*v = amount.String()
				}
				if f.text {
					object[f.name] = quoted(*v)
				}
			}
		}
		return p.give(cmd.Context(), action, object, ledger.CommandID(id), on, dry)
	}
	return c
}

// give has one command decided and says what became of it.
func (p *program) give(ctx context.Context, action string, object map[string]jsontext.Value, id ledger.CommandID, on string, dry bool) error {
	with, err := json.Marshal(object, json.Deterministic(true))
	if err != nil {
		return usage("%s: %v", action, err)
	}
	do, err := events.DecodeOrder(action, with)
	if err != nil {
		return err
	}
	var date ledger.Date
	if on != "" {
		if date, err = ledger.ParseDate(on); err != nil {
			return err
		}
	}
	if dry {
		return p.print(map[string]any{"do": action, "with": jsontext.Value(with), "dry_run": true},
			table{head: []string{"do", "with"}, rows: [][]string{{action, string(with)}}})
	}
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	o, err := p.order(s, id, date)
	if err != nil {
		return err
	}
	return p.submit(ctx, s, events.Request{Command: book.Command{Order: o, Do: do}})
}

// decide has one request decided.
func (p *program) decide(ctx context.Context, s *stores, r events.Request) (events.Receipt, error) {
	who, stop, err := p.submitter(ctx, s)
	if err != nil {
		return events.Receipt{}, err
	}
	defer stop()
	receipts, err := who.SubmitAll(ctx, []events.Request{r})
	if err != nil {
		return events.Receipt{}, err
	}
	return receipts[0], receipts[0].Err
}

// submit has one request decided and prints the receipt.
func (p *program) submit(ctx context.Context, s *stores, r events.Request) error {
	got, err := p.decide(ctx, s, r)
	if err != nil {
		return err
	}
	state := p.say("已记录", "recorded")
	if got.Repeats {
		state = p.say("此前已记录，未重复", "was recorded before; nothing new")
	}
	return p.print(
		map[string]any{"id": r.Command.ID, "seq": got.Seq, "repeats": got.Repeats},
		table{head: []string{p.say("操作编号", "command"), ">seq", p.say("结果", "result")}, rows: [][]string{{string(r.Command.ID), number(got.Seq), state}}},
	)
}

type member struct {
	name, help string
	text       bool // its value is a JSON string
	money      bool // and an amount
	required   bool
}

var textType = reflect.TypeFor[encoding.TextUnmarshaler]()

// members lists what an action is told.
func members(t reflect.Type) []member {
	var all []member
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		m := member{name: name, required: !strings.Contains(options, "omit")}
		switch {
		case f.Type.Kind() == reflect.String, reflect.PointerTo(f.Type).Implements(textType), strings.Contains(options, "string"):
			m.text, m.help, m.money = true, "`"+strings.ToLower(f.Type.Name())+"`", f.Type == reflect.TypeFor[ledger.Money]()
		case f.Type.Kind() == reflect.Int:
			m.help = "`number`"
		default:
			m.help = "`json`"
		}
		all = append(all, m)
	}
	return all
}

// argument returns the member that names the case: the one called as the kind, or
// a batch, an entry or a month where the action is about one.
func argument(t reflect.Type, kind string) string {
	has := make(map[string]bool)
	for _, m := range members(t) {
		has[m.name] = true
	}
	for _, name := range []string{kind, "batch", "entry", "period"} {
		if has[name] {
			return name
		}
	}
	return ""
}

func quoted(s string) jsontext.Value {
	b, err := jsontext.AppendQuote(nil, s)
	if err != nil {
		return jsontext.Value(`""`) // not UTF-8: no identifier, and an empty one is refused
	}
	return b
}
