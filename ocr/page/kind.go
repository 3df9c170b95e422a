package page

import "bytes"

// A Kind is a file format, told by content and never by a file's name or its
// declared type. The empty Kind is an unknown format.
type Kind string

// The formats that Open reads.
const (
	PNG  Kind = "png"
	JPEG Kind = "jpeg"
	GIF  Kind = "gif"
	WebP Kind = "webp"
)

// sniffLen is how many bytes of a file Sniff should see: as many as
// http.DetectContentType considers.
const sniffLen = 512

// Sniff tells the format of a file from its first bytes, at least 512 of them
// where the file has as many.
func Sniff(head []byte) Kind {
	switch {
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return PNG
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return JPEG
	case bytes.HasPrefix(head, []byte("GIF87a")), bytes.HasPrefix(head, []byte("GIF89a")):
		return GIF
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return WebP
	}
	return ""
}

// MediaType gives the registered media type, or application/octet-stream for
// an unknown format.
func (k Kind) MediaType() string {
	if k == "" {
		return "application/octet-stream"
	}
	return "image/" + string(k)
}
