package kv

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/minio/highwayhash"
)

// A record in a block of messages has a length, a sequence, a time, the length of
// its subject, the subject, perhaps a length and headers, the message, and a sum
// (https://github.com/nats-io/nats-server/blob/main/server/filestore.go).
const (
	recordHead = 22
	recordSum  = 8
	hasHeaders = 1 << 31 // in the length
	isErased   = 1 << 63 // in the sequence
)

// checkBlocks checks each record before the server starts. The server trusts a
// damaged sequence or header: it may take all memory for the sequences before,
// or hide the records after. A damaged record is blanked or cut off, and a
// copy of the damaged block is kept.
func (e *embedded) checkBlocks() error {
	blocks, err := filepath.Glob(filepath.Join(e.dir, "jetstream", "*", "streams", "*", "msgs", "*.blk"))
	if err != nil {
		return err
	}
	for _, path := range blocks {
		content, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("a file of DATA_DIR cannot be read: %w", err)
		}
		damaged := bytes.Clone(content)
		content, count, err := blankDamaged(path, content)
		if err != nil {
			return err
		}
		if count == 0 {
			continue
		}
		aside := filepath.Join(e.dir, "damaged-"+time.Now().UTC().Format("20060102T150405.000")+"-"+filepath.Base(path))
		if err := os.WriteFile(aside, damaged, 0o600); err != nil {
			return fmt.Errorf("a damaged file of DATA_DIR cannot be put aside: %w", err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return fmt.Errorf("a damaged file of DATA_DIR cannot be mended: %w", err)
		}
		// The server rebuilds its index from the remaining records.
		if err := os.Remove(filepath.Join(filepath.Dir(path), "index.db")); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("a damaged file of DATA_DIR cannot be mended: %w", err)
		}
		e.damaged = append(e.damaged, strings.TrimPrefix(path, e.dir+string(filepath.Separator)))
		e.log.log.Warn("a file in DATA_DIR is damaged; records in it are lost", "file", path, "at_least", count, "put_aside", aside)
	}
	return nil
}

// blankDamaged overwrites each record with a wrong checksum by an erased
// record of the same length. Before a record with a wrong length the block
// ends, because the start of the next record is unknown.
func blankDamaged(path string, block []byte) (mended []byte, count int, err error) {
	stream := filepath.Base(filepath.Dir(filepath.Dir(path)))
	key := sha256.Sum256([]byte(stream + "-" + strings.TrimSuffix(filepath.Base(path), ".blk")))
	sum, err := highwayhash.NewDigest64(key[:])
	if err != nil {
		return nil, 0, err
	}
	for i := 0; i < len(block); {
		if len(block)-i < recordHead {
			return block[:i], count + 1, nil
		}
		raw := binary.LittleEndian.Uint32(block[i:])
		length, subject := int(raw&^hasHeaders), int(binary.LittleEndian.Uint16(block[i+20:]))
		if length < recordHead+recordSum || length > len(block)-i {
			return block[:i], count + 1, nil
		}
		record := block[i : i+length]
		i += length
		body, want := record[recordHead:length-recordSum], record[length-recordSum:]
		text, ok := summed(body, subject, raw&hasHeaders != 0)
		sum.Reset()
		_, _ = sum.Write(record[4:20])
		_, _ = sum.Write(text)
		if ok && bytes.Equal(sum.Sum(nil), want) {
			continue
		}
		count++
		clear(record)
		binary.LittleEndian.PutUint32(record, uint32(length))
		binary.LittleEndian.PutUint64(record[4:], isErased)
		sum.Reset()
		_, _ = sum.Write(record[4:20])
		_, _ = sum.Write(body)
		copy(want, sum.Sum(nil))
	}
	return block, count, nil
}

// summed returns the bytes that a record's checksum covers, without the head.
// The checksum does not cover the lengths of subject and headers; if they
// cannot be right, ok is false.
func summed(body []byte, subject int, headers bool) (text []byte, ok bool) {
	if subject > len(body) || !subjectForm.Match(body[:subject]) {
		return nil, false
	}
	if !headers {
		return body, true
	}
	if subject+4 > len(body) {
		return nil, false
	}
	rest := body[subject+4:]
	length := int(binary.LittleEndian.Uint32(body[subject:]))
	if length > len(rest) || !bytes.HasPrefix(rest, []byte("NATS/1.0")) || !bytes.HasSuffix(rest[:length], []byte("\r\n\r\n")) {
		return nil, false
	}
	return slices.Concat(body[:subject], rest), true
}

// subjectForm matches all subjects, and the empty subject.
var subjectForm = regexp.MustCompile(`^(slackocr\.[A-Za-z0-9._-]+)?$`)
