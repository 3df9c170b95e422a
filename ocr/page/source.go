package page

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// source is the file being read. It stops when its context ends, and keeps
// the first error of the file itself apart from what decoders make of it.
type source struct {
	ctx  context.Context
	r    io.ReadSeeker
	page int // of a TIFF: which one is decoded, counted from 0
	err  error

	// For libtiff: see request, and two files that are empty. Without them what only
	// libtiff reads is ErrNoTool.
	self            []string
	tiff2rgba       string
	tiffcp          string
	scratch, output *os.File

	// partial says that some of the picture could not be decoded: what is there
	// of it is read.
	partial bool
}

func (s *source) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, s.keep(context.Cause(s.ctx))
	}
	n, err := s.r.Read(p)
	return n, s.keep(err)
}

// Seek does not keep its errors: a damaged header makes decoders seek to
// places that do not exist.
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

// blame says that reading failed where it did. Decoders report that as a
// broken file, some without wrapping it.
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
