package jobs

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"
)

// spec is a job's entry under job.ID.THREAD.PERSON.FILE; the oldest entries
// have no FILE. The spec of an erased job is empty.
type spec struct {
	Key      string          `json:"key,omitempty"`
	Thread   string          `json:"thread,omitempty"`
	Person   string          `json:"person,omitempty"`
	File     string          `json:"file,omitempty"`
	Request  json.RawMessage `json:"request,omitempty"`
	Progress json.RawMessage `json:"progress,omitempty"` // to begin with
	Created  time.Time       `json:"created,omitzero"`
}

// state is a job's entry under state.ID, from the first change on.
type state struct {
	State     State           `json:"state"`
	Changes   int             `json:"changes,omitempty"` // number of changes, since the clocks of replicas differ
	Attempts  int             `json:"attempts,omitempty"`
	Owner     string          `json:"owner,omitempty"`
	LeaseSeq  leaseSeq        `json:"turn,omitzero"`
	NotBefore time.Time       `json:"not_before,omitzero"` // earliest time of the next attempt
	StoppedBy string          `json:"stopped_by,omitempty"`
	Items     map[int]string  `json:"stopped_items,omitempty"` // stopped items, and the person who stopped each
	Progress  json.RawMessage `json:"progress,omitempty"`
	Updated   time.Time       `json:"updated"`
}

// leaseSeq orders the leases of a job. A lease from before a process was frozen is
// thereby known to be old.
type leaseSeq struct {
	Revision uint64 `json:"revision"`
	Delivery uint64 `json:"delivery"`
	Session  string `json:"session,omitempty"` // see [kv.Store]
}

// before reports whether m is newer. A lease of another session than m's is
// over, since a store has one session at a time.
func (l leaseSeq) before(m leaseSeq) bool {
	return l.Session != m.Session || l.Revision < m.Revision || l.Revision == m.Revision && l.Delivery < m.Delivery
}

// token returns a form of any string that is valid in a key: 160 bits of a
// hash, which do not collide and do not reveal a name.
func token(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:20])
}

// RequestID returns a short name of a job for the log and for people who
// report a problem, such as "1a2b-3c4d". The name reveals nothing about the
// job.
func (r Record) RequestID() string { return requestID(token(r.Key)) }

func requestID(id string) string {
	sum, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || len(sum) < 4 {
		return "unknown"
	}
	return fmt.Sprintf("%x-%x", sum[:2], sum[2:4])
}

const anonymized = "-" // replaces the thread, person and file of an erased job

func specKey(id, thread, person, file string) string {
	return "job." + id + "." + thread + "." + person + "." + file
}
func stateKey(id string) string { return "state." + id }

// tombstone returns the key that remains of an erased job's spec.
func tombstone(id string) string { return specKey(id, anonymized, anonymized, anonymized) }

// The filters of specs. All but the last also match specs without a FILE.
func specsOf(id string) string       { return "job." + id + ".>" }
func specsIn(thread string) []string { return []string{"job.*." + token(thread) + ".>"} }
func specsBy(person string) []string {
	return []string{"job.*.*." + token(person), "job.*.*." + token(person) + ".*"}
}
func specsFor(file string) []string { return []string{specKey("*", "*", "*", token(file))} }

// listedKey returns the key that lists a job under a further file.
func listedKey(file, id string) string { return "file." + token(file) + "." + id }
func listedOf(id string) string        { return "file.*." + id }

// idOf returns the id of the job of a spec or a follow-up, which is the
// second token of the key.
func idOf(key string) string {
	_, rest, _ := strings.Cut(key, ".")
	id, _, _ := strings.Cut(rest, ".")
	return id
}

// encode encodes v as JSON and leaves "<" as it is: six bytes for each "<"
// could exceed the limit of a value.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encoding a record: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func decodeSpec(b []byte) (spec, error) {
	var sp spec
	if err := json.Unmarshal(b, &sp); err != nil {
		return spec{}, fmt.Errorf("%w: its spec", ErrCorrupt)
	}
	return sp, nil
}

// decodeState returns only ErrCorrupt for a faulty state: the decoder's error
// could quote the state.
func decodeState(b []byte) (state, error) {
	var s state
	if err := json.Unmarshal(b, &s); err != nil {
		return state{}, fmt.Errorf("%w: its state", ErrCorrupt)
	}
	switch s.State {
	case Queued, Running, Done, Failed, Stopped, Erased:
		return s, nil
	}
	return state{}, fmt.Errorf("%w: its state", ErrCorrupt)
}

// record returns the record for a spec and a state.
func (sp spec) record(s state) Record {
	r := Record{
		Key: sp.Key, Thread: sp.Thread, Person: sp.Person, File: sp.File,
		Request: sp.Request, Progress: sp.Progress, Created: sp.Created,
		State: s.State, Attempts: s.Attempts, Owner: s.Owner, StoppedBy: s.StoppedBy, Updated: s.Updated,
		StoppedItems: maps.Clone(s.Items),
	}
	if s.Progress != nil {
		r.Progress = s.Progress
	}
	if r.Updated.IsZero() {
		r.Updated = sp.Created
	}
	return r
}
