package tempfile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// TestCreate makes files that hold bytes and leave no name.
func TestCreate(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for name, create := range map[string]func() (*os.File, error){"Create": Create, "createNamed": createNamed} {
		f, err := create()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteAt([]byte("text"), 0); err != nil {
			t.Fatal(err)
		}
		var back [4]byte
		if _, err := f.ReadAt(back[:], 0); err != nil || string(back[:]) != "text" {
			t.Errorf("%s: %q, %v", name, back, err)
		}
		if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "*")); len(left) > 0 {
			t.Errorf("%s left %q", name, left)
		}
	}
}

// TestCreateNowhere returns an error if the folder is missing.
func TestCreateNowhere(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	if _, err := Create(); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestRemoveLeftovers removes old folders, also where the name of their folder looks like
// a pattern, but no files, and nothing through a link.
func TestRemoveLeftovers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "[b-a]")
	t.Setenv("TMPDIR", dir)
	elsewhere, link := t.TempDir(), filepath.Join(dir, "x-link")
	folder, file := filepath.Join(dir, "x-folder"), filepath.Join(dir, "x-file")
	err := errors.Join(os.MkdirAll(filepath.Join(folder, "inner"), 0o700), os.WriteFile(file, nil, 0o600), os.Symlink(elsewhere, link))
	long := time.Now().Add(-2 * time.Hour)
	if err = errors.Join(err, os.Chtimes(folder, long, long), os.Chtimes(file, long, long), os.Chtimes(elsewhere, long, long)); err != nil {
		t.Fatal(err)
	}
	RemoveLeftovers("x-*", time.Hour)
	for path, stays := range map[string]bool{folder: false, file: true, link: true, elsewhere: true} {
		if _, err := os.Lstat(path); (err == nil) != stays {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestOnePersonHasHalf lets a second person in while the first one waits.
func TestOnePersonHasHalf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSpace(100)
		first, err := s.Take(t.Context(), "U1", 80)
		if err != nil || first.Bytes() != 50 {
			t.Fatalf("%d bytes, %v", first.Bytes(), err)
		}
		var second *Room
		go func() { second, _ = s.Take(t.Context(), "U1", 10) }()
		synctest.Wait()
		if second != nil || s.TryTake("U1", 1) != nil {
			t.Fatal("a person has more than half")
		}
		other := s.TryTake("U2", 50)
		if other == nil {
			t.Fatal("a second person waits for the first one's bytes")
		}
		first.Shrink(40)
		synctest.Wait()
		if second == nil || s.Used() != 100 {
			t.Fatalf("the bytes that were given back are not used: %d", s.Used())
		}
		if s.TryTake("U3", 1) != nil {
			t.Fatal("more is given out than there is")
		}
		other.Release()
		other.Release() // once more does nothing
		if s.TryTake("U2", 60) == nil {
			t.Fatal("a Room that was released is not free")
		}
		first.Release()
		second.Release()
		if s.Used() != 50 || len(s.people) != 1 {
			t.Errorf("%d bytes and %d people stay", s.Used(), len(s.people))
		}
	})
}

// TestWaitEnds returns the cause of a context that ends, and keeps no bytes.
func TestWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSpace(100)
		rooms := []*Room{s.TryTake("U1", 50), s.TryTake("U2", 50)}
		cause := errors.New("the bot stops")
		ctx, cancel := context.WithCancelCause(t.Context())
		var failed [2]error
		for i, person := range []string{"U1", "U3"} {
			go func() { _, failed[i] = s.Take(ctx, person, 1) }()
		}
		synctest.Wait()
		cancel(cause)
		synctest.Wait()
		for _, err := range failed {
			if !errors.Is(err, cause) {
				t.Error(err)
			}
		}
		for _, r := range rooms {
			r.Release()
		}
		if s.TryTake("U3", 50) == nil || s.TryTake("U1", 50) == nil {
			t.Error("a wait that ended kept bytes")
		}
	})
}

// TestSpaceProperties never gives out more than there is, and serves everybody in
// the end.
func TestSpaceProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.Int64Range(2, 1000).Draw(rt, "size")
		wants := rapid.SliceOfN(rapid.Int64Range(0, 1200), 1, 40).Draw(rt, "bytes")
		synctest.Test(t, func(t *testing.T) {
			s := NewSpace(size)
			var mu sync.Mutex
			own := map[int]int64{}
			var all sync.WaitGroup
			for i, want := range wants {
				person := i % 3
				all.Go(func() {
					r, err := s.Take(t.Context(), string(rune('a'+person)), want)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					own[person] += r.Bytes()
					if own[person] > size/2 || s.Used() > size {
						t.Errorf("%d bytes of one person and %d in all, of %d", own[person], s.Used(), size)
					}
					own[person] -= r.Bytes()
					mu.Unlock()
					r.Shrink(want / 2)
					r.Release()
				})
			}
			all.Wait()
			if s.Used() != 0 || len(s.people) != 0 {
				t.Errorf("%d bytes and %d people stay", s.Used(), len(s.people))
			}
		})
	})
}
