package raster

import (
	"bufio"
	"encoding/binary"

	"slackocr/ocr/page/internal/input"
)

const (
	// gammaSRGB is the value of a PNG file's chunk gAMA for numbers that screens
	// show as they are (PNG 3rd edition, 11.3.2.2).
	gammaSRGB = 45455

	// minGamma and maxGamma bound the values that are believed.
	minGamma, maxGamma = gammaSRGB / 10, gammaSRGB * 10
)

// pngGamma returns File.Gamma for a PNG file.
func pngGamma(file *input.File) float64 {
	c := &pngChunks{r: bufio.NewReaderSize(file, 64<<10)}
	if _, err := c.r.Discard(len(pngSignature)); err != nil {
		return 1
	}
	power := 1.0
	for {
		name, err := c.next()
		switch {
		case err != nil, name == "IDAT":
			return power
		case name == "cICP", name == "iCCP", name == "sRGB":
			return 1 // which count more
		case name == "gAMA" && c.left == 4:
			b, err := c.r.Peek(4)
			if err != nil {
				return power
			}
			if gamma := binary.BigEndian.Uint32(b); gamma >= minGamma && gamma <= maxGamma {
				power = gammaSRGB / float64(gamma)
			}
		}
	}
}
