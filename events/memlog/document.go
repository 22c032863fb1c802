package memlog

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"zhucan/events"
)

// Documents is a store of documents in memory. The zero Documents is empty.
type Documents struct {
	Clock func() time.Time // default time.Now

	mu     sync.Mutex
	stored map[string]document
	used   map[string]bool // names, of what was removed too
}

type document struct {
	data []byte
	at   time.Time
}

var _ events.Documents = (*Documents)(nil)

// Put stores data.
func (d *Documents) Put(ctx context.Context, name string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(data) == 0 || len(data) > events.MaxStored {
		return fmt.Errorf("store %s: %d bytes", name, len(data))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.used[name] {
		return fmt.Errorf("store %s: %w", name, events.ErrStored)
	}
	if d.stored == nil {
		d.stored, d.used = make(map[string]document), make(map[string]bool)
	}
	now := time.Now
	if d.Clock != nil {
		now = d.Clock
	}
	d.stored[name], d.used[name] = document{bytes.Clone(data), now()}, true
	return nil
}

// Get writes what is stored to w.
func (d *Documents) Get(ctx context.Context, name string, w io.Writer) (time.Time, error) {
	if err := ctx.Err(); err != nil {
		return time.Time{}, err
	}
	d.mu.Lock()
	found, ok := d.stored[name]
	d.mu.Unlock()
	if !ok {
		return time.Time{}, fmt.Errorf("read %s: %w", name, events.ErrNoDocument)
	}
	_, err := w.Write(found.data)
	return found.at, err
}

// List returns everything that is stored.
func (d *Documents) List(ctx context.Context) ([]events.Stored, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []events.Stored
	for name, s := range d.stored {
		all = append(all, events.Stored{Name: name, At: s.at})
	}
	return all, nil
}

// Remove removes it.
func (d *Documents) Remove(ctx context.Context, s events.Stored) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.stored[s.Name]; !ok {
		return fmt.Errorf("remove %s: %w", s.Name, events.ErrNoDocument)
	}
	delete(d.stored, s.Name)
	return nil
}

// Change alters what is stored, as a failing disk does: a test's fault.
func (d *Documents) Change(name string, change func([]byte) []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.stored[name]
	s.data = change(bytes.Clone(s.data))
	d.stored[name] = s
}
