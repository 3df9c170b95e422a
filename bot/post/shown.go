package post

// Shown is the message that a reply shows.
func Shown(l Live) Message { return l.message() }
