package reading

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/words"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// record returns a file of the records that an earlier version kept.
func record(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "testdata", "records", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestStateOfAnEarlierVersion has every fact that was saved.
func TestStateOfAnEarlierVersion(t *testing.T) {
	began := time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC)
	once := post.PostState{Tried: began, TS: "1700000001.000100"}
	upload := post.UploadState{ID: "F2", Shared: true}
	golden := jobs.Record{
		Request: record(t, "read.json"), Progress: record(t, "progress.json"), Created: began, Updated: began.Add(7 * time.Second),
	}
	outcome := Outcome{
		HasText: true, Words: 412, Pages: 2, LeftOut: 1, SmallCopy: true, Found: 3, Took: 7 * time.Second,
		Places: []Place{{Piece: 1, Area: page.Area{Left: 0.1, Top: 0.2, Right: 0.3, Bottom: 0.4}}},
	}
	file := FileState{
		Phase: Finished, Starts: 1, Outcome: outcome, Failure: &words.Failure{Kind: words.OldSentence, OldText: "a cause."},
		Delivery: Delivery{Parts: []post.PostState{once}, Upload: upload, NoUpload: true, Marked: []post.UploadState{upload}},
	}
	for name, tt := range map[string]struct {
		edit func(r *jobs.Record, old map[string]any, kept *bool)
		want func(s *State)
	}{
		"all of it": {},
		"no text kept": {
			func(_ *jobs.Record, _ map[string]any, kept *bool) { *kept = false },
			func(s *State) { s.Files[0].Phase, s.Files[0].Outcome.Took = "", 0 },
		},
		"no reply": {
			func(_ *jobs.Record, old map[string]any, _ *bool) { old["Posted"] = post.PostState{Tried: began} },
			func(s *State) { s.Reply.TS = "" },
		},
		"whole": {
			func(_ *jobs.Record, old map[string]any, _ *bool) { old["Cause"] = "" },
			func(s *State) { s.Files[0].Failure = nil },
		},
		"stopped": {
			func(r *jobs.Record, old map[string]any, _ *bool) {
				r.StoppedBy, old["Cause"] = "U2", "somebody stopped me."
			},
			func(s *State) { s.Files[0].Failure = words.Failed(words.Stopped) },
		},
		"attempts that failed": { // are no crashes
			func(r *jobs.Record, old map[string]any, _ *bool) { r.Attempts, old["Asked"] = 4, 8 },
			func(s *State) { s.Files[0].Starts = 0 },
		},
		"no beginning": {
			func(_ *jobs.Record, old map[string]any, _ *bool) { delete(old, "Began") },
			func(*State) {},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, kept := golden, true
			want := State{Began: began, Reply: once, FallbackDM: "D1", Files: []FileState{file}}
			if tt.edit != nil {
				var old map[string]any
				if err := json.Unmarshal(r.Progress, &old); err != nil {
					t.Fatal(err)
				}
				tt.edit(&r, old, &kept)
				r.Progress, _ = json.Marshal(old) // what was JSON before
				tt.want(&want)
			}
			a, ok := AskOf(r)
			if !ok {
				t.Fatal("its request cannot be read")
			}
			got, err := DecodeState(r, &a, kept)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, %v\nwant %+v", got, err, want)
			}
			again, _ := json.Marshal(got) // by this version
			r.Progress = again
			if got, err := DecodeState(r, &a, false); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("saved by this version %+v, %v\nwant %+v", got, err, want)
			}
		})
	}
}

// TestRequestOfAnEarlierVersion leads to the ask under whose key it posted.
func TestRequestOfAnEarlierVersion(t *testing.T) {
	a, ok := AskOf(jobs.Record{Request: record(t, "read.json")})
	const address = "https://example.com/a.png"
	mode := ocr.Mode{Kind: ocr.Locate, Argument: "total"}
	want := ask.Ask{
		Key:     "C1/1700000000.000100/F1" + ask.Digest(address) + "/" + ask.ModeKey(mode),
		Channel: "C1", Origin: "1700000000.000100", Root: "1700000000.000050", Person: "U1", Mode: mode,
		Explicit: true, Outside: true, Respond: "https://hooks.slack.com/actions/1",
		Files: []ask.File{{Slack: a.Files[0].Slack, Web: address, Source: ask.MessageRef{Channel: "C2", TS: "1700000000.000200"}}},
	}
	if !ok || !reflect.DeepEqual(a, want) {
		t.Errorf("got %+v, %t\nwant %+v", a, ok, want)
	}
	if f := a.Files[0].Slack; f.ID != "F1" || f.Name != "invoice.png" || f.Size != 1234 || f.URLPrivateDownload == "" {
		t.Errorf("the file is %+v", f)
	}
}

// TestPieceOfAnEarlierVersion is not read again.
func TestPieceOfAnEarlierVersion(t *testing.T) {
	var got savedPage
	if err := json.Unmarshal(record(t, "piece.json"), &got); err != nil {
		t.Fatal(err)
	}
	want := savedPage{
		Text: "some text", Cause: "a cause.",
		Boxes: []ocr.Box{{Text: "total", Area: page.Area{Left: 0.1, Top: 0.2, Right: 0.3, Bottom: 0.4}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
