package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"slackocr/bot/jobs/kv/kvtest"
)

// A request as the bot makes it, roughly.
var benchRequest = json.RawMessage(`{"team":"T012345","channel":"C012345","ask":"1720000000.000100","file":` +
	`{"id":"F012345","name":"invoice.png","mimetype":"image/png","url_private":"https://files.slack.com/files-pri/T012345-F012345/invoice.png"},"mode":"markdown"}`)

func benchRecord(i int) Record {
	return Record{Key: fmt.Sprint("T012345/C012345/1720000000.000100/F", i), Thread: fmt.Sprint("C012345/", i/3), Person: fmt.Sprint("U", i%100), File: fmt.Sprint("F", i/2), Request: benchRequest}
}

func benchQueue(b *testing.B, maxBytes int64) (q *Queue, dir string) {
	b.Helper()
	dir = b.TempDir()
	q, err := Open(b.Context(), Config{}, kvtest.Open(b, dir, maxBytes))
	if err != nil {
		b.Fatal(err)
	}
	return q, dir
}

func report(b *testing.B, name string, took []time.Duration) {
	slices.Sort(took)
	ms := func(part int) float64 { return float64(took[len(took)*part/100].Microseconds()) / 1000 }
	b.ReportMetric(ms(50), name+"-p50-ms")
	b.ReportMetric(ms(99), name+"-p99-ms")
}

// BenchmarkEnqueue measures how long a job takes to be durable.
func BenchmarkEnqueue(b *testing.B) {
	q, _ := benchQueue(b, 0)
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		if _, err := q.Enqueue(b.Context(), benchRecord(i)); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	report(b, "enqueue", took)
}

// BenchmarkPickup measures from the begin of Enqueue to the begin of the work,
// and then how long a fence and a whole job without work take.
func BenchmarkPickup(b *testing.B) {
	q, _ := benchQueue(b, 0)
	began, ended := make(chan time.Time), make(chan time.Duration)
	ctx, cancel := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() {
		_ = q.Run(ctx, func(ctx context.Context, j *Job) error {
			began <- time.Now()
			start := time.Now()
			if _, cancel, err := j.Fence(ctx); err == nil {
				cancel()
			}
			fence := time.Since(start)
			j.OnSettled(func(as State, _ error) {
				if as != Done {
					b.Error(as)
				}
				ended <- fence
			})
			return nil
		})
	})
	var took, fence, whole []time.Duration
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		if _, err := q.Enqueue(b.Context(), benchRecord(i)); err != nil {
			b.Fatal(err)
		}
		took = append(took, (<-began).Sub(start))
		fence = append(fence, <-ended)
		whole = append(whole, time.Since(start))
	}
	cancel()
	running.Wait()
	report(b, "pickup", took)
	report(b, "fence", fence)
	report(b, "whole", whole)
}

// BenchmarkFollowUp measures how long a follow-up takes to be durable, and from
// then until it is done, where it is due at once.
func BenchmarkFollowUp(b *testing.B) {
	q, _ := benchQueue(b, 0)
	began := make(chan time.Time)
	ctx, cancel := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() {
		q.RunFollowUps(ctx, func(context.Context, FollowUp) error {
			began <- time.Now()
			return nil
		})
	})
	var add, done []time.Duration
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		if err := q.AddFollowUp(b.Context(), FollowUp{Key: benchRecord(i).Key, Kind: "close", Due: start}); err != nil {
			b.Fatal(err)
		}
		added := time.Now()
		add = append(add, added.Sub(start))
		done = append(done, (<-began).Sub(added))
	}
	cancel()
	running.Wait()
	report(b, "add", add)
	report(b, "done", done)
}

