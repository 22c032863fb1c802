package sampledata

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"strings"
)

// An output is one file being written, with its hash.
type output struct {
	*bufio.Writer
	file io.WriteCloser
	hash hash.Hash
}

func (p *province) open(path string) (*output, error) {
	file, err := p.create(path)
	if err != nil {
		return nil, err
	}
	o := &output{file: file, hash: sha256.New()}
	o.Writer = bufio.NewWriterSize(io.MultiWriter(file, o.hash), 1<<16)
	return o, nil
}

// close ends the file and returns its SHA-256.
func (o *output) close() (string, error) {
	err := errors.Join(o.Flush(), o.file.Close())
	return hex.EncodeToString(o.hash.Sum(nil)), err
}

// write writes a whole file.
func (p *province) write(path, text string) (string, error) {
	o, err := p.open(path)
	if err != nil {
		return "", err
	}
	_, err = o.WriteString(text)
	sum, closing := o.close()
	return sum, errors.Join(err, closing)
}

// csv writes rows of cells behind a label and a header.
type csv struct {
	*output
	line int // the last one written
}

func (p *province) csv(path string, columns []string) (*csv, error) {
	o, err := p.open(path)
	if err != nil {
		return nil, err
	}
	f := &csv{output: o, line: 1}
	f.WriteString("# " + Label + "\n") // what fails here, Flush says
	f.put(columns...)
	return f, nil
}

func (f *csv) put(cells ...string) {
	for i, c := range cells {
		if i > 0 {
			f.WriteByte(',')
		}
		if strings.ContainsAny(c, ",\"\n") {
			c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
		}
		f.WriteString(c)
	}
	f.WriteByte('\n')
	f.line++
}

// An imported is a CSV that is imported: what becomes of each row is known.
type imported struct {
	*csv
	p     *province
	truth *File
	total int
}

// beginImport opens a list for the year at hand, and its import is the next step.
func (p *province) beginImport(kind, name string, columns []string, args ...string) (*imported, error) {
	path := p.path(name)
	f, err := p.csv(path, columns)
	if err != nil {
		return nil, err
	}
	truth := &File{Path: path}
	p.truth.Steps = append(p.truth.Steps, Step{Args: append([]string{"import", kind, path}, args...), File: truth})
	return &imported{csv: f, p: p, truth: truth}, nil
}

// accept writes a row that becomes one event, and counts its amount in fen.
func (f *imported) accept(amount int, cells ...string) {
	f.put(cells...)
	f.truth.Rows++
	f.truth.Accepted++
	f.total += amount
	f.p.truth.Events++
	f.p.tell(1)
}

// refuse writes a row that is refused with a published code.
func (f *imported) refuse(code, why, whyZH string, cells ...string) {
	f.put(cells...)
	f.truth.Rows++
	f.truth.Refused++
	f.truth.Wrong = append(f.truth.Wrong, Wrong{Line: f.line, Code: code, Why: why, WhyZH: whyZH})
	f.p.tell(1)
}

func (f *imported) end() (err error) {
	f.truth.Total = yuan(f.total)
	f.truth.SHA256, err = f.close()
	return err
}
