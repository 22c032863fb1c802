package events_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"testing/synctest"

	"zhucan/events"
	"zhucan/events/memlog"
	"zhucan/events/merkle"
)

// some returns n good records, numbered from 1.
func some(t testing.TB, n int) []events.Record {
	t.Helper()
	one := recorded(t)
	records := make([]events.Record, n)
	for i := range records {
		records[i] = one
		records[i].Seq = uint64(i) + 1
	}
	return records
}

// source yields records and then err, if there is one.
func source(records []events.Record, err error) iter.Seq2[events.Record, error] {
	return func(yield func(events.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
		if err != nil {
			yield(events.Record{}, err)
		}
	}
}

func TestBatchesKeepTheOrderAndLoseNothing(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 999, 5000} {
		for _, most := range []int{1, 2, 255, 1000} {
			t.Run(fmt.Sprintf("%d by %d", n, most), func(t *testing.T) {
				t.Parallel()
				records := some(t, n)
				next := uint64(1)
				for batch, err := range events.Batches(t.Context(), source(records, nil), most) {
					if err != nil {
						t.Fatal(err)
					}
					if len(batch) == 0 || len(batch) > most {
						t.Fatalf("a batch of %d", len(batch))
					}
					for _, d := range batch {
						if d.Seq != next || d.Name != "payment.recorded.v1" || d.Event == nil {
							t.Fatalf("%d %s, want %d", d.Seq, d.Name, next)
						}
						if leaf, _ := records[next-1].Leaf(nil); d.Leaf != leaf || d.Leaf == (merkle.Hash{}) {
							t.Fatalf("record %d has another leaf", next)
						}
						next++
					}
				}
				if next != uint64(n)+1 {
					t.Errorf("%d of %d came", next-1, n)
				}
			})
		}
	}
}

func TestAnErrorComesAfterEverythingBeforeIt(t *testing.T) {
	t.Parallel()
	gap := fmt.Errorf("%w: 701", events.ErrGap)
	damaged := some(t, 900)
	damaged[700].Data = []byte("{}")
	for _, test := range []struct {
		name string
		src  iter.Seq2[events.Record, error]
		want error
	}{
		{"of the source", source(some(t, 700), gap), events.ErrGap},
		{"of a record", source(damaged, gap), events.ErrMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			seen, errs := 0, 0
			for batch, err := range events.Batches(t.Context(), test.src, 33) {
				if err != nil {
					if errs++; !errors.Is(err, test.want) || len(batch) != 0 {
						t.Errorf("%v with %d records", err, len(batch))
					}
					continue
				}
				if errs > 0 {
					t.Error("a batch after the error")
				}
				seen += len(batch)
			}
			if seen != 700 || errs != 1 {
				t.Errorf("%d records and %d errors", seen, errs)
			}
		})
	}
}

// What Batches has started must have ended when its bubble does: synctest fails
// otherwise.
func TestBatchesLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	records := some(t, 3000)
	t.Run("when the consumer leaves", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			for range events.Batches(t.Context(), source(records, nil), 10) {
				break
			}
		})
	})
	t.Run("when the context ends", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log := new(memlog.Log)
			if _, err := log.Append(t.Context(), 0, records[:10]...); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var last error
			seen := 0
			for batch, err := range events.Batches(ctx, log.Follow(ctx, 0), 4) {
				if seen, last = seen+len(batch), err; seen == 10 {
					cancel()
				}
			}
			if seen != 10 || !errors.Is(last, context.Canceled) {
				t.Errorf("%d records, then %v", seen, last)
			}
		})
	})
	t.Run("when the context had ended before", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			log := new(memlog.Log)
			for batch, err := range events.Batches(ctx, log.Follow(ctx, 0), 4) {
				if len(batch) != 0 || !errors.Is(err, context.Canceled) {
					t.Errorf("%d records, %v", len(batch), err)
				}
			}
		})
	})
	t.Run("when a record is damaged", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			damaged := some(t, 3000)
			damaged[5].Data = nil
			for _, err := range events.Batches(t.Context(), source(damaged, nil), 1) {
				if err != nil {
					break
				}
			}
		})
	})
}

func TestASlowConsumerGetsLargeBatchesAndAFastOneGetsEachRecord(t *testing.T) {
	t.Parallel()
	records := some(t, 9)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		log := new(memlog.Log)
		add := func(n int) {
			t.Helper()
			last, err := log.Last(ctx)
			if err == nil {
				_, err = log.Append(ctx, last, records[last:last+uint64(n)]...)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		next, stop := iter.Pull2(events.Batches(ctx, log.Follow(ctx, 0), 5))
		defer stop()
		expect := func(n int) {
			t.Helper()
			if batch, err, _ := next(); err != nil || len(batch) != n {
				t.Errorf("a batch of %d (%v), want %d", len(batch), err, n)
			}
		}
		add(1)
		expect(1)
		add(1)
		expect(1)
		add(7)
		synctest.Wait() // the consumer is busy meanwhile
		expect(5)
		expect(2)
		cancel()
	})
}

// A source must not be read ahead without end while the consumer is busy.
func TestBatchesReadAheadOnlySoFar(t *testing.T) {
	t.Parallel()
	records := some(t, 5000)
	synctest.Test(t, func(t *testing.T) {
		taken := 0
		src := func(yield func(events.Record, error) bool) {
			for _, r := range records {
				taken++
				if !yield(r, nil) {
					return
				}
			}
		}
		const most = 10
		next, stop := iter.Pull2(events.Batches(t.Context(), src, most))
		defer stop()
		if _, err, ok := next(); err != nil || !ok {
			t.Fatal(err)
		}
		synctest.Wait()
		// Twice 4 times most undecoded, 2 times most decoded, one batch taken, one record in hand.
		if taken > (4+4+2+1)*most+1 {
			t.Errorf("%d records were read ahead of a consumer of %d", taken, most)
		}
	})
}
