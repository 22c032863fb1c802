package natslog

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/minio/highwayhash"
	"github.com/nats-io/nats-server/v2/server"
)

// A disk reads the records of a stream from the files of an embedded server, its blocks: 1.blk,
// 2.blk and so on hold the records in their order, each as
//
//	length 4, sequence 8, time 8, length of subject 2, subject, [length of header 4, header], data, hash 8
//
// in bytes, little-endian. The highest bit of the first length tells that there is a header. The
// hash is over everything but the lengths, under a key made of the stream's name and the
// block's number.
//
// A disk takes nothing for a record but what is the next one, whole, and agrees with its hash. At
// anything else it stops, without an error, and the server is asked: whether a record is
// damaged, not written yet or kept in another manner is not for a disk to say.
type disk struct {
	dir    string
	stream string
	block  int   // where the last reading ended; 0 at first
	offset int64 // in the block, behind the last record
}

const (
	fixedSize = 4 + 8 + 8 + 2
	hashSize  = 8
	hasHeader = 1 << 31
	maxStored = fixedSize + 4 + MaxRecord + maxHeader + hashSize
	chunkSize = 1 << 20 // read at a time; more than the longest record
)

func newDisk(dir, stream string) *disk {
	return &disk{dir: filepath.Join(dir, server.JetStreamStoreDir, server.DEFAULT_GLOBAL_ACCOUNT, "streams", stream, "msgs"), stream: stream}
}

// read yields the records from the one after at to end, as far as it finds them or until
// yield returns false.
func (d *disk) read(ctx context.Context, at, end uint64, yield func(delivered) bool) {
	if at == end {
		return
	}
	blocks, err := d.blocks()
	if err != nil {
		return
	}
	i := slices.Index(blocks, d.block)
	if i < 0 {
		if i = sort.Search(len(blocks), func(i int) bool { return d.first(blocks[i]) > at+1 }) - 1; i < 0 {
			return
		}
		d.block, d.offset = blocks[i], 0
	}
	for at < end {
		var more bool
		if at, more = d.readBlock(ctx, at, end, yield); !more {
			return
		}
		if i++; i == len(blocks) {
			return
		}
		d.block, d.offset = blocks[i], 0
	}
}

// blocks returns the numbers of the blocks in their order.
func (d *disk) blocks() ([]int, error) {
	files, err := os.ReadDir(d.dir)
	if err != nil {
		return nil, err
	}
	var blocks []int
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), ".blk"); ok {
			if n, err := strconv.Atoi(name); err == nil {
				blocks = append(blocks, n)
			}
		}
	}
	slices.Sort(blocks)
	return blocks, nil
}

func (d *disk) file(block int) string { return filepath.Join(d.dir, fmt.Sprintf("%d.blk", block)) }

// first returns the number of a block's first record, or one that is above all if it has none.
func (d *disk) first(block int) uint64 {
	head := make([]byte, 4+8)
	if f, err := os.Open(d.file(block)); err == nil {
		defer f.Close()
		if _, err := io.ReadFull(f, head); err == nil {
			return binary.LittleEndian.Uint64(head[4:])
		}
	}
	return 1<<64 - 1
}

// readBlock reads on in a block, and returns the last record yielded and whether the block was
// read to its end.
func (d *disk) readBlock(ctx context.Context, at, end uint64, yield func(delivered) bool) (uint64, bool) {
	f, err := os.Open(d.file(d.block))
	if err != nil {
		return at, false
	}
	defer f.Close()
	key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", d.stream, d.block))
	hash, err := highwayhash.New64(key[:])
	if err != nil {
		return at, false
	}
	info, err := f.Stat()
	if err != nil {
		return at, false
	}
	for left := info.Size() - d.offset; left > 0; left = info.Size() - d.offset {
		if ctx.Err() != nil {
			return at, false
		}
		chunk := make([]byte, min(left, chunkSize))
		if _, err := f.ReadAt(chunk, d.offset); err != nil {
			return at, false
		}
		for rest, first := chunk, true; ; first = false {
			size := storedSize(rest)
			if size == 0 || size > len(rest) {
				if first || size > maxStored {
					return at, false
				}
				break // the next chunk begins with it
			}
			if seq := binary.LittleEndian.Uint64(rest[4:]); seq > at {
				next, ok := readStored(rest[:size:size], hash)
				if !ok || seq != at+1 || seq > end {
					return at, false
				}
				at++
				d.offset += int64(size)
				if !yield(next) {
					return at, false
				}
			} else {
				d.offset += int64(size)
			}
			rest = rest[size:]
		}
	}
	return at, true
}

// storedSize returns how many bytes a record takes of which b is the beginning; 0 if b does
// not say.
func storedSize(b []byte) int {
	if len(b) < fixedSize {
		return 0
	}
	return int(binary.LittleEndian.Uint32(b) &^ hasHeader)
}

// readStored reads one record, and returns false if it is not whole. It does not copy.
func readStored(b []byte, h hash.Hash64) (delivered, bool) {
	if len(b) < fixedSize+hashSize {
		return delivered{}, false
	}
	fixed, rest, sum := b[:fixedSize], b[fixedSize:len(b)-hashSize], b[len(b)-hashSize:]
	cut := func(n int) (part []byte, ok bool) {
		if ok = n <= len(rest); ok {
			part, rest = rest[:n:n], rest[n:]
		}
		return part, ok
	}
	subject, ok := cut(int(binary.LittleEndian.Uint16(fixed[fixedSize-2:])))
	if !ok {
		return delivered{}, false
	}
	var length, header []byte
	if binary.LittleEndian.Uint32(fixed)&hasHeader != 0 {
		if length, ok = cut(4); !ok {
			return delivered{}, false
		}
	}
	h.Reset()
	_, _ = h.Write(fixed[4 : fixedSize-2])
	_, _ = h.Write(subject)
	_, _ = h.Write(rest)
	if h.Sum64() != binary.LittleEndian.Uint64(sum) {
		return delivered{}, false
	}
	if length != nil {
		if header, ok = cut(int(binary.LittleEndian.Uint32(length))); !ok {
			return delivered{}, false
		}
	}
	d := delivered{seq: binary.LittleEndian.Uint64(fixed[4:]), subject: string(subject), data: rest}
	d.header, d.err = parseHeader(header)
	return d, d.err == nil
}
