package post

// Message returns the message for the view, as in a reply.
func (v View) Message() Message { return v.message() }
