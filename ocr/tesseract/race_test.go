//go:build race

package tesseract

const raceDetector = true
