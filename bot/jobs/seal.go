package jobs

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"

	"slackocr/bot/jobs/kv"
)

// The spec and the states of a job are sealed with a secret of the job, and
// each page with a secret of the page, which is sealed with the job's secret.
// A secret is an entry of its own and never changes. The reason is that a
// store cannot overwrite earlier revisions of an entry: their bytes stay in
// the store's files and in the logs of a cluster. To erase a job or a page,
// its secret is overwritten, and nobody can read any of these bytes again.
//
// With a key of the store, the secrets of jobs and the settings are sealed
// too.

const secretSize = 32 // bytes: AES-256

// sealed is the first byte of a sealed value. An earlier version stored values
// without a seal, which start with "{" or a digit.
const sealed = 1

func isSealed(e kv.Entry) bool { return len(e.Value) > 0 && e.Value[0] == sealed }

func secretKey(id string) string { return "secret." + id }

func pageSecretKey(id string, page int) string {
	return "page-secret." + id + "." + strconv.Itoa(page)
}
func pageSecretsOf(id string) string { return "page-secret." + id + ".*" }

// seal seals and opens the values of a job. The zero seal belongs to a job
// without a secret, whose values are stored unsealed.
type seal struct{ aead cipher.AEAD }

// masterSeal returns the seal for the store's key, or the zero seal without a
// key.
func masterSeal(key []byte) (seal, error) {
	if len(key) == 0 {
		return seal{}, nil
	}
	secret, err := hkdf.Key(sha256.New, key, nil, "slackocr store", secretSize)
	if err != nil {
		return seal{}, err
	}
	return newSeal(secret)
}

// keyCheck is the setting that distinguishes the right key from a wrong key.
// The names of all other settings are hashes.
const keyCheck = "key-check"

// checkKey compares the key with that of the store. Before the first key the
// store has none.
func (q *Queue) checkKey(ctx context.Context) error {
	var value []byte
	err := retryStore(ctx, func(ctx context.Context) (err error) {
		value, err = q.store.Setting(ctx, keyCheck)
		return err
	})
	switch {
	case errors.Is(err, ErrNotFound) && q.master.aead == nil:
		return nil
	case errors.Is(err, ErrNotFound):
		q.config.Log.Info("new records are encrypted; records stored earlier are not, until they are erased or expire")
		return q.store.SetSetting(ctx, keyCheck, q.master.close(keyCheck, []byte("known")))
	case err != nil:
		return err
	case q.master.aead == nil:
		return ErrKeyMissing
	}
	if _, err := q.master.open(kv.Entry{Key: keyCheck, Value: value}); err != nil {
		return ErrKeyWrong
	}
	return nil
}

func newSeal(secret []byte) (seal, error) {
	if len(secret) != secretSize {
		return seal{}, fmt.Errorf("%w: its secret", ErrCorrupt)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return seal{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return seal{aead}, err
}

// close returns the sealed value for a key.
func (s seal) close(key string, value []byte) []byte {
	if s.aead == nil {
		return value
	}
	return s.aead.Seal([]byte{sealed}, nil, value, []byte(key))
}

// open returns the value of an entry, or [ErrNotFound] if the secret is gone,
// or [ErrCorrupt].
func (s seal) open(e kv.Entry) ([]byte, error) {
	switch {
	case !isSealed(e):
		return e.Value, nil
	case s.aead == nil:
		return nil, fmt.Errorf("%w: its secret is gone", ErrNotFound)
	}
	value, err := s.aead.Open(nil, nil, e.Value[1:], []byte(e.Key))
	if err != nil {
		return nil, fmt.Errorf("%w: its seal is broken", ErrCorrupt)
	}
	return value, nil
}

// makeSeal returns the seal of a job, with a new secret if the job has none.
func (q *Queue) makeSeal(ctx context.Context, id string) (seal, error) {
	if s := q.knownSeal(id); s.aead != nil {
		return s, nil
	}
	key := secretKey(id)
	return q.makeSecret(ctx, key, q.master, func(secret []byte) error {
		return q.store.Create(ctx, key, key, q.master.close(key, secret))
	})
}

// makePageSeal returns the seal of a page, with a new secret if the page has none.
func (q *Queue) makePageSeal(ctx context.Context, id string, page int) (seal, error) {
	outer, err := q.seal(ctx, id)
	if err != nil {
		return seal{}, err
	}
	key := pageSecretKey(id, page)
	put := func(secret []byte) error { return q.store.Update(ctx, key, outer.close(key, secret), 0) }
	s, err := q.makeSecret(ctx, key, outer, put)
	if errors.Is(err, ErrCorrupt) { // the page is unreadable: start anew
		if err := q.store.Erase(ctx, key); err != nil {
			return seal{}, err
		}
		return q.makeSecret(ctx, key, outer, put)
	}
	return s, err
}

// makeSecret returns the seal for the secret under a key, which is itself
// sealed with outer. If there is no secret, put stores a new one.
func (q *Queue) makeSecret(ctx context.Context, key string, outer seal, put func(secret []byte) error) (seal, error) {
	for {
		if s, err := q.secret(ctx, key, outer); err != nil || s.aead != nil {
			return s, err
		}
		secret := make([]byte, secretSize)
		_, _ = rand.Read(secret) // rand.Read never fails
		err := put(secret)
		if err == nil {
			return newSeal(secret)
		}
		if !errors.Is(err, kv.ErrExists) && !errors.Is(err, kv.ErrConflict) {
			return seal{}, err
		}
	}
}

// secret returns the seal for the secret under a key, or the zero seal if
// there is no secret.
func (q *Queue) secret(ctx context.Context, key string, outer seal) (seal, error) {
	e, err := q.store.Get(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return seal{}, nil
	}
	if err != nil {
		return seal{}, err
	}
	if len(e.Value) > secretSize { // the secret is sealed itself
		if e.Value, err = outer.open(e); err != nil {
			return seal{}, fmt.Errorf("%w: its secret cannot be read", ErrCorrupt)
		}
	}
	return newSeal(e.Value)
}

// seal returns the seal of a job, or the zero seal if the job has no secret.
func (q *Queue) seal(ctx context.Context, id string) (seal, error) {
	if s := q.knownSeal(id); s.aead != nil {
		return s, nil
	}
	return q.secret(ctx, secretKey(id), q.master)
}

// knownSeal returns the seal of a job that this queue works on, or the zero one.
func (q *Queue) knownSeal(id string) seal {
	q.mu.Lock()
	j := q.running[id]
	q.mu.Unlock()
	if j == nil {
		return seal{}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.seal
}

// pageSeal returns the seal of a page, or the zero seal if the page has no
// secret.
func (q *Queue) pageSeal(ctx context.Context, id string, page int) (seal, error) {
	outer, err := q.seal(ctx, id)
	if err != nil {
		return seal{}, err
	}
	return q.secret(ctx, pageSecretKey(id, page), outer)
}

// open returns the contents of an entry of a job, other than a page's.
func (q *Queue) open(ctx context.Context, id string, e kv.Entry) ([]byte, error) {
	if !isSealed(e) {
		return e.Value, nil
	}
	s, err := q.seal(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.open(e)
}
