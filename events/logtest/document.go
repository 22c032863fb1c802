package logtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"zhucan/events"
)

// RunDocuments runs the suite of a store of documents. open returns an empty store
// each time.
func RunDocuments(t *testing.T, open func(*testing.T) events.Documents) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, context.Context, events.Documents)
	}{
		{"an empty store has no document", noDocument},
		{"a document comes back byte for byte, whatever its size", documentBytes},
		{"a name is used once", nameOnce},
		{"nothing, or more than the most, is refused", documentSizes},
		{"the list has each document once, with its time", documentList},
		{"what is removed is gone, and its name is not used again", removed},
		{"storing changes no byte of the caller's", documentUntouched},
		{"a cancelled context stores nothing that can be read", cancelledPut},
		{"documents stored at once are kept apart", manyPuts},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			test.run(t, ctx, open(t))
		})
	}
}

// Document returns size bytes that n distinguishes. Synthetic.
func Document(n, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i*7 + i>>8 + n*31)
	}
	return b
}

// ExpectDocument fails the test unless the store has want under name.
func ExpectDocument(t testing.TB, ctx context.Context, s events.Documents, name string, want []byte) {
	t.Helper()
	var got bytes.Buffer
	at, err := s.Get(ctx, name, &got)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Fatalf("%s: %d bytes that are not the %d stored", name, got.Len(), len(want))
	}
	if age := time.Since(at); age < -time.Minute || age > 2*patience {
		t.Errorf("%s was stored at %s", name, at)
	}
}

func put(t testing.TB, ctx context.Context, s events.Documents, name string, data []byte) {
	t.Helper()
	if err := s.Put(ctx, name, data); err != nil {
		t.Fatal(err)
	}
}

func names(t testing.TB, ctx context.Context, s events.Documents) (names []string) {
	t.Helper()
	all, err := s.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		if age := time.Since(d.At); age < -time.Minute || age > 2*patience || d.Partial {
			t.Errorf("%+v", d)
		}
		names = append(names, d.Name)
	}
	slices.Sort(names)
	return names
}

func noDocument(t *testing.T, ctx context.Context, s events.Documents) {
	for _, name := range []string{"D1", "a.b:c-d_e"} {
		if _, err := s.Get(ctx, name, io.Discard); !errors.Is(err, events.ErrNoDocument) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Remove(ctx, events.Stored{Name: "D1"}); !errors.Is(err, events.ErrNoDocument) {
		t.Errorf("remove: %v", err)
	}
	if all := names(t, ctx, s); len(all) != 0 {
		t.Errorf("%v", all)
	}
}

func documentBytes(t *testing.T, ctx context.Context, s events.Documents) {
	for n, size := range []int{1, 1000, 128 << 10, 128<<10 + 1, 3 << 20} {
		name := string(rune('A' + n))
		put(t, ctx, s, name, Document(n, size))
		ExpectDocument(t, ctx, s, name, Document(n, size))
	}
}

func nameOnce(t *testing.T, ctx context.Context, s events.Documents) {
	put(t, ctx, s, "D1", Document(1, 100))
	for _, data := range [][]byte{Document(2, 100), Document(1, 100)} {
		if err := s.Put(ctx, "D1", data); !errors.Is(err, events.ErrStored) {
			t.Errorf("%v", err)
		}
	}
	ExpectDocument(t, ctx, s, "D1", Document(1, 100))
}

func documentSizes(t *testing.T, ctx context.Context, s events.Documents) {
	for _, size := range []int{0, events.MaxStored + 1} {
		if err := s.Put(ctx, "D1", make([]byte, size)); err == nil {
			t.Errorf("%d bytes were stored", size)
		}
	}
	if all := names(t, ctx, s); len(all) != 0 {
		t.Errorf("%v", all)
	}
}

func documentList(t *testing.T, ctx context.Context, s events.Documents) {
	want := []string{"D1", "D2", "D3"}
	for n, name := range want {
		put(t, ctx, s, name, Document(n, 200_000))
	}
	if got := names(t, ctx, s); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func removed(t *testing.T, ctx context.Context, s events.Documents) {
	put(t, ctx, s, "D1", Document(1, 200_000))
	put(t, ctx, s, "D2", Document(2, 200_000))
	if err := s.Remove(ctx, events.Stored{Name: "D1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(ctx, "D1", io.Discard); !errors.Is(err, events.ErrNoDocument) {
		t.Errorf("%v", err)
	}
	if err := s.Put(ctx, "D1", Document(1, 10)); !errors.Is(err, events.ErrStored) {
		t.Errorf("its name was used again: %v", err)
	}
	if got := names(t, ctx, s); !slices.Equal(got, []string{"D2"}) {
		t.Errorf("%v", got)
	}
	ExpectDocument(t, ctx, s, "D2", Document(2, 200_000))
}

func documentUntouched(t *testing.T, ctx context.Context, s events.Documents) {
	data := Document(1, 300_000)
	put(t, ctx, s, "D1", data)
	if !bytes.Equal(data, Document(1, 300_000)) {
		t.Error("the caller's bytes were changed")
	}
	clear(data)
	ExpectDocument(t, ctx, s, "D1", Document(1, 300_000))
}

func cancelledPut(t *testing.T, ctx context.Context, s events.Documents) {
	over, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.Put(over, "D1", Document(1, 300_000)); err == nil {
		t.Error("stored under a cancelled context")
	}
	if _, err := s.Get(ctx, "D1", io.Discard); !errors.Is(err, events.ErrNoDocument) {
		t.Errorf("%v", err)
	}
}

func manyPuts(t *testing.T, ctx context.Context, s events.Documents) {
	errs := make(chan error)
	for n := range 8 {
		go func() { errs <- s.Put(ctx, string(rune('A'+n)), Document(n, 300_000)) }()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	for n := range 8 {
		ExpectDocument(t, ctx, s, string(rune('A'+n)), Document(n, 300_000))
	}
}
