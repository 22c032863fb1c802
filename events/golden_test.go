package events_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"zhucan/events"
)

// schemas is where the shapes of the events are told to the world.
const schemas = "../schema/events"

// A golden is a record as it was written when its type came into the catalogue.
// The file is never written again: today's program must read it for ever.
type golden struct {
	Label   string         `json:"label"`
	Subject string         `json:"subject"`
	Header  [][2]string    `json:"header"`
	Data    jsontext.Value `json:"data"` // the bytes as they were stored
	Leaf    string         `json:"leaf"` // in the tree, as record 1
}

func (g golden) record() events.Record {
	r := events.Record{Seq: 1, Subject: g.Subject, Data: g.Data}
	for _, f := range g.Header {
		r.Header = append(r.Header, events.Field{Key: f[0], Value: f[1]})
	}
	return r
}

// load reads the golden records of a type: one that has the name of the type, and
// one for each variant whose members exclude others.
func load(t testing.TB, name string) []golden {
	t.Helper()
	variants, err := filepath.Glob(filepath.Join("testdata", name+".*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var gs []golden
	for _, path := range append(variants, filepath.Join("testdata", name+".json")) {
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("%s has no golden file: a new type or version needs %s with the members of a golden, filled by hand from "+
				"a record of synthetic values with every member that may be absent; once released it is not changed", name, path)
		}
		var g golden
		if err == nil {
			err = json.Unmarshal(b, &g, json.RejectUnknownMembers(true))
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		gs = append(gs, g)
	}
	return gs
}

func TestEveryTypeIsReadForEver(t *testing.T) {
	t.Parallel()
	for _, name := range events.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, g := range load(t, name) {
				g.check(t, name)
			}
		})
	}
}

func (g golden) check(t *testing.T, name string) {
	t.Helper()
	if g.Label == "" {
		t.Error("the file does not say that its values are synthetic")
	}
	d, err := events.Decode(g.record())
	if err != nil {
		t.Fatal(err)
	}
	if d.Name != name {
		t.Errorf("the file holds a %s", d.Name)
	}
	if leaf, _ := g.record().Leaf(nil); hex.EncodeToString(leaf[:]) != g.Leaf {
		t.Errorf("leaf %x, want %s", leaf, g.Leaf)
	}
	if c := canonical(t, g.Data); !bytes.Equal(c, g.Data) {
		t.Errorf("the data is not canonical (RFC 8785):\n %s\n %s", g.Data, c)
	}
	if err := validate(t, name, g.Data); err != nil {
		t.Error(err)
	}
	if events.NameOf(d.Event) != name {
		return // an old version is written as another today
	}
	again, err := events.Encode("220000", d.Event, d.Meta)
	if err != nil {
		t.Fatal(err)
	}
	again.Seq = 1
	if !reflect.DeepEqual(again, g.record()) {
		t.Errorf("read and written again:\n %+v\nwas\n %+v", again, g.record())
	}
}

func canonical(t testing.TB, data []byte) []byte {
	t.Helper()
	c := jsontext.Value(bytes.Clone(data))
	if err := c.Canonicalize(); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryFileIsOfAType(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"testdata", schemas} {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f.IsDir() || dir == schemas && f.Name() == "common.json" { // fuzzing keeps its finds in a folder
				continue
			}
			if !slices.ContainsFunc(events.Names(), func(name string) bool {
				rest, ok := strings.CutPrefix(f.Name(), name+".")
				return ok && (rest == "json" || dir == "testdata" && strings.HasSuffix(rest, ".json"))
			}) {
				t.Errorf("%s: no type of the catalogue has this file", filepath.Join(dir, f.Name()))
			}
		}
	}
}

func TestWhatTheBookDecidesIsWrittenAsItsSchemaSays(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, r := range written(t) {
		d, err := events.Decode(r)
		if err != nil {
			t.Fatal(err)
		}
		seen[d.Name] = true
		if err := validate(t, d.Name, r.Data); err != nil {
			t.Errorf("record %d: %v", r.Seq, err)
		}
		if c := canonical(t, r.Data); !bytes.Equal(c, r.Data) {
			t.Errorf("record %d is not canonical: %s", r.Seq, r.Data)
		}
	}
	for _, name := range events.Names() {
		if g := load(t, name)[0]; events.NameOf(decode(t, g.record()).Event) == name && !seen[name] {
			t.Errorf("the scenario has no %s", name)
		}
	}
}

func decode(t testing.TB, r events.Record) events.Recorded {
	t.Helper()
	d, err := events.Decode(r)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// validate holds data against the schema of its type.
func validate(t testing.TB, name string, data []byte) error {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join(schemas, name+".json"))
	if err != nil {
		t.Fatalf("%v: a new type or version needs a schema", err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}
