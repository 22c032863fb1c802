package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Unset lists what the pack leaves open, as parameters without a value: rows of its own,
// and amounts, publicity, terms and late returns of schemes, which compute or approve nothing
// until they are set.
func (p Pack) Unset() []Parameter {
	var open []Parameter
	for _, x := range p.Parameters {
		if x.Value == "" {
			open = append(open, x)
		}
	}
	for _, s := range p.Schemes {
		gap := Parameter{Certainty: Unknown, From: s.From, To: s.To, Published: s.Published, Source: s.Clause}
		if len(s.Standards) == 0 {
			gap.Name = string(s.Code) + ".standard"
			open = append(open, gap)
		}
		if s.Publicity.Days == 0 {
			gap.Name = string(s.Code) + ".publicity.days"
			open = append(open, gap)
		}
		if s.Recurring != nil && s.Recurring.Term == 0 {
			gap.Name = string(s.Code) + ".term"
			open = append(open, gap)
		}
		if s.Recurring != nil && s.Recurring.Placements == 0 {
			gap.Name = string(s.Code) + ".placements"
			open = append(open, gap)
		}
		if s.Recurring != nil && s.Recurring.Term != None && s.Recurring.NearRetirement == 0 {
			gap.Name = string(s.Code) + ".near_retirement"
			open = append(open, gap)
		}
	}
	if p.LateReturn == "" {
		open = append(open, Parameter{Certainty: Unknown, Name: "late_return", Source: p.Source})
	}
	return open
}

// A Change is what one pack says of a thing and another does not. Field is empty where the
// thing itself came or went.
type Change struct {
	Kind   string `json:"kind"` // pack, account, parameter, flow, scheme, standard, exclusion, target, split, day
	Key    string `json:"key"`
	Field  string `json:"field,omitempty"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

type item struct {
	kind, key string
	fields    map[string]string
}

// Changes lists what changes from p to q, in the order of q and then of what went.
func (p Pack) Changes(q Pack) []Change {
	before := make(map[[2]string]map[string]string)
	for _, i := range p.items() {
		before[[2]string{i.kind, i.key}] = i.fields
	}
	var all []Change
	for _, i := range q.items() {
		key := [2]string{i.kind, i.key}
		old, ok := before[key]
		delete(before, key)
		if !ok {
			all = append(all, Change{Kind: i.kind, Key: i.key, After: summary(i.fields)})
			continue
		}
		for _, f := range slices.Sorted(maps.Keys(merged(old, i.fields))) {
			if old[f] != i.fields[f] {
				all = append(all, Change{i.kind, i.key, f, old[f], i.fields[f]})
			}
		}
	}
	for _, i := range p.items() {
		if fields, ok := before[[2]string{i.kind, i.key}]; ok {
			all = append(all, Change{Kind: i.kind, Key: i.key, Before: summary(fields)})
		}
	}
	return all
}

// items takes a pack apart. A parameter is its name, region and days from which it is in
// force and known, so that another value or end is a change of it and not another row.
func (p Pack) items() []item {
	all := []item{{"pack", "", map[string]string{"label": p.Label, "late_return": p.LateReturn, "source": p.Source, "version": p.Version}}}
	add := func(kind string, v any, key ...string) {
		all = append(all, item{kind, strings.Join(key, " "), fieldsOf(v)})
	}
	for _, a := range p.Accounts {
		add("account", a, string(a.Code))
	}
	for _, x := range p.Parameters {
		key := []string{x.Name, string(x.Region)}
		if !x.From.IsZero() {
			key = append(key, "from "+x.From.String())
		}
		if !x.Published.IsZero() {
			key = append(key, "published "+x.Published.String())
		}
		add("parameter", x, key...)
	}
	for _, f := range p.Flows {
		add("flow", f, f.Code)
	}
	for _, s := range p.Schemes {
		standards, excludes := s.Standards, s.Excludes
		s.Standards, s.Excludes = nil, nil
		add("scheme", s, string(s.Code))
		for _, a := range standards {
			add("standard", a, string(s.Code), string(a.Region), "from "+a.From.String())
		}
		for _, x := range excludes {
			add("exclusion", x, string(s.Code), x.Group)
		}
	}
	for _, t := range p.Targets {
		splits := t.Splits
		t.Splits = nil
		add("target", t, t.Code)
		for _, s := range splits {
			key := []string{t.Code, string(s.Region)}
			if s.Year != 0 {
				key = append(key, fmt.Sprint(s.Year))
			}
			add("split", s, key...)
		}
	}
	for _, d := range p.Days {
		add("day", d, d.Date.String())
	}
	return all
}

// fieldsOf returns what is written of v, member by member.
func fieldsOf(v any) map[string]string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("policy: " + err.Error()) // plain data
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		panic("policy: " + err.Error())
	}
	fields := make(map[string]string)
	for name, raw := range members {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			s = string(raw)
		}
		fields[name] = s
	}
	return fields
}

func merged(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func summary(fields map[string]string) string {
	var all []string
	for _, f := range slices.Sorted(maps.Keys(fields)) {
		if fields[f] != "" {
			all = append(all, f+"="+fields[f])
		}
	}
	return strings.Join(all, " ")
}
