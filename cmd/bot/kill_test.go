package main

import (
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"slackocr/cmd/bot/internal/officetest"
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
	o := officetest.Open(t, func(w http.ResponseWriter, r *http.Request) {
		for word := range strings.SplitSeq(text, " ") {
			officetest.WriteText(w, word+" ")
			select {
			case <-time.After(40 * time.Millisecond):
			case <-r.Context().Done():
				return
			}
		}
		officetest.WriteEnd(w)
	})
	environ := append(o.Environ, "DATA_DIR="+t.TempDir(), "LOG_LEVEL=warn")
	board := newBoard(t, o, 6, 3, text)
	for kill := range kills {
		p := start(t, environ)
		o.Wait(t, "it listens", func() bool { return o.Workspace.Connections() > 0 })
		board.post(random, (kill+1)*images/kills-kill*images/kills)
		alive := time.NewTimer(time.Duration(random.IntN(600_000)) * time.Microsecond)
		<-alive.C // the instant of the kill is what this test is about
		_ = p.Process.Kill()
		_ = p.Wait()
		o.Wait(t, "the connection is gone", func() bool { return o.Workspace.Connections() == 0 })
	}
	p := start(t, environ)
	board.failed = func() { t.Logf("the program says\n%s", p.stderr) }
	board.wait("all are read", board.closed)
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, p.stderr)
	}
	board.once()
}
