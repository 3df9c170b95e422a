package localslack_test

import (
	"reflect"
	"testing"

	"slackocr/bot/localslack"
)

// A workspace that is seeded with another's messages has the same messages and
// files, and goes on with new timestamps and ids.
func TestSeed(t *testing.T) {
	workspace := func() (w *localslack.Workspace, ada, channel string) {
		w = localslack.New(localslack.Options{URL: "http://localhost"})
		ada = w.AddUser("Ada")
		return w, ada, w.AddChannel("general", false, ada)
	}
	post := localslack.Post{Text: "a picture", Files: []localslack.Upload{{Name: "a.png", Data: []byte("data")}}}
	first, ada, channel := workspace()
	post.Channel = channel
	ts, err := first.Post(ada, post)
	if err != nil {
		t.Fatal(err)
	}
	want := first.Messages(channel)
	id := want[0].Files[0].ID

	second, _, _ := workspace()
	if err := second.Seed(channel, want, map[string][]byte{id: []byte("data")}); err != nil {
		t.Fatal(err)
	}
	if got := second.Messages(channel); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if data, ok := second.FileContent(id); !ok || string(data) != "data" {
		t.Errorf("the file has %q", data)
	}
	later, err := second.Post(ada, post)
	if err != nil || later <= ts {
		t.Errorf("the next message is %s after %s, %v", later, ts, err)
	}
	if messages := second.Messages(channel); len(messages) != 2 || messages[1].Files[0].ID == id {
		t.Errorf("the next file has the id of the first: %+v", messages)
	}
	if err := second.Seed("C0NONE", want, nil); err == nil {
		t.Error("an unknown channel was seeded")
	}
}
