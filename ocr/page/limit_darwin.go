package page

// dataNow returns 0: the value is unknown here.
func dataNow() int64 { return 0 }
