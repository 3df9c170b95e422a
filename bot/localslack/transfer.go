package localslack

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// serveUpload takes the content for an upload address, raw or as the file of a
// multipart form. The size must be the one announced.
func (w *Workspace) serveUpload(rw http.ResponseWriter, r *http.Request) {
	fault, hit := w.takeFault("upload")
	if hit {
		fault.wait(r.Context())
		hit = fault.fails()
	}
	if hit && !fault.Applied {
		fault.answer(rw)
		return
	}
	w.mu.Lock()
	up, ok := w.uploads.get(r.PathValue("key"))
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
	w.uploads.remove(r.PathValue("key"))
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

// readUpload reads exactly size bytes of content. It allocates as they come, not
// as they were announced.
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

// serveDownload serves url_private and url_private_download. Whoever may not
// read the file gets the sign-in page with status 200, as from Slack.
func (w *Workspace) serveDownload(rw http.ResponseWriter, r *http.Request) {
	fault, hit := w.takeFault("download")
	if hit {
		fault.wait(r.Context())
		hit = fault.fails()
	}
	if hit && fault.CutAfter == 0 {
		fault.answer(rw)
		return
	}
	tok, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	info, data, ok := w.download(tok, r.PathValue("file"))
	if !ok {
		writeLoginPage(rw)
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
		panic(http.ErrAbortHandler) // closes the connection with bytes missing
	}
	_, _ = rw.Write(data)
}

// download finds a file by the TEAM-FILE of its address, for a token with
// files:read whose app may see it.
func (w *Workspace) download(tok, teamFile string) (*File, []byte, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.tokens[tok]
	if t == nil || t.refused != "" || !slices.Contains(t.scopes, "files:read") {
		return nil, nil, false
	}
	id, ok := strings.CutPrefix(teamFile, w.team.ID+"-")
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

func writeLoginPage(rw http.ResponseWriter) {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(rw, loginPage)
}
