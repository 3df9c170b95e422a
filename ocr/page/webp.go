package page

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// still gives an animated WebP file's first frame as a file of its own, since
// x/image/webp does not know animations; any other file it gives as it is.
// The frame alone is the page, without the canvas around it: that holds no
// text yet. (WebP Container Specification, "Extended File Format" and
// "Animation".)
func still(file io.Reader) (io.Reader, error) {
	const headLen, frameLen = 12 + 8 + 10, 16
	r := bufio.NewReader(file)
	head, _ := r.Peek(headLen) // a short file is the decoder's to refuse
	if len(head) < headLen || string(head[12:16]) != "VP8X" || head[20]&0x02 == 0 {
		return r, nil
	}
	if _, err := r.Discard(headLen); err != nil {
		return nil, err
	}
	size, err := seekChunk(r, "ANMF")
	if err != nil {
		return nil, err
	}
	if size < frameLen {
		return nil, errors.New("a frame is shorter than its header")
	}
	frame, err := r.Peek(frameLen + 4)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, headLen)
	out = append(out, "RIFF"...)
	out = binary.LittleEndian.AppendUint32(out, headLen-8+size-frameLen)
	out = append(out, "WEBPVP8X\x0a\x00\x00\x00"...)
	alpha := byte(0)
	if string(frame[frameLen:]) == "ALPH" {
		alpha = 0x10
	}
	out = append(out, alpha, 0, 0, 0)
	out = append(out, frame[6:12]...) // width and height, as VP8X has them
	if _, err := r.Discard(frameLen); err != nil {
		return nil, err
	}
	return io.MultiReader(bytes.NewReader(out), io.LimitReader(r, int64(size-frameLen))), nil
}

// maxChunks bounds the walk over a file's chunks.
const maxChunks = 4096

// seekChunk skips to the body of the first chunk of that name and gives its
// length in bytes.
func seekChunk(r *bufio.Reader, name string) (uint32, error) {
	for range maxChunks {
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return 0, err
		}
		size := binary.LittleEndian.Uint32(head[4:])
		if string(head[:4]) == name {
			return size, nil
		}
		// Chunks are padded to an even length.
		if _, err := io.CopyN(io.Discard, r, int64(size)+int64(size&1)); err != nil {
			return 0, err
		}
	}
	return 0, errors.New("too many chunks")
}
