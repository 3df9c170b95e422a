// Package page is the chat page of a workspace, and the form of a server's answers
// to its script. The page is a small client in plain HTML, CSS and JavaScript
// modules, and loads nothing from other hosts.
package page

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed static
var static embed.FS

// firstModule is the module that imports all others.
const firstModule = "app.js"

// styleSheets are in the order in which their rules apply.
var styleSheets = []string{"style.css", "message.css", "compose.css", "forms.css", "markdown.css"}

// Register adds the page's files to a mux.
func Register(mux *http.ServeMux) {
	for path, a := range assets() {
		mux.Handle("GET "+path, a)
	}
}

// asset is a file of the page, plain and compressed. The browser asks each
// time and mostly hears "not modified", so that a new build shows at once.
type asset struct {
	kind, etag   string
	data, packed []byte
}

func newAsset(name string, data []byte) asset {
	// Spelled out: mime.TypeByExtension depends on the machine.
	kinds := map[string]string{
		".html": "text/html; charset=utf-8",
		".css":  "text/css; charset=utf-8",
		".js":   "text/javascript; charset=utf-8",
		".svg":  "image/svg+xml",
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write(data)
	if err = cmp.Or(err, z.Close()); err != nil {
		panic(err) // a buffer takes everything
	}
	return asset{kinds[path.Ext(name)], fmt.Sprintf("%x", sha256.Sum256(data)), data, packed.Bytes()}
}

func (a asset) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	h := rw.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding")
	data, tag := a.data, a.etag
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		data, tag = a.packed, a.etag+"-gzip"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(rw, r, "", time.Time{}, bytes.NewReader(data))
}

// assets returns the page's files by the path they are served at. A browser
// asks once for all modules and once for all style sheets.
var assets = sync.OnceValue(func() map[string]asset {
	var script, styles []byte
	script, _ = appendModule(nil, firstModule, nil)
	for _, name := range styleSheets {
		styles = append(styles, source(name)...)
	}
	all := map[string]asset{
		"/{$}":           newAsset("index.html", source("index.html")),
		"/page/page.js":  newAsset("page.js", script),
		"/page/page.css": newAsset("page.css", styles),
	}
	for _, name := range []string{"icon.svg", "chevron.svg"} {
		all["/page/"+name] = newAsset(name, source(name))
	}
	return all
})

func source(name string) []byte {
	data, err := static.ReadFile("static/" + name)
	if err != nil {
		panic(err) // it is part of the program
	}
	return data
}

var (
	importLine = regexp.MustCompile(`(?m)^import (\{.*\}) from "\./(.+)\.js";$`)
	exportWord = regexp.MustCompile(`(?m)^export ((?:async )?(?:function|class|const) (\w+))`)
)

// appendModule appends a module of the page to a script, after the modules that it
// imports and that are not in the script yet. It returns the script and the
// modules that it has. A module becomes a function that is called at once and
// returns the module's exports.
func appendModule(script []byte, name string, has []string) (_ []byte, hasNow []string) {
	code := source(name)
	for _, m := range importLine.FindAllSubmatch(code, -1) {
		if other := string(m[2]) + ".js"; !slices.Contains(has, other) {
			script, has = appendModule(script, other, has)
		}
	}
	var exported []string
	for _, m := range exportWord.FindAllSubmatch(code, -1) {
		exported = append(exported, string(m[2]))
	}
	code = importLine.ReplaceAllFunc(code, func(line []byte) []byte {
		m := importLine.FindSubmatch(line)
		names := bytes.ReplaceAll(m[1], []byte(" as "), []byte(": "))
		return fmt.Appendf(nil, "const %s = %s;", names, moduleName(string(m[2])))
	})
	code = exportWord.ReplaceAll(code, []byte("$1"))
	script = fmt.Appendf(script, "const %s = (() => {\n%sreturn { %s };\n})();\n",
		moduleName(strings.TrimSuffix(name, ".js")), code, strings.Join(exported, ", "))
	return script, append(has, name)
}

// moduleName is the name that a module has in the script.
func moduleName(name string) string { return "$" + strings.ReplaceAll(name, "-", "_") }
