package post

// Message renders the view as a reply shows it.
func (v View) Message() Message { return v.message() }
