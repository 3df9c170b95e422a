// Package filehost is the part of Slack's file hosts that needs no workspace:
// types by name, uploads, and pages for people.
package filehost

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"slackocr/bot/localslack/internal/mrkdwn"
	"slackocr/bot/localslack/internal/webapi"
)

const maxName = 255 // characters

// Type is a file's type, in the fields of Slack's file object.
type Type struct {
	Filetype, PrettyType, Mimetype string
}

// Binary is the type of an unknown file.
var Binary = Type{"binary", "Binary", "application/octet-stream"}

// types are by file extension
// (https://docs.slack.dev/reference/objects/file-object#types).
var types = map[string]Type{
	".png": {"png", "PNG", "image/png"}, ".jpg": {"jpg", "JPEG", "image/jpeg"}, ".jpeg": {"jpg", "JPEG", "image/jpeg"},
	".gif": {"gif", "GIF", "image/gif"}, ".webp": {"webp", "WebP", "image/webp"}, ".heic": {"heic", "HEIC", "image/heic"},
	".tif": {"tiff", "TIFF", "image/tiff"}, ".tiff": {"tiff", "TIFF", "image/tiff"}, ".bmp": {"bmp", "Bitmap", "image/bmp"},
	".pdf": {"pdf", "PDF", "application/pdf"}, ".md": {"markdown", "Markdown (raw)", "text/plain"},
	".txt": {"text", "Plain Text", "text/plain"}, ".csv": {"csv", "CSV", "text/csv"}, ".svg": {"svg", "SVG", "image/svg+xml"},
	".zip": {"zip", "Zip", "application/zip"}, ".avif": {"avif", "AVIF", "image/avif"},
	".psd": {"psd", "Photoshop Document", "image/vnd.adobe.photoshop"},
}

// TypeOf returns the type of a file. As in Slack, it comes from the name alone,
// so a wrong name is not noticed.
func TypeOf(name string) Type {
	ext := strings.ToLower(path.Ext(name))
	if t, ok := types[ext]; ok {
		return t
	}
	t := Binary
	t.Mimetype = cmp.Or(mime.TypeByExtension(ext), t.Mimetype)
	return t
}

// CleanName returns the last element of a name, without control characters.
func CleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "�"))
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if name == "." || name == "/" || name == ".." {
		name = "file"
	}
	return mrkdwn.Cut(name, maxName)
}

var (
	errLength = errors.New("the content has not the announced length")
	errNoFile = errors.New("the form has no file")
)

// ReadUpload reads the content of an upload, raw or as the file of a
// multipart form: exactly size bytes. Memory is allocated for the bytes that
// arrive, not for the announced size.
func ReadUpload(rw http.ResponseWriter, r *http.Request, size int) ([]byte, error) {
	const formOverhead = 64 << 10
	var body io.Reader = http.MaxBytesReader(rw, r.Body, int64(size)+formOverhead)
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "multipart/form-data" {
		if params["boundary"] == "" {
			return nil, errNoFile
		}
		r.Body = io.NopCloser(body)
		mr, err := r.MultipartReader()
		if err != nil {
			return nil, errNoFile
		}
		body = nil
		for part, err := range webapi.Parts(mr) {
			if err == nil && (part.FileName() != "" || slices.Contains([]string{"file", "filename"}, part.FormName())) {
				body = part
				break
			}
		}
		if body == nil {
			return nil, errNoFile
		}
	}
	var buf bytes.Buffer
	n, err := buf.ReadFrom(io.LimitReader(body, int64(size)+1))
	if err != nil || n != int64(size) {
		return nil, errLength
	}
	return buf.Bytes(), nil
}

// OtherHost returns base with another name of this machine, which clients must
// treat as a foreign host. A base on another machine is returned unchanged.
func OtherHost(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	name := "localhost"
	switch ip := net.ParseIP(u.Hostname()); {
	case u.Hostname() == name:
		name = "127.0.0.1"
	case ip == nil || !ip.IsLoopback():
		return base
	}
	u.Host = strings.TrimSuffix(net.JoinHostPort(name, u.Port()), ":")
	return u.String()
}

// The pages for people: Slack's sign-in page, that of slack-files.com for a PDF,
// and the sentence that a host sends now and then.
const (
	LoginPage    = `<!DOCTYPE html><html><head><title>Sign in | Slack</title></head><body><h1>Sign in to your workspace</h1></body></html>`
	Viewer       = "<!DOCTYPE html><html><head><title>A file</title></head><body><h1>A file on Slack</h1></body></html>"
	ServingError = "Error serving file."
)

// WriteHTML writes a page.
func WriteHTML(rw http.ResponseWriter, text string) {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(rw, text)
}
