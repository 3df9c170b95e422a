package ocr

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestFixedLimitStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimit(3)
		for range 20 {
			trip := l.begin()
			trip.record(&Error{Class: Busy, Status: 429})
			trip.end()
		}
		if l.Size() != 3 {
			t.Errorf("it is %d", l.Size())
		}
	})
}

// TestLimitShrinksAtOnce: what lowers the limit, and to what, with eight requests on
// their way.
func TestLimitShrinksAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		errs []error // of the requests, the first to end first
		want int
	}{
		"429":                        {[]error{&Error{Class: Busy, Status: 429}}, 7},
		"three 429":                  {[]error{&Error{Class: Busy, Status: 429}, &Error{Class: Busy, Status: 429}, &Error{Class: Busy, Status: 429}}, 5},
		"503":                        {[]error{&Error{Class: Down, Status: 503}}, 7},
		"connection refused":         {[]error{&Error{Class: Down}}, 4},
		"connections refused":        {[]error{&Error{Class: Down}, &Error{Class: Down}, &Error{Class: Down}}, 4},
		"no text in time":            {[]error{&Error{Class: Idle}}, 4},
		"504":                        {[]error{&Error{Class: Down, Status: 504}}, 4},
		"a page that breaks a model": {[]error{&Error{Class: Down, Status: 500}}, 8},
		"a request refused":          {[]error{&Error{Class: BadRequest, Status: 400}}, 8},
		"stopped by a person":        {[]error{context.Canceled}, 8},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLimit(0)
				told := 0
				l.OnChange(func(size int) { told = size })
				l.set(8)
				l.good = 8
				var trips []call
				for range 8 {
					<-time.After(time.Second)
					trips = append(trips, l.begin())
				}
				<-time.After(time.Second)
				for i, err := range c.errs {
					trips[i].record(err)
					trips[i].end()
				}
				if l.Size() != c.want || told != c.want {
					t.Errorf("it is %d, and %d was told; want %d", l.Size(), told, c.want)
				}
			})
		})
	}
}

// TestLimitStaysInItsBounds, whatever happens, and so does what is told of it.
func TestLimitStaysInItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLimit(0)
		told := l.Size()
		l.OnChange(func(size int) { told = size })
		errs := []error{nil, nil, nil, &Error{Class: Busy}, &Error{Class: Down}, &Error{Class: Idle}, &Error{Class: Down, Status: 503}, context.Canceled}
		var trips []call
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			if len(trips) < l.Size() && rapid.Bool().Draw(t, "begins") {
				trips = append(trips, l.begin())
				trips[len(trips)-1].begun = time.Now().Add(-time.Duration(rapid.IntRange(0, 3).Draw(t, "seconds")) * time.Second)
				continue
			}
			if len(trips) == 0 {
				continue
			}
			i := rapid.IntRange(0, len(trips)-1).Draw(t, "which")
			trips[i].record(rapid.SampledFrom(errs).Draw(t, "answer"))
			trips[i].end()
			trips = append(trips[:i], trips[i+1:]...)
			if size := l.Size(); size < 1 || size > maxLimit || size != told || l.running != len(trips) || l.good > l.size {
				t.Fatalf("the limit is %d, %d was told, %d run of %d, %d was good", size, told, l.running, len(trips), l.good)
			}
		}
	})
}
