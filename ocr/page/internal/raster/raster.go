// Package raster decodes the formats of one picture without other programs:
// PNG, JPEG, GIF, WebP and BMP. It also decodes the readable part of damaged
// files; of JPEG with libtiff's programs.
package raster

import "slackocr/ocr/page/internal/input"

// The codecs.
var (
	PNG  = input.Codec{Header: pngSize, Decode: decodePNG, EXIF: pngEXIF}
	JPEG = input.Codec{Header: jpegHeader, Decode: decodeJPEG, EXIF: jpegEXIF}
	GIF  = input.Codec{Header: gifHeader, Decode: decodeGIF}
	WebP = input.Codec{Header: webpHeader, Decode: decodeWebP, EXIF: webpEXIF}
	BMP  = input.Codec{Header: bmpHeader, Decode: decodeBMP}
)
