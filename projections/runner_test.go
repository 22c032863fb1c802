package projections_test

import (
	"testing"

	"zhucan/projections/sampletest"
	"zhucan/schema/schematest"
)

func TestARebuildEqualsACatchUp(t *testing.T) {
	t.Parallel()
	b := sampletest.Story(t)
	b.Record(200)
	want := wanted(t, b.Records)

	pool := schematest.New(t)
	r := runner(pool, b.Log())
	if err := r.CatchUp(t.Context()); err != nil { // v0001 is filled in bulk
		t.Fatal(err)
	}
	compare(t, "bulk", digest(t, pool, "v0001"), want)
	if err := r.Rebuild(t.Context(), "v0002"); err != nil {
		t.Fatal(err)
	}
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	compare(t, "rebuild", digest(t, pool, "v0002"), digest(t, pool, "v0001"))
}
