package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/jobs/kv/kvtest"
	"slackocr/bot/reading"
)

// kinds are the tasks of testdata/records, each as the first version that could
// write it did. A new version has to read them, because jobs and records outlive
// the process that wrote them: a new field may be added, with a zero value that
// means what was before; none may be renamed or change its type.
var kinds = map[string]func(task) bool{
	"read":   func(t task) bool { return t.Ask != nil },
	"find":   func(t task) bool { return t.Search != nil },
	"check":  func(t task) bool { return t.Event != nil },
	"say":    func(t task) bool { return t.Notice != nil },
	"send":   func(t task) bool { return t.Download != nil },
	"forget": func(t task) bool { return t.Deletion != nil },
}

// TestRecordsOfEarlierVersions are read, and nothing of them is lost.
func TestRecordsOfEarlierVersions(t *testing.T) {
	stored := map[string]any{"undoing.json": &deletionState{}}
	for kind, is := range kinds {
		file := kind + ".json"
		got, err := decode(jobs.Record{Request: golden(t, file)})
		if err != nil || !is(got) {
			t.Fatalf("%s: %+v, %v", file, got, err)
		}
		stored[file] = &task{}
	}
	for file, v := range stored {
		if err := json.Unmarshal(golden(t, file), v); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		again, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if missing := lost("", parse(t, golden(t, file)), parse(t, again)); len(missing) > 0 {
			t.Errorf("%s: this version does not know %q", file, missing)
		}
	}
}

// lost are the paths of the values that stand in old and not in now.
func lost(path string, old, now any) (paths []string) {
	switch old := old.(type) {
	case map[string]any:
		now, _ := now.(map[string]any)
		for name, value := range old {
			paths = append(paths, lost(path+"/"+name, value, now[name])...)
		}
	case []any:
		now, _ := now.([]any)
		for i, value := range old {
			if i >= len(now) {
				return append(paths, path)
			}
			paths = append(paths, lost(path, value, now[i])...)
		}
	default:
		if !reflect.DeepEqual(old, now) {
			paths = append(paths, path)
		}
	}
	return paths
}

func golden(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "records", file))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func parse(t *testing.T, content []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(content, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestTasksThatCannotBeRead, because a later version wrote them or they are
// damaged, are put aside as failed: worked on once, logged without what stands in
// them, and no reason for the bot to end.
func TestTasksThatCannotBeRead(t *testing.T) {
	for name, request := range map[string]string{
		"of a later version": `{"Translate":{"Channel":"C1","Words":"secret words"}}`,
		"of another shape":   `{"Read":{"Channel":{"ID":"secret words"}}}`,
		"nothing":            `{}`,
		"no object":          `"secret words"`,
		"null":               `null`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				logger := slog.New(slog.NewTextHandler(&log, nil))
				queue, err := jobs.Open(t.Context(), jobs.Config{Log: logger}, &kvtest.Memory{})
				if err != nil {
					t.Fatal(err)
				}
				// It has no connection to Slack: whatever asks for one panics.
				b := &Bot{log: logger, jobs: queue, intake: intake{identity: identity{workspace: ask.Workspace{Team: "T1"}}}}
				record := jobs.Record{Key: "T1/C1/1.1/x", Thread: "C1/1.1", Person: "U1", Request: json.RawMessage(request)}
				if _, err := queue.Enqueue(t.Context(), record); err != nil {
					t.Fatal(err)
				}
				worked := 0
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() {
					ended <- queue.Run(ctx, func(ctx context.Context, j *jobs.Job) error { worked++; return b.work(ctx, reading.Shutdown{}, j) })
				}()
				<-time.After(time.Hour)
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
				got, err := queue.Get(t.Context(), record.Key)
				if err != nil || got.State != jobs.Failed || worked != 1 {
					t.Errorf("%s after %d times, %v", got.State, worked, err)
				}
				if s := log.String(); strings.Contains(s, "secret") || !strings.Contains(s, "gave up a job whose record cannot be read") || strings.Contains(s, "panicked") {
					t.Errorf("the log says\n%s", s)
				}
			})
		})
	}
}
