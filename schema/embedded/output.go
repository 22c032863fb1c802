package embedded

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
)

// output logs the server's lines and keeps the last few, in which it says why
// it died.
type output struct {
	logger *slog.Logger

	mu   sync.Mutex
	rest []byte
	last []string
}

const kept = 5

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rest = append(o.rest, p...)
	for {
		i := bytes.IndexByte(o.rest, '\n')
		if i < 0 {
			return len(p), nil
		}
		o.line(strings.TrimSpace(string(o.rest[:i])))
		o.rest = o.rest[i+1:]
	}
}

func (o *output) line(text string) {
	if text == "" {
		return
	}
	level := slog.LevelDebug
	switch {
	case strings.Contains(text, "PANIC:"):
		level = slog.LevelError
	case strings.Contains(text, "FATAL:"): // also each client that a shutdown cuts off
		level = slog.LevelWarn
	}
	o.logger.Log(context.Background(), level, "postgres", slog.String("line", text))
	o.last = append(o.last, text)
	if len(o.last) > kept {
		o.last = o.last[1:]
	}
}

// String returns the last lines in one.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.last, "; ")
}