// BenchmarkRecords measures the memory and the folder with 50,000 finished
// jobs, each tenth with a page of 2 KiB, and then a look at a thread of three.
// Filling the store takes a minute, since each entry is synced.
func BenchmarkRecords(b *testing.B) {
	const records = 50_000
	q, dir := benchQueue(b, 0)
	before := heap()
	fill(b, q, records)
	grown, resident, folder := heap()-before, resident(), size(b, dir)
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		list, err := q.ByThread(b.Context(), benchRecord(i*300%records).Thread)
		if err != nil || len(list) != 3 {
			b.Fatal(len(list), err)
		}
		took = append(took, time.Since(start))
	}
	report(b, "thread", took)
	for name, bytes := range map[string]int64{"heap": grown, "resident": resident, "folder": folder} {
		b.ReportMetric(float64(bytes)/(1<<20), name+"-MiB")
	}
}

// BenchmarkLookups measures lists in a store of 20,000 finished jobs: of a
// thread with three, a file with two, and a person with 200.
func BenchmarkLookups(b *testing.B) {
	const records = 20_000
	q, _ := benchQueue(b, 0)
	fill(b, q, records)
	for name, look := range map[string]func(i int) ([]Record, error){
		"thread": func(i int) ([]Record, error) { return q.ByThread(b.Context(), benchRecord(i/3*3).Thread) },
		"file":   func(i int) ([]Record, error) { return q.ByFile(b.Context(), benchRecord(i).File) },
		"person": func(i int) ([]Record, error) { return q.ByPerson(b.Context(), benchRecord(i).Person) },
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				start := time.Now()
				if list, err := look(i * 301 % (records - 3)); err != nil || len(list) < 2 {
					b.Fatal(len(list), err)
				}
				took = append(took, time.Since(start))
			}
			report(b, name, took)
		})
	}
}

// BenchmarkSetting measures reading a setting, which goes before each job, and
// changing one, among 1,000.
func BenchmarkSetting(b *testing.B) {
	q, _ := benchQueue(b, 0)
	name := func(i int) string { return fmt.Sprint("auto T012345/C", i%1000) }
	for i := range 1000 {
		if err := q.SetSetting(b.Context(), name(i), "mention"); err != nil {
			b.Fatal(err)
		}
	}
	for what, do := range map[string]func(i int) error{
		"read": func(i int) error { _, _, err := q.Setting(b.Context(), name(i)); return err },
		"none": func(i int) error { _, _, err := q.Setting(b.Context(), fmt.Sprint("other ", i)); return err },
		"set":  func(i int) error { return q.SetSetting(b.Context(), name(i), "off") },
	} {
		b.Run(what, func(b *testing.B) {
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				start := time.Now()
				if err := do(i); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			report(b, what, took)
		})
	}
}

func fill(b *testing.B, q *Queue, records int) {
	page := []byte("1 0\n" + fmt.Sprintf("%02048d", 0))
	next := make(chan int)
	var writers sync.WaitGroup
	for range 64 {
		writers.Go(func() {
			for i := range next {
				r := benchRecord(i)
				id := token(r.Key)
				o, _ := encode(spec{Key: r.Key, Thread: r.Thread, Person: r.Person, File: r.File, Request: r.Request, Created: time.Now()})
				s, _ := encode(state{State: Done, LeaseSeq: leaseSeq{Revision: uint64(i), Delivery: 1}, Progress: json.RawMessage(`{"reply":"1720000000.000200"}`), Updated: time.Now()})
				entries := map[string][]byte{specKey(id, token(r.Thread), token(r.Person), token(r.File)): o, stateKey(id): s}
				if i%10 == 0 {
					entries[chunkKey(id, 1, 0)] = page
				}
				for key, value := range entries {
					if err := q.store.Put(b.Context(), key, value); err != nil {
						b.Error(err)
					}
				}
			}
		})
	}
	for i := range records {
		next <- i
	}
	close(next)
	writers.Wait()
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// resident is the memory that the system counts for this process, in bytes; 0
// where that cannot be told.
func resident() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var total, pages int64
	_, _ = fmt.Sscan(string(b), &total, &pages)
	return pages * int64(os.Getpagesize())
}

func size(b *testing.B, dir string) (bytes int64) {
	err := filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			bytes += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return bytes
}
