package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/words/wordstest"
	"slackocr/cmd/bot/internal/officetest"
)

// board is some channels with pictures that real programs read.
type board struct {
	testing.TB
	o        *officetest.Office
	channels []string
	most     int    // pictures in a message
	text     string // of each picture
	posts    []boardPost
	failed   func() // says what may be of use
}

type boardPost struct {
	officetest.Asked
	files int
}

func newBoard(t testing.TB, o *officetest.Office, channels, most int, text string) *board {
	b := &board{TB: t, o: o, most: most, text: text, failed: func() {}}
	for i := range channels {
		b.channels = append(b.channels, o.Workspace.AddChannel(fmt.Sprint("board", i), false, o.Ann, o.App.BotUserID))
	}
	return b
}

// fileName is the name of a message's picture.
func fileName(i int) string { return fmt.Sprintf("%c.png", 'a'+i) }

// post posts so many pictures, some in each message.
func (b *board) post(random *rand.Rand, pictures int) {
	b.Helper()
	for left := pictures; left > 0; {
		p := boardPost{files: min(1+random.IntN(b.most), left)}
		var files []localslack.Upload
		for i := range p.files {
			files = append(files, officetest.TinyPicture(fileName(i)))
		}
		channel := b.channels[len(b.posts)%len(b.channels)]
		p.Asked = officetest.Asked{Channel: channel, TS: b.o.Post(b, channel, files...)}
		b.posts = append(b.posts, p)
		left -= p.files
	}
}

func (b *board) wait(what string, cond func() bool) {
	b.Helper()
	end := time.Now().Add(time.Duration(number(b, "CLUSTER_WAIT", 300)) * time.Second)
	for !cond() {
		if time.Now().After(end) {
			b.failed()
			b.Fatalf("never: %s", what)
		}
		<-time.After(50 * time.Millisecond)
	}
}

// read counts the texts.
func (b *board) read() (n int) {
	for _, p := range b.posts {
		for _, m := range b.o.Workspace.Thread(p.Channel, p.TS)[1:] {
			if strings.Contains(m.Text, ".png: ") {
				n++
			}
		}
	}
	return n
}

// closed reports whether each message has its last line.
func (b *board) closed() bool {
	n := 0
	for _, p := range b.posts {
		line := wordstest.ReadFiles(p.files, p.files, "markdown")
		if p.files == 1 {
			line = wordstest.ReadAs(fileName(0), "markdown")
		}
		n += b.o.Said(line, p.Asked)
	}
	return n == len(b.posts)
}

// once checks that each message has one reply, and each picture one whole text.
func (b *board) once() {
	b.Helper()
	for i, p := range b.posts {
		texts := map[string]int{}
		thread := b.o.Workspace.Thread(p.Channel, p.TS)[1:]
		for _, m := range thread {
			if name, _, text := strings.Cut(m.Text, ": "); text && strings.Contains(string(m.Blocks), b.text) {
				texts[name]++
			}
		}
		whole := len(thread) == 1+p.files
		for n := range p.files {
			whole = whole && texts[fileName(n)] == 1
		}
		if !whole {
			b.Errorf("message %d of %d pictures: %d messages in its thread, whole texts %v", i, p.files, len(thread), texts)
		}
	}
}
