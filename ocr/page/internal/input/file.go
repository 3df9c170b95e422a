package input

import (
	"bytes"
	"context"
	"fmt"
	"io"
)

// A File is the file being read. A read fails when the context ends.
type File struct {
	*io.SectionReader
	Context context.Context

	Page  int // of a TIFF: which one is decoded, counted from 0
	Tools Tools

	// Err is the first error of the file itself, apart from the decoders'
	// errors.
	Err error

	// Partial is set by a decoder if a part of the picture could not be
	// decoded, and the rest is read.
	Partial bool

	// Gamma is set by a decoder to the power to which the colours of the
	// picture, between 0 and 1, are raised before they are shown, if not 1.
	Gamma float64
}

// NewFile returns the first size bytes of r as a File.
func NewFile(ctx context.Context, r io.ReaderAt, size int64) *File {
	return &File{SectionReader: io.NewSectionReader(r, 0, size), Context: ctx, Gamma: 1}
}

func (f *File) Read(p []byte) (int, error) {
	if f.Context.Err() != nil {
		return 0, f.keep(context.Cause(f.Context))
	}
	n, err := f.SectionReader.Read(p)
	return n, f.keep(err)
}

// ReadAt does not move the position of Read.
func (f *File) ReadAt(p []byte, offset int64) (int, error) {
	if f.Context.Err() != nil {
		return 0, f.keep(context.Cause(f.Context))
	}
	n, err := f.SectionReader.ReadAt(p, offset)
	return n, f.keep(err)
}

func (f *File) keep(err error) error {
	if err != nil && err != io.EOF && f.Err == nil {
		f.Err = err
	}
	return err
}

// Rewind moves the position of Read to the start of the file.
func (f *File) Rewind() {
	_, _ = f.Seek(0, io.SeekStart) // which a SectionReader can
}

// WrapErr returns the file's own error, if any. Decoders report such an error
// as a broken file, some without wrapping it.
func (f *File) WrapErr(err error) error {
	if err == nil || f.Err == nil {
		return err
	}
	return fmt.Errorf("reading the file: %w", f.Err)
}

// Kind returns the format of the file. The error is ErrEmpty, ErrUnsupported,
// or one of the file itself.
func (f *File) Kind() (Kind, error) {
	head := make([]byte, sniffLen)
	n, err := f.ReadAt(head, 0)
	switch {
	case err != nil && err != io.EOF:
		return "", err
	case n == 0:
		return "", ErrEmpty
	}
	kind := Sniff(head[:n])
	if kind == "" {
		return "", ErrUnsupported
	}
	return kind, nil
}

// EndsWith reports whether the file has the mark of its end in its last bytes.
// If these cannot be read, EndsWith returns true, since nothing says that the end
// is missing.
func (f *File) EndsWith(mark string) bool {
	tail := make([]byte, min(f.Size(), sniffLen))
	_, err := f.ReadAt(tail, f.Size()-int64(len(tail)))
	return err != nil && err != io.EOF || bytes.Contains(tail, []byte(mark))
}

// A Patched file is a file with some bytes put over its own.
type Patched struct {
	*File
	Changes map[uint64][]byte // by offset
}

// Reader returns a reader of the whole file.
func (p Patched) Reader() *io.SectionReader { return io.NewSectionReader(p, 0, p.Size()) }

// ReadAt reads the file with its changes.
func (p Patched) ReadAt(b []byte, off int64) (int, error) {
	n, err := p.File.ReadAt(b, off)
	for at, change := range p.Changes {
		if from := int64(at) - off; from < int64(n) && from+int64(len(change)) > 0 {
			copy(b[max(from, 0):n], change[max(-from, 0):])
		}
	}
	return n, err
}

// UnexpectedEOF returns err, or io.ErrUnexpectedEOF for a file that ends too
// early.
func UnexpectedEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
