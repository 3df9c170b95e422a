//go:build race

package reading

const raceDetector = true
