package jobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"slackocr/bot/guard"
	"slackocr/bot/jobs/kv"
)

// The folders of the store's two streams, and of the consumer of jobs.
var (
	entriesPath  = filepath.Join("jetstream", "$G", "streams", "slackocr")
	settingsPath = entriesPath + "-settings"
	workersPath  = filepath.Join(entriesPath, "obs", "workers")
)

// damagedStore makes a small store with finished jobs, waiting ones, one that was
// being worked on, and settings, and returns its folder and the files in it.
func damagedStore(t *testing.T) (dir string, files []string) {
	w := newWorld(t)
	dir = filepath.Join(t.TempDir(), "store [1]") // the signs of patterns have no meaning in a folder's name
	store, err := kv.OpenEmbedded(dir, 16<<20, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w.store = store
	q := w.queue()
	for i := range 4 {
		w.enqueue(q, Record{Key: fmt.Sprint("done", i), Thread: "t", Person: "p"})
	}
	for _, name := range []string{"one", "two", "three"} {
		w.must(q.SetSetting(t.Context(), name, "off"))
	}
	began := make(chan struct{}, 4)
	stop := w.run(q, func(ctx context.Context, j *Job) error {
		if err := errors.Join(j.Save(ctx, "progress"), j.SavePage(ctx, 1, "text")); err != nil {
			if !errors.Is(err, ErrClosing) { // which may interrupt the second attempt
				w.must(err)
			}
			return err
		}
		began <- struct{}{}
		if j.Record().Key == "done3" {
			return Retry(time.Millisecond, guard.ErrPanicked)
		}
		return nil
	})
	for range 4 {
		soon(w, "run", began)
	}
	stop()
	for i := range 2 {
		w.enqueue(q, Record{Key: fmt.Sprint("open", i), Thread: "t", Person: "p"})
	}
	w.must(store.Close(t.Context()))
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			path, err = filepath.Rel(dir, path)
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) < 12 {
		t.Fatalf("the files are %q, %v", files, err)
	}
	return dir, files
}

// damage is one change of a file.
type damage struct {
	file, what string
	at         int64 // of the byte that is changed
	by         byte
}

func (d damage) String() string { return fmt.Sprintf("%s %s %d/%#x", d.file, d.what, d.at, d.by) }

func (d damage) apply(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, d.file)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	switch d.what {
	case "gone":
		err = os.Remove(path)
	case "cut":
		err = os.Truncate(path, d.at)
	case "changed":
		content[d.at] ^= d.by
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// damages are all that is tried: each file gone, cut at some lengths, 0 among them,
// and some of its bytes changed: 3, or as many as JOBS_TEST_DAMAGE says.
func damages(t *testing.T, dir string, files []string, random *rand.Rand) (all []damage) {
	for _, file := range files {
		info, err := os.Stat(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, damage{file: file, what: "gone"}, damage{file: file, what: "cut"})
		size := info.Size()
		var places []int64
		sample := 3
		if set := os.Getenv("JOBS_TEST_DAMAGE"); set != "" {
			if sample, err = strconv.Atoi(set); err != nil {
				t.Fatal(err)
			}
		}
		for _, at := range random.Perm(int(size))[:min(sample, int(size))] {
			places = append(places, int64(at))
		}
		for n, at := range places {
			all = append(all, damage{file, "changed", at, byte(1 + random.IntN(255))})
			if n%8 == 0 {
				all = append(all, damage{file: file, what: "cut", at: at})
			}
		}
	}
	return all
}

// TestDamage: whatever happens to one file of the store, it starts and works, or
// says which file it is and what to do. What is lost is said. JOBS_TEST_SEED
// chooses another sample.
func TestDamage(t *testing.T) {
	t.Parallel()
	dir, files := damagedStore(t)
	seed := uint64(time.Now().UnixNano())
	if set := os.Getenv("JOBS_TEST_SEED"); set != "" {
		seed, _ = strconv.ParseUint(set, 10, 64)
	}
	t.Logf("JOBS_TEST_SEED=%d", seed)
	tried := damages(t, dir, files, rand.New(rand.NewPCG(seed, 0)))
	// Each of these once ended every start.
	tried = append(tried, damage{file: filepath.Join(workersPath, "o.dat"), what: "cut", at: 4},
		damage{file: filepath.Join(workersPath, "meta.inf"), what: "changed", at: maxWaiting(t, dir), by: 2})
	for _, d := range tried {
		folder, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(folder, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		d.apply(t, folder)
		if problem, log := startDamaged(t, folder); problem != "" {
			t.Errorf("%s: %s\n%s", d, problem, log)
		}
		_ = os.RemoveAll(folder)
	}
	t.Logf("%d damages were tried", len(tried))
}

// maxWaiting is the place of the first digit of a number in the consumer's
// configuration that cannot be changed later.
func maxWaiting(t *testing.T, dir string) int64 {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, workersPath, "meta.inf"))
	if err != nil {
		t.Fatal(err)
	}
	const name = `"max_waiting":`
	at := strings.Index(string(content), name)
	if at < 0 {
		t.Fatalf("the consumer's configuration is %s", content)
	}
	return int64(at + len(name))
}

