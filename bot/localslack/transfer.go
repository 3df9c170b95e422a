package localslack

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// serveUpload takes the contents for an upload address, raw or as the file of
// a multipart form. The size must equal the announced length.
func (w *Workspace) serveUpload(rw http.ResponseWriter, r *http.Request) {
	fault, hit := w.faults.hit(r, "upload")
	if hit && !fault.Applied {
		fault.answer(rw)
		return
	}
	w.mu.Lock()
	up, ok := w.uploads.Get(r.PathValue("key"))
	w.mu.Unlock()
	if !ok {
		http.Error(rw, "not found", http.StatusNotFound)
		return
	}
	data, err := readUpload(rw, r, up.size)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	w.uploads.Remove(r.PathValue("key"))
	up.data = data
	w.touch()
	w.mu.Unlock()
	if hit {
		fault.answer(rw)
		return
	}
	_, _ = io.WriteString(rw, "OK - "+strconv.Itoa(len(data)))
}

var (
	errLength = errors.New("the content has not the announced length")
	errNoFile = errors.New("the form has no file")
)

// readUpload reads exactly size bytes. Memory is allocated for the bytes that
// arrive, not for the announced size.
func readUpload(rw http.ResponseWriter, r *http.Request, size int) ([]byte, error) {
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
		for {
			part, err := mr.NextPart()
			if err != nil {
				return nil, errNoFile
			}
			if part.FileName() != "" || slices.Contains([]string{"file", "filename"}, part.FormName()) {
				body = part
				break
			}
		}
	}
	var buf bytes.Buffer
	n, err := buf.ReadFrom(io.LimitReader(body, int64(size)+1))
	if err != nil || n != int64(size) {
		return nil, errLength
	}
	return buf.Bytes(), nil
}

// Paths that downloads redirect to.
const (
	originPath = "/files-origin/" // Slack's second file host
	viewerPath = "/files-viewer/" // slack-files.com
)

// serveDownload serves url_private and url_private_download. A request without
// permission is redirected to the sign-in page, which has status 200
// (slackapi/node-slack-sdk issue 1750). For other redirects see
// Behaviour.Redirect; url_private of a PDF leads to a page on another host
// (curie-eng/curie issue 2715).
func (w *Workspace) serveDownload(rw http.ResponseWriter, r *http.Request) {
	base := w.requestBase(r)
	info, data, ok := w.download(r)
	if !ok {
		http.Redirect(rw, r, base+"/?redir="+url.QueryEscape(r.URL.EscapedPath()), http.StatusFound)
		return
	}
	private := !strings.Contains(r.Pattern, "/download/")
	to, origin := w.redirection(private)
	rest := r.PathValue("file") + "/" + url.PathEscape(r.PathValue("name"))
	switch {
	case to:
		http.Redirect(rw, r, cmp.Or(origin, base)+originPath+rest, http.StatusFound)
	case private && info.Filetype == "pdf":
		http.Redirect(rw, r, otherHost(base)+viewerPath+rest, http.StatusFound)
	default:
		w.serveContent(rw, r, info, data)
	}
}

// redirection reports whether an address redirects to the second file host,
// and returns the host's base address.
func (w *Workspace) redirection(private bool) (to bool, origin string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.behaviour
	inOrganization := w.enterprise != nil
	return b.Redirect == RedirectAll || private && (b.Redirect == RedirectPrivate || inOrganization), strings.TrimSuffix(b.FilesOrigin, "/")
}

// serveOrigin is Slack's second file host. A request without permission gets
// the sign-in page at once.
func (w *Workspace) serveOrigin(rw http.ResponseWriter, r *http.Request) {
	info, data, ok := w.download(r)
	if !ok {
		writeHTML(rw, loginPage)
		return
	}
	w.serveContent(rw, r, info, data)
}

// serveContent serves a file, or fails if a fault of "download" applies.
func (w *Workspace) serveContent(rw http.ResponseWriter, r *http.Request, info *File, data []byte) {
	fault, hit := w.faults.hit(r, "download")
	if hit && fault.CutAfter == 0 {
		fault.answer(rw)
		return
	}
	h := rw.Header()
	h.Set("Content-Type", info.Mimetype)
	h.Set("Content-Length", strconv.Itoa(len(data)))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": info.Name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	if hit && fault.CutAfter < len(data) {
		_, _ = rw.Write(data[:fault.CutAfter])
		_ = http.NewResponseController(rw).Flush()
		panic(http.ErrAbortHandler) // closes the connection before the last byte
	}
	_, _ = rw.Write(data)
}

// serveViewer is slack-files.com, which shows a PDF to people.
func serveViewer(rw http.ResponseWriter, _ *http.Request) {
	writeHTML(rw, "<!DOCTYPE html><html><head><title>A file</title></head><body><h1>A file on Slack</h1></body></html>")
}

// otherHost returns base with another name of this machine, which clients must
// treat as a foreign host. A base on another machine is returned unchanged.
func otherHost(base string) string {
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

// download returns the file for the TEAM-FILE of its address, if the bearer
// token has files:read and the app may see the file.
func (w *Workspace) download(r *http.Request) (*File, []byte, bool) {
	tok, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.tokens[tok]
	if t == nil || t.refused != "" || !slices.Contains(t.scopes, "files:read") {
		return nil, nil, false
	}
	id, ok := strings.CutPrefix(r.PathValue("file"), w.team.ID+"-")
	if !ok {
		return nil, nil, false
	}
	f, err := w.fileOf(t.app, id)
	if err != nil {
		return nil, nil, false
	}
	info := f.info
	return &info, f.data, true
}

const loginPage = `<!DOCTYPE html><html><head><title>Sign in | Slack</title></head><body><h1>Sign in to your workspace</h1></body></html>`

func writeHTML(rw http.ResponseWriter, text string) {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(rw, text)
}
