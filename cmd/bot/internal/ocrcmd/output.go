package ocrcmd

import (
	"encoding/json"
	"errors"
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

// A resultWriter takes the results of bot ocr, in the order of the files.
type resultWriter struct {
	w    io.Writer
	file *os.File // w, if w is the file of --output
	json bool
	live bool // w is a terminal that shows the text while it grows

	headed bool // a line with the name precedes each text
	bold   func(string) string
	heads  int // number of such lines written

	paths map[string]string // the file of each result in the folder of --output, by name
}

// newResultWriter opens the destination of the texts.
func newResultWriter(files []string, o Options, p *progress, to Terminal) (*resultWriter, error) {
	out := &resultWriter{w: clearing{p, to.Stdout}, json: o.JSON, headed: len(files) > 1 && !o.JSON, bold: to.Bold}
	if o.Output == "" {
		out.live = to.ShowText && !o.JSON
		return out, nil
	}
	out.bold = func(s string) string { return s }
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
	if out.file, err = os.Create(o.Output); err != nil {
		return nil, fmt.Errorf("--output: %w", err)
	}
	out.w = out.file
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
func (o *resultWriter) begin(name string) error {
	if !o.live {
		return nil
	}
	return o.heading(name, "")
}

// heading writes the line above a text, if there is one.
func (o *resultWriter) heading(name, remark string) error {
	if !o.headed {
		return nil
	}
	space := "\n"
	if o.heads == 0 {
		space = ""
	}
	o.heads++
	_, err := fmt.Fprintf(o.w, "%s%s\n", space, o.bold("==> "+shownName(name)+remark+" <=="))
	return err
}

// terminal returns the terminal that shows a text while it grows, or a writer that
// discards the text.
func (o *resultWriter) terminal() io.Writer {
	if o.live {
		return printable{o.w}
	}
	return io.Discard
}

// end writes a result, or the part that a live output has not shown yet.
func (o *resultWriter) end(r Result) error {
	if path, ok := o.paths[r.Name]; ok {
		return o.writeFile(path, r)
	}
	if o.json {
		return encodeLine(o.w, r)
	}
	switch {
	case r.Error != "" && o.live:
		return nil // standard error gives the reason, below the heading
	case r.Error != "":
		return o.heading(r.Name, ": not read")
	case o.live:
		return nil // written while the text grew
	}
	if err := o.heading(r.Name, ""); err != nil {
		return err
	}
	_, err := io.WriteString(o.w, r.Text)
	return err
}

// writeFile writes a result to its file in the folder of --output. A failed
// file gets no result, except in JSON.
func (o *resultWriter) writeFile(path string, r Result) error {
	if r.Error != "" && !o.json {
		return nil
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	if o.json {
		err = encodeLine(f, r)
	} else {
		_, err = f.WriteString(r.Text)
	}
	return errors.Join(err, f.Close())
}

func (o *resultWriter) close() error {
	if o.file == nil {
		return nil
	}
	return o.file.Close()
}

func encodeLine(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
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

// printable drops characters that a terminal would obey, that are hidden, or
// that turn the direction of text: the text comes from a picture.
type printable struct{ w io.Writer }

func (p printable) Write(text []byte) (int, error) {
	_, err := p.w.Write(slackmd.File(string(text)))
	return len(text), err
}
