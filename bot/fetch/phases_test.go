package fetch

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/localslack"
)

// inFakeTime runs a test with a Slack whose host is h. One connection is all
// that it may have.
func inFakeTime(t *testing.T, h http.HandlerFunc, test func(t *testing.T, s *Slack)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		pipe := localslack.NewPipe()
		server := &http.Server{Handler: h}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = server.Serve(pipe)
		}()
		transport := &http.Transport{DialContext: pipe.Dial, MaxConnsPerHost: 1}
		api, _ := url.Parse("http://slack.test/api/")
		defer func() {
			transport.CloseIdleConnections()
			server.Close()
			<-ended
		}()
		test(t, &Slack{Client: &http.Client{Transport: transport}, API: api, Token: "xoxb-secret", MaxSize: 1000})
	})
}

const address = "http://slack.test/f"

func TestRetryAfterIsKept(t *testing.T) {
	for name, tt := range map[string]struct {
		header    string
		atLeast   time.Duration
		downloads bool
	}{
		"some seconds":   {"20", 20 * time.Second, true},
		"the longest":    {"30", 30 * time.Second, true},
		"longer":         {"31", 0, false},
		"hours":          {"9999", 0, false},
		"none":           {"", time.Second, true},
		"broken":         {"soon", time.Second, true},
		"no time at all": {"0", time.Second, true},
		"less than none": {"-3", time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			inFakeTime(t, func(w http.ResponseWriter, _ *http.Request) {
				if asked++; asked == 1 {
					w.Header().Set("Retry-After", tt.header)
					w.WriteHeader(http.StatusTooManyRequests)
					return
				}
				_, _ = io.WriteString(w, "picture")
			}, func(t *testing.T, s *Slack) {
				begun := time.Now()
				f, err := s.Download(t.Context(), address)
				if err == nil {
					f.Close()
				}
				if (err == nil) != tt.downloads {
					t.Errorf("got %v", err)
				}
				if took := time.Since(begun); took < tt.atLeast || took > tt.atLeast+time.Second {
					t.Errorf("took %s, want %s", took, tt.atLeast)
				}
				if want := map[bool]int{true: 2, false: 1}[tt.downloads]; asked != want {
					t.Errorf("asked %d times, want %d", asked, want)
				}
			})
		})
	}
}

// TestErrorServingFilePasses: Slack's file servers fail so with status 200.
func TestErrorServingFilePasses(t *testing.T) {
	asked := 0
	inFakeTime(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked < 3 {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "Error serving file.")
			return
		}
		_, _ = io.WriteString(w, "picture")
	}, func(t *testing.T, s *Slack) {
		f, err := s.Download(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	})
}

// TestStalledBodyEnds: Slack sends half of the file and no more.
func TestStalledBodyEnds(t *testing.T) {
	inFakeTime(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "half of the ")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}, func(t *testing.T, s *Slack) {
		begun := time.Now()
		f, err := s.Download(t.Context(), address)
		if f != nil || !errors.Is(err, ErrSlackSlow) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begun); took > paceTime+time.Second {
			t.Errorf("ended after %s", took)
		}
	})
}

// TestFailedTriesLeaveTheirConnection to the next one: each answer's body is
// closed, whatever it said.
func TestFailedTriesLeaveTheirConnection(t *testing.T) {
	asked := 0
	inFakeTime(t, func(w http.ResponseWriter, _ *http.Request) {
		switch asked++; asked {
		case 1:
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, strings.Repeat("an error page ", 10_000))
		case 2:
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, strings.Repeat("slow down ", 10_000))
		case 3:
			w.Header().Set("Content-Length", "500")
			_, _ = io.WriteString(w, "cut")
		default:
			_, _ = io.WriteString(w, "picture")
		}
	}, func(t *testing.T, s *Slack) {
		begun := time.Now()
		f, err := s.Download(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if took := time.Since(begun); took > 15*time.Second || asked != 4 {
			t.Errorf("took %s and %d tries", took, asked)
		}
	})
}

// TestAnnouncedSizeIsBelievedWhereItIsTooLarge: nothing of it is read.
func TestAnnouncedSizeIsBelievedWhereItIsTooLarge(t *testing.T) {
	inFakeTime(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1001")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}, func(t *testing.T, s *Slack) {
		begun := time.Now()
		if _, err := s.Download(t.Context(), address); !errors.Is(err, ErrTooLarge) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begun); took != 0 {
			t.Errorf("that took %s", took)
		}
	})
}

// TestNothingIsLeftOfAFailedCopy: no file, and no open one.
func TestNothingIsLeftOfAFailedCopy(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	inFakeTime(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "500")
		_, _ = io.WriteString(w, "cut")
	}, func(t *testing.T, s *Slack) {
		if _, err := s.Download(t.Context(), address); err == nil {
			t.Error("a cut file was taken")
		}
	})
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
	open, err := filepath.Glob("/proc/self/fd/*")
	if err != nil || len(open) == 0 {
		t.Skip("no list of open files here")
	}
	for _, fd := range open {
		if file, err := os.Readlink(fd); err == nil && strings.HasPrefix(file, dir) {
			t.Errorf("%s is open still", file)
		}
	}
}

// TestErrorsDoNotNameTheFile: a file's address holds its name, and errors are
// logged.
func TestErrorsDoNotNameTheFile(t *testing.T) {
	inFakeTime(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, func(t *testing.T, s *Slack) {
		_, err := s.Download(t.Context(), address+"iles-pri/T1-F1/plan.png")
		if err == nil || errors.Is(err, ErrForeign) || strings.Contains(err.Error(), "plan") {
			t.Errorf("the error says %v", err)
		}
	})
}
