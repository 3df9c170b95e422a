package ocr

import "time"

// A watchdog ends a request whose text does not come. The goroutine that waits for the
// text uses it.
type watchdog struct {
	idle     time.Duration // the longest time without text
	timer    *time.Timer   // ends the request
	since    time.Time     // start of the wait for text
	deadline time.Time
}

// newWatchdog returns a watchdog that is not waiting yet.
func newWatchdog(idle time.Duration, end func()) *watchdog {
	w := &watchdog{idle: idle, timer: time.AfterFunc(idle, end)}
	w.stop()
	return w
}

// wait starts a wait of at most a duration.
func (w *watchdog) wait(longest time.Duration) {
	w.since = time.Now()
	w.deadline = w.since.Add(longest)
	w.timer.Reset(longest)
}

// extend moves the deadline to an idle time from now, but not beyond a number of idle
// times since the start of the wait.
func (w *watchdog) extend(times time.Duration) {
	now := time.Now()
	longest := min(w.idle, w.since.Add(times*w.idle).Sub(now))
	if deadline := now.Add(longest); deadline.After(w.deadline) {
		w.deadline = deadline
		w.timer.Reset(longest)
	}
}

func (w *watchdog) stop() { w.timer.Stop() }
