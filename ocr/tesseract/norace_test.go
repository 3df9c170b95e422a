//go:build !race

package tesseract

const raceDetector = false