// startDamaged starts a queue on a damaged store, and returns what is wrong with
// that and what was logged.
func startDamaged(t *testing.T, dir string) (problem, said string) {
	t.Helper()
	log := &lockedBuffer{}
	logger := slog.New(slog.NewTextHandler(log, nil))
	store, err := kv.OpenEmbedded(dir, 16<<20, logger)
	if err != nil {
		return "it cannot be opened: " + err.Error(), log.String()
	}
	defer func() { _ = store.Close(context.WithoutCancel(t.Context())) }()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	q, err := Open(ctx, Config{LeaseFor: time.Second, Log: logger}, store)
	if err != nil {
		if strings.Contains(err.Error(), dir) && strings.Contains(err.Error(), "DATA_DIR") {
			return "", ""
		}
		return "it does not say which file is damaged, and what to do: " + err.Error(), log.String()
	}
	if _, err := q.Enqueue(ctx, Record{Key: "new"}); err != nil {
		return "it takes no job: " + err.Error(), log.String()
	}
	if err := q.SetSetting(ctx, "new", "off"); err != nil {
		return "it takes no setting: " + err.Error(), log.String()
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	var worked []string
	ended := make(chan error, 1)
	keys := make(chan string, 10)
	go func() {
		ended <- q.Run(running, func(_ context.Context, j *Job) error {
			keys <- j.Record().Key
			return nil
		})
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !slices.Contains(worked, "new") || len(idle(worked)) > 0 && !log.tellsLoss() {
		select {
		case key := <-keys:
			worked = append(worked, key)
		case <-tick.C: // a loss may have been logged
		case <-ctx.Done():
			return fmt.Sprintf("without a word: no work on %q, only on %q", idle(worked), worked), log.String()
		}
	}
	stop()
	if err := <-ended; err != nil {
		return "Run: " + err.Error(), log.String()
	}
	for len(keys) > 0 {
		worked = append(worked, <-keys)
	}
	return missing(t, q, worked, log), log.String()
}

// missing returns what is lost without a word.
func missing(t *testing.T, q *Queue, worked []string, log *lockedBuffer) string {
	t.Helper()
	records, err := q.ByPerson(t.Context(), "p")
	if err != nil {
		return "the records cannot be listed: " + err.Error()
	}
	settings := 0
	for _, name := range []string{"one", "two", "three"} {
		if _, ok, err := q.Setting(t.Context(), name); err != nil {
			return "a setting cannot be read: " + err.Error()
		} else if ok {
			settings++
		}
	}
	pages := 0
	for i := range 4 {
		if _, ok, _ := q.Page(t.Context(), fmt.Sprint("done", i), 1); ok {
			pages++
		}
	}
	if len(records) == 6 && settings == 3 && pages == 4 && len(idle(worked)) == 0 || log.tellsLoss() {
		return ""
	}
	return fmt.Sprintf("without a word: %d records, %d settings, %d pages, no work on %q", len(records), settings, pages, idle(worked))
}

// idle returns the unfinished jobs of the damaged store that nobody has worked on.
func idle(worked []string) []string {
	return slices.DeleteFunc([]string{"done3", "open0", "open1"}, func(key string) bool { return slices.Contains(worked, key) })
}

// lockedBuffer is written to and read by several goroutines.
type lockedBuffer struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// tellsLoss reports whether the log says that something is lost.
func (b *lockedBuffer) tellsLoss() bool {
	text := b.String()
	return strings.Contains(text, "lost") || strings.Contains(text, "corrupt")
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
