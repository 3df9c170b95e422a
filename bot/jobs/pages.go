package jobs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"slackocr/bot/jobs/kv"
)

const (
	maxChunk  = 384 << 10 // bytes; NATS refuses values over 1 MiB
	maxChunks = 16        // of a page's text
	maxPages  = 1_000_000 // one more than the highest number of a page
)

func pagesOf(id string) string { return "page." + id + ".>" }

func chunksOf(id string, page int) string { return fmt.Sprintf("page.%s.%d.>", id, page) }
func chunkKey(id string, page, chunk int) string {
	return fmt.Sprintf("page.%s.%d.%d", id, page, chunk)
}

// SavePage stores the text of a page, at most 6 MiB ([ErrTooLarge]), for as
// long as the record. While the store does not answer, SavePage retries for 30
// s.
func (j *Job) SavePage(ctx context.Context, n int, text string) error {
	if len(text) > maxChunk*maxChunks {
		return ErrTooLarge
	}
	ctx, cancel := context.WithTimeout(ctx, storePatience) // for both steps together
	defer cancel()
	var s seal
	err := retryStore(ctx, func(ctx context.Context) (err error) {
		s, err = j.q.makePageSeal(ctx, j.id, n)
		return err
	})
	if err != nil {
		return err
	}
	err = retryStore(ctx, func(ctx context.Context) error { return j.savePage(ctx, n, text, s) })
	if errors.Is(err, ErrLost) { // perhaps because of an erasure, which also ends ctx
		ctx, cancel := settling(ctx)
		defer cancel()
		err = errors.Join(err, retryStore(ctx, func(ctx context.Context) error { return j.removeErased(ctx, n) }))
	}
	return err
}

func (j *Job) savePage(ctx context.Context, n int, text string, seal seal) error {
	chunks := max((len(text)+maxChunk-1)/maxChunk, 1)
	// The first chunk names the others, so it is written last, and only over
	// the chunk that existed while this worker owned the job. Its checksum
	// distinguishes a partly written text from a complete one.
	old, err := j.q.store.Get(ctx, chunkKey(j.id, n, 0))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if err := j.check(ctx); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(text))
	for i := chunks - 1; i > 0; i-- {
		key, value := chunkKey(j.id, n, i), []byte(text[i*maxChunk:min((i+1)*maxChunk, len(text))])
		if err := j.q.store.Put(ctx, key, seal.close(key, value)); err != nil {
			return err
		}
	}
	key := chunkKey(j.id, n, 0)
	first := append(fmt.Appendf(nil, "%d %x\n", chunks, sum), text[:min(maxChunk, len(text))]...)
	err = j.q.store.Update(ctx, key, seal.close(key, first), old.Revision)
	if errors.Is(err, kv.ErrConflict) {
		err = ErrLost
	}
	if err != nil {
		return err
	}
	return j.check(ctx)
}

// removeErased removes a page and its secret if the job was erased before they were
// stored.
func (j *Job) removeErased(ctx context.Context, n int) error {
	s, _, err := j.q.state(ctx, j.id)
	if err != nil || s.State != Erased {
		return err
	}
	return errors.Join(j.q.store.Erase(ctx, pageSecretKey(j.id, n)), j.q.store.Delete(ctx, pagesOf(j.id)))
}

// ErasePages erases the texts of a job's pages from number first to before
// number end.
func (q *Queue) ErasePages(ctx context.Context, key string, first, end int) error {
	id := token(key)
	in := func(prefix, key string) (page int, ok bool) {
		n, _, _ := strings.Cut(strings.TrimPrefix(key, prefix+id+"."), ".")
		page, err := strconv.Atoi(n)
		return page, err == nil && first <= page && page < end
	}
	secrets, err := q.store.List(ctx, maxPages, pageSecretsOf(id))
	if err != nil {
		return err
	}
	for _, e := range secrets {
		page, ok := in("page-secret.", e.Key)
		if !ok {
			continue
		}
		if err := q.store.Erase(ctx, e.Key); err != nil {
			return err
		}
		if err := q.store.Delete(ctx, chunksOf(id, page)); err != nil {
			return err
		}
	}
	return q.overwritePages(ctx, id, func(key string) bool {
		_, ok := in("page.", key)
		return ok
	})
}

// overwritePages erases the pages of an earlier version, which have no seal,
// for which match returns true.
func (q *Queue) overwritePages(ctx context.Context, id string, match func(key string) bool) error {
	for {
		entries, err := q.store.List(ctx, maxList, pagesOf(id))
		if err != nil {
			return err
		}
		found := false
		for _, e := range entries {
			if isSealed(e) || !match(e.Key) {
				continue
			}
			found = true
			if err := q.store.Erase(ctx, e.Key); err != nil {
				return err
			}
		}
		if !found {
			return nil
		}
	}
}

// Page returns a page's text. If no complete text was saved, ok is false.
// While the store does not answer, Page retries for 30 s.
func (j *Job) Page(ctx context.Context, n int) (text string, ok bool, err error) {
	err = retryStore(ctx, func(ctx context.Context) error {
		text, ok, err = j.q.page(ctx, j.id, n)
		return err
	})
	return text, ok, err
}

// Page is [Job.Page] for any job, with a single request to the store.
func (q *Queue) Page(ctx context.Context, key string, n int) (text string, ok bool, err error) {
	return q.page(ctx, token(key), n)
}

func (q *Queue) page(ctx context.Context, id string, n int) (text string, ok bool, err error) {
	seal, err := q.pageSeal(ctx, id, n)
	if errors.Is(err, ErrCorrupt) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	var whole strings.Builder
	chunks, sum := 1, ""
	for i := 0; i < chunks; i++ {
		e, err := q.store.Get(ctx, chunkKey(id, n, i))
		if errors.Is(err, ErrNotFound) {
			return "", false, nil
		}
		if err != nil {
			return "", false, err
		}
		value, err := seal.open(e)
		if errors.Is(err, ErrNotFound) || errors.Is(err, ErrCorrupt) {
			return "", false, nil
		}
		if err != nil {
			return "", false, err
		}
		if i == 0 {
			var head []byte
			head, value, _ = bytes.Cut(value, []byte("\n"))
			count, hash, _ := strings.Cut(string(head), " ")
			if chunks, err = strconv.Atoi(count); err != nil || chunks < 1 || chunks > maxChunks {
				return "", false, nil
			}
			sum = hash
		}
		whole.Write(value)
	}
	if got := sha256.Sum256([]byte(whole.String())); hex.EncodeToString(got[:]) != sum {
		return "", false, nil
	}
	return whole.String(), true, nil
}
