//go:build !unix

package access

import "errors"

// lock is refused where two processes cannot be kept apart.
func lock(string) (func(), error) { return nil, errors.ErrUnsupported }
