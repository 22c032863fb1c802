package sampledata

import "io"

// WriteFewEmployers writes five years of a province that has few of everything but years.
func WriteFewEmployers(seed uint64, create func(path string) (io.WriteCloser, error)) (Truth, error) {
	return writeProvince(seed, FiveYears, small, fiveYears, create, func(int) {})
}
