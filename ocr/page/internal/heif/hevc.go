package heif

// firstSPS returns the sequence parameter set of an HEVC decoder configuration
// (ISO/IEC 14496-15, 8.3.3.1), without the header of its NAL unit.
func firstSPS(hvcC []byte) []byte {
	const before, unitSPS = 22, 33
	f := newFields(hvcC)
	f.take(before)
	for range f.number(1) {
		kind := f.number(1) & 0x3f
		for range f.number(2) {
			unit := f.take(int(f.number(2)))
			if !f.ok {
				return nil
			}
			if kind == unitSPS && len(unit) > 2 {
				return unit[2:]
			}
		}
	}
	return nil
}

// sequence holds values of a sequence parameter set (ITU-T H.265, 7.3.2.2).
type sequence struct {
	width, height uint64 // of the coded picture, in pixels; 0 if unreadable
	full          bool   // values use all of 0 to 255; false if the set does not say so
	ok            bool   // the set was readable up to here
}

func readSequence(sps []byte) (s sequence) {
	b := &bitReader{data: withoutEscapes(sps)}
	b.skip(4)
	layers := b.read(3)
	b.skip(1)
	b.skip(88 + 8) // the general profile, tier and level
	var profiles, levels [8]bool
	for i := range layers {
		profiles[i], levels[i] = b.flag(), b.flag()
	}
	if layers > 0 {
		b.skip(2 * (8 - int(layers)))
	}
	for i := range layers {
		if profiles[i] {
			b.skip(88)
		}
		if levels[i] {
			b.skip(8)
		}
	}
	b.golomb()           // its number
	if b.golomb() == 3 { // 4:4:4
		b.skip(1)
	}
	width, height := b.golomb(), b.golomb()
	if !b.over {
		s.width, s.height = width, height
	}
	if b.flag() {
		b.golombs(4) // what is cut off at the sides
	}
	b.golombs(2) // depths
	pocBits := b.golomb() + 4
	first := layers
	if b.flag() {
		first = 0
	}
	for range layers - first + 1 {
		b.golombs(3)
	}
	b.golombs(6)  // sizes and depths of blocks
	if b.flag() { // scaling lists
		if b.flag() { // that stand here
			b.scalingLists()
		}
	}
	b.skip(2)
	if b.flag() { // PCM
		b.skip(8)
		b.golombs(2)
		b.skip(1)
	}
	b.pictureSets()
	if b.flag() {
		for range min(b.golomb(), 32) {
			b.skip(int(min(pocBits, 16)) + 1)
		}
	}
	b.skip(2)
	if b.flag() { // video usability information (E.2.1)
		if b.flag() && b.read(8) == 255 { // shape of the pixels
			b.skip(32)
		}
		if b.flag() {
			b.skip(1)
		}
		if b.flag() {
			b.skip(3)
			s.full = b.flag()
		}
	}
	s.ok = !b.over
	return s
}

// withoutEscapes removes the third byte of 0, 0, 3, which keeps two zeros and
// a one from looking like the start of a unit.
func withoutEscapes(b []byte) []byte {
	var out []byte
	zeros := 0
	for _, c := range b {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if c == 0 {
			zeros++
		} else {
			zeros = 0
		}
		out = append(out, c)
	}
	return out
}

// A bitReader reads bits in order, the highest first. After the end all bits
// are 0.
type bitReader struct {
	data []byte
	at   int
	over bool
}

func (b *bitReader) read(n int) uint64 {
	var v uint64
	for range n {
		v <<= 1
		if b.at>>3 >= len(b.data) {
			b.over = true
			continue
		}
		v |= uint64(b.data[b.at>>3]>>(7-b.at&7)) & 1
		b.at++
	}
	return v
}

func (b *bitReader) flag() bool { return b.read(1) == 1 }

func (b *bitReader) skip(n int) {
	b.at += n
	b.over = b.over || b.at > 8*len(b.data)
}

// golomb reads a number in the Exp-Golomb code (ITU-T H.265, 9.2).
func (b *bitReader) golomb() uint64 {
	zeros := 0
	for !b.flag() {
		if zeros++; zeros > 32 || b.over {
			b.over = true
			return 0
		}
	}
	return 1<<zeros - 1 + b.read(zeros)
}

func (b *bitReader) golombs(n int) {
	for range n {
		b.golomb()
	}
}

// pictureSets skips the sets of reference pictures (ITU-T H.265, 7.3.7), which
// a film has.
func (b *bitReader) pictureSets() {
	const most = 64
	pictures := uint64(0) // number of pictures in the previous set
	for i := range min(b.golomb(), most) {
		if i > 0 && b.flag() { // coded as differences from the previous set
			b.skip(1)
			b.golomb()
			all := pictures + 1
			pictures = 0
			for range all {
				used := b.flag()
				if !used {
					used = b.flag()
				}
				if used {
					pictures++
				}
			}
			continue
		}
		pictures = min(b.golomb(), most) + min(b.golomb(), most)
		for range pictures {
			b.golomb()
			b.skip(1)
		}
	}
}

// scalingLists skips the lists of ITU-T H.265, 7.3.4.
func (b *bitReader) scalingLists() {
	for size := range 4 {
		step := 1
		if size == 3 {
			step = 3
		}
		for matrix := 0; matrix < 6; matrix += step {
			if !b.flag() {
				b.golomb()
				continue
			}
			if size > 1 {
				b.golomb()
			}
			b.golombs(min(64, 1<<(4+2*size)))
		}
	}
}

// fields reads big-endian numbers in order. After the last byte it returns 0,
// and ok is false.
type fields struct {
	rest    []byte
	ok      bool
	missing int // reads beyond the end
}

func newFields(b []byte) *fields { return &fields{rest: b, ok: true} }

func (f *fields) take(n int) []byte {
	if n > len(f.rest) {
		f.rest, f.ok = nil, false
		f.missing++
		return make([]byte, n)
	}
	b := f.rest[:n]
	f.rest = f.rest[n:]
	return b
}

func (f *fields) number(size int) uint64 {
	var v uint64
	for _, b := range f.take(size) {
		v = v<<8 | uint64(b)
	}
	return v
}

// id returns a number of two bytes, or of four.
func (f *fields) id(wide bool) uint64 {
	if wide {
		return f.number(4)
	}
	return f.number(2)
}
