package page

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// source is the file being read. A read fails when the context ends. source
// keeps the first error of the file itself apart from the decoders' errors.
type source struct {
	ctx  context.Context
	r    io.ReadSeeker
	page int // of a TIFF: which one is decoded, counted from 0
	err  error

	// For other programs: the command of the request, the programs' paths, two
	// empty files, and the folder of links to the second. Without them, files
	// that only these programs read are ErrNoTool.
	self            []string
	tools           map[string]string
	scratch, output *os.File
	links           string

	// partial is true if a part of the picture could not be decoded, and the
	// rest is read.
	partial bool
}

func (s *source) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, s.keep(context.Cause(s.ctx))
	}
	n, err := s.r.Read(p)
	return n, s.keep(err)
}

// Seek does not keep its errors: with a damaged header, decoders seek to
// positions that do not exist.
func (s *source) Seek(offset int64, whence int) (int64, error) {
	return s.r.Seek(offset, whence)
}

// ReadAt moves the position of Read, and is not for several goroutines.
func (s *source) ReadAt(p []byte, offset int64) (int, error) {
	if _, err := s.Seek(offset, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(s, p)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, err
}

func (s *source) keep(err error) error {
	if err != nil && err != io.EOF && s.err == nil {
		s.err = err
	}
	return err
}

// blame returns the file's own error, if any. Decoders report such an error as
// a broken file, some without wrapping it.
func (s *source) blame(err error) error {
	if err == nil || s.err == nil {
		return err
	}
	return fmt.Errorf("reading the file: %w", s.err)
}

func (s *source) rewind() error {
	_, err := s.r.Seek(0, io.SeekStart)
	return s.keep(err)
}

func (s *source) sniff() (Kind, error) {
	if err := s.rewind(); err != nil {
		return "", err
	}
	head := make([]byte, sniffLen)
	n, err := io.ReadFull(s, head)
	switch {
	case err == io.EOF:
		return "", ErrEmpty
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return "", err
	}
	kind := Sniff(head[:n])
	if kind == "" {
		return "", ErrUnsupported
	}
	return kind, nil
}

// endsWith reports whether a file of the given size has the mark of its end in
// its last bytes.
func endsWith(file io.ReaderAt, size int64, mark string) bool {
	tail := make([]byte, min(size, sniffLen))
	_, err := file.ReadAt(tail, size-int64(len(tail)))
	return err != nil || bytes.Contains(tail, []byte(mark))
}
