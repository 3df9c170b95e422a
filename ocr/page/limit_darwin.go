package page

// dataNow is not known here.
func dataNow() int64 { return 0 }
