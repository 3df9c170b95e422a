package page

import (
	"context"
	"errors"
	"sync"
	"time"
)

// account is the decoder time that a file may still use. The file is given up
// after a request that reached its time limit, and when the time is used up.
type account struct {
	owner string // files of one owner take turns with those of others

	mu   sync.Mutex // guards the fields below
	left time.Duration
	err  error // the reason why the file was given up
}

func (d *Decoder) newAccount(owner string) *account {
	return &account{owner: owner, left: d.config.FileTime}
}

// pagesOfTime is the number of pages for which a file has Decoder.FileTime.
const pagesOfTime = 50

// extend adds the time of a file with that many pages.
func (a *account) extend(pages int, each time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.left += time.Duration((pages-1)/pagesOfTime) * each
}

// begin returns a context that ends when a request has used the most time
// allowed. The caller must call charge once with the request's error, which
// ends the context too. If the file was given up, begin returns the reason.
func (a *account) begin(ctx context.Context, kind Kind, most time.Duration) (limited context.Context, charge func(error), err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err == nil && a.left <= 0 {
		a.err = &KilledError{Kind: kind, Limit: LimitTime}
	}
	if a.err != nil {
		return nil, nil, a.err
	}
	begun := time.Now()
	limited, cancel := context.WithTimeout(ctx, min(most, a.left))
	return limited, func(err error) {
		cancel()
		a.mu.Lock()
		defer a.mu.Unlock()
		if errors.Is(err, errRecalled) {
			return // others had the use of that time
		}
		a.left -= time.Since(begun)
		if killed, ok := errors.AsType[*KilledError](err); ok && killed.Limit == LimitTime {
			a.err = err
		}
	}, nil
}
