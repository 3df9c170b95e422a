// Package raster decodes PNG, JPEG, GIF, WebP and BMP files without other
// programs. Of a damaged file it decodes the readable part, for JPEG with
// libtiff's programs.
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
