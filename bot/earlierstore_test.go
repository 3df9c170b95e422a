package bot_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/jobs/kv"
	"slackocr/bot/localslack"
	"slackocr/bot/words/wordstest"
	"slackocr/ocr/page/pagetest"
)

// earlierData holds a store that the program of commit 409918f wrote, and the
// workspace at that time. README.md there says how both were made.
const earlierData = "testdata/409918f"

// earlierRetention keeps the store's records for ten years. Records that
// expire are removed when the store starts.
const earlierRetention = 87600 * time.Hour

// earlierChannels are the channels of that workspace, besides the house's own.
// One ask stands in each, named as the channel.
var earlierChannels = []string{"done", "long", "scan", "open", "waiting", "quiet"}

// earlierHouse is a house with those channels.
type earlierHouse struct {
	*house
	channels map[string]string // ids by name
}

func buildEarlier(t *testing.T) *earlierHouse {
	t.Helper()
	h := &earlierHouse{build(t), map[string]string{}}
	for _, name := range earlierChannels {
		h.channels[name] = h.ws.AddChannel(name, false, h.ann, h.app.BotUserID)
	}
	return h
}

// earlierWorkspace is what the file workspace.json says.
type earlierWorkspace struct {
	API      string                          // address of the Web API, which also starts the addresses of files
	Asks     map[string]string               // timestamps by the channel's name
	Messages map[string][]localslack.Message // by the channel's name
	Contents map[string][]byte               // of files, by id
}

// openEarlier is a house with the earlier store and workspace. Its bot is not
// started yet.
func openEarlier(t *testing.T) (*earlierHouse, earlierWorkspace, *kv.NATS) {
	t.Helper()
	var w earlierWorkspace
	content, err := os.ReadFile(filepath.Join(earlierData, "workspace.json"))
	if err == nil {
		err = json.Unmarshal(content, &w)
	}
	if err != nil {
		t.Fatal(err)
	}
	h := buildEarlier(t)
	for name, messages := range w.Messages {
		if err := h.ws.Seed(h.channels[name], messages, w.Contents); err != nil {
			t.Fatal(err)
		}
	}
	h.retention = earlierRetention
	h.change = func(c *bot.Config) { c.APIURL = w.API }
	dir := t.TempDir()
	unpack(t, filepath.Join(earlierData, "store.tar.gz"), dir)
	store, err := kv.OpenEmbedded(dir, 0, h.logger)
	if err != nil {
		t.Fatal(err)
	}
	return h, w, store
}

// unpack unpacks an archive of files.
func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	plain, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(plain); ; {
		head, err := files.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(head.Name))
		content, err := io.ReadAll(files)
		err = errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, content, 0o600))
		if err != nil {
			t.Fatal(err)
		}
	}
}

