//go:build !linux && !darwin

package embedded

import "context"

// A Server is a running private Postgres. There is none on this system.
type Server struct{}

// Start refuses: it returns [ErrUnsupported].
func Start(context.Context, Config) (*Server, error) { return nil, ErrUnsupported }

// URL, Dir, Pid, Done and Stop are never called, as there is no Server.
func (*Server) URL() string                { return "" }
func (*Server) Dir() string                { return "" }
func (*Server) Pid() int                   { return 0 }
func (*Server) Done() <-chan error         { return nil }
func (*Server) Stop(context.Context) error { return ErrUnsupported }
