package bot

import "fmt"

// The ways to read, for somebody who wrote one that does not exist or asked for
// nothing, in mrkdwn.
const (
	waysToRead = "`text`, `figure`, `describe`, `again`, `locate: total` or `prompt: …`"

	wordsModes = "I don't know that way to read. You can ask for " + waysToRead + "."
	wordsTalk  = "I didn't read anything. To have the pictures in a thread read again, mention me there with " + waysToRead + "."
)

// wordsNewestOnly is for a thread with more pictures than are read at once.
func wordsNewestOnly(n int) string {
	return fmt.Sprintf("There are more than %d pictures in this thread: I read the newest %d.", n, n)
}

// wordsUncertain is for a file about which nothing could be posted for certain, in
// mrkdwn.
func wordsUncertain(name string) string {
	return "Slack doesn't confirm what I post about " + quote(name) + ", so I gave up. Post it again in a few minutes, please."
}
