package post

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// sight is a word that people see from some time on, and all before it.
type sight struct {
	at   time.Time
	word int
}

// watch is a transport that notes what becomes visible in Slack, and when its
// answer came.
type watch struct {
	next http.RoundTripper

	mu      sync.Mutex // guards what follows
	calls   map[string]int
	limited int
	shown   map[string][]sight // by the edited message, or the thread posted in
}

var stormWordPattern = regexp.MustCompile(`w(\d+) ?\\?n?"`) // the last one of a block

func (w *watch) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	said, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	answer.Body = io.NopCloser(bytes.NewReader(said))

	args, _ := url.ParseQuery(string(body))
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calls == nil {
		w.calls = map[string]int{}
	}
	w.calls[path.Base(r.URL.Path)]++
	if answer.StatusCode == http.StatusTooManyRequests {
		w.limited++
	}
	if m := stormWordPattern.FindStringSubmatch(args.Get("blocks")); m != nil && bytes.Contains(said, []byte(`"ok":true`)) {
		word, _ := strconv.Atoi(m[1])
		where := args.Get("ts") + args.Get("thread_ts") // an edit has the one, a post the other
		w.shown[where] = append(w.shown[where], sight{time.Now(), word})
	}
	return answer, err
}
