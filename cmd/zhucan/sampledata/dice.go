package sampledata

import (
	"fmt"
	"math/bits"
)

// A dice gives numbers that follow from where it began (SplitMix64: Steele, Lea, Flood 2014).
// It is written out here so that no release of a library changes the files of a seed.
type dice uint64

// cast begins a dice for one thing: the same seed and parts throw the same.
func cast(seed uint64, parts ...int) dice {
	d := dice(seed)
	for _, p := range parts {
		d = dice(d.next() ^ uint64(p))
	}
	return d
}

func (d *dice) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below gives a number from 0 to n-1.
func (d *dice) below(n int) int {
	high, _ := bits.Mul64(d.next(), uint64(n))
	return int(high)
}

// hash stands for the SHA-256 of a document that does not exist.
func (d *dice) hash() string {
	return fmt.Sprintf("%016x%016x%016x%016x", d.next(), d.next(), d.next(), d.next())
}
