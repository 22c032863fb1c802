package memlog_test

import (
	"testing"

	"zhucan/events"
	"zhucan/events/logtest"
	"zhucan/events/memlog"
)

func TestDocumentsInMemoryAreAStore(t *testing.T) {
	t.Parallel()
	logtest.RunDocuments(t, func(*testing.T) events.Documents { return new(memlog.Documents) })
}
