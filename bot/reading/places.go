package reading

import (
	"context"
	"sync"
)

// places let the files of an ask enter the line in the order of posting,
// although all are worked on at once.
type places []*place

// place is the place of one file.
type place struct {
	once  sync.Once
	taken chan struct{} // closed when the file is in the line, or must not delay others
}

func newPlaces(files int) places {
	p := make(places, files)
	for i := range p {
		p[i] = &place{taken: make(chan struct{})}
	}
	return p
}

// take records that a file is in the line, or that the others need not wait
// for the file.
func (p places) take(file int) { p[file].once.Do(func() { close(p[file].taken) }) }

// wait waits until all earlier files have taken their places. If ctx ends
// first, wait returns the cause.
func (p places) wait(ctx context.Context, file int) error {
	for _, before := range p[:file] {
		select {
		case <-before.taken:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
