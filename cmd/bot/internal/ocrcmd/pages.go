package ocrcmd

import (
	"fmt"
	"strconv"
	"strings"
)

// Pages are the requested pages of a file, all pages if empty.
type Pages []pageRange

// A pageRange includes both ends, counted from 1.
type pageRange struct{ first, last int }

// maxPageNumber bounds a page number: no longer file can be opened.
const maxPageNumber = 1000

// ParsePages parses ranges such as "1-3,7,12-". An empty text has no ranges.
func ParsePages(text string) (all Pages, err error) {
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		r := pageRange{first: 1, last: maxPageNumber}
		if first != "" || !isRange {
			if r.first, err = strconv.Atoi(first); err != nil {
				return nil, fmt.Errorf("%q is no page number", first)
			}
		}
		if !isRange {
			r.last = r.first
		} else if last != "" {
			if r.last, err = strconv.Atoi(last); err != nil {
				return nil, fmt.Errorf("%q is no page number", last)
			}
		}
		if r.first < 1 || r.last > maxPageNumber || r.first > r.last {
			return nil, fmt.Errorf("%q is no range of pages between 1 and %d", part, maxPageNumber)
		}
		all = append(all, r)
	}
	return all, nil
}

// has reports whether a page was requested.
func (p Pages) has(page int) bool {
	for _, r := range p {
		if r.first <= page && page <= r.last {
			return true
		}
	}
	return len(p) == 0
}

// last returns the highest requested page, or 0 if all pages were requested.
func (p Pages) last() (page int) {
	for _, r := range p {
		page = max(page, r.last)
	}
	return page
}
