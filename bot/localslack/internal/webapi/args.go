// Package webapi is the form of Slack's Web API, whatever the methods do: the
// arguments and errors of calls, lists in pages, and rate limits
// (https://docs.slack.dev/apis/web-api).
package webapi

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxAPIBody bounds the body of a Web API call.
const maxAPIBody = 1 << 20

// Args are the arguments of a call. Slack accepts a form, multipart and JSON.
// A JSON value that is not a string is stored as its JSON text, which is the
// form's encoding.
type Args map[string]string

func (a Args) Has(name string) bool { return a[name] != "" }

func (a Args) Bool(name string) bool {
	b, err := strconv.ParseBool(a[name])
	return err == nil && b
}

func (a Args) Number(name string) (int64, bool) {
	n, err := strconv.ParseInt(a[name], 10, 64)
	return n, err == nil
}

// Limit returns the argument limit, at least 1 and at most most.
func (a Args) Limit(def, most int) (int, error) {
	s := a["limit"]
	if s == "" || s == "0" {
		return def, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, Err("invalid_limit")
	}
	return min(n, most), nil
}

// ParseArgs reads the arguments and the token of a call. As in Slack, a token
// in a JSON body does not count; the header must have the token. If formOnly
// is true, a JSON body is read and ignored, as by Slack's methods that take no
// JSON. (https://docs.slack.dev/apis/web-api/#methods_supporting_json)
func ParseArgs(rw http.ResponseWriter, r *http.Request, formOnly bool) (a Args, tok string, err error) {
	a = Args{}
	addForm(a, r.URL.Query())
	delete(a, "token") // Slack takes no token from an address
	defer func() {
		tok = a["token"]
		delete(a, "token")
		if h, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
			tok = strings.TrimSpace(h)
		}
	}()
	if r.Method == http.MethodGet {
		return a, "", nil
	}
	r.Body = http.MaxBytesReader(rw, r.Body, maxAPIBody)
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	if c := strings.ToLower(params["charset"]); c != "" && c != "utf-8" && c != "iso-8859-1" {
		return a, "", Err("invalid_charset")
	}
	switch kind {
	case "application/x-www-form-urlencoded":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return a, "", bodyError(err)
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return a, "", Err("invalid_form_data")
		}
		addForm(a, form)
	case "multipart/form-data":
		return a, "", parseMultipart(a, r, params["boundary"])
	case "application/json":
		in := a
		if formOnly {
			in = Args{}
		}
		return a, "", parseJSON(in, r.Body)
	case "text/plain": // allowed, and no arguments are read from it
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return a, "", bodyError(err)
		}
	default:
		body, err := io.ReadAll(r.Body)
		switch {
		case err != nil:
			return a, "", bodyError(err)
		case len(body) == 0:
		case r.Header.Get("Content-Type") == "":
			return a, "", Err("missing_post_type")
		default:
			return a, "", Err("invalid_post_type")
		}
	}
	return a, "", nil
}

func addForm(a Args, form url.Values) {
	for k, vs := range form {
		if len(vs) > 0 {
			a[k] = vs[len(vs)-1]
		}
	}
}

// maxArgName bounds an argument's name. Slack documents no number.
const maxArgName = 100

// CheckNames returns an error for names that Slack's methods cannot have
// (https://docs.slack.dev/reference/methods/api.test#errors).
func (a Args) CheckNames() error {
	for name := range a {
		if strings.ContainsAny(name, "[]") {
			return Err("invalid_array_arg")
		}
		odd := func(r rune) bool {
			return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		}
		if name == "" || len(name) > maxArgName || strings.ContainsFunc(name, odd) {
			return Err("invalid_arg_name")
		}
	}
	return nil
}

// Need returns invalid_arguments unless all these arguments are present, like
// the methods whose arguments Slack checks against a schema
// (slack-edge/slack-edge issue 54).
func (a Args) Need(names ...string) error {
	var missing []string
	for _, name := range names {
		if !a.Has(name) {
			missing = append(missing, "[ERROR] missing required field: "+name)
		}
	}
	if missing == nil {
		return nil
	}
	return Err("invalid_arguments", missing...)
}

// parseMultipart reads the parts one by one. Data after the last boundary,
// such as a second closing boundary, is no error.
func parseMultipart(a Args, r *http.Request, boundary string) error {
	if boundary == "" {
		return Err("invalid_form_data")
	}
	mr, err := r.MultipartReader()
	if err != nil {
		return Err("invalid_form_data")
	}
	for part, err := range Parts(mr) {
		if err != nil {
			return bodyError(err)
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return bodyError(err)
		}
		if part.FileName() == "" {
			a[part.FormName()] = string(value)
		}
	}
	return nil
}

// Parts yields the parts of a form. An error ends them.
func Parts(form *multipart.Reader) iter.Seq2[*multipart.Part, error] {
	return func(yield func(*multipart.Part, error) bool) {
		for {
			part, err := form.NextPart()
			if err == io.EOF { // compared with ==: a truncated form returns an error that wraps io.EOF
				return
			}
			if !yield(part, err) || err != nil {
				return
			}
		}
	}
}

func parseJSON(a Args, body io.Reader) error {
	data, err := io.ReadAll(body)
	if err != nil {
		return bodyError(err)
	}
	if len(strings.TrimSpace(string(data))) == 0 {
		return nil // apps.connections.open has this form
	}
	return a.AddJSON(data)
}

// AddJSON adds the fields of a JSON object.
func (a Args) AddJSON(data []byte) error {
	if !json.Valid(data) {
		return Err("invalid_json")
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(data, &values); err != nil {
		return Err("json_not_object")
	}
	delete(values, "token")
	for k, v := range values {
		var s string
		switch {
		case string(v) == "null":
		case json.Unmarshal(v, &s) == nil:
			a[k] = s
		default:
			a[k] = string(v)
		}
	}
	return nil
}

func bodyError(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return Err("request_too_large")
	}
	return Err("invalid_form_data")
}

// Page returns the page of all that the arguments limit and cursor select.
func Page[T any](a Args, all []T, key func(T) string, def, most int) (part []T, next string, err error) {
	limit, err := a.Limit(def, most)
	if err != nil {
		return nil, "", err
	}
	return PageOf(all, a["cursor"], key, limit)
}

// PageOf returns a page of all, with Slack's opaque cursors. A cursor names
// the first item of the next page. If that item is gone, the list ends.
func PageOf[T any](all []T, cur string, key func(T) string, limit int) (part []T, next string, err error) {
	start := 0
	if cur != "" {
		data, err := base64.StdEncoding.DecodeString(cur)
		id, ok := strings.CutPrefix(string(data), "next:")
		if err != nil || !ok {
			return nil, "", Err("invalid_cursor")
		}
		start = slices.IndexFunc(all, func(v T) bool { return key(v) == id })
		if start < 0 {
			return []T{}, "", nil
		}
	}
	end := min(len(all), start+limit)
	if end < len(all) {
		next = base64.StdEncoding.EncodeToString([]byte("next:" + key(all[end])))
	}
	return append([]T{}, all[start:end]...), next, nil
}
