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
func number(t testing.TB, variable string, otherwise int) int {
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
// posted, one to three in a message, and read. In the end each message has one reply
// and each image one whole text, counted by the workspace. SEED, KILLS and IMAGES
// choose another run.
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
	type post struct {
		channel, ts string
		files       int
	}
	var posts []post
	posted := 0
	for kill := range kills {
		p := start(t, environ)
		o.wait(t, "it listens", func() bool { return o.ws.Connections() > 0 })
		for posted < (kill+1)*images/kills {
			x := post{channel: channels[random.IntN(len(channels))], files: min(1+random.IntN(3), images-posted)}
			var files []localslack.Upload
			for i := range x.files {
				files = append(files, localslack.Upload{Name: fileName(i), Data: picture})
			}
			var err error
			if x.ts, err = o.ws.Post(o.ann, localslack.Post{Channel: x.channel, Files: files}); err != nil {
				t.Fatal(err)
			}
			posts = append(posts, x)
			posted += x.files
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
			if strings.HasPrefix(m.Text, closedReply(x.files)) {
				return true
			}
		}
		return false
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Duration(images)*2*time.Second)
	defer cancel()
	for i, x := range posts {
		if err := o.ws.Wait(ctx, func() bool { return read(x) }); err != nil {
			t.Errorf("message %d of %d, with %d images, was not read", i, len(posts), x.files)
		}
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, p.stderr)
	}
	for i, x := range posts {
		var said []string
		texts := map[string]int{}
		for _, m := range o.ws.Thread(x.channel, x.ts)[1:] {
			said = append(said, m.Text)
			if name, _, result := strings.Cut(m.Text, ": "); result {
				texts[name]++
				if !strings.Contains(string(m.Blocks), text) {
					t.Errorf("message %d: the text of %s is not whole: %s", i, name, m.Blocks)
				}
			}
		}
		whole := len(said) == 1+x.files
		for n := range x.files {
			whole = whole && texts[fileName(n)] == 1
		}
		if !whole {
			t.Errorf("message %d: the thread of %d images says %q", i, x.files, said)
		}
	}
}

// fileName is the name of a message's image.
func fileName(i int) string { return fmt.Sprintf("%c.png", 'a'+i) }

// closedReply is how the reply about so many images begins in the end.
func closedReply(files int) string {
	if files == 1 {
		return "Read " + fileName(0)
	}
	return fmt.Sprintf("Read %d files", files)
}
