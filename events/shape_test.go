package events_test

import (
	"encoding"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"zhucan/events"
)

// A shape is what a schema says of one object, as far as a struct says it too.
type shape struct {
	Ref        string           `json:"$ref"`
	Type       string           `json:"type"`
	Properties map[string]shape `json:"properties"`
	Required   []string         `json:"required"`
	Closed     *bool            `json:"additionalProperties"`
	Items      *shape           `json:"items"`
	Says       string           `json:"description"`
	Schema     string           `json:"$schema"`
	Defs       map[string]shape `json:"$defs"`
}

func loadShape(t *testing.T, file string) shape {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(schemas, file))
	if err != nil {
		t.Fatal(err)
	}
	var s shape
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if s.Schema != "https://json-schema.org/draft/2020-12/schema" || s.Says == "" {
		t.Errorf("%s is of %q and says %q", file, s.Schema, s.Says)
	}
	return s
}

func TestSchemasAndStructsSayTheSame(t *testing.T) {
	t.Parallel()
	common := loadShape(t, "common.json")
	for _, name := range events.Names() {
		d := decode(t, load(t, name)[0].record())
		if events.NameOf(d.Event) != name {
			continue // the struct of an old version stands in its upcaster; its golden file guards it
		}
		compareShape(t, name, reflect.TypeOf(d.Event), loadShape(t, name+".json"), common)
	}
}

// compareShape walks a struct beside its schema. Fields must be declared in the
// order of their names, for that is how they are written.
func compareShape(t *testing.T, at string, typ reflect.Type, s, common shape) {
	t.Helper()
	if ref, ok := strings.CutPrefix(s.Ref, "common.json#/$defs/"); ok {
		said := s.Says
		if s, ok = common.Defs[ref]; !ok {
			t.Fatalf("%s: common.json has no %s", at, ref)
		}
		s.Says = said + s.Says
	} else if ref, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		said := s.Says
		if s, ok = common.Defs[ref]; !ok {
			t.Fatalf("%s: common.json has no %s", at, ref)
		}
		s.Says = said + s.Says
	}
	if s.Says == "" {
		t.Errorf("%s: the schema does not say what it is", at)
	}
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if reflect.PointerTo(typ).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		typ = reflect.TypeFor[string]()
	}
	switch typ.Kind() {
	case reflect.String:
		if s.Type != "string" && s.Type != "" { // a list of values has no type
			t.Errorf("%s is a string, its schema says %s", at, s.Type)
		}
	case reflect.Bool:
		if s.Type != "boolean" {
			t.Errorf("%s is a boolean, its schema says %s", at, s.Type)
		}
	case reflect.Int:
		if s.Type != "integer" {
			t.Errorf("%s is an integer, its schema says %s", at, s.Type)
		}
	case reflect.Slice:
		if s.Type != "array" || s.Items == nil {
			t.Fatalf("%s is a list, its schema says %s", at, s.Type)
		}
		compareShape(t, at+"[]", typ.Elem(), *s.Items, common)
	case reflect.Struct:
		compareFields(t, at, typ, s, common)
	default:
		t.Errorf("%s is %s: events have no floats, maps or anything", at, typ)
	}
}

func compareFields(t *testing.T, at string, typ reflect.Type, s, common shape) {
	t.Helper()
	if s.Type != "object" || s.Closed == nil || *s.Closed {
		t.Errorf("%s: the schema is not of a closed object", at)
	}
	var names, required []string
	for f := range typ.Fields() {
		tag, ok := f.Tag.Lookup("json")
		part := strings.Split(tag, ",")
		if !ok || part[0] == "" || part[0] == "-" || !f.IsExported() {
			t.Errorf("%s.%s is not tagged", at, f.Name)
			continue
		}
		name := part[0]
		names = append(names, name)
		_, text := reflect.New(f.Type).Interface().(encoding.TextUnmarshaler)
		if empty := slices.Contains(part, "omitempty") && (f.Type.Kind() == reflect.String || f.Type.Kind() == reflect.Slice || f.Type.Kind() == reflect.Pointer || text); !empty && !slices.Contains(part, "omitzero") {
			required = append(required, name)
		}
		of := f.Type
		if of.Kind() == reflect.Uint64 && slices.Contains(part, "string") {
			of = reflect.TypeFor[string]()
		}
		property, ok := s.Properties[name]
		if !ok {
			t.Errorf("%s.%s is not in the schema", at, name)
			continue
		}
		compareShape(t, at+"."+name, of, property, common)
	}
	if !slices.IsSorted(names) {
		t.Errorf("%s: the fields of %s are not in the order of their names: %v", at, typ, names)
	}
	for name := range s.Properties {
		if !slices.Contains(names, name) {
			t.Errorf("%s.%s is in the schema and not in %s", at, name, typ)
		}
	}
	if slices.Sort(s.Required); !slices.Equal(s.Required, required) {
		t.Errorf("%s: the schema requires %v, %s always has %v", at, s.Required, typ, required)
	}
}
