package localslack_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"slackocr/bot/localslack"
)

func smallTown() (w *localslack.Workspace, ada, bob, general, private string) {
	w = localslack.New(localslack.Options{})
	ada, bob = w.AddUser("Ada"), w.AddUser("Bob")
	return w, ada, bob, w.AddChannel("general", false, ada, bob), w.AddChannel("private", true, ada)
}

func mustPost(t *testing.T, w *localslack.Workspace, user, channel, text string) string {
	t.Helper()
	ts, err := w.Post(user, localslack.Post{Channel: channel, Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

func TestSnapshotShowsWhatTheUserMaySee(t *testing.T) {
	w, ada, bob, general, private := smallTown()
	mustPost(t, w, ada, private, "secret")
	mustPost(t, w, ada, general, "public")
	for user, want := range map[string][]int{ada: {1, 1}, bob: {1, 0}} {
		s := w.Snapshot(user)
		if s.Me != user || len(s.Messages[general]) != want[0] || len(s.Messages[private]) != want[1] || len(s.Channels) != want[0]+want[1] {
			t.Errorf("%s sees %+v", user, s)
		}
	}
}

// Nothing is lost between a snapshot and the subscription, and nothing private
// gets to others.
func TestSubscribeSince(t *testing.T) {
	w, ada, bob, general, private := smallTown()
	seq := w.Snapshot(bob).Seq
	mustPost(t, w, ada, private, "secret")
	ts := mustPost(t, w, ada, general, "public")
	changes, cancel, ok := w.SubscribeSince(bob, seq)
	if !ok {
		t.Fatal("a fresh number is refused")
	}
	if c := <-changes; c.Type != "message" || c.TS != ts || c.Seq != seq+2 {
		t.Errorf("%+v", c)
	}
	mustPost(t, w, ada, private, "another secret")
	if err := w.Delete(ada, general, ts); err != nil {
		t.Fatal(err)
	}
	if c := <-changes; c.Type != "message_deleted" || c.TS != ts || c.Channel != general {
		t.Errorf("%+v", c)
	}
	id := w.AddChannel("new", false, bob)
	if c := <-changes; c.Type != "channel" || c.ChannelInfo.ID != id || !*c.ChannelInfo.IsMember || len(c.ChannelInfo.Members) != 1 {
		t.Errorf("%+v", c)
	}
	cancel()
	cancel()
	if c, open := <-changes; open {
		t.Errorf("after cancel: %+v", c)
	}
	for _, bad := range []int64{-1, w.Snapshot(bob).Seq + 1} {
		if _, _, ok := w.SubscribeSince(bob, bad); ok {
			t.Errorf("number %d is taken", bad)
		}
	}
	for range 300 {
		mustPost(t, w, ada, general, "x")
	}
	if _, _, ok := w.SubscribeSince(bob, seq); ok {
		t.Error("a number of long ago is taken")
	}
}

func TestSlowReaderIsCutOff(t *testing.T) {
	w, ada, _, general, _ := smallTown()
	slow, cancel, _ := w.SubscribeSince(ada, w.Snapshot(ada).Seq)
	defer cancel()
	for range 300 {
		mustPost(t, w, ada, general, "x")
	}
	n := 0
	for range slow { // ends: the workspace closed it
		n++
	}
	if n != 256 {
		t.Errorf("%d changes before the end", n)
	}
}

func TestWait(t *testing.T) {
	w, ada, _, general, _ := smallTown()
	done := make(chan error, 1)
	go func() { done <- w.Wait(t.Context(), func() bool { return len(w.Messages(general)) == 3 }) }()
	for range 3 {
		mustPost(t, w, ada, general, "x")
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	gone := errors.New("gone")
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, gone)
	defer cancel()
	if err := w.Wait(ctx, func() bool { return false }); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}

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
