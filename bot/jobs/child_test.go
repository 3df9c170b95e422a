package jobs

func child() {}
