package ocrcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"slackocr/ocr/tempfile"
)

// Stdin is the file name for standard input.
const Stdin = "-"

// openSource opens a file. Standard input, and any other input without a
// length such as a pipe, is first copied to a temporary file, up to maxSize
// bytes. The error is half a sentence for a person.
func openSource(ctx context.Context, name string, stdin io.Reader, maxSize int64) (*os.File, error) {
	open := func() (io.ReadCloser, error) { return io.NopCloser(stdin), nil }
	if name != Stdin {
		info, err := os.Stat(name)
		if err == nil && info.IsDir() {
			err = syscall.EISDIR
		}
		if err != nil {
			return nil, sourceError(err)
		}
		if info.Mode().IsRegular() {
			f, err := os.Open(name)
			return f, sourceError(err)
		}
		open = func() (io.ReadCloser, error) { return os.Open(name) }
	}
	type copied struct {
		file *os.File
		err  error
	}
	done := make(chan copied, 1)
	go func() {
		file, err := copySource(open, maxSize)
		done <- copied{file, err}
	}()
	select {
	case c := <-done:
		return c.file, c.err
	case <-ctx.Done(): // a pipe may bring nothing, and nothing could end the read
		return nil, context.Cause(ctx)
	}
}

// copySource copies an input to a temporary file.
func copySource(open func() (io.ReadCloser, error), maxSize int64) (*os.File, error) {
	source, err := open()
	if err != nil {
		return nil, sourceError(err)
	}
	defer source.Close()
	f, err := tempfile.Create()
	if err != nil {
		return nil, err
	}
	n, err := io.Copy(f, io.LimitReader(source, maxSize+1))
	if err == nil && n > maxSize {
		err = errors.New("it is larger than MAX_FILE_SIZE allows")
	}
	if err != nil {
		return nil, errors.Join(sourceError(err), f.Close())
	}
	return f, nil
}

// sourceError says why a file cannot be opened or read, without its name.
func sourceError(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such file")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("you have no permission to read it")
	case errors.Is(err, syscall.EISDIR):
		return errors.New("this is a folder: name the files in it")
	}
	if wrapped, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("it can't be opened: %w", wrapped.Err)
	}
	return err
}
