package pagetest

import (
	"encoding/binary"
	"slices"
)

// Secret is a text in the metadata of WithEXIF. No output of the program may
// contain Secret.
const Secret = "pagetest-serial-4711"

// gps is the place in the metadata of WithEXIF: 48°51′30″ N 2°17′40″ E, as
// the six rational numbers of EXIF, big endian.
var gps = [...]uint32{48, 1, 51, 1, 30, 1, 2, 1, 17, 1, 40, 1}

// GPS returns the bytes of the place in the metadata of WithEXIF.
func GPS() []byte {
	var b []byte
	for _, v := range gps {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

// EXIF returns a TIFF structure as in a picture's metadata, with
// the orientation (1–8), a camera named Secret, and a place.
func EXIF(orientation int) []byte {
	const (
		typeByte, typeASCII, typeShort, typeLong, typeRational = 1, 2, 3, 4, 5

		ifd0At   = 8
		ifd0Len  = 2 + 3*12 + 4
		gpsAt    = ifd0At + ifd0Len
		gpsLen   = 2 + 5*12 + 4
		secretAt = gpsAt + gpsLen
	)
	be := binary.BigEndian
	var b []byte
	entry := func(tag, kind uint16, count, value uint32) {
		b = be.AppendUint16(b, tag)
		b = be.AppendUint16(b, kind)
		b = be.AppendUint32(b, count)
		b = be.AppendUint32(b, value)
	}
	secret := append([]byte(Secret), 0)
	placeAt := uint32(secretAt + len(secret) + len(secret)%2)

	b = append(b, "MM\x00*"...)
	b = be.AppendUint32(b, ifd0At)
	b = be.AppendUint16(b, 3)
	entry(0x0110, typeASCII, uint32(len(secret)), secretAt) // camera model
	entry(0x0112, typeShort, 1, uint32(orientation)<<16)
	entry(0x8825, typeLong, 1, gpsAt)
	b = be.AppendUint32(b, 0)

	b = be.AppendUint16(b, 5)
	entry(0x0000, typeByte, 4, 0x02030000) // version 2.3
	entry(0x0001, typeASCII, 2, 'N'<<24)
	entry(0x0002, typeRational, 3, placeAt)
	entry(0x0003, typeASCII, 2, 'E'<<24)
	entry(0x0004, typeRational, 3, placeAt+24)
	b = be.AppendUint32(b, 0)

	b = append(b, secret...)
	b = append(b, make([]byte, len(secret)%2)...)
	return append(b, GPS()...)
}

// WithEXIF returns the JPEG file with EXIF metadata as its first segment.
func WithEXIF(jpeg []byte, orientation int) []byte {
	body := append([]byte("Exif\x00\x00"), EXIF(orientation)...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2))
	segment = append(segment, body...)
	return slices.Concat(jpeg[:2], segment, jpeg[2:])
}
