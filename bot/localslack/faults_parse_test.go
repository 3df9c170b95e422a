package localslack_test

import (
	"testing"
	"time"

	"slackocr/bot/localslack"
)

func TestParseFault(t *testing.T) {
	for text, want := range map[string]localslack.Fault{
		"chat.update,status=429,retry-after=30s,times=2": {Method: "chat.update", Status: 429, RetryAfter: 30 * time.Second, Times: 2},
		"*,error=fatal_error,after=3":                    {Method: "*", Error: "fatal_error", After: 3},
		"download,login-page":                            {Method: "download", LoginPage: true},
		"chat.postMessage,reset,applied,delay=1s":        {Method: "chat.postMessage", Reset: true, Applied: true, Delay: time.Second},
		"files.completeUploadExternal,share-delay=5s":    {Method: "files.completeUploadExternal", ShareDelay: 5 * time.Second},
	} {
		if got, err := localslack.ParseFault(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "status=500", "chat.update", "chat.update,", "chat.update,wat=1", "chat.update,status", "chat.update,times=-1",
		"chat.update,delay=5", "chat.update,delay=-1s", "chat.update,reset=yes", "chat.update,error", "chat.update,status=500,",
	} {
		if got, err := localslack.ParseFault(text); err == nil {
			t.Errorf("%q is taken as %+v", text, got)
		}
	}
}
