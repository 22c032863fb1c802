package schema

import "embed"

// Files are the shapes and samples that are part of the program: the JSON Schemas
// of the events, the policy packs (Jilin's and a synthetic one), the synthetic sample
// year, and mappings for public lists of payments.
//
//go:embed events policy mapping sample
var Files embed.FS
