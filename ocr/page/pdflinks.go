package page

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
)

// The bounds of the search for annotations, in bytes.
const (
	maxSearched = 128 << 20 // of a file; a longer file is not searched
	maxInflated = 64 << 20  // of all object streams together
)

var (
	linkAnnotation = regexp.MustCompile(`/Subtype\s*/Link\b`)
	// Annotations with text or pictures of their own (PDF 32000-1:2008, table
	// 169).
	markAnnotation = regexp.MustCompile(`/Subtype\s*/(?:FreeText|Line|Stamp|Ink|Watermark|Redact|Widget)\b`)
	objectStream   = regexp.MustCompile(`/Type\s*/ObjStm\b`)
)

// onlyLinks reports whether all annotations of a PDF are links and may be left
// out. poppler draws a box around a link without another look, across the text
// below, and can only leave out all annotations at once, including text in a
// form or a note on a page. If some objects cannot be read, as in an encrypted
// file, onlyLinks returns false.
func onlyLinks(src *source) bool {
	size, err := src.Seek(0, io.SeekEnd)
	if err != nil || size > maxSearched {
		return false
	}
	file := make([]byte, size)
	if _, err := src.ReadAt(file, 0); err != nil || bytes.Contains(file, []byte("/Encrypt")) {
		return false
	}
	links, left := linkAnnotation.Match(file), int64(maxInflated)
	if markAnnotation.Match(file) {
		return false
	}
	for _, at := range objectStream.FindAllIndex(file, -1) {
		objects, ok := inflated(file[at[1]:], left)
		if !ok || markAnnotation.Match(objects) {
			return false
		}
		left -= int64(len(objects))
		links = links || linkAnnotation.Match(objects)
	}
	return links
}

// inflated returns at most limit bytes of the compressed stream after the next
// dictionary.
func inflated(file []byte, limit int64) ([]byte, bool) {
	_, stream, ok := bytes.Cut(file, []byte("stream"))
	if !ok {
		return nil, false
	}
	r, err := zlib.NewReader(bytes.NewReader(bytes.TrimLeft(stream, "\r\n")))
	if err != nil {
		return nil, false
	}
	objects, err := io.ReadAll(io.LimitReader(r, limit+1))
	return objects, err == nil && int64(len(objects)) <= limit
}
