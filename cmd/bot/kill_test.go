package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"slackocr/bot/localslack"
	"slackocr/ocr/page/pagetest"
)

// number reads a setting of this test from the environment.
func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		return otherwise
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		t.Fatalf("%s is no number: %q", variable, value)
	}
	return n
}

// TestKilledAtAnyInstant kills the real program again and again while images are
// posted and read. In the end each image has one reply and one whole text,
// counted by the workspace. SEED, KILLS and IMAGES choose another run.
func TestKilledAtAnyInstant(t *testing.T) {
	t.Parallel() // most of it is waiting for leases
	seed := uint64(number(t, "SEED", int(time.Now().UnixNano()%1e9)))
	kills, images := number(t, "KILLS", 20), number(t, "IMAGES", 30)
	t.Logf("SEED=%d KILLS=%d IMAGES=%d", seed, kills, images)
	random := rand.New(rand.NewPCG(seed, 0))

	const text = "one two three four five"
	o := openOffice(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for word := range strings.SplitSeq(text, " ") {
			fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"content\":\"%s \"}}]}\n\n", word)
			w.(http.Flusher).Flush()
			select {
			case <-time.After(40 * time.Millisecond):
			case <-r.Context().Done():
				return
			}
		}
		fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	})
	channels := []string{o.channel}
	for i := range 5 {
		channels = append(channels, o.ws.AddChannel(fmt.Sprint("more", i), false, o.ann, o.app.BotUserID))
	}
	environ := append(o.environ, "DATA_DIR="+t.TempDir(), "LOG_LEVEL=warn")
	picture := pagetest.PNG("x", pagetest.Layout{Width: 2, Height: 1})
	type post struct{ channel, ts string }
	var posts []post
	for kill := range kills {
		p := start(t, environ)
		o.wait(t, "it listens", func() bool { return o.ws.Connections() > 0 })
		for len(posts) < (kill+1)*images/kills {
			channel := channels[random.IntN(len(channels))]
			ts, err := o.ws.Post(o.ann, localslack.Post{Channel: channel, Files: []localslack.Upload{{Name: "a.png", Data: picture}}})
			if err != nil {
				t.Fatal(err)
			}
			posts = append(posts, post{channel, ts})
		}
		alive := time.NewTimer(time.Duration(random.IntN(600_000)) * time.Microsecond)
		<-alive.C // the instant of the kill is what this test is about
		_ = p.Process.Kill()
		_ = p.Wait()
		o.wait(t, "the connection is gone", func() bool { return o.ws.Connections() == 0 })
	}
	p := start(t, environ)
	read := func(x post) bool {
		for _, m := range o.ws.Thread(x.channel, x.ts) {
			if strings.HasPrefix(m.Text, "Read a.png") {
				return true
			}
		}
		return false
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Duration(images)*2*time.Second)
	defer cancel()
	for i, x := range posts {
		if err := o.ws.Wait(ctx, func() bool { return read(x) }); err != nil {
			t.Errorf("image %d of %d was not read", i, images)
		}
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, p.stderr)
	}
	for i, x := range posts {
		var said []string
		for _, m := range o.ws.Thread(x.channel, x.ts)[1:] {
			said = append(said, m.Text)
			if strings.HasPrefix(m.Text, "a.png: ") && !strings.Contains(string(m.Blocks), text) {
				t.Errorf("image %d: the text is not whole: %s", i, m.Blocks)
			}
		}
		if len(said) != 2 || !strings.HasPrefix(said[1], "a.png: ") {
			t.Errorf("image %d: the thread says %q", i, said)
		}
	}
}