// pack is the reverse of unpack.
func pack(t *testing.T, dir, archive string) {
	t.Helper()
	f, err := os.Create(archive)
	if err != nil {
		t.Fatal(err)
	}
	plain, _ := gzip.NewWriterLevel(f, gzip.BestCompression)
	files := tar.NewWriter(plain)
	root := os.DirFS(dir)
	err = fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		if err := files.WriteHeader(&tar.Header{Name: path, Mode: 0o600, Size: int64(len(content))}); err != nil {
			return err
		}
		_, err = files.Write(content)
		return err
	})
	if err := errors.Join(err, files.Close(), plain.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// longText is a text of three messages, in which nothing looks like a loop.
func longText() string {
	words := strings.Fields(pagetest.Article)
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for i := range 3800 {
		b.WriteString(words[random.IntN(len(words))])
		b.WriteString(map[bool]string{true: ".\n\n", false: " "}[i%15 == 14])
	}
	return b.String()
}

// tallPicture is a picture that is read in parts, about 1,500 pixels high each.
func tallPicture(height int) []byte {
	m := image.NewGray(image.Rect(0, 0, 1000, height))
	m.SetGray(3, 3, color.Gray{Y: 255})
	var b bytes.Buffer
	_ = png.Encode(&b, m) // to memory
	return b.Bytes()
}

// answered is the bot's messages under an ask, as texts; files are named.
func (h *earlierHouse) answered(channel, ts string) (texts []string) {
	for _, m := range h.ws.Thread(h.channels[channel], ts) {
		switch {
		case m.User != h.app.BotUserID:
		case len(m.Files) > 0:
			texts = append(texts, "file "+m.Files[0].Name)
		case len(texts) == 0:
			texts = append(texts, m.Text) // the reply
		default:
			texts = append(texts, markdown(m))
		}
	}
	return texts
}

// TestUpgradeOfAStore starts the bot on the store that the earlier program left
// when it was killed at work. Every ask is finished once, in its own reply, by
// what is missing alone; the channel's setting is there; and events that come
// again do nothing.
func TestUpgradeOfAStore(t *testing.T) {
	h, w, store := openEarlier(t)
	h.model.will(func(s *stream) {
		s.text("read after the upgrade")
		s.end("stop")
	})
	h.startOn(store)
	defer func() { _ = h.queue.Close(t.Context()) }()
	defer func() { _ = h.stop() }()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	read := func(channel, name, ts string) {
		t.Helper()
		err := h.ws.Wait(ctx, func() bool {
			all := h.answered(channel, ts)
			return len(all) > 0 && strings.HasPrefix(all[0], wordstest.ReadAs(name, "markdown"))
		})
		if err != nil {
			t.Fatalf("%s is never read: %q", name, h.answered(channel, ts))
		}
	}
	// Of done.png, the earlier program has said that it was read.
	for channel, name := range map[string]string{"long": "long.png", "scan": "scan.png", "open": "open.png", "waiting": "waiting.png"} {
		read(channel, name, w.Asks[channel])
	}
	for channel := range w.Asks {
		h.again(channel, w.Messages[channel][0])
	}
	unread := h.postIn("quiet", "unread.png", picture)
	read("done", "after.png", h.postIn("done", "after.png", picture))

	for channel, results := range map[string][]string{
		"done":    {"read before the upgrade"},
		"open":    {"read after the upgrade"},
		"waiting": {"read after the upgrade"},
	} {
		if got := h.answered(channel, w.Asks[channel]); !slices.Equal(got[1:], results) {
			t.Errorf("%s: the results are %.60q, want %.60q", channel, got[1:], results)
		}
	}
	long := h.answered("long", w.Asks["long"])[1:]
	if n := len(long); n != 4 || long[n-1] != "file long.md" || !slices.Equal(strings.Fields(strings.Join(long[:n-1], " ")), strings.Fields(longText())) {
		t.Errorf("the long text stands in %d messages: %.60q", n, long)
	}
	scan := strings.Join(h.answered("scan", w.Asks["scan"])[1:], "\n")
	if before, after := strings.Count(scan, "part before the upgrade"), strings.Count(scan, "read after the upgrade"); before != 1 || after != 2 {
		t.Errorf("the scan has %d parts of before and %d of after: %q", before, after, scan)
	}
	if got := h.answered("quiet", unread); len(got) > 0 {
		t.Errorf("the channel's setting is gone: %q", got)
	}
	// Two parts of the scan, two pictures, and the new picture.
	if n := h.requests(); n != 5 {
		t.Errorf("%d requests to the model, want 5", n)
	}
}

// again sends the event of a message again.
func (h *earlierHouse) again(channel string, m localslack.Message) {
	h.Helper()
	content, err := json.Marshal(m)
	var event map[string]any
	if err == nil {
		err = json.Unmarshal(content, &event)
	}
	if err != nil {
		h.Fatal(err)
	}
	event["channel"], event["channel_type"], event["event_ts"] = h.channels[channel], "channel", m.TS
	h.ws.Emit(h.app.AppID, event)
}

func (h *earlierHouse) postIn(channel, name string, data []byte) string {
	h.Helper()
	return h.postData(h.ann, h.channels[channel], "", name, data)
}
