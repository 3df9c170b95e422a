package localslack_test

import (
	"context"
	"errors"
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
	if c := <-changes; c.Type != "channel" || c.ChannelInfo.ID != id || !c.ChannelInfo.IsMember || len(c.ChannelInfo.Members) != 1 {
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
