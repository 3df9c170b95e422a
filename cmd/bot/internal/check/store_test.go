package check

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"slackocr/bot/jobs"
	"slackocr/bot/jobs/kv"
	"slackocr/bot/jobs/kv/kvtest"
	"slackocr/cmd/bot/internal/settings"
)

func storeOf(t *testing.T, environ ...string) string {
	t.Helper()
	c, err := settings.Load(environ, "", settings.NeedLimits, settings.NeedStore)
	if err != nil {
		t.Fatal(err)
	}
	return checker(c).store(t.Context())[0].String()
}

// TestCheckStoreOfABot checks the store while a bot uses it, after its end, and
// damaged.
func TestCheckStoreOfABot(t *testing.T) {
	dir := t.TempDir()
	store, err := kv.OpenEmbedded(dir, 0, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	queue, err := jobs.Open(t.Context(), jobs.Config{}, store)
	if err != nil {
		t.Fatal(err)
	}
	if s := storeOf(t, "DATA_DIR="+dir); !strings.HasPrefix(s, "✓ store: DATA_DIR is writable and in use by a running bot, ") {
		t.Error(s)
	}
	if _, err := queue.Enqueue(t.Context(), jobs.Record{Key: "k"}); err != nil {
		t.Fatal(err)
	}
	if err := queue.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := storeOf(t, "DATA_DIR="+dir); !strings.HasPrefix(s, "✓ store: DATA_DIR is writable, and all ") {
		t.Error(s)
	}

	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream", "$G", "streams", "slackocr", "msgs", "*.blk"))
	if err != nil || len(blocks) == 0 {
		t.Fatalf("%d blocks, %v", len(blocks), err)
	}
	block := blocks[0]
	content, err := os.ReadFile(block)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 1
	if err := os.WriteFile(block, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if s := storeOf(t, "DATA_DIR="+dir); !strings.HasPrefix(s, "✗ store: the store in DATA_DIR is damaged: ") || !strings.Contains(s, filepath.Base(block)) {
		t.Error(s)
	}
}

// TestCheckStoreLeavesNothing: it makes neither the folder nor anything in it.
func TestCheckStoreLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	if s := storeOf(t, "DATA_DIR="+filepath.Join(dir, "a", "b")); !strings.HasPrefix(s, "✓ store: DATA_DIR doesn't exist yet, but can be created") {
		t.Error(s)
	}
	if s := storeOf(t, "DATA_DIR="+dir); !strings.HasPrefix(s, "✓ store: DATA_DIR is writable and still empty, ") {
		t.Error(s)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}

func TestCheckStoreThatIsNotWritable(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const want = "✗ store: DATA_DIR isn't writable: "
	if s := storeOf(t, "DATA_DIR="+filepath.Join(file, "data")); !strings.HasPrefix(s, want) {
		t.Error(s)
	}
	readOnly := "/sys" // for root too, who may write to any ordinary folder
	if os.Geteuid() != 0 {
		readOnly = filepath.Join(dir, "read-only")
		if err := os.Mkdir(readOnly, 0o500); err != nil {
			t.Fatal(err)
		}
	}
	if s := storeOf(t, "DATA_DIR="+readOnly); !strings.HasPrefix(s, want) || !strings.Contains(s, "write there") {
		t.Error(s)
	}
}

// TestCheckSpace: a disk with no room, and one with little.
func TestCheckSpace(t *testing.T) {
	if s := ofSpace("x", 99<<20)[0].String(); s != "✗ store: x, with only 99 MB free. Make room: at least 100 MB, better 2 GB." {
		t.Error(s)
	}
	if s := ofSpace("x", 1<<30)[0].String(); s != "✓ store: x, 1.0 GB free; it may come to use 2 GB" {
		t.Error(s)
	}
	if free, err := room(t.TempDir()); err != nil || free <= 0 {
		t.Errorf("here are %d bytes, %v", free, err)
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	if s := new(Checker).temporaryFiles(t.Context())[0].String(); !strings.HasPrefix(s, "✗ temporary files: TMPDIR isn't writable: ") {
		t.Error(s)
	}
	if s := new(Checker).sample(t.Context(), sample{check: "poppler", remedy: "Reinstall poppler-utils."}); !slices.Equal(s, notChecked("poppler", "TMPDIR")) {
		t.Error(s)
	}
}

func TestCheckNATS(t *testing.T) {
	address := kvtest.StartServer(t, server.Options{StoreDir: t.TempDir()}).ClientURL()
	if s := storeOf(t, "NATS_URL="+address); !strings.HasPrefix(s, "✓ store: NATS 2.") || !strings.HasSuffix(s, "; the first start makes the stream") {
		t.Error(s)
	}
	store, err := kv.Connect(address, 0)
	if err != nil {
		t.Fatal(err)
	}
	queue, err := jobs.Open(t.Context(), jobs.Config{}, store)
	if err != nil {
		t.Fatal(err)
	}
	defer queue.Close(context.Background())
	if s := storeOf(t, "NATS_URL="+address); !strings.HasPrefix(s, "✓ store: NATS 2.") || !strings.Contains(s, "the jobs are on 1 server:") {
		t.Error(s)
	}
	if n := queue.Replicas(); n > 1 {
		t.Errorf("the bot takes the check for a replica: there are %d", n)
	}
	if s := storeOf(t, "NATS_URL=nats://user:planted-word@127.0.0.1:1"); !strings.HasPrefix(s, "✗ store: ") || strings.Contains(s, "planted-word") {
		t.Error(s)
	}
}

// TestCheckNATSWithoutJetStream: a server that keeps nothing.
func TestCheckNATSWithoutJetStream(t *testing.T) {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	defer s.WaitForShutdown()
	defer s.Shutdown()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the NATS server does not start")
	}
	if line := storeOf(t, "NATS_URL="+s.ClientURL()); !strings.HasPrefix(line, "✗ store: ") || !strings.Contains(line, "with JetStream on") {
		t.Error(line)
	}
}

// TestCheckStoreOnAFullDisk fills a small disk of its own.
func TestCheckStoreOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	mountSmall(t, dir)
	if s := storeOf(t, "DATA_DIR="+dir); !strings.HasPrefix(s, "✗ store: DATA_DIR is writable and still empty, with only 0 MB free. Make room") {
		t.Error(s)
	}
	if err := os.WriteFile(filepath.Join(dir, "big"), make([]byte, 1<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	if s := storeOf(t, "DATA_DIR="+dir); !strings.HasPrefix(s, "✗ store: DATA_DIR isn't writable: ") || !strings.HasSuffix(s, "no space left on device. Make room on its disk.") {
		t.Error(s)
	}
}
