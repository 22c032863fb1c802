package schema

import "embed"

// Files are the shapes and samples that are part of the program: the JSON Schemas
// of the events, the synthetic policy pack
// and sample year, and mappings for public lists of payments.
//
//go:embed events policy mapping sample
var Files embed.FS
