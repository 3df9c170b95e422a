package ocrcmd

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"slackocr/bot/slackmd"
)

// Result is the result of one file, as bot ocr --json prints it.
type Result struct {
	Name  string `json:"name"`
	Pages int    `json:"pages"` // number of pages read
	Words int    `json:"words"`
	Text  string `json:"text"`
	Cut   string `json:"cut,omitempty"`   // reason why the text is incomplete
	Error string `json:"error,omitempty"` // reason why there is no text
}

// cut adds a reason why the text is incomplete.
func (r *Result) cut(why string) {
	if r.Cut != "" {
		r.Cut += "; "
	}
	r.Cut += why
}

// A resultWriter takes the results of bot ocr, in the order of the files.
type resultWriter struct {
	w     io.Writer         // for all results, unless each has an own file
	paths map[string]string // the file of each result in the folder of --output, by name
	close func() error      // closes the file of --output, if w is that
	fail  func(error)       // is told the error of a failed write
	// progress is hidden before a write, since both may use one terminal.
	progress *progress

	json bool
	live bool // w is a terminal that shows the text while it grows

	headed bool // a line with the name precedes each text
	bold   func(string) string
	heads  int // number of such lines written
}

// newResultWriter opens the destination of the texts. The caller must close
// the resultWriter.
func newResultWriter(files []string, o Options, p *progress, to Terminal) (*resultWriter, error) {
	out := &resultWriter{
		close: func() error { return nil }, progress: p,
		json: o.JSON, headed: len(files) > 1 && !o.JSON, bold: func(s string) string { return s },
	}
	if o.Output == "" {
		out.w, out.live, out.bold = to.Stdout, to.ShowText && !o.JSON, to.Bold
		return out, nil
	}
	info, err := os.Stat(o.Output)
	if isDir := err == nil && info.IsDir(); isDir || strings.HasSuffix(o.Output, "/") {
		if err := os.MkdirAll(o.Output, 0o777); err != nil {
			return nil, fmt.Errorf("--output: %w", err)
		}
		out.headed = false
		out.paths = outputPaths(o.Output, files, o.JSON)
		return out, nil
	}
	for _, file := range files {
		if input, err := os.Stat(file); err == nil && info != nil && os.SameFile(input, info) {
			return nil, fmt.Errorf("--output: %s is one of the files to read", shownName(file))
		}
	}
	f, err := os.Create(o.Output)
	if err != nil {
		return nil, fmt.Errorf("--output: %w", err)
	}
	out.w, out.close = f, f.Close
	return out, nil
}

// outputPaths gives each file a path in dir: its name with another extension,
// and with a number if two files would get the same path.
func outputPaths(dir string, files []string, asJSON bool) map[string]string {
	ending := ".md"
	if asJSON {
		ending = ".json"
	}
	paths, taken := map[string]string{}, map[string]bool{}
	for _, file := range files {
		if paths[file] != "" {
			continue
		}
		base := filepath.Base(file)
		if file == Stdin {
			base = "stdin"
		}
		stem := strings.TrimSuffix(base, filepath.Ext(base))
		if stem == "" {
			stem = base
		}
		name := stem
		for n := 2; taken[name]; n++ {
			name = stem + "-" + strconv.Itoa(n)
		}
		taken[name] = true
		paths[file] = filepath.Join(dir, name+ending)
	}
	return paths
}

// begin is called before the text of a file grows. Unless the output is live,
// begin does nothing.
func (o *resultWriter) begin(name string) {
	if o.live {
		o.heading(name, "")
	}
}

// grow shows more of a text on a terminal, without characters that a terminal
// would obey, that are hidden, or that turn the direction of text: the text
// comes from a picture.
func (o *resultWriter) grow(text string) {
	if o.live && text != "" {
		o.write(string(slackmd.File(text)))
	}
}

// end writes a result. A failed file has no text, except in JSON.
func (o *resultWriter) end(r Result) {
	path, separate := o.paths[r.Name]
	text := r.Text
	switch {
	case o.json:
		text = jsonLine(r)
	case o.live: // the text has grown there, or standard error gives the reason
		return
	case r.Error != "" && separate:
		return
	case r.Error != "":
		o.heading(r.Name, ": not read")
		return
	}
	if !separate {
		o.heading(r.Name, "")
		o.write(text)
	} else if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		o.fail(fmt.Errorf("--output: %w", err))
	}
}

// heading writes the line above a text, if there is one.
func (o *resultWriter) heading(name, remark string) {
	if !o.headed {
		return
	}
	space := "\n"
	if o.heads == 0 {
		space = ""
	}
	o.heads++
	o.write(space + o.bold("==> "+shownName(name)+remark+" <==") + "\n")
}

func (o *resultWriter) write(text string) {
	o.progress.hide()
	if _, err := io.WriteString(o.w, text); err != nil {
		o.fail(err)
	}
}

// jsonLine returns a result as one line of JSON.
func jsonLine(r Result) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(r) // a struct of texts and numbers
	return b.String()
}

// shownName returns a file's name in a form that fits one line of a terminal.
func shownName(name string) string {
	if name == Stdin {
		return "standard input"
	}
	if strings.ContainsFunc(name, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(name)
	}
	return name
}
