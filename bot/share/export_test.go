package share

// SetRate makes the replica's clock run at that rate.
func (s *Share) SetRate(rate float64) { s.rate = rate }
